"""Whom a record may be about, by its words; and which codes of real data tell of what excludes.

Both lists are the benchmark's own, apart from the codes that a protocol lists and from any
vocabulary: what is measured must not measure itself.

Sources: the displays that the data sets write; SNOMED CT (browser.ihtsdotools.org), RxNorm (RxNav)
and ICD-10 (WHO, icd.who.int) for what the codes mean; the INN of drugs.
"""

import re
from typing import NamedTuple

from gradatim.core.codes import matches, normalised


class Words(NamedTuple):
    """A group of elements, and the words of a record that may be about one of them."""

    name: str
    elements: tuple[str, ...]
    kinds: tuple[str, ...]
    pattern: re.Pattern[str]


def _words(name: str, elements: str, kinds: str, pattern: str) -> Words:
    found = re.compile(pattern, re.IGNORECASE)
    return Words(name, tuple(elements.split()), tuple(kinds.split()), found)


_DRUG = "MedicationRequest MedicationStatement MedicationAdministration MedicationDispense"
WORDS = (
    _words(
        "NSAID",
        "nsaid",
        _DRUG,
        r"ibuprofen|naproxen|celecoxib|etoricoxib|diclofenac|meloxicam|piroxicam|indomet|"
        r"ketoprofen|flurbiprofen|etodolac|nabumetone",
    ),
    _words(
        "glucocorticoid",
        "systemic_glucocorticoid",
        _DRUG,
        r"predniso|cortisone|dexamethasone|betamethasone|triamcinolone|deflazacort",
    ),
    _words(
        "DMARD",
        "dmard",
        _DRUG,
        r"methotrexate|ciclosporin|cyclosporin|sulfasalazine|leflunomide|chloroquine|"
        r"azathioprine|mycophenol|tacrolimus|cyclophosphamide|citinib",
    ),
    _words(
        "biologic",
        "biologic",
        _DRUG,
        r"adalimumab|infliximab|etanercept|golimumab|certolizumab|kinumab|kizumab|tocilizumab|"
        r"rituximab|abatacept|anakinra",
    ),
    _words(
        "anticoagulant",
        "anticoagulant",
        _DRUG,
        r"warfarin|heparin|enoxaparin|fondaparinux|rivaroxaban|apixaban|edoxaban|dabigatran",
    ),
    _words(
        "intravenous antibiotic",
        "iv_antibiotic",
        _DRUG,
        r"piperacillin|vancomycin|meropenem|ceftriaxone|cefazolin",
    ),
    _words(
        "malignancy",
        "malignancy",
        "Condition",
        r"malignan|cancer|carcinoma(?! in situ)|leuk[a]?emia|lymphoma|sarcoma|melanoma|metasta",
    ),
    _words("heart attack", "myocardial_infarction", "Condition", r"myocardial infarction|STEMI"),
    _words(
        "stroke",
        "ischaemic_stroke haemorrhagic_stroke stroke_unspecified",
        "Condition",
        r"stroke|cerebral infarct|intracranial h",
    ),
    _words(
        "cardiac arrest",
        "severe_arrhythmia",
        "Condition",
        r"cardiac arrest|ventricular (?:tachy|fibril)",
    ),
    _words(
        "thrombosis",
        "deep_vein_thrombosis pulmonary_embolism",
        "Condition",
        r"vein thromb|venous thromb|pulmonary embol",
    ),
    _words(
        "HIV infection", "hiv_infection", "Condition", r"\bHIV\b|immunodeficiency (?:virus|synd)"
    ),
    _words("serious infection", "serious_infection", "Condition", r"sepsis|septic|septicemia"),
    _words("alcoholism", "alcoholism", "Condition", r"alcohol"),
    _words(
        "mental illness",
        "mental_illness",
        "Condition",
        r"depressi(?!on screening)|stress disorder|attention deficit|schizo|bipolar|psychos",
    ),
    _words("drug abuse", "drug_abuse", "Condition", r"(?:opioid|drug|substance) (?:abuse|depend)"),
    _words(
        "joint or spinal surgery",
        "joint_surgery spinal_surgery",
        "Procedure",
        r"(?:hip|knee|shoulder|joint)\b.*(?:replac|arthropl)|replacement of .*(?:hip|knee)|"
        r"manipulation .*joint|spinal fusion|laminectomy|discectomy",
    ),
    _words("AST", "ast", "Observation", r"aspartate amino|\bAST\b"),
    _words("ALT", "alt", "Observation", r"alanine amino|\bALT\b"),
    _words("creatinine", "creatinine", "Observation", r"^creatinine(?! clearance)"),
    _words("eGFR", "egfr egfr_2009 egfr_mdrd", "Observation", r"glomerular filtration"),
    _words("LVEF", "lvef", "Observation", r"ejection fraction"),
)


class Excluding(NamedTuple):
    """Codes of a record after which a criterion must not pass."""

    criterion: str
    what: str
    codes: tuple[tuple[str, str], ...]

    def told_by(self, codes: list[tuple[str, str]]) -> bool:
        """Whether one of a record's codes is of these."""
        return any(
            own == system and matches(pattern, normalised(system, code))
            for own, pattern in self.codes
            for system, code in codes
        )


def _coded(criterion: str, what: str, **codes: str) -> Excluding:
    pairs = [(system, code) for system, some in codes.items() for code in some.split()]
    return Excluding(criterion, what, tuple(pairs))


EXCLUDING = (
    _coded(
        "E3",
        "malignancy",
        icd10="C00-C43 C45-C97",
        snomed="254637007 424132000 254632001 67811000119102 109838007 363406005 94260004 "
        "93761005 314994000 254837009 363346000 353431000119107",
    ),
    _coded(
        "E4",
        "infarction, stroke, cardiac arrest",
        icd10="I21* I22* I60* I61* I62* I64* I46*",
        snomed="22298006 401303003 401314000 230690007 422504002 410429000",
    ),
    _coded("E7a", "HIV infection", icd10="B20-B24", snomed="86406008 62479008"),
    _coded("E9", "biologic", rxnorm="327361 1872980", atc="L04AB*", snomed="407317001"),
    _coded(
        "E10a", "methotrexate, ciclosporin", rxnorm="6851 105586 3008 835900", atc="L04AX03 L04AD01"
    ),
    _coded("E14", "joint surgery", snomed="52734007 609588000 699253003 387685009"),
    _coded("E15a", "alcoholism", icd10="F10.1* F10.2*", snomed="7200002 15167005"),
    _coded(
        "E15b",
        "depression, PTSD, ADHD",
        icd10="F32* F33* F43.1* F90*",
        snomed="370143000 35489007 47505003 192127007",
    ),
    _coded("E15c", "opioid abuse", icd10="F11*", snomed="5602001 191816009"),
)
