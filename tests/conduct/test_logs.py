"""Medication, medical history, visits in between, pregnancies, and the case of an event."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import logs as m
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Measured, Signature
from gradatim.conduct.events.participants import EntryCorrected, EntryVoided, VoidConfirmed
from gradatim.conduct.policies import gates
from gradatim.conduct.policies.verdicts import rule
from gradatim.conduct.system_fields import Circumstances, with_system_fields
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.eligibility import eligibility
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.logs import (
    medical_history,
    medications,
    open_pregnancies,
    pregnant_on,
    unscheduled_visits,
)
from gradatim.conduct.views.safety_case import safety_cases
from gradatim.conduct.views.tasks import tasks
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.protocol.base import Basis
from gradatim.protocol.treatment import SILENT_PREGNANCIES, ProhibitedMedication
from tests.conduct.ready import DAY, LEAD, NURSE, Led, ready, refused

NEXT = DAY + timedelta(days=1)


def _takes(led: Led, drug: str, number: str = "M1", **more: Any) -> Recorded:
    fields = {"indication": "pain", "start": str(DAY - timedelta(days=3)), "ongoing": True, **more}
    return led.do(m.ConcomitantMedicationRecorded, NURSE, medication=number, drug=drug, **fields)


def _rules(led: Led, done: Recorded) -> set[str]:
    return {led.trial.state.deviations[at].rule for at in done.deviations}


def _truth(led: Led, criterion: str) -> Truth:
    found = eligibility(led.trial.state, led.one, DAY, DAY)
    return next(one.verdict.truth for one in found.findings if one.criterion.id == criterion)


@pytest.mark.parametrize(
    ("drug", "element"),
    [("Ibuprofen 400 mg", "nsaid"), ("Brufen", "nsaid"), ("布洛芬", "nsaid")],
)
def test_a_drug_is_known_by_its_name_or_brand(drug: str, element: str) -> None:
    led = ready()
    before = {fact.id for fact in facts_of(led.trial.state, led.one).of(element)}
    done = _takes(led, drug)
    new = [one for one in facts_of(led.trial.state, led.one).of(element) if one.id not in before]
    assert [(one.entry, one.doubtful, one.start.first) for one in new] == [
        (done.position, "", DAY - timedelta(days=3))
    ]


def test_the_daily_dose_is_the_single_one_as_often_as_it_is_taken() -> None:
    led = ready()
    done = _takes(led, "ibuprofen", dose=400, unit="mg", frequency="three times a day")
    found = facts_of(led.trial.state, led.one).of("nsaid")
    assert [one.value for one in found if one.entry == done.position] == [1200]
    other = _takes(led, "ibuprofen", "M2", dose=1, unit="g", frequency="three times a day")
    found = facts_of(led.trial.state, led.one).of("nsaid")
    assert [one.value for one in found if one.entry == other.position] == [None]


def test_what_nobody_can_tell_may_be_any_drug() -> None:
    led = ready()
    done = _takes(led, "a herb of the mountains")
    assert any("Which drug" in led.trial.state.queries[one].question for one in done.queries)
    facts = facts_of(led.trial.state, led.one)
    kinds = led.trial.state.study.elements
    exposures = {name for name, one in kinds.items() if one.kind == "exposure"}
    doubted = {
        name for name in exposures if any(one.entry == done.position for one in facts.of(name))
    }
    assert doubted == exposures
    assert all(
        one.doubtful for name in exposures for one in facts.of(name) if one.entry == done.position
    )
    (line,) = medications(led.trial.state, led.one)
    assert not line.known


@pytest.mark.parametrize(
    ("drug", "more"),
    [
        ("Ibuprofen 400 mg film-coated tablets, twice a day", False),
        ("ibuprofen lysine + warfarin", True),
        ("布洛芬缓释胶囊", False),
        ("布洛芬 某某单抗", True),
        ("ibuprofen, strangemab", True),
    ],
)
def test_a_drug_beside_one_that_is_known_may_be_any(drug: str, more: bool) -> None:
    led = ready()
    done = _takes(led, drug)
    asked = [led.trial.state.queries[one].question for one in done.queries]
    assert any("Which drug" in one for one in asked) is more
    facts = facts_of(led.trial.state, led.one)
    found = {
        name: one.doubtful
        for name in led.trial.state.study.elements
        for one in facts.of(name)
        if one.entry == done.position
    }
    assert not found["nsaid"], "that one is known"
    assert any(found.values()) is more


def test_none_of_these_against_a_name_that_is_of_one_leaves_it_open() -> None:
    led = ready()
    done = _takes(led, "ibuprofen 400 mg", none_of_these=True)
    facts = facts_of(led.trial.state, led.one).of("nsaid")
    assert [bool(one.doubtful) for one in facts if one.entry == done.position] == [True]
    assert any("Which drug" in led.trial.state.queries[one].question for one in done.queries)


def test_a_person_can_say_that_it_is_none() -> None:
    led = ready()
    done = _takes(led, "a herb of the mountains", none_of_these=True)
    assert done.queries == ()
    facts = facts_of(led.trial.state, led.one)
    assert not [
        one for some in facts.by_element.values() for one in some if one.entry == done.position
    ]


def test_a_drug_that_a_criterion_excludes_is_asked_about() -> None:
    led = ready()
    done = _takes(led, "warfarin", elements=("anticoagulant",))
    questions = [led.trial.state.queries[one].question for one in done.queries]
    assert any("permitted" in one for one in questions)


@pytest.mark.parametrize(
    ("start", "end", "deviates"),
    [
        (DAY, None, True),
        (DAY - timedelta(days=400), DAY - timedelta(days=300), False),
        (DAY - timedelta(days=400), DAY, True),
    ],
)
def test_a_prohibited_drug_is_a_deviation(start: Any, end: Any, deviates: bool) -> None:
    led = ready()
    rule = ProhibitedMedication(id="nsaid", label="NSAIDs", elements=["nsaid"], basis=Basis.STATED)
    version = led.trial.state.versions[0]
    treatment = version.study.treatment.model_copy(update={"prohibited": [rule]})
    led.trial.state.versions[0] = version._replace(
        study=version.study.model_copy(update={"treatment": treatment})
    )
    more: dict[str, Any] = {"end": str(end), "ongoing": False} if end else {}
    done = _takes(led, "ibuprofen", start=str(start), **more)
    assert ("no medication is prohibited" in _rules(led, done)) is deviates


def test_medical_history_is_a_fact_of_what_it_was_judged_to_be() -> None:
    led = ready()
    criterion = next(
        one.id for one in led.trial.state.study.criteria if "malignancy" in one.rule.elements()
    )
    assert _truth(led, criterion) is FALSE
    led.do(m.MedicalHistoryRecorded, NURSE, condition="Flu", start="2020", none_of_these=True)
    assert _truth(led, criterion) is FALSE
    led.do(m.MedicalHistoryRecorded, NURSE, condition="a lump, it seems", start="2020")
    assert _truth(led, criterion) is UNKNOWN
    led.do(
        m.MedicalHistoryRecorded,
        NURSE,
        condition="as the letter says",
        start=str(DAY - timedelta(days=20)),
        ongoing=True,
        elements=("malignancy",),
    )
    assert _truth(led, criterion) is TRUE
    lines = medical_history(led.trial.state, led.one)
    assert [line.known for line in lines] == [True, False, True]


def test_an_unscheduled_visit_moves_no_anchor_and_has_its_results() -> None:
    led = ready()
    state = led.trial.state
    before = anchors_of(state, led.one, state.study)
    done = led.do(m.UnscheduledVisitDone, NURSE, visit="U1", reason="a fall", on=NEXT)
    assert not done.deviations
    one = Measured(element="body_temperature", value=38.6, unit="Cel")
    led.do(f.VitalSignsRecorded, NURSE, on=NEXT, results=(one,), visit="U1")
    assert [(at, n) for at, _, n in unscheduled_visits(state, led.one)] == [(done.position, 1)]
    assert anchors_of(state, led.one, state.study) == before


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        (m.UnscheduledVisitDone, {"visit": "U1", "reason": "again"}, "already"),
        (
            m.ConcomitantMedicationRecorded,
            {"medication": "M1", "drug": "x2", "indication": "pain"},
            "already",
        ),
        (
            m.ConcomitantMedicationRecorded,
            {
                "medication": "M2",
                "drug": "x2",
                "indication": "pain",
                "start": "2026-05",
                "end": "2026-04",
            },
            "before it began",
        ),
        (m.MedicalHistoryRecorded, {"condition": "flu", "end": "2020", "ongoing": True}, "goes on"),
        (
            m.MedicalHistoryRecorded,
            {"condition": "flu", "elements": ("malignancy",), "none_of_these": True},
            "none",
        ),
        (f.VitalSignsRecorded, {"results": (), "visit": "U7"}, "no visit U7"),
        (
            f.VitalSignsRecorded,
            {"results": (), "visit": "U1", "encounter": "day_7"},
            "it is of the visit day_7, and of U1",
        ),
        (f.ScoresRecorded, {"results": ()}, "no question is answered"),
        (f.ScoresRecorded, {"results": (Measured(element="patient_global"),)}, "no question"),
        (s.PregnancyOutcomeReported, {"of": 1, "outcome": "live birth"}, "reports no pregnancy"),
    ],
)
def test_what_cannot_be_meant_is_not_recorded(kind: Any, fields: Any, why: str) -> None:
    led = ready()
    led.do(m.UnscheduledVisitDone, NURSE, visit="U1", reason="a fall")
    _takes(led, "paracetamol", none_of_these=True)
    with pytest.raises(UnusableInput, match=why):
        led.ask(kind, NURSE, **fields)


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "why"),
    [
        (
            m.ConcomitantMedicationRecorded,
            {"medication": "M2", "drug": "x2", "indication": "pain", "start": "2026-05"},
            {"end": "2026-04"},
            "before it began",
        ),
        (
            m.ConcomitantMedicationRecorded,
            {"medication": "M2", "drug": "x2", "indication": "pain", "none_of_these": True},
            {"elements": ["malignancy"]},
            "and of none",
        ),
        (
            m.ConcomitantMedicationRecorded,
            {"medication": "M2", "drug": "x2", "indication": "pain"},
            {"medication": "M1"},
            "medication cannot be corrected",
        ),
        (
            m.UnscheduledVisitDone,
            {"visit": "U2", "reason": "again"},
            {"visit": "U1"},
            "visit cannot be corrected",
        ),
        (m.MedicalHistoryRecorded, {"condition": "flu", "end": "2020"}, {"ongoing": True}, "goes"),
        (f.VitalSignsRecorded, {"results": (), "visit": "U1"}, {"visit": "U7"}, "no visit U7"),
        (f.VitalSignsRecorded, {"results": ()}, {"visit": "U1", "encounter": "day_7"}, "and of U1"),
        (
            f.ScoresRecorded,
            {"results": (Measured(element="patient_global", value=3),)},
            {"results": []},
            "no question is answered",
        ),
        (
            s.SafetyReportSent,
            {
                "adverse_event": "AE1",
                "recipient": "sponsor",
                "report": "initial",
                "sent_at": datetime.combine(DAY, time(7), UTC),
            },
            {"report": "nullification"},
            "AE1 stands",
        ),
    ],
)
def test_a_correction_does_not_say_what_a_new_entry_could_not(
    kind: Any, right: Any, wrong: Any, why: str
) -> None:
    led = ready()
    led.do(m.UnscheduledVisitDone, NURSE, visit="U1", reason="a fall")
    _takes(led, "paracetamol", none_of_these=True)
    led.do(s.AdverseEventReported, adverse_event="AE1", term="Headache", onset=str(DAY))
    at = led.do(kind, LEAD, **right).position
    with pytest.raises(UnusableInput, match=why):
        led.act(EntryCorrected, LEAD, of=at, fields=wrong, reason="a slip")


def test_a_number_is_given_once_also_when_an_entry_counts_again() -> None:
    """One that was made in error keeps its number: that it was may be an error in turn."""
    led = ready()

    def number() -> str:
        now = Circumstances(led.trial.state, NURSE, "S01", "", dict, bytes)  # type: ignore[arg-type]
        name = "ConcomitantMedicationRecorded"
        return str(with_system_fields(name, {"participant": led.name}, now)["medication"])

    first = _takes(led, "paracetamol", number()).position
    _takes(led, "ibuprofen", number())
    led.act(EntryCorrected, NURSE, of=first, fields={"indication": "fever"}, reason="a slip")
    signed = Signature("Nurse", "it was made in error")
    void = led.act(EntryVoided, NURSE, of=first, reason="another person's", signature=signed)
    if led.trial.state.counts(first):  # the next dose rests on it
        led.act(VoidConfirmed, LEAD, of=void.position, signature=signed)
    assert not led.trial.state.counts(first)
    with pytest.raises(UnusableInput, match="there is a medication P1-CM1 already"):
        _takes(led, "aspirin", "P1-CM1")
    _takes(led, "aspirin", number())
    led.act(EntryVoided, NURSE, of=void.position, reason="it was theirs", signature=signed)
    _takes(led, "codeine", number())
    known = [one.event for one in medications(led.trial.state, led.one)]
    numbers = [one.medication for one in known if isinstance(one, m.ConcomitantMedicationRecorded)]
    assert numbers == ["P1-CM1", "P1-CM2", "P1-CM3", "P1-CM4"]


def test_how_a_pregnancy_ended_is_asked_for_until_it_is_known() -> None:
    led = ready()
    state = led.trial.state
    reported = led.do(s.PregnancyReported, person="partner", detected_on=str(DAY))
    now = datetime(NEXT.year, NEXT.month, NEXT.day, 12, tzinfo=UTC)
    (task,) = [one for one in tasks(state, now, NEXT) if one.kind == "pregnancy"]
    assert task.due is not None
    assert task.due.date() == DAY + timedelta(days=308)
    done = led.do(
        s.PregnancyOutcomeReported, of=reported.position, outcome="live birth", anomaly=True
    )
    assert _rules(led, done) == {"an anomaly is a serious event"}
    assert open_pregnancies(state, led.one) == []
    assert not [one for one in tasks(state, now, NEXT) if one.kind == "pregnancy"]


def test_a_late_report_of_a_pregnancy_is_a_deviation() -> None:
    led = ready()
    aware = datetime(DAY.year, DAY.month, DAY.day, 7, tzinfo=UTC)
    about: dict[str, Any] = {"person": "partner", "detected_on": str(DAY), "site_aware_at": aware}
    in_time = led.do(s.PregnancyReported, on=NEXT, hour=7, **about)
    late = led.do(s.PregnancyReported, on=NEXT, hour=7.1, **about)
    assert (_rules(led, in_time), _rules(led, late)) == (
        set(),
        {"the pregnancy is reported in time"},
    )


def test_a_case_is_what_was_said_last() -> None:
    led = ready()
    about: dict[str, Any] = {"adverse_event": "AE1"}
    led.do(
        s.AdverseEventReported,
        term="Headache",
        onset=str(DAY),
        grade=1,
        relation="possible",
        action_taken="unknown",
        treated="no",
        **about,
    )
    led.do(
        s.AdverseEventUpdated,
        action_taken="dose interrupted",
        treated="yes",
        relation_to_procedure="possible",
        relation_to_disease="unlikely",
        narrative="It began two hours after the infusion.",
        **about,
    )
    _takes(led, "paracetamol", none_of_these=True, adverse_event="AE1")
    case = safety_cases(led.trial.state, led.one)["AE1"]
    assert case.said["action_taken"] == "dose interrupted"
    assert case.said["treated"] == "yes"
    assert "rechallenge" in case.missing
    assert [
        line.event.drug
        for line in case.medication
        if isinstance(line.event, m.ConcomitantMedicationRecorded)
    ] == ["paracetamol"]


@pytest.mark.parametrize(
    ("report", "outcome", "says"),
    [
        ({}, None, "P1 is pregnant"),
        ({"person": "partner"}, None, ""),
        ({}, {"outcome": "induced abortion", "ended_on": str(DAY)}, ""),
        ({}, {"outcome": "induced abortion", "ended_on": f"{DAY:%Y-%m}"}, "is not known"),
        ({}, {"outcome": "lost to follow-up"}, "is not known"),
    ],
)
def test_who_is_pregnant_is_given_no_dose(
    report: dict[str, Any], outcome: dict[str, Any] | None, says: str
) -> None:
    """Neither the first nor a later one, unless the protocol says so."""
    led = ready()
    led.prepare(7e7, 70)
    detected = str(DAY - timedelta(days=3))
    about: dict[str, Any] = {"person": "participant", "detected_on": detected, **report}
    made = led.do(s.PregnancyReported, hour=8.8, **about).position
    if outcome:
        led.do(s.PregnancyOutcomeReported, hour=8.9, of=made, **outcome)
    why = refused(led.sign(), some=False)
    assert says in why.get("no pregnancy is open", "")
    assert bool(why) is bool(says)
    later = gates(led.trial.state, led.one, 2, DAY, datetime.combine(DAY, time(9), UTC))
    closed = {rule(gate) for gate, answer in later if answer.truth is not TRUE}
    assert ("no pregnancy is open" in closed) is bool(says)


def test_who_is_found_pregnant_later_was_not_known_to_be() -> None:
    led = ready()
    led.do(s.PregnancyReported, on=NEXT, person="participant", detected_on=str(NEXT))
    assert list(pregnant_on(led.trial.state, led.one, DAY)) == []
    assert [truth for _, truth in pregnant_on(led.trial.state, led.one, NEXT)] == [TRUE]


def test_a_pregnancy_that_ended_on_no_known_day_may_have_lasted_until_that_was_told() -> None:
    """A dose that is entered later, or corrected, is asked of its own day."""
    led = ready()
    made = led.do(s.PregnancyReported, person="participant", detected_on=str(DAY)).position
    led.do(s.PregnancyOutcomeReported, on=NEXT, of=made, outcome="spontaneous abortion")
    found = {day: list(pregnant_on(led.trial.state, led.one, day)) for day in (DAY, NEXT)}
    assert found == {DAY: [(made, UNKNOWN)], NEXT: []}


def test_the_protocol_may_let_a_dose_be_given_in_pregnancy() -> None:
    led = ready()
    led.prepare(7e7, 70)
    led.do(s.PregnancyReported, hour=8.8, person="participant", detected_on=str(DAY))
    version = led.trial.state.versions[0]
    study = version.study
    allowed = SILENT_PREGNANCIES.model_copy(update={"doses": "given"})
    safety = study.safety.model_copy(update={"pregnancies": allowed})
    led.trial.state.versions[0] = version._replace(
        study=study.model_copy(update={"safety": safety})
    )
    assert isinstance(led.sign(), Recorded)
