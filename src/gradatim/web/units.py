"""How units are written on pages: as people write them, where UCUM has a code of its own."""

SIGNS = {
    "Cel": "°C",
    "m[Hg]": "mHg",
    "10*3/": "10³/",
    "10*6/": "10⁶/",
    "10*9/": "10⁹/",
    "uL": "µL",
    "[IU]": "IU",
    "{#}": "",
    "{score}": "",
    "{INR}": "",
    "{grade}": "",
}
"""What UCUM writes otherwise than people do, and annotations that only repeat a name."""


def unit_in_words(unit: str) -> str:
    """Write a UCUM unit for people: with the usual signs, without the braces of annotations."""
    for code, sign in SIGNS.items():
        unit = unit.replace(code, sign)
    return unit.replace("{", "").replace("}", "").replace("_", " ")
