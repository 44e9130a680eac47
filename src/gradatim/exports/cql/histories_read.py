"""CQL functions that read Conditions, Procedures, ResearchSubjects and Consents.

They say in CQL what `evidence.fhir.conditions_and_procedures` and `consents` say in Python. What
those read and these do not (an onset given as an age or in words) is taken as undated, so that the
answer is null.
"""

from gradatim.evidence.fhir.statuses import (
    CONDITION_GOES_ON,
    CONSENT_GIVEN,
    ENTERED_IN_ERROR,
    LEFT_TRIAL,
    NOT_IN_TRIAL,
    PROCEDURE_DONE,
    PROCEDURE_GOES_ON,
    PROCEDURE_NOT_DONE,
    REFUTED,
    TRIAL_NOT_BEGUN,
    UNCONFIRMED,
)
from gradatim.exports.cql.spans import FIRST, LAST
from gradatim.exports.cql.words import listed

HISTORIES: dict[str, str] = {
    "Conditions of": f"""define function "Conditions of"(conditions List<FHIR.Condition>):
  conditions C
    let verified: "State of"(C.verificationStatus),
        clinical: "State of"(C.clinicalStatus),
        onset: date from (C.onset as FHIR.dateTime).value,
        begun: date from (C.onset as FHIR.Period).start.value,
        ended: date from (C.onset as FHIR.Period).end.value,
        known: Coalesce(onset, if C.onset is null then date from C.recordedDate.value else null),
        start_first: Coalesce("First day"(Coalesce(known, begun)),
          "Earlier"("Born first"(), "Last day"(Coalesce(ended, {LAST})))),
        start_last: "Last day"(Coalesce(known, ended, "Later"(start_first, "on"))),
        abated: date from (C.abatement as FHIR.dateTime).value,
        abating: C.abatement as FHIR.Period,
        over: Coalesce("Last day"(Coalesce(abated, date from abating.end.value)),
          if abating is null then null else "Later"(start_first, "on"))
    where (verified in {listed(REFUTED)}) is not true
      and (over < start_first) is not true
    return Tuple {{
      id: 'Condition/' + C.id.value, codes: List<String> {{ }},
      start_first: start_first,
      start_last: start_last,
      end_first: case
        when over is not null then "Later"(start_first,
          Coalesce("First day"(Coalesce(abated, date from abating.start.value)), start_first))
        when C.abatement is null and clinical in {listed(CONDITION_GOES_ON)}
          then {LAST}
        else start_first end,
      end_last: case
        when over is not null then over
        when clinical is null or C.abatement is not null
          or clinical in {listed(CONDITION_GOES_ON)} then {LAST}
        else "Later"(start_first, "on") end,
      route: null as String,
      doubtful: Coalesce(
        verified in {listed(UNCONFIRMED)}, false),
      denies: false
    }}""",
    "Procedures of": f"""define function "Procedures of"(procedures List<FHIR.Procedure>):
  procedures P
    let at: date from (P.performed as FHIR.dateTime).value,
        begun: date from (P.performed as FHIR.Period).start.value,
        ended: date from (P.performed as FHIR.Period).end.value,
        goes_on: Coalesce(P.status.value = '{PROCEDURE_GOES_ON}', false),
        start_first: Coalesce("First day"(Coalesce(at, begun)),
          "Earlier"("Born first"(), "Last day"(Coalesce(ended, {LAST})))),
        start_last: "Last day"(Coalesce(at, begun, ended, "Later"(start_first, "on")))
    where (P.status.value in {listed(PROCEDURE_NOT_DONE)}) is not true
      and ("Last day"(ended) < start_first) is not true
    return Tuple {{
      id: 'Procedure/' + P.id.value, codes: List<String> {{ }},
      start_first: start_first,
      start_last: start_last,
      end_first: case
        when begun is not null and ended is not null then "First day"(ended)
        when goes_on then {LAST}
        else start_first end,
      end_last: case
        when begun is not null and ended is not null then "Last day"(ended)
        when goes_on then {LAST}
        when begun is not null then "Later"(start_first, "on")
        else start_last end,
      route: null as String,
      doubtful: (P.status.value in {listed(PROCEDURE_DONE)}) is not true,
      denies: false
    }}""",
    "Participations of": f"""define function "Participations of"(
    subjects List<FHIR.ResearchSubject>, own List<String>):
  subjects R
    let begun: date from R.period.start.value,
        ended: date from R.period.end.value,
        start_first: Coalesce("First day"(begun), "Born first"()),
        left: R.status.value in {listed(LEFT_TRIAL)}
    where (R.status.value in {listed((*NOT_IN_TRIAL, ENTERED_IN_ERROR))}) is false
      and (R.study.identifier.value.value in own) is not true
      and (Last(Split(R.study.reference.value, '/')) in own) is not true
      and (R.study.display.value in own) is not true
    return Tuple {{
      id: 'ResearchSubject/' + R.id.value, codes: List<String> {{ }},
      start_first: start_first,
      start_last: "Last day"(Coalesce(begun, "Later"(start_first, "on"))),
      end_first: case when ended is not null then "First day"(ended)
        when left then start_first else {LAST} end,
      end_last: case when ended is not null then "Last day"(ended)
        when left then "Later"(start_first, "on") else {LAST} end,
      route: null as String, doubtful: R.status.value = '{TRIAL_NOT_BEGUN}', denies: false
    }}""",
    "Consents of": f"""define function "Consents of"(consents List<FHIR.Consent>):
  consents C
    let at: date from C.dateTime.value
    where C.status.value = '{CONSENT_GIVEN}'
      and ("State of"(C.scope) in {{ 'adr', 'treatment', 'patient-privacy' }}) is not true
      and (C.provision.type.value = 'deny') is not true
    return Tuple {{
      id: 'Consent/' + C.id.value, codes: List<String> {{ }},
      start_first: "First day"(Coalesce(at, {FIRST})),
      start_last: "Last day"(Coalesce(at, {LAST})),
      end_first: "First day"(Coalesce(at, {FIRST})),
      end_last: "Last day"(Coalesce(at, {LAST})),
      route: null as String, doubtful: false, denies: false
    }}""",
}
