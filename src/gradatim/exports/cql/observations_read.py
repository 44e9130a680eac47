"""CQL functions that read Observations: measurements, answers, and what is told to have happened.

They say in CQL what `evidence.fhir.observations` and `observation_values` say in Python.
"""

from gradatim.evidence.fhir.observation_values import UCUM
from gradatim.evidence.fhir.statuses import OBSERVATION_USED, OBSERVATION_VOID
from gradatim.exports.cql.spans import FIRST, LAST
from gradatim.exports.cql.words import listed

_OBSERVED_DAYS = f"""at: date from Coalesce(
          (O.effective as FHIR.dateTime).value, (O.effective as FHIR.instant).value),
        begun: date from (O.effective as FHIR.Period).start.value,
        ended: date from (O.effective as FHIR.Period).end.value,
        first: "First day"(Coalesce(at, begun, {FIRST}))"""
_USED = f"O.status.value in {listed(OBSERVATION_USED)}"
_SETTLED = listed((*OBSERVATION_USED, *OBSERVATION_VOID))
_UCUM = listed(UCUM)

OBSERVATIONS: dict[str, str] = {
    "State of": """define function "State of"(concept FHIR.CodeableConcept):
  Lower(Coalesce(First((concept.coding) K return K.code.value), concept.text.value))""",
    "Unit of": f"""define function "Unit of"(quantity FHIR.Quantity):
  Coalesce(
    if quantity.system.value is null or quantity.system.value in {_UCUM}
      then quantity.code.value else null,
    quantity.unit.value)""",
    "Values of": f"""// Measurements: numbers with unit, bound and normal range, or a word.
define function "Values of"(observations List<FHIR.Observation>):
  observations O
    let {_OBSERVED_DAYS},
        quantity: O.value as FHIR.Quantity,
        number: Coalesce(
          quantity.value.value, ToDecimal((O.value as FHIR.integer).value)),
        unit: Coalesce("Unit of"(quantity), ''),
        normal: First(O.referenceRange R
          where R.type is null or "State of"(R.type) = 'normal'),
        word: "Word of"(O)
    where {_USED}
      and (number is not null or word is not null)
    return Tuple {{
      id: O.id.value,
      first: first,
      last: if at is null and ended is not null then "Later"(first, "Last day"(ended))
        else "Last day"(Coalesce(at, begun, {LAST})),
      value: number, unit: unit, bound: Coalesce(quantity.comparator.value, ''),
      low: normal.low.value.value, low_unit: Coalesce("Unit of"(normal.low), unit),
      high: normal.high.value.value, high_unit: Coalesce("Unit of"(normal.high), unit),
      word: word,
      method: "Method of"(O)
    }}""",
    "Answers of": f"""// Yes (true) and no (false), with the days they speak of.
define function "Answers of"(observations List<FHIR.Observation>):
  observations O
    let {_OBSERVED_DAYS},
        says: "Yes or no"(O)
    where {_USED} and says is not null
    return Tuple {{
      first: first,
      last: if at is null and ended is not null then "Later"(first, "Last day"(ended))
        else "Last day"(Coalesce(at, begun, {LAST})),
      says: says
    }}""",
    "Are settled": f"""// Whether each says by its status that it holds, or that it does not.
define function "Are settled"(observations List<FHIR.Observation>):
  not exists (observations O where (O.status.value in {_SETTLED}) is not true)""",
    "Told of": f"""// Answers as records of what happened, or did not (`denies`).
define function "Told of"(observations List<FHIR.Observation>):
  observations O
    let {_OBSERVED_DAYS},
        says: "Yes or no"(O)
    where {_USED} and says is not null
    return Tuple {{
      id: O.id.value, codes: {{ 'true' }},
      start_first: first,
      start_last: "Last day"(Coalesce(at, begun, ended, {LAST})),
      end_first: if O.effective is null then {FIRST}
        else "First day"(Coalesce(at, ended, {LAST})),
      end_last: "Last day"(Coalesce(at, ended, {LAST})),
      route: null as String, doubtful: false, denies: not says
    }}""",
}
