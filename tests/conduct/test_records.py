"""Records of a source: how they were read, what investigators judge them to be, and how long."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradatim.conduct.as_of import as_of
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import records as d
from gradatim.conduct.events.base import Measured, Signature, Within
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.records import records_of
from gradatim.core.dates import ANY_DAY, Day, parse_day
from gradatim.core.errors import UnusableInput
from gradatim.evidence.facts import Facts
from tests.conduct.ready import DAY, LEAD, NAME, NURSE, SITE, Led, ready, refused
from tests.conduct.trials import protocol

CRITERIA = "the criteria hold"
HASHES = {letter: letter * 64 for letter in "abcdef"}
CANCER = d.Coded("http://snomed.info/sct", "254837009", "Malignant neoplasm of breast")
DIAGNOSES = ("malignancy", "hiv_infection")
ELEMENTS = protocol()[0].study.elements
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def led() -> Led:
    """Somebody who could be dosed on the day."""
    led = ready()
    led.prepare(7e7, 70)
    return led


def read(led: Led, content: str = "a", perhaps: tuple[str, ...] = DIAGNOSES, **fields: Any) -> int:
    """Read the record of a diagnosis from a file, as an upload does; give the last entry."""
    if perhaps:
        led.do(
            p.RecordNotUnderstood,
            NURSE,
            on=DAY,
            record="Condition/c7",
            elements=perhaps,
            source="EHR",
            content=HASHES[content],
        )
    one = d.RecordRead(
        record="Condition/c7",
        kind="Condition",
        content=HASHES[content],
        codes=(CANCER,),
        perhaps=perhaps,
        outside=("condition",),
        **{"start": "2026-08-01", **fields},
    )
    led.do(d.RecordsRead, NURSE, on=DAY, source="EHR", read=1, records=(one,))
    return led.trial.state.position


def judge(led: Led, of: int, *, by: str = LEAD, **fields: Any) -> RecordOutcome:
    """Judge that record: `malignancy="no"`, and days or a drug where they are given."""
    answers = {name: fields.pop(name) for name in list(fields) if name in ELEMENTS}
    return led.ask(
        d.RecordJudged,
        by,
        on=DAY,
        of=of,
        record="Condition/c7",
        answers=answers,
        signer=by,
        reason="asked the hospital",
        **fields,
    )


def known(led: Led) -> Facts:
    return facts_of(led.trial.state, led.one)


def open_to(led: Led) -> set[str]:
    """Give the diagnoses that a record keeps open."""
    return set(known(led).not_understood) & set(DIAGNOSES)


def test_a_no_takes_the_element_out_of_what_the_record_may_be_of(led: Led):
    of = read(led)
    assert open_to(led) == set(DIAGNOSES)
    assert "E3" in refused(led.sign())[CRITERIA]
    assert isinstance(judge(led, of, malignancy="no"), Recorded)
    assert open_to(led) == {"hiv_infection"}
    assert isinstance(judge(led, of, hiv_infection="no"), Recorded)
    assert not refused(led.sign(), some=False)


def test_a_yes_is_a_fact_of_the_days_that_the_record_has(led: Led):
    judge(led, read(led, end_within=Within(first=DAY)), malignancy="yes", hiv_infection="no")
    (fact,) = known(led).of("malignancy")
    assert fact.start == parse_day("2026-08-01")
    assert fact.end == Day(DAY, date.max)
    assert "E3: malignancy" in refused(led.sign())[CRITERIA]


def test_days_that_the_investigator_gives_outrank_those_of_the_record(led: Led):
    judge(led, read(led), malignancy="yes", hiv_infection="no", start="2001-03", end="2001-05")
    (fact,) = known(led).of("malignancy")
    assert (fact.start, fact.end) == (parse_day("2001-03"), parse_day("2001-05"))
    assert not refused(led.sign(), some=False), "long before the days that are asked about"


def test_a_drug_has_its_ingredient_and_the_dose_of_the_record(led: Led):
    of = read(led, perhaps=("biologic",), daily_dose=2.5)
    judge(led, of, biologic="yes", drug="adalimumab")
    (fact,) = known(led).of("biologic")
    assert (fact.code, fact.value, fact.unit) == ("adalimumab", 2.5, "mg/d")
    judge(led, of, biologic="yes", drug="adalimumab", daily_dose=5.0)
    (fact,) = known(led).of("biologic")
    assert fact.value == 5.0


def used(led: Led, content: str = "a") -> int:
    """Read the record of a diagnosis that is understood."""
    led.do(
        p.FactRecorded,
        NURSE,
        on=DAY,
        fact=Measured(element="malignancy"),
        source="EHR",
        start="2026-08-01",
        record="Condition/c7",
        content=HASHES[content],
    )
    return read(led, content, (), used={"malignancy": "ICD-10 C50.9"})


def test_a_judgement_outranks_a_record_that_was_used(led: Led):
    of = used(led)
    assert "E3: malignancy" in refused(led.sign())[CRITERIA]
    judge(led, of, malignancy="no")
    assert not known(led).of("malignancy")
    assert not refused(led.sign(), some=False)
    record = next(iter(records_of(led.trial.state, led.one).values()))
    assert record.used == {"malignancy": "ICD-10 C50.9"}, "both readings are kept"
    assert not record.judged["malignancy"].yes


def test_the_last_judgement_counts(led: Led):
    of = used(led)
    judge(led, of, malignancy="no")
    judge(led, of, malignancy="yes", start="2026-09")
    (fact,) = known(led).of("malignancy")
    assert fact.start == parse_day("2026-09")


def test_the_same_record_read_again_keeps_the_judgement(led: Led):
    of = read(led)
    judge(led, of, malignancy="no", hiv_infection="no")
    read(led, perhaps=())
    assert open_to(led) == set()


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_record_that_has_changed_is_judged_anew(led: Led, answer: str):
    judge(led, read(led), malignancy=answer, hiv_infection="no")
    of = read(led, "b")
    assert open_to(led) == set(DIAGNOSES)
    assert {str(fact.doubtful) for fact in known(led).of("malignancy")} == (
        {"the record has changed since it was judged"} if answer == "yes" else set()
    )
    assert "E3" in refused(led.sign())[CRITERIA]
    judge(led, of, malignancy="no", hiv_infection="no")
    assert open_to(led) == set()
    assert not refused(led.sign(), some=False)


def test_a_record_that_was_used_and_has_changed_counts_again(led: Led):
    judge(led, used(led), malignancy="no")
    read(led, "b", (), used={"malignancy": "ICD-10 C50.9"})
    assert known(led).of("malignancy")


def test_a_record_understood_by_more_keeps_open_what_is_left(led: Led):
    """The same record, read again with a vocabulary: what that tells, nobody has to judge."""
    read(led)
    led.do(
        d.RecordsRead,
        NURSE,
        on=DAY,
        source="EHR",
        read=1,
        records=(
            d.RecordRead(
                record="Condition/c7",
                kind="Condition",
                content=HASHES["a"],
                codes=(CANCER,),
                perhaps=("malignancy",),
                outside=("condition",),
            ),
        ),
        vocabulary=d.VocabularyUsed(HASHES["f"], {"snomed": 350_000}),
    )
    assert open_to(led) == {"malignancy"}


def test_another_source_or_another_record_is_not_touched(led: Led):
    of = read(led)
    for source, record in (("another hospital", "Condition/c7"), ("EHR", "Condition/c8")):
        led.do(
            p.RecordNotUnderstood,
            NURSE,
            on=DAY,
            record=record,
            elements=DIAGNOSES,
            source=source,
            content=HASHES["a"],
        )
    judge(led, of, malignancy="no", hiv_infection="no")
    assert open_to(led) == set(DIAGNOSES)


def test_a_place_in_a_file_is_no_id(led: Led):
    """A resource without an id is told from others by what it says."""
    for content in "ab":
        led.do(
            p.RecordNotUnderstood,
            NURSE,
            on=DAY,
            record="Condition[3]",
            elements=DIAGNOSES,
            source="EHR",
            content=HASHES[content],
        )
    assert len(records_of(led.trial.state, led.one)) == 2
    led.do(
        d.RecordJudged,
        of=led.trial.state.position,
        record="Condition[3]",
        signer=LEAD,
        answers=dict.fromkeys(DIAGNOSES, "no"),
        reason="asked",
    )
    assert open_to(led) == set(DIAGNOSES)


def test_an_entry_from_before_contents_were_kept_can_be_judged(led: Led):
    led.do(p.RecordNotUnderstood, NURSE, on=DAY, record="Condition/c7", elements=DIAGNOSES)
    judge(led, led.trial.state.position, malignancy="no", hiv_infection="yes")
    assert open_to(led) == set()
    assert known(led).of("hiv_infection")[0].start == ANY_DAY


def test_what_was_attested_before_a_judgement_opened_the_criterion_is_asked_anew(led: Led):
    """An investigator attested what the records had settled; a judgement takes that out of them."""
    led.do(p.RecordNotUnderstood, NURSE, on=DAY, record="Condition/c8", elements=("malignancy",))
    of = used(led)
    led.do(p.CriterionAttested, on=DAY, criterion="E3", passes=True, reason="none seen")
    assert "E3: malignancy" in refused(led.sign())[CRITERIA]
    judge(led, of, malignancy="no")
    assert "E3" in refused(led.sign())[CRITERIA]
    led.do(p.CriterionAttested, on=DAY, criterion="E3", passes=True, reason="a benign naevus")
    assert not refused(led.sign(), some=False)


def test_before_the_judgement_it_was_open(led: Led):
    of = read(led)
    before = led.trial.state.position
    judge(led, of, malignancy="no", hiv_infection="no")
    then = as_of(NAME, list(led.trial.store.read(led.trial.name)), position=before)
    assert set(facts_of(then, then.participants[NAME]).not_understood) >= set(DIAGNOSES)
    assert open_to(led) == set()


def test_a_judgement_is_corrected_under_a_new_signature(led: Led):
    of = read(led)
    judge(led, of, malignancy="no", hiv_infection="no")
    at = led.trial.state.position
    wrong = p.EntryCorrected(
        occurred_on=DAY,
        recorded_at=datetime.combine(DAY, time(9), UTC),
        recorded_by=LEAD,
        site=SITE,
        of=at,
        fields={"answers": {"malignancy": "no"}},
        reason="HIV was not asked",
    )
    assert isinstance(led.trial.record(wrong), Refused)
    signed = replace(wrong, signature=Signature("Dr Li", "I have seen what it says now"))
    assert isinstance(led.trial.record(signed), Recorded)
    assert open_to(led) == {"hiv_infection"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "nothing is judged"),
        ({"malignancy": "no", "start": "2026-08"}, "of what the record is not"),
        ({"malignancy": "no", "record": "Condition/c9"}, "holds no record Condition/c9"),
        ({"malignancy": "no", "of": 1}, "entry 1 holds no record"),
    ],
)
def test_what_cannot_be_meant_is_refused(led: Led, fields: dict[str, Any], why: str):
    of = read(led)
    record = fields.pop("record", "Condition/c7")
    answers = {name: said for name, said in fields.items() if name in ELEMENTS}
    more = {name: said for name, said in fields.items() if name not in ELEMENTS}
    with pytest.raises(UnusableInput, match=why):
        led.ask(
            d.RecordJudged,
            **{
                "of": of,
                "record": record,
                "answers": answers,
                "signer": LEAD,
                "reason": "asked",
                **more,
            },
        )


def test_only_an_investigator_judges_and_only_what_has_a_history(led: Led):
    of = read(led)
    assert isinstance(judge(led, of, by=NURSE, malignancy="no"), Refused)
    found = judge(led, of, alt="no")
    assert "is corrected, not judged" in str(refused(found))


@SOME
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["yes", "no", ""])), max_size=5))
def test_no_order_of_readings_and_judgements_hides_what_the_last_content_leaves_open(
    steps: list[tuple[str, str]],
):
    """What the record may be of is open, but where its last content was judged."""
    led = ready()
    seen: list[str] = []
    judged: tuple[int, str] | None = None
    for content, answer in steps:
        new = content not in seen
        of = read(led, content, ("malignancy",) if new else ())
        seen += [content] if new else []
        if new:
            judged = None
        if answer:
            judge(led, of, malignancy=answer, **({"start": "2026-08"} if answer == "yes" else {}))
            judged = (of, answer)
    facts = known(led)
    settled = [fact for fact in facts.of("malignancy") if not fact.doubtful]
    if judged is None:
        assert ("malignancy" in facts.not_understood) is bool(seen)
        assert not settled
    else:
        assert bool(settled) is (judged[1] == "yes")
