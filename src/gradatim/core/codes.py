"""Code systems: their names on the wire, the form of their codes, and their check digits."""

import re
from collections.abc import Callable

SYSTEMS = {
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://www.whocc.no/atc": "atc",
    "http://unitsofmeasure.org": "ucum",
    "urn:gradatim:element": "local",
}
"""Wire name (URI) of each system that protocols use, and its short name here."""
WIRE_NAMES = {short: uri for uri, short in reversed(SYSTEMS.items())}


def luhn_ok(digits: str) -> bool:
    """Whether the last digit is the Luhn (mod 10) check digit, as in LOINC codes.

    Source: LOINC Users' Guide, "LOINC code structure".
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


_D5 = [[(j + i) % 5 if j < 5 else 5 + (j - 5 + i) % 5 for j in range(10)] for i in range(5)]
_D5 += [[5 + (i - j) % 5 if j < 5 else (i - j) % 5 for j in range(10)] for i in range(5)]
_PERMUTED = [[*range(10)], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
for _ in range(6):
    _PERMUTED.append([_PERMUTED[-1][_PERMUTED[1][i]] for i in range(10)])


def verhoeff_ok(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit, as in SNOMED CT identifiers.

    Source: J. Verhoeff, Error Detecting Decimal Codes (1969); SNOMED CT Release File
    Specification, "Check-digit computation".
    """
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _D5[check][_PERMUTED[place % 8][int(digit)]]
    return check == 0


def _loinc(code: str) -> str:
    if not re.fullmatch(r"\d{1,7}-\d", code):
        return "is not of the form 1920-8"
    return "" if luhn_ok(code.replace("-", "")) else "has a wrong check digit"


def _snomed(code: str) -> str:
    if not re.fullmatch(r"[1-9]\d{5,17}", code):
        return "is not 6 to 18 digits"
    return "" if verhoeff_ok(code) else "has a wrong check digit"


def _form(pattern: str, form: str) -> Callable[[str], str]:
    return lambda code: "" if re.fullmatch(pattern, code) else f"is not of the form {form}"


_CHECKS: dict[str, Callable[[str], str]] = {
    "loinc": _loinc,
    "snomed": _snomed,
    "icd10": _form(
        r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?\*?|[A-Z]\d\d-[A-Z]\d\d", "I21, I21.4, I21* or C00-C97"
    ),
    "atc": _form(r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?\*?", "L04AB01 or L04AB*"),
    "rxnorm": _form(r"[1-9]\d{0,7}", "digits"),
    "local": _form(r"[a-z][a-z0-9_]*", "lower_case_words"),
}


def fault(system: str, code: str) -> str:
    """Say what is wrong with a code of a system (short name), or nothing."""
    return _CHECKS[system](code) if system in _CHECKS else ""


def matches(pattern: str, code: str) -> bool:
    """Whether a code falls under a pattern: itself, `I21*`, or a range of blocks `C00-C97`."""
    if pattern.endswith("*"):
        return code.startswith(pattern[:-1])
    if "-" in pattern and pattern[0].isalpha():
        low, high = pattern.split("-")
        return low <= code[: len(low)] and code[: len(high)] <= high
    return pattern == code
