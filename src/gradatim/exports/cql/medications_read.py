"""CQL functions that read the three kinds of medication record.

They say in CQL what `evidence.fhir.medications` and `medication_periods` say in Python. Of a
request whose end is told as a duration or a supply the end is taken as open, so that the answer is
null.
"""

from gradatim.evidence.fhir.statuses import (
    MEDICATION_GOES_ON,
    MEDICATION_USED,
    NO_ORDER,
    NOT_TAKEN,
    PLANNED,
    REQUEST_BROKEN_OFF,
    STATEMENT_LASTING,
)
from gradatim.exports.cql.spans import LAST, SPAN
from gradatim.exports.cql.words import listed

_CODES = """((M.medication as FHIR.CodeableConcept).coding) K
        return K.system.value + '|' + K.code.value"""
_PERIOD = """at: date from (M.effective as FHIR.dateTime).value,
        begun: date from (M.effective as FHIR.Period).start.value,
        ended: date from (M.effective as FHIR.Period).end.value,"""


def _start(later: str) -> str:
    """Write the days on which it may have begun; of an open start only a later day is known."""
    return f"""start_first: Coalesce("First day"(Coalesce(at, begun)),
          "Earlier"("Born first"(), "Last day"(Coalesce({later}, {LAST})))),
        start_last: "Last day"(Coalesce(at, begun, {later}, "Later"(start_first, "on")))"""


def _result(kind: str, route: str) -> str:
    return f"""return Tuple {{
      id: '{kind}/' + M.id.value,
      codes: ({_CODES}),
      start_first: start_first,
      start_last: start_last,
      end_first: case
        when ended is not null then "First day"(ended)
        when on_one_day then start_first
        when goes_on then {LAST}
        else start_first end,
      end_last: case
        when ended is not null then "Last day"(ended)
        when on_one_day then start_last
        when goes_on then {LAST}
        else "Later"(start_first, "on") end,
      route: "Route of"({route}),
      doubtful: false, denies: false
    }}"""


def _no_answer(kind: str) -> str:
    """Write that the status of a medication record M tells neither that it was taken nor not."""
    return f"(M.status.value in {listed((*MEDICATION_USED[kind], *NOT_TAKEN))}) is not true"


MEDICATIONS: dict[str, str] = {
    "Statements of": f"""define function "Statements of"(statements List<FHIR.MedicationStatement>):
  statements M
    let {_PERIOD}
        asserted: if M.effective is null then date from M.dateAsserted.value else null,
        goes_on: M.status.value in {listed(MEDICATION_GOES_ON["MedicationStatement"])},
        on_one_day: at is not null and M.status.value != '{STATEMENT_LASTING}',
        {_start("ended, asserted")}
    where M.status.value in {listed(MEDICATION_USED["MedicationStatement"])}
      and ("Last day"(ended) < start_first) is not true
    {_result("MedicationStatement", "First(M.dosage).route")}""",
    "Administrations of": f"""define function "Administrations of"(
    administrations List<FHIR.MedicationAdministration>):
  administrations M
    let {_PERIOD}
        goes_on: M.status.value in {listed(MEDICATION_GOES_ON["MedicationAdministration"])},
        on_one_day: at is not null,
        {_start("ended")}
    where M.status.value in {listed(MEDICATION_USED["MedicationAdministration"])}
      and ("Last day"(ended) < start_first) is not true
    {_result("MedicationAdministration", "M.dosage.route")}""",
    "Requests of": f"""define function "Requests of"(requests List<FHIR.MedicationRequest>):
  requests M
    let bounds: First(M.dosageInstruction).timing.repeat.bounds,
        begun: date from Coalesce((bounds as FHIR.Period).start.value, M.authoredOn.value),
        ended: date from Coalesce(
          (bounds as FHIR.Period).end.value, M.dispenseRequest.validityPeriod.end.value),
        unclear: M.status.value = '{REQUEST_BROKEN_OFF}' or (ended is null and (
          bounds is FHIR.Duration or M.dispenseRequest.expectedSupplyDuration is not null)),
        goes_on: M.status.value in {listed(MEDICATION_GOES_ON["MedicationRequest"])},
        start_first: Coalesce("First day"(begun), "Born first"()),
        start_last: "Last day"(Coalesce(begun, "Later"(start_first, "on")))
    where M.status.value in {listed(MEDICATION_USED["MedicationRequest"])}
      and (M.intent.value in {listed((*NO_ORDER, PLANNED))}) is not true
      and M.doNotPerform.value is not true
      and ("Last day"(ended) < start_first) is not true
    return Tuple {{
      id: 'MedicationRequest/' + M.id.value,
      codes: ({_CODES}),
      start_first: start_first,
      start_last: start_last,
      end_first: case
        when unclear then start_first
        when ended is not null then "First day"(ended)
        when goes_on then {LAST}
        else start_first end,
      end_last: case
        when M.status.value = '{REQUEST_BROKEN_OFF}' then "Later"(start_first, "on")
        when unclear then {LAST}
        when ended is not null then "Last day"(ended)
        when goes_on then {LAST}
        else "Later"(start_first, "on") end,
      route: "Route of"(First(M.dosageInstruction).route),
      doubtful: false, denies: false
    }}""",
    "By route": f"""// Only some routes count; one that is not recorded leaves it open.
define function "By route"(
    spans List<{SPAN}>,
    counting List<String>, others List<String>):
  spans S
    where (S.route in others) is not true
      and (not exists counting or S.route is null or S.route in counting)
    return Tuple {{
      id: S.id, codes: S.codes, start_first: S.start_first, start_last: S.start_last,
      end_first: S.end_first, end_last: S.end_last, route: S.route,
      doubtful: exists counting and S.route is null, denies: false
    }}""",
    "Drug is told": f"""// Whether it can be told of every medication record
// which drug it is about, and whether it was taken: some statuses say neither.
define function "Drug is told"():
  not exists ([MedicationStatement] M
      where "Has a known code"(M.medication as FHIR.CodeableConcept) is not true
        or {_no_answer("MedicationStatement")})
    and not exists ([MedicationAdministration] M
      where "Has a known code"(M.medication as FHIR.CodeableConcept) is not true
        or {_no_answer("MedicationAdministration")})
    and not exists ([MedicationRequest] M
      where "Has a known code"(M.medication as FHIR.CodeableConcept) is not true
        or {_no_answer("MedicationRequest")}
        or M.intent.value = '{PLANNED}')
    // What was dispensed, or is only reported, is not read here: it may be any drug.
    and not exists [MedicationDispense]""",
}
