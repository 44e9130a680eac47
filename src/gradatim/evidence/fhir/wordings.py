"""Results in words: what codes and words of a laboratory stand for.

Source: HL7 v3 ObservationInterpretation and v2 table 0078 (terminology.hl7.org), SNOMED CT
qualifier values, and the answer lists of LOINC.
"""

import re

from gradatim.evidence.fhir.datatypes import Contradictory, Resource, codes, words

CODES = {
    ("snomed", "10828004"): "positive",
    ("snomed", "260385009"): "negative",
    ("snomed", "419984006"): "inconclusive",
    ("snomed", "260373001"): "positive",
    ("snomed", "260415000"): "negative",
    ("snomed", "82334004"): "indeterminate",
    ("snomed", "11214006"): "positive",
    ("snomed", "131194007"): "negative",
    ("snomed", "42425007"): "equivocal",
    ("snomed", "455371000124106"): "invalid",
    ("snomed", "373066001"): "true",
    ("snomed", "373067005"): "false",
    ("loinc", "LA6576-8"): "positive",
    ("loinc", "LA6577-6"): "negative",
    ("loinc", "LA11882-0"): "positive",
    ("loinc", "LA11883-8"): "negative",
    ("loinc", "LA15255-5"): "positive",
    ("loinc", "LA15256-3"): "negative",
    ("loinc", "LA11884-6"): "indeterminate",
    ("loinc", "LA9663-1"): "inconclusive",
    ("loinc", "LA33-6"): "true",
    ("loinc", "LA32-8"): "false",
}
# A lone "-" is not here: as often as "negative" it means that nothing was written.
RESULT_WORDS = {
    **dict.fromkeys(("positive", "pos", "+", "(+)", "reactive", "detected", "阳性"), "positive"),
    **dict.fromkeys(("positiv", "reaktiv", "nachweisbar", "nachgewiesen"), "positive"),
    **dict.fromkeys(("positivo", "positiva", "reactivo", "detectado", "positif"), "positive"),
    **dict.fromkeys(("positive", "réactif", "détecté"), "positive"),
    **dict.fromkeys(
        (
            "negative",
            "neg",
            "non-reactive",
            "nonreactive",
            "non reactive",
            "(-)",
            "not reactive",
            "not detected",
            "undetected",
            "阴性",
        ),
        "negative",
    ),
    **dict.fromkeys(
        ("negativ", "nicht reaktiv", "nicht-reaktiv", "nicht nachweisbar", "nicht nachgewiesen"),
        "negative",
    ),
    **dict.fromkeys(("negativo", "negativa", "no reactivo", "no detectado"), "negative"),
    **dict.fromkeys(("négatif", "négative", "non réactif", "non détecté"), "negative"),
    **dict.fromkeys(("borderline", "equivocal", "grenzwertig"), "borderline"),
    **dict.fromkeys(("indeterminate", "ind", "unbestimmt"), "indeterminate"),
    **dict.fromkeys(("inconclusive",), "inconclusive"),
    **dict.fromkeys(("invalid",), "invalid"),
}
YES_NO = {
    **dict.fromkeys(("true", "yes", "y", "ja", "oui", "sí", "是"), "true"),
    **dict.fromkeys(("false", "no", "n", "nein", "non", "否"), "false"),
}
DEFINITE = ("positive", "negative", "true", "false")
SEMANTIC_TAG = re.compile(r"\s*\([a-z/ ]+\)\Z")


def fold_word(word: str) -> str:
    """Return a word folded to one case and without what says of what kind it is: `(finding)`."""
    folded = word.strip().casefold()
    return SEMANTIC_TAG.sub("", folded) or folded


def meanings(concept: Resource) -> tuple[str, list[str]]:
    """Return what a result given as a CodeableConcept stands for, and its words as written.

    Returns:
        The meaning (`positive`), empty where neither a code nor a word is known here.

    Raises:
        Contradictory: its codes and words stand for different results.
    """
    written = [fold_word(one) for one in words(concept)]
    coded = [CODES[one] for one in codes(concept) if one in CODES]
    worded = [RESULT_WORDS[one] for one in written if one in RESULT_WORDS]
    found = coded + worded
    # One letter alone is an answer only beside no result: N is also "negative", and "normal".
    found += [YES_NO[one] for one in written if one in YES_NO and (len(one) > 1 or not found)]
    classes = {one if one in DEFINITE else "" for one in found}
    if len(classes) > 1:
        shown = " and ".join(sorted(set(found)))
        raise Contradictory(f"its codes and words contradict each other: {shown}")
    return min(found, default=""), written
