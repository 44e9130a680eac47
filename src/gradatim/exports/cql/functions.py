"""The CQL functions that exported libraries share; each library carries those it calls.

They say in CQL what the FHIR reader (`evidence.fhir`) and the rules (`rules.value_selection` and
`rules.absence`) say in Python: a partial date is the days it may be, an end that nobody wrote down
is open, and what is not known is null. Days without a limit are the first and last of the calendar.

Source: HL7 CQL 1.5; FHIR R4 (4.0.1), the page of each resource.
"""

from gradatim.core.quantity import compare_bounded
from gradatim.core.truth import FALSE, TRUE
from gradatim.evidence.fhir.observation_values import BOUNDS
from gradatim.exports.cql.histories_read import HISTORIES
from gradatim.exports.cql.medications_read import MEDICATIONS
from gradatim.exports.cql.observations_read import OBSERVATIONS
from gradatim.exports.cql.words import WORD_FUNCTIONS

_EXACT_ORDER = (-1, 0, 1)
_COMPARISONS = {
    ">": "Is above",
    ">=": "Is at least",
    "<": "Is below",
    "<=": "Is at most",
    "=": "Is exactly",
}


def comparison(op: str) -> str:
    """Name the function that compares by an operator."""
    return _COMPARISONS[op]


def _comparison(op: str) -> str:
    """Tabulate `core.quantity.compare_bounded`, so that the two can never disagree."""
    cases = []
    for bound in ("", *BOUNDS):
        found = {order: compare_bounded(order, bound, op, 0) for order in _EXACT_ORDER}
        says = [f"when '{bound}' then case"]
        for truth, word in ((TRUE, "true"), (FALSE, "false")):
            orders = ", ".join(str(order) for order, one in found.items() if one is truth)
            if orders:
                says.append(f"when order in {{ {orders} }} then {word}")
        says.append("else null end")
        cases.append(" ".join(says) if len(says) > 2 else f"when '{bound}' then null")
    table = "\n    ".join(cases)
    return (
        f'// Whether every number the value may be compares so; order is from "Order of".\n'
        f'define function "{_COMPARISONS[op]}"(order Integer, bound String):\n'
        f"  case bound\n    {table}\n    else null\n  end"
    )


_DATES = {
    "First day": """// The first day that a partial date may be.
define function "First day"(at Date):
  if at is null then null
  else Date(year from at, Coalesce(month from at, 1), Coalesce(day from at, 1))""",
    "Last day": """// The last day that a partial date may be.
define function "Last day"(at Date):
  case
    when at is null then null
    when day from at is not null then at
    when month from at is not null then Date(year from at, month from at, 1) + 1 month - 1 day
    else Date(year from at, 12, 31)
  end""",
    "Later": """define function "Later"(a Date, b Date):
  if a > b then a else b""",
    "Earlier": """define function "Earlier"(a Date, b Date):
  if a < b then a else b""",
    "Is on or after": """// Whether a day somewhere between two is on or after a third; null if it
// depends on which it was.
define function "Is on or after"(first Date, last Date, limit Date):
  case when first >= limit then true when last < limit then false else null end""",
    "Is on or before": """define function "Is on or before"(first Date, last Date, limit Date):
  case when last <= limit then true when first > limit then false else null end""",
    "Completed years": """define function "Completed years"(born Date, at Date):
  (year from at) - (year from born)
    - (if (month from at) * 100 + (day from at) < (month from born) * 100 + (day from born)
       then 1 else 0)""",
    "Born first": """// The first day on which the person may have been born.
define function "Born first"():
  "First day"(Patient.birthDate.value)""",
    "Born last": """define function "Born last"():
  "Last day"(Patient.birthDate.value)""",
}

_NUMBERS = {
    "Order of": """// -1, 0 or 1; two numbers within a relative 1e-9 are equal, so that 1.8 is not
// above 1.5 x 1.2.
define function "Order of"(a Decimal, b Decimal):
  case
    when a is null or b is null then null
    when Abs(a - b) * 1000000000.0 <= Max({ Abs(a), Abs(b) }) then 0
    when a < b then -1
    else 1
  end""",
    **{title: _comparison(op) for op, title in _COMPARISONS.items()},
}

_PICKS = {
    "Any of": """// True when one that surely counts satisfies; null when one that may count might.
define function "Any of"(
    candidates List<Tuple { first Date, last Date, inside Boolean, says Boolean }>):
  case
    when exists (candidates C where C.inside and C.says) then true
    when exists (candidates C where C.says is not false) then null
    when exists (candidates C where C.inside) then false
    else null
  end""",
    "Latest of": """// What the last one says; those that may be the last must agree.
define function "Latest of"(
    candidates List<Tuple { first Date, last Date, inside Boolean, says Boolean }>):
  "Agreed by"(candidates C
    where C.last >= Max(candidates S where S.inside return S.first))""",
    "Agreed by": """define function "Agreed by"(
    candidates List<Tuple { first Date, last Date, inside Boolean, says Boolean }>):
  case
    when not exists candidates then null
    when not exists (candidates C where C.says is not true) then true
    when not exists (candidates C where C.says is not false) then false
    else null
  end""",
    "Happened": """// True when a record surely counts, null when one may; else what none means.
define function "Happened"(says List<Boolean>, absent Boolean):
  case
    when exists (says S where S) then true
    when exists (says S where S is null return true) then null
    else absent
  end""",
    "Covers": """// Whether the source is declared complete over some days (null: without limit).
define function "Covers"(declared Boolean, since Date, until Date):
  declared
    and ("observed since" is null
      or Coalesce(since, "First day"(Patient.birthDate.value)) >= "observed since")
    and ("observed until" is null or "observed until" >= "on"
      or (until is not null and "observed until" >= until))""",
}

FUNCTIONS: dict[str, str] = {
    **_DATES,
    **_NUMBERS,
    **_PICKS,
    **OBSERVATIONS,
    **WORD_FUNCTIONS,
    **HISTORIES,
    **MEDICATIONS,
}
"""Source of each fixed function by its name."""
