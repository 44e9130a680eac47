"""The gate before a dose: nobody is dosed whom the records speak against, or by another weight.

Every case is driven through `Trial.record`, on somebody who could be dosed but for one thing.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events.base import Measured
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.anchors import screened_on
from gradatim.conduct.views.eligibility import before_dose, eligibility
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.weights import QUESTION
from gradatim.dosing.weight import in_doubt
from gradatim.protocol.eligibility import EligibilityCriterion
from tests.conduct.ready import (
    BAGS,
    DAY,
    LEAD,
    NURSE,
    PHARMACIST,
    SITE,
    Led,
    enrolled,
    ready,
    records,
    refused,
)
from tests.conduct.treated import AFTER, result, treated
from tests.conduct.trials import protocol

CRITERIA = "the criteria hold"
RECORDS = "the records show it in order"
PLANNED = "the planned dose is that of the level"
STILL = "the preparation still holds"
BEFORE, SCREENED = DAY - timedelta(days=1), DAY - timedelta(days=14)
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def diagnosed(led: Led, element: str) -> None:
    """Record a diagnosis of the day before the dose."""
    led.do(p.FactRecorded, on=BEFORE, fact=Measured(element=element), start=str(BEFORE))


def test_whoever_meets_every_condition_is_dosed_without_a_deviation():
    led = ready()
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    assert led.give(7e7) == {}
    assert led.one.status == "treated"


AGAINST: dict[str, tuple[Callable[[Led], Any], str]] = {
    "ALT at baseline": (lambda led: led.result("alt", 400, BEFORE, high=40), "E11a"),
    "ALT on the day of the dose": (lambda led: led.result("alt", 400, DAY, high=40), "E11a"),
    "AST of screening that came late": (
        lambda led: led.result("ast", 400, SCREENED, high=40),
        "E11a",
    ),
    "a new malignancy": (lambda led: diagnosed(led, "malignancy"), "E3"),
    "positive HBsAg": (lambda led: led.result("hbsag", on=BEFORE, code="positive"), "E7c"),
    "a low ejection fraction": (lambda led: led.result("lvef", 30, BEFORE), "E11d"),
}


def test_a_late_result_that_takes_another_to_settle_it_leaves_the_criterion_open():
    """A new positive anti-HBc with HBV DNA never measured is not the same as a negative one."""
    led = ready()
    led.prepare(7e7, 70)
    assert not refused(led.sign(), some=False)
    led.result("anti_hbc", on=DAY, hour=9.1, code="positive")
    assert "E7d: HBV DNA" in led.give(7e7)[CRITERIA]


def test_what_was_attested_says_nothing_of_what_came_to_light_since():
    """An investigator answers what the records left open then; a later record asks anew."""
    led = ready()
    led.prepare(7e7, 70)
    led.do(p.CriterionAttested, on=DAY, criterion="E7d", passes=True, reason="no hepatitis B")
    led.result("anti_hbc", on=DAY, hour=9.1, code="positive")
    assert "E7d: HBV DNA" in refused(led.sign())[CRITERIA]
    led.do(p.CriterionAttested, on=DAY, criterion="E7d", passes=True, reason="seen: vaccinated")
    assert not refused(led.sign(), some=False)


def test_a_record_not_understood_reopens_what_was_attested():
    led = ready()
    led.prepare(7e7, 70)
    led.do(p.CriterionAttested, on=DAY, criterion="E3", passes=True, reason="no cancer")
    assert not refused(led.sign(), some=False)
    led.do(p.RecordNotUnderstood, on=DAY, record="Condition/1", elements=("malignancy",))
    assert "E3" in refused(led.sign())[CRITERIA]
    led.do(p.CriterionAttested, on=DAY, criterion="E3", passes=True, reason="a benign naevus")
    assert not refused(led.sign(), some=False)


def test_a_result_of_the_day_without_its_limit_is_not_known_to_be_normal():
    led = ready()
    led.prepare(7e7, 70)
    led.result("alt", 400, DAY)
    assert "ALT 400 U/L on 2027-01-24 came without its ULN" in refused(led.sign())[CRITERIA]


def test_a_late_positive_test_that_another_settles_lets_the_dose_be_given():
    led = ready()
    led.prepare(7e7, 70)
    led.result("anti_hbc", on=DAY, code="positive")
    led.result("hbv_dna", 20, DAY)
    assert not refused(led.sign(), some=False)


LATER_THAN_ASKED = {"ALT on the day of the dose", "positive HBsAg"}
"""Results after the last visit that their criterion asks about."""


@pytest.mark.parametrize("case", AGAINST)
def test_what_came_after_the_confirmation_closes_the_gate(case: str):
    """As a new entry, not only as a correction; the reason is the criterion, with its value."""
    came, criterion = AGAINST[case]
    led = ready()
    led.prepare(7e7, 70)
    came(led)
    found = eligibility(led.trial.state, led.one, DAY, DAY)
    if case not in LATER_THAN_ASKED:
        assert found.status == "ineligible"
    assert criterion in refused(led.sign())[CRITERIA]
    assert criterion in led.give(7e7)[CRITERIA], "a fact is recorded, with its deviation"


@pytest.mark.parametrize("case", AGAINST)
def test_no_bags_are_set_aside_for_whom_the_records_speak_against(case: str):
    came, criterion = AGAINST[case]
    led = ready()
    came(led)
    assigned = led.ask(x.ProductAssigned, PHARMACIST, lot="L1", dose=1, bags=BAGS)
    assert criterion in refused(assigned)["no criterion fails"]


def test_a_correction_closes_the_gate_as_a_new_entry_does():
    led = ready()
    at = led.result("alt", 40, BEFORE, high=40).position
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    fields = {"results": [{"element": "alt", "value": 400, "unit": "U/L", "high": 40}]}
    led.act(p.EntryCorrected, NURSE, of=at, fields=fields, reason="another sheet")
    assert "E11a" in refused(led.sign())[CRITERIA]


def test_a_confirmation_of_january_is_no_ground_for_a_dose_in_december():
    """The results of screening are stale: refused, with what is to be repeated."""
    later = DAY + timedelta(days=300)
    led = ready()
    led.measured(later - timedelta(days=1), body_weight=70)
    led.measured(later, body_weight=70, body_temperature=36.6)
    led.prepare(7e7, 70, on=later)
    why = refused(led.sign(later))[CRITERIA]
    assert "ALT: no value of the right date for the screening visit" in why
    assert "no value of the right date for the baseline visit" in why
    assert CRITERIA in led.give(7e7, on=later)


ANSWERED = ("answer", "measurement", "participation")
"""Kinds of element that are asked anew when somebody is screened again."""


def screened_again(led: Led, first_dose: Any) -> None:
    """Do the visits before the first dose again, for another day."""
    visit = first_dose - timedelta(days=14)
    done = led.do(f.EncounterDone, NURSE, on=visit, encounter="screening")
    assert not done.deviations
    elements = protocol()[0].study.elements
    for kind, day, fields in records(first_dose):
        if kind is not p.FactRecorded:
            led.do(kind, NURSE, on=day, hour=7, **fields)
        elif elements[fields["fact"].element].kind in ANSWERED:
            led.do(kind, on=max(day, visit), **fields)
    led.do(
        p.HistoryDeclaredComplete,
        on=visit,
        kinds=("condition", "exposure", "procedure"),
        signer=LEAD,
        sources="record and interview",
    )


def test_who_is_screened_again_is_confirmed_again_and_dosed():
    """The way through: a new screening visit, its results, and a new confirmation."""
    later = DAY + timedelta(days=100)
    led = ready()
    screened_again(led, later)
    again = led.ask(
        p.EligibilityConfirmed, on=later - timedelta(days=1), signer=LEAD, first_dose_on=later
    )
    assert isinstance(again, Recorded), again
    assert led.one.status == "enrolled"
    assert led.one.first_dose_planned == later
    led.measured(later - timedelta(days=1), body_weight=70)
    led.measured(later, body_weight=70, body_temperature=36.6)
    led.prepare(7e7, 70, on=later)
    assert isinstance(led.sign(later), Recorded)
    assert led.give(7e7, on=later) == {}
    late = led.ask(p.EligibilityConfirmed, on=later, hour=20, signer=LEAD, first_dose_on=later)
    assert "the step is legal" in refused(late), "after the first dose nothing is confirmed"


def test_a_baseline_visit_without_results_is_no_pass():
    """Unknown is not met: the visit is due, and nobody has looked."""
    later = DAY + timedelta(days=9)
    led = ready()
    led.measured(later - timedelta(days=1), body_weight=70)
    led.measured(later, body_weight=70, body_temperature=36.6)
    led.prepare(7e7, 70, on=later)
    assert "for the baseline visit" in refused(led.sign(later))[CRITERIA]


def test_what_was_attested_stands_no_longer_than_results_would():
    """An investigator's word for results of January says nothing of December."""
    later = DAY + timedelta(days=9)
    led = ready()
    open_ = [
        one.split(":")[0]
        for one in refused(_signed_on(led, later))[CRITERIA].split("; ")
        if ":" in one and one[0] in "IE"
    ]
    assert open_
    for criterion in open_:
        led.do(
            p.CriterionAttested,
            on=later,
            criterion=criterion,
            passes=True,
            reason="seen on the sheet of the ward",
        )
    assert CRITERIA not in refused(led.sign(later), some=False)
    december = later + timedelta(days=300)
    assert "E11a" in refused(led.sign(december))[CRITERIA]


def _signed_on(led: Led, day: Any) -> Any:
    led.measured(day - timedelta(days=1), body_weight=70)
    led.measured(day, body_weight=70, body_temperature=36.6)
    return led.sign(day)


def test_who_fell_ill_after_the_confirmation_takes_no_place():
    led = enrolled()
    diagnosed(led, "malignancy")
    led.one.status, led.one.level, led.one.cohort = "eligible", None, None
    outcome = led.ask(p.ParticipantEnrolled, f"coordinator.{SITE}.1", on=BEFORE, level=1)
    assert "E3" in refused(outcome)["the criteria still hold"]


def test_what_keeps_somebody_from_the_dose_is_a_task_of_the_investigator():
    led = ready()
    now = led.trial.state.events[led.trial.state.position].recorded_at

    def open_() -> list[str]:
        return [one.what for one in tasks(led.trial.state, now, DAY) if one.kind == "readiness"]

    assert not open_()
    led.result("alt", 400, BEFORE, high=40)
    assert "E11a" in open_()[0]


# --- what the checklist says, and what the records say


def test_a_fever_is_not_signed_away():
    """39.5 degrees twenty minutes before, and *in order* on the checklist."""
    led = ready(temperature=None)
    led.measured(hour=8.6, body_temperature=39.5)
    led.prepare(7e7, 70)
    assert "39.5 °C" in refused(led.sign())[RECORDS]
    assert "39.5 °C" in led.give(7e7)[RECORDS]


def test_the_value_measured_last_before_the_dose_counts():
    led = ready(temperature=39.5)
    led.measured(hour=8.7, body_temperature=36.9)
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    led.measured(hour=9.4, body_temperature=38.4)
    assert "38.4" in led.give(7e7)[RECORDS], "a fever between signature and dose"


def test_a_fever_after_the_dose_is_none_of_the_gate():
    led = ready()
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    led.measured(hour=12, body_temperature=39.5)
    assert led.give(7e7) == {}, "the dose is entered after the fever that followed it"


def test_an_item_with_a_rule_is_not_answered_without_a_record():
    """Neither *in order* nor *not applicable* stands for a temperature that nobody took."""
    led = ready(temperature=None)
    led.prepare(7e7, 70)
    assert "body temperature" in refused(led.sign())[RECORDS]
    assert "body temperature" in refused(led.sign(items={"temperature": "not applicable"}))[RECORDS]


def test_a_checklist_on_which_nothing_applies_is_refused():
    led = ready()
    led.prepare(7e7, 70)
    none = dict.fromkeys(
        (item.id for item in led.trial.state.study.treatment.checklist), "not applicable"
    )
    assert "nothing was looked at" in refused(led.sign(items=none))["every item is in order"]


def test_a_severe_result_of_the_day_waits_for_an_investigator():
    """Potassium of 7.2: no criterion asks for it, and nobody is dosed before it was judged."""
    led = ready()
    led.prepare(7e7, 70)
    at = led.result("potassium", 7.2, DAY, high=5.1).position
    rule = "no severe result awaits judgement"
    assert "grade 4" in refused(led.sign())[rule]
    led.do(f.ClinicalSignificanceSigned, of=at, element="potassium", significant=True, signer=LEAD)
    assert "clinically significant" in refused(led.sign())[rule]
    led.do(f.ClinicalSignificanceSigned, of=at, element="potassium", significant=False, signer=LEAD)
    assert isinstance(led.sign(), Recorded)


# --- by which weight


def test_the_dose_is_scaled_by_the_weight_at_baseline():
    """69 kg at baseline, 75 kg on the day (+8.7 %, at most 10 %): 6.9e7 cells, by either name."""
    for named in (75, 69):
        led = ready(69, 75)
        assert not led.prepare(6.9e7, named).deviations
        assert isinstance(led.sign(), Recorded)


def test_the_dose_by_the_weight_of_the_day_is_refused_where_baseline_counts():
    led = ready(69, 75)
    made = led.prepare(7.5e7, 75)
    (at,) = made.deviations
    assert led.trial.state.deviations[at].rule == PLANNED
    assert "level 1 is 69000000" in refused(led.sign())[STILL]
    assert PLANNED in led.give(7.5e7)


def test_beyond_the_limit_the_weight_of_the_day_counts():
    led = ready(69, 76.5)
    assert not led.prepare(7.65e7, 76.5).deviations
    assert isinstance(led.sign(), Recorded)


@pytest.mark.parametrize("named", [140.0, 50.0, None])
def test_a_weight_that_nobody_recorded_is_refused_until_it_is(named: float | None):
    led = ready(92.8, 92.8)
    planned = 9.28e7 if named is None else named * 1e6
    led.prepare(min(planned, 2.4e8), named)
    assert STILL in refused(led.sign())
    assert led.give(planned), "a fact is recorded, with its deviations"


def test_without_a_weight_at_baseline_nothing_is_authorised():
    led = ready(baseline=None)
    assert led.prepare(7e7, 70).deviations
    assert "the weight at baseline is not given" in refused(led.sign())[STILL]


def test_a_weight_taken_as_of_baseline_on_the_morning_of_the_dose_is_that_of_baseline():
    """The visit was late, and says what it was; one of long before the dose does not count."""
    led = ready(baseline=None, today=None)
    signs = (Measured(element="body_weight", value=69, unit="kg"),)
    long_ago = DAY - timedelta(days=12)
    led.do(f.VitalSignsRecorded, NURSE, on=long_ago, results=signs, encounter="baseline")
    led.measured(body_weight=75)
    led.prepare(6.9e7, 75)
    assert "the weight at baseline is not given" in refused(led.sign())[STILL]
    led.do(f.VitalSignsRecorded, NURSE, hour=7, results=signs, encounter="baseline")
    assert isinstance(led.sign(), Recorded)


def test_without_a_weight_of_the_day_nothing_is_authorised():
    """Whether it has changed too much is not known."""
    led = ready(today=None)
    led.prepare(7e7, 70)
    assert "no weight of the day is recorded" in refused(led.sign())[STILL]


def test_pounds_are_questioned_and_do_not_count_until_somebody_has_answered():
    """The weight is recorded, with a query of each; a dose is refused until both are confirmed."""
    led = ready(70, None)
    entered = led.measured(body_weight=154)
    later, earlier = entered.queries
    assert "154 kg on" in led.trial.state.queries[later].question
    assert "70 kg on" in led.trial.state.queries[earlier].question
    assert led.trial.state.queries[later].of == entered.position
    led.prepare(1.54e8, 154)
    assert "154 kg of" in refused(led.sign())[STILL]
    answered(led, later)
    assert "70 kg of 2027-01-23" in refused(led.sign())[STILL]
    answered(led, earlier)
    assert isinstance(led.sign(), Recorded)


def answered(led: Led, query: str, stands: bool | None = True) -> None:
    """Answer whether a weight is right."""
    led.act(r.QueryAnswered, f"coordinator.{SITE}.1", query=query, answer="see", stands=stands)


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=3), st.booleans())
@example([False], False)
@example([None], True)
def test_a_weight_counts_once_the_last_answer_is_that_it_is_right(
    answers: list[bool | None], closed: bool
):
    """Neither words alone nor a no confirm it; nor does whoever closes the query."""
    led = ready(70, None)
    queries = led.measured(body_weight=154).queries
    led.prepare(1.54e8, 154)
    for query in queries:
        for said in answers:
            answered(led, query, said)
        if closed:
            led.act(r.QueryClosed, "data.1", query=query)
    right = answers[-1] is True
    assert (STILL not in refused(led.sign(), some=False)) is right


def test_the_refusal_names_a_query_that_can_be_answered_or_says_that_one_is_to_be_opened():
    """A closed one is not answered any more; another that begins with the same words is."""
    led = ready(70, None)
    led.prepare(1.54e8, 154)
    for query in led.measured(body_weight=154).queries:
        answered(led, query, stands=False)
        assert "the query about it is answered that it is right" in refused(led.sign())[STILL]
        led.act(r.QueryClosed, "data.1", query=query)
    assert "a query about it that begins" in refused(led.sign())[STILL]
    for number, entry in enumerate({one.of for one in led.trial.state.queries.values()}):
        query = f"Q-again-{number}"
        led.act(r.QueryOpened, "data.1", query=query, of=entry, question=QUESTION)
        answered(led, query)
    assert STILL not in refused(led.sign(), some=False)


def test_a_confirmed_weight_leaves_the_one_it_contradicts_open():
    """154 at baseline was meant as pounds: the right 70 kg of the day do not make it right."""
    led = ready(154, None)
    later, earlier = led.measured(body_weight=70).queries
    answered(led, later)
    led.prepare(7e7, 70)
    assert "154 kg of 2027-01-23" in refused(led.sign())[STILL]
    wrong = led.trial.state.queries[earlier].of
    fixed = {"results": [{"element": "body_weight", "value": 69.9, "unit": "kg"}]}
    led.act(p.EntryCorrected, NURSE, of=wrong, fields=fixed, reason="it was in pounds")
    assert isinstance(led.sign(), Recorded)


def test_a_confirmed_weight_that_is_corrected_is_asked_about_again():
    led = ready(70, None)
    entered = led.measured(body_weight=154)
    for query in entered.queries:
        answered(led, query)
    fixed = {"results": [{"element": "body_weight", "value": 702, "unit": "kg"}]}
    again = led.act(
        p.EntryCorrected, NURSE, of=entered.position, fields=fixed, reason="another sheet"
    )
    assert "702 kg" in led.trial.state.queries[again.queries[0]].question
    led.prepare(7e7, 70)
    assert "702 kg" in refused(led.sign())[STILL]


def test_a_slip_among_weights_that_bear_one_another_out_leaves_them_in_force():
    led = ready(70, None)
    led.measured(DAY - timedelta(days=5), body_weight=70.4)
    slip = led.measured(hour=7, body_weight=7)
    assert len(slip.queries) == 1
    led.measured(hour=8, body_weight=70)
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)


def test_pounds_twice_do_not_make_each_other_plausible():
    led = ready(70, None)
    led.measured(hour=7.5, body_weight=154)
    assert led.measured(body_weight=154).queries
    led.prepare(1.54e8, 154)
    assert STILL in refused(led.sign())


def test_a_corrected_weight_needs_no_answer():
    led = ready(70, None)
    wrong = led.measured(body_weight=702)
    assert wrong.queries
    fixed = {"results": [{"element": "body_weight", "value": 70.2, "unit": "kg"}]}
    led.act(p.EntryCorrected, NURSE, of=wrong.position, fields=fixed, reason="a decimal point")
    led.prepare(7e7, 70.2)
    assert isinstance(led.sign(), Recorded), "scaled by baseline, 70 kg"


def test_a_weight_in_pounds_by_its_unit_is_converted():
    led = ready(70, None)
    result = Measured(element="body_weight", value=154.3, unit="[lb_av]")
    signs = {"results": (result,)}
    assert not led.do(f.VitalSignsRecorded, NURSE, **signs).queries
    led.measured(body_temperature=36.6)
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)


@SOME
@given(
    st.lists(
        st.tuples(st.sampled_from((7, 70, 75, 84, 87, 100, 154)), st.integers(1, 5)), max_size=7
    )
)
@example([(87, 5), (70, 1)])
def test_each_weight_that_comes_into_doubt_is_asked_about_once(weights: list[tuple[int, int]]):
    """Reckoned anew from all of them each time, as the ledger need not, in the order of time."""
    led = enrolled()

    def doubted(n: int) -> set[int]:
        order = sorted(range(n), key=lambda at: (weights[at][1], at))
        found = in_doubt([weights[at][0] for at in order], lambda places: False)
        return {order[place] for place in found}

    asked: set[int] = set()
    for n, (kg, hour) in enumerate(weights):
        done = led.do(
            f.VitalSignsRecorded,
            NURSE,
            hour=7 + n / 100,
            results=(Measured(element="body_weight", value=kg, unit="kg"),),
            taken_at=datetime.combine(DAY, time(hour), UTC),
        )
        new = doubted(n + 1) - doubted(n) - asked
        assert len(done.queries) == len(new)
        asked |= new


# --- whatever happens


WEIGHTS = st.floats(35, 200).map(lambda kg: round(kg, 1))


@SOME
@given(WEIGHTS, st.floats(0.85, 1.15), st.sampled_from(("baseline", "day", "other")))
def test_what_is_authorised_is_the_level_times_the_weight_by_the_rule(
    baseline: float, change: float, by: str
):
    """Reckoned here from the two weights alone."""
    day = round(baseline * change, 1)
    counts = day if abs(day / baseline - 1) > 0.1 + 1e-9 else baseline
    tried = {"baseline": baseline, "day": day, "other": baseline * 1.3}[by]
    led = ready(baseline, day)
    made = led.prepare(tried * 1e6, day)
    right = abs(tried / counts - 1) <= 0.005
    signed = led.sign()
    assert isinstance(signed, Recorded) is right
    assert bool(made.deviations) is not right


@SOME
@given(
    st.lists(st.sampled_from(sorted(AGAINST)), max_size=3, unique=True),
    st.sampled_from((36.6, 37.9, 38.0, 39.5, None)),
    st.integers(0, 40),
)
def test_no_dose_is_authorised_while_the_records_speak_against_it(
    against: list[str], celsius: float | None, wait: int
):
    """While `assess` does not say eligible on the day, the checklist is refused."""
    day = DAY + timedelta(days=wait)
    led = ready(temperature=None)
    for case in against:
        AGAINST[case][0](led)
    signs: dict[str, float] = {"body_weight": 70}
    signs |= {} if celsius is None else {"body_temperature": celsius}
    led.measured(day - timedelta(days=1), body_weight=70)
    led.measured(day, **signs)
    led.prepare(7e7, 70, on=day) if not against else None
    status = eligibility(led.trial.state, led.one, day, day).status
    outcome = led.sign(day)
    if status != "eligible" or celsius is None or celsius >= 38 or against:
        assert refused(outcome)
        assert led.give(7e7, on=day), "a dose given all the same has its deviation"
    else:
        assert isinstance(outcome, Recorded)


# --- later doses, and a woman's test


def again(rule: dict[str, Any]) -> State:
    """A participant who has had the first dose, by a protocol that asks E11a before each dose."""
    state = treated()
    version = state.versions[0]
    study = version.study
    one = study.criterion("E11a")
    assert one is not None
    marked = EligibilityCriterion.model_validate(
        {**one.model_dump(by_alias=True), "rule": rule, "before_each_dose": True}
    )
    criteria = [marked if item.id == "E11a" else item for item in study.criteria]
    eligibility = study.eligibility.model_copy(update={"criteria": criteria})
    state.versions[0] = version._replace(
        study=study.model_copy(update={"eligibility": eligibility})
    )
    return state


WEEK = {"anchor": "first_dose", "from": "-7 days", "to": "0 days", "bounds": "[]"}
HIGH = {"compare": "alt", "is": "> 2.5 x ULN", "within": WEEK, "value": "any"}


@pytest.mark.parametrize(
    ("day", "value", "open_"),
    [
        (AFTER, 30, True),
        (AFTER, 400, False),
        (AFTER - timedelta(days=8), 30, False),
    ],
)
def test_before_a_later_dose_the_criteria_are_asked_that_the_protocol_marks(
    day: date, value: float, open_: bool
):
    """Its windows are counted from that dose: a result of the week before it, and no older one."""
    state = again(HIGH)
    result(state, "alt", value, "U/L", day, high=40)
    told = "".join(before_dose(state, state.participants["P1"], AFTER).clauses())
    assert ("E11a" not in told) is open_


def test_before_a_later_dose_others_are_not_asked_without_new_records():
    """What was recorded before the first dose has been judged; test_redosing.py has the rest."""
    state = treated()
    assert "E11a" not in "".join(before_dose(state, state.participants["P1"], AFTER).clauses())


@pytest.mark.parametrize("code", ["positive", "negative", "invalid", ""])
def test_a_woman_is_not_dosed_without_a_negative_test_of_the_day(code: str):
    """Whatever the checklist says of it; an invalid result is none."""
    led = ready()
    led.prepare(7e7, 70)
    led.one.sex = "female"
    led.one.changed()
    led.do(p.FactRecorded, on=BEFORE, fact=Measured(element="childbearing_potential", value=1))
    if code:
        led.result("hcg", on=BEFORE, code=code)
    for said in ("in order", "not applicable"):
        why = refused(led.sign(items={"not_pregnant": said}), some=False)
        assert (RECORDS in why) is (code != "negative")
    if code == "positive":
        assert "E6b" in refused(led.sign())[CRITERIA]


def test_who_was_registered_after_the_screening_visit_was_screened_on_its_day():
    """Entered late: the visit of a week before the registration counts, and so do its results."""
    led = enrolled()
    study = led.trial.state.study
    assert screened_on(led.trial.state, led.one, study) == SCREENED
    early = SCREENED - timedelta(days=7)
    led.do(f.EncounterDone, NURSE, on=early, encounter="screening")
    assert screened_on(led.trial.state, led.one, study) == early


def test_a_screening_visit_sets_the_day_of_screening_until_the_first_dose():
    led = ready()
    study = led.trial.state.study
    assert screened_on(led.trial.state, led.one, study) == SCREENED
    led.do(f.EncounterDone, NURSE, on=BEFORE, encounter="screening")
    assert screened_on(led.trial.state, led.one, study) == BEFORE
    led.prepare(7e7, 70)
    led.give(7e7)
    later = DAY + timedelta(days=15)
    assert led.do(f.EncounterDone, NURSE, on=later, encounter="screening").deviations
    assert screened_on(led.trial.state, led.one, study) == BEFORE


LATE_FINDINGS: dict[str, Callable[[Led], Any]] = {
    "positive HBsAg after the visit that asks for it": AGAINST["positive HBsAg"][0],
    "ALT at baseline": AGAINST["ALT at baseline"][0],
    "a new malignancy": AGAINST["a new malignancy"][0],
}


@pytest.mark.parametrize("case", LATE_FINDINGS)
def test_confirming_and_enrolling_ask_what_the_ledger_says_by_then(case: str):
    """Whatever the visit is called that a result came after: it is known when somebody signs."""
    led = enrolled()
    LATE_FINDINGS[case](led)
    again = led.ask(p.EligibilityConfirmed, on=BEFORE, hour=9, signer=LEAD, first_dose_on=DAY)
    assert "E" in refused(again)["every criterion is met"]
    led.one.status, led.one.level, led.one.cohort = "eligible", None, None
    outcome = led.ask(p.ParticipantEnrolled, f"coordinator.{SITE}.1", on=BEFORE, hour=9, level=1)
    assert "since it was confirmed" in refused(outcome)["the criteria still hold"]


def test_a_place_taken_late_takes_what_has_grown_stale_into_account():
    """Confirmed in January, enrolled in April: the results of screening are stale by then."""
    led = enrolled()
    led.one.status, led.one.level, led.one.cohort = "eligible", None, None
    late = DAY + timedelta(days=80)
    outcome = led.ask(p.ParticipantEnrolled, f"coordinator.{SITE}.1", on=late, level=1)
    assert "screening visit" in refused(outcome)["the criteria still hold"]
