"""CQL functions that read words: results, answers, methods, routes.

The words and codes are those of the FHIR reader (`evidence.fhir`), so that the two cannot drift.
"""

from collections.abc import Iterable, Mapping

from gradatim.core.codes import SYSTEMS
from gradatim.evidence.fhir.dosages import ROUTES
from gradatim.evidence.fhir.observations import METHODS
from gradatim.evidence.fhir.wordings import CODES, YES_NO
from gradatim.evidence.fhir.wordings import RESULT_WORDS as RESULTS


def listed(texts: Iterable[str]) -> str:
    """Write a list of texts."""
    return "{ " + ", ".join("'" + text.replace("'", "\\'") + "'" for text in texts) + " }"


def _by_word(words: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, meaning in words.items():
        found.setdefault(meaning, []).append(word)
    return found


def _translated(title: str, words: Mapping[str, str]) -> str:
    """Write a function that gives the meaning of a word, or null."""
    cases = "\n    ".join(
        f"when Lower(text) in {listed(some)} then '{meaning}'"
        for meaning, some in _by_word(words).items()
    )
    return f'define function "{title}"(text String):\n  case\n    {cases}\n    else null\n  end'


def _coded(title: str, codes: Mapping[tuple[str, str], str]) -> str:
    """Write a function that gives the meaning of a coding, or null."""
    cases = "\n    ".join(
        f"when coding.code.value = '{code}' and coding.system.value in {listed(_wire(system))} "
        f"then '{meaning}'"
        for (system, code), meaning in codes.items()
    )
    return (
        f'define function "{title}"(coding FHIR.Coding):\n  case\n    {cases}\n    else null\n  end'
    )


def _wire(short: str) -> list[str]:
    return [uri for uri, name in SYSTEMS.items() if name == short]


KNOWN_SYSTEMS = listed(SYSTEMS)

WORD_FUNCTIONS: dict[str, str] = {
    "Texts of": """// What a concept says in words: text, displays, codes.
define function "Texts of"(concept FHIR.CodeableConcept):
  flatten {
    { concept.text.value },
    Coalesce((concept.coding) K return K.display.value, List<String> { }),
    Coalesce((concept.coding) K return K.code.value, List<String> { }) }""",
    "Result word": _translated("Result word", RESULTS),
    "Result code": _coded("Result code", CODES),
    "Word of": """// A result in a word: positive, negative, or as it was written.
define function "Word of"(O FHIR.Observation):
  case
    when O.value is FHIR.CodeableConcept then "Word of concept"(O.value as FHIR.CodeableConcept)
    when O.value is FHIR.string then Coalesce(
      "Result word"((O.value as FHIR.string).value), Lower((O.value as FHIR.string).value))
    when O.value is FHIR.boolean then 'other'
    else null
  end""",
    "Word of concept": """define function "Word of concept"(concept FHIR.CodeableConcept):
  Coalesce(
    First((concept.coding) K let word: "Result code"(K) where word is not null return word),
    First(("Texts of"(concept)) T let word: "Result word"(T) where word is not null return word),
    First(("Texts of"(concept)) T where T is not null return Lower(T)))""",
    "Yes or no word": _translated("Yes or no word", YES_NO),
    "Yes or no": """define function "Yes or no"(O FHIR.Observation):
  case
    when O.value is FHIR.boolean then (O.value as FHIR.boolean).value
    when "Yes or no word"("Word of"(O)) = 'true' then true
    when "Yes or no word"("Word of"(O)) = 'false' then false
    else null
  end""",
    "Method word": _translated("Method word", METHODS),
    "Method of": """define function "Method of"(O FHIR.Observation):
  if O.method is null then null
  else Coalesce(
    First(("Texts of"(O.method)) T let word: "Method word"(T) where word is not null return word),
    First(("Texts of"(O.method)) T where T is not null return Lower(T)))""",
    "Route word": _translated("Route word", ROUTES),
    "Route of": f"""// A SNOMED CT code.
define function "Route of"(concept FHIR.CodeableConcept):
  if concept is null then null
  else Coalesce(
    First((concept.coding) K where K.system.value in {listed(_wire("snomed"))}
      return K.code.value),
    First(("Texts of"(concept)) T let word: "Route word"(T) where word is not null return word))""",
    "Has a known code": f"""define function "Has a known code"(concept FHIR.CodeableConcept):
  exists ((concept.coding) K where K.system.value in {KNOWN_SYSTEMS})""",
}
