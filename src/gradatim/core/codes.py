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
OTHER_NAMES = {
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "urn:oid:2.16.840.1.113883.6.3": "icd10",
    "urn:oid:2.16.840.1.113883.6.90": "icd10",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.73": "atc",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm": "icd10",
    "http://fhir.de/CodeSystem/dimdi/icd-10-gm": "icd10",
    "http://fhir.de/CodeSystem/bfarm/atc": "atc",
    "http://fhir.de/CodeSystem/dimdi/atc": "atc",
}
"""Other names of these systems: OIDs are what older exports write, and national modifications of
ICD-10 share its hierarchy: the codes of one below those of the other."""
NDC = "http://hl7.org/fhir/sid/ndc"
OMOP_VOCABULARIES = {
    "LOINC": "loinc",
    "SNOMED": "snomed",
    "Nebraska Lexicon": "snomed",
    "ICD10": "icd10",
    "ICD10CM": "icd10",
    "ICD10CN": "icd10",
    "ICD10GM": "icd10",
    "RxNorm": "rxnorm",
    "RxNorm Extension": "rxnorm",
    "ATC": "atc",
    "UCUM": "ucum",
    "NDC": NDC,
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "CPT4": "http://www.ama-assn.org/go/cpt",
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "ICD9CM": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICD9Proc": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICD10PCS": "http://www.cms.gov/Medicare/Coding/ICD10",
    "ICDO3": "http://terminology.hl7.org/CodeSystem/icd-o-3",
    "OPS": "http://fhir.de/CodeSystem/bfarm/ops",
    "OPCS4": "https://fhir.hl7.org.uk/CodeSystem/OPCS-4",
    "dm+d": "https://dmd.nhs.uk",
    "MedDRA": "http://terminology.hl7.org/CodeSystem/mdr",
    "NCIt": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
    "UNII": "http://fdasis.nlm.nih.gov",
    "NDFRT": "http://hl7.org/fhir/ndfrt",
    "Read": "http://read.info/readv2",
}
"""System of each vocabulary of OMOP that FHIR's terminology registry names as well: the short name
where there is one, else the URI. Any other is `urn:omop:vocabulary:NAME`.

Source: HL7 Terminology (THO), external code systems; OHDSI Standardized Vocabularies, VOCABULARY.
"""
PRODUCT = "urn:gradatim:product"
"""Wire name of the trials' own products; the code is the trial's registry number."""
LABELS = {
    "loinc": "LOINC",
    "snomed": "SNOMED CT",
    "icd10": "ICD-10",
    "rxnorm": "RxNorm",
    "atc": "ATC",
}
"""What people call the public systems, by short name."""


def system_of(uri: str) -> str:
    """Return the short name of a code system; of one that has none, its URI.

    Args:
        uri: as a resource writes it; a version after `|` and a slash at the end say nothing.
    """
    uri = uri.strip().partition("|")[0]
    for one in (uri, uri.rstrip("/")):
        if short := SYSTEMS.get(one) or OTHER_NAMES.get(one):
            return short
    return uri


def code_named(text: str) -> tuple[str, str]:
    """Read a code as a person writes it: `snomed:254837009`, `URI|code`, `NDC:...` or alone.

    Args:
        text: the code, after its system's short name, label, name in OMOP or URI.

    Returns:
        Its system, empty where none is named, and the code.
    """
    uri, bar, code = text.strip().rpartition("|")
    if bar:
        return system_of(uri), code.strip()
    name, colon, code = text.strip().partition(":")
    known = {one.lower(): system for one, system in OMOP_VOCABULARIES.items()}
    known |= {label.lower(): system for system, label in LABELS.items()}
    known |= {system: system for system in SYSTEMS.values()}
    if colon and name.lower() in known:
        return known[name.lower()], code.strip()
    return "", text.strip()


def omop_system(vocabulary: str) -> str:
    """Return the short name or URI of a vocabulary of OMOP, by its `vocabulary_id`."""
    return OMOP_VOCABULARIES.get(vocabulary) or f"urn:omop:vocabulary:{vocabulary}"


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


def is_pattern(system: str, code: str) -> bool:
    """Whether what a protocol lists stands for several codes of a system: `I21*`, `C00-C97`."""
    return code.endswith("*") or (system == "icd10" and "-" in code)


def matches(pattern: str, code: str) -> bool:
    """Whether a code falls under a pattern: itself, `I21*`, or a range of blocks `C00-C97`."""
    if pattern.endswith("*"):
        return code.startswith(pattern[:-1])
    if "-" in pattern and pattern[0].isalpha():
        low, high = pattern.split("-")
        return low <= code[: len(low)] and code[: len(high)] <= high
    return pattern == code


def normalised(system: str, code: str) -> str:
    """Return a code (of a short system name) as its system writes it: `i2141 ` is `I21.41`.

    ICD-10 and ATC are written in capitals; of ICD-10 the point, the dash of an open category
    (`C34.-`), and the dagger, asterisk and exclamation marks of double coding say nothing. NDC are
    written in 11 digits.
    """
    code = code.strip()
    if system == "atc":
        return code.upper()
    if system == NDC:
        return _eleven_digits(code)
    if system != "icd10":
        return code
    bare = code.upper().rstrip("+*!†-").replace(".", "").strip()
    if not _ICD10.fullmatch(bare):
        return code.upper()
    return bare if len(bare) == _CATEGORY else f"{bare[:_CATEGORY]}.{bare[_CATEGORY:]}"


def _eleven_digits(ndc: str) -> str:
    """Return a National Drug Code in 5-4-2 digits; ten digits without hyphens do not tell theirs.

    Source: NLM, RxNorm Technical Documentation, "NDC normalization".
    """
    parts = ndc.split("-")
    sizes = [len(one) for one in parts]
    fits = len(parts) == len(_NDC) and all(map(int.__le__, sizes, _NDC))
    if fits and "".join(parts).isdecimal():
        return "".join(one.zfill(size) for one, size in zip(parts, _NDC, strict=True))
    return ndc


_NDC = (5, 4, 2)
_CATEGORY = 3
_ICD10 = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}", re.ASCII)


def akin(pattern: str, code: str) -> bool:
    """Whether a code is an ancestor or a descendant of what a pattern stands for.

    So it may mean the same: `I49` beside `I49.0*`, `L04A` beside `L04AB02`, `M45.00` beside
    `M45.0`. For systems whose codes show the hierarchy, ICD-10 and ATC, in normal form.
    """
    base = pattern.removesuffix("*")
    return base.startswith(code) or code.startswith(base)


ICD10_STATUS = ("Z08-Z09", "Z21-Z22", "Z40-Z54", "Z71-Z72", "Z85-Z99")
"""Categories of chapter XXI that tell of illness or treatment, past or present: follow-up after
treatment, carriers, care, personal history, status. (Z80 to Z84 are the family's history.)"""
_ICD10_ELSEWHERE = (
    *ICD10_STATUS,
    *("B90-B94", "E64*", "E68*", "G09*", "I25.2*", "I69*", "T90-T98"),
    *("O00-O9Z", "P00-P96", "T80-T88", "V00-Y99", "U00-U99"),
    *("R57*", "R65*", "R75*", "R78*", "R97*", "R99*"),
)


def states_the_disease(code: str) -> bool:
    """Whether an ICD-10 code (in normal form) says which disease it is, and so which it is not.

    ICD-10 classifies a disease once, except where it speaks of the same disease in other words:
    sequelae, an old infarction; complications of pregnancy, of the newborn and of care, external
    causes and emergency codes; shock, sepsis and findings that stand for a disease; and the history
    and status codes of chapter XXI.

    Source: WHO, ICD-10, volume 2 (the chapters of "special groups"; the categories for sequelae)
    and the notes at the head of chapters XV, XVI, XVIII, XX, XXI and XXII in volume 1.
    """
    if not _WELL_FORMED.fullmatch(code):
        return False
    return not any(matches(one, code) for one in _ICD10_ELSEWHERE)


_WELL_FORMED = re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", re.ASCII)
