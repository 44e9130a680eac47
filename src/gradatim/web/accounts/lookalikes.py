"""Names that could be taken for another's: what is printed under a signature names one person.

Source: 21 CFR 11.100(a); Unicode Technical Standard 39 (confusables), of which the few are here
that Latin, Greek and Cyrillic letters and digits share; CVE-2021-42574 (controls of direction).
"""

import unicodedata

_SAME = str.maketrans(
    "аеорсухіјѕԁһӏвкмнтαοιρυνκτμ01|i",
    "aeopcyxljsdhlbkmhtaolpuvktmolll",
)
"""Letters and digits of other alphabets, each with the Latin one that it looks like."""
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories of signs that are not seen, or turn the direction of writing."""


def appearance(name: str) -> str:
    """Return what a name looks like: equal for names that could be taken for each other.

    Accents, case, spaces and the alphabet do not matter; nor do `rn` and `m`, `vv` and `w`.
    """
    apart = unicodedata.normalize("NFKD", name.casefold()).casefold()
    plain = "".join(one for one in apart if not unicodedata.combining(one) and not unseen(one))
    words = plain.translate(_SAME).replace("rn", "m").replace("vv", "w").split()
    return " ".join(words)


def unseen(text: str) -> bool:
    """Whether a text has a sign that is not seen, or that turns the direction of writing."""
    return any(unicodedata.category(one) in _UNSEEN for one in text)
