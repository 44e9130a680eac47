"""Texts that tables, generated rules and worked people seldom or never give: made on purpose."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

from gradatim.core.message import Measure, Number
from gradatim.core.quantity import Quantity
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Verdict
from gradatim.evidence.doubts import Doubt, read_doubt
from gradatim.evidence.facts import Facts, NotUsed
from gradatim.protocol.load import load
from gradatim.protocol.study import Study
from gradatim.reports.sentences import headline, next_words
from gradatim.reports.words import limits_words
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from gradatim.rules.horizon import Stretch
from gradatim.screening.assess import Eligibility, Finding
from gradatim.screening.readings import Reading
from tests.properties.strategies import STUDY
from tests.spec.tables import RULE, anchors, read_facts
from tests.web.texts import Text, clauses

DOSE = date(2026, 11, 16)
BASE = {"stable": "run_in", "before": "first_dose"}
ASKED: list[tuple[dict, dict]] = [
    *(
        ({**BASE, "started": length}, {"run_in": "methotrexate, 10 mg/d, 2026-11-16.."})
        for length in ("1 day", "1 year", "2 years")
    ),
    ({"daily_dose": "steroid", "on": "first_dose", "is": ">= 0 mg/d"}, {}),
    (
        {"daily_dose": "steroid", "on": "first_dose", "is": "<= 10 mg/d", "as": "prednisone"},
        {"steroid": ["prednisone, 5 mg/d, 2026-01-01..", "dexamethasone, 2026-01-01.."]},
    ),
    *(
        (
            {"daily_dose": "steroid", "on": "first_dose", "is": f"{limit} 10 mg/d"},
            {"steroid": "prednisone, 2026-01-01.."},
        )
        for limit in ("<", "<=", "=", ">=", ">")
    ),
    ({"compare": "egfr", "is": "< 60 mL/min/{1.73_m2}"}, {"creatinine": "1"}),
    (
        {"count": "surgery", "at_least": 2, "distinct": "record"},
        {
            "surgery": [
                "2026-01-01, doubtful status not recorded",
                "2026-01-02, doubtful neither yes nor no",
            ]
        },
    ),
    ({"event": "other_trial"}, {"other_trial": "2026-01-01, doubtful not yet begun"}),
    ({"compare": "ast", "is": "> 60 U/L"}, {"ast": "unreadable not understood: LOINC 1920-8"}),
    *(
        ({"event": "infarction"}, {"infarction": f"2026-01-01, doubtful {why}"})
        for why in (
            "of unrecorded severity",
            "an intolerance and not an allergy",
            "an intolerance with anaphylaxis",
            "its scope is not settled",
            "its verification status is not settled",
            "it names a study that is not known to be this one",
            "not known to have been handed over",
            "the record has changed since it was judged",
        )
    ),
    (
        {"daily_dose": "steroid", "on": "first_dose", "is": "<= 10 mg/d"},
        {"steroid": "prednisone, 5 mg/d, up to 15, 2026-01-01.."},
    ),
    (
        {"daily_dose": "steroid", "on": "first_dose", "is": "<= 10 mg/d", "as": "prednisone"},
        {"steroid": "prednisone, 5 mg/d, up to 15, 2026-01-01.."},
    ),
]
"""Rules, and the facts they are asked of, in the words of the specification tables."""
DOUBTS_OF_DRUGS = (
    "taken as needed, if at all",
    "injected where it may act for weeks, which a person must judge",
)
"""With a comma inside, which the words of the tables set apart."""


def of_rare() -> Iterator[Text]:
    """Give what is seldom said."""
    for rule, facts in ASKED:
        told = {name: tuple(read_facts(name, some)) for name, some in facts.items()}
        yield from _asked(rule, Facts("p1", by_element=told, sex="male"))
    contradicting = Facts(
        "p1",
        birth_conflict=Doubt.BIRTH_CONFLICT(),
        sex="male",
        by_element={"creatinine": tuple(read_facts("creatinine", "1 mg/dL"))},
    )
    yield from _asked({"age": "first_dose", "is": ">= 18"}, contradicting)
    yield from _asked({"compare": "egfr", "is": "< 60 mL/min/{1.73_m2}"}, contradicting)
    for doubt in DOUBTS_OF_DRUGS:
        (drug,) = read_facts("steroid", "prednisone, 2026-01-01..")
        told = {"steroid": (drug._replace(doubtful=read_doubt(doubt)),)}
        yield from _asked({"event": "steroid"}, Facts("p1", by_element=told))
    (ast,) = read_facts("ast", "unreadable as it is implausible")
    implausible = Doubt.IMPLAUSIBLE(
        quantity=Quantity(9000, "U/L"), n=Number(0), amount=Measure("5000 U/L")
    )
    told = {"ast": (ast._replace(doubtful=implausible),)}
    yield from _asked({"compare": "ast", "is": "> 60 U/L"}, Facts("p1", by_element=told))
    unreadable = (NotUsed("Condition/1", "-", ("infarction",)),)
    yield from _asked({"event": "infarction"}, Facts("p1", not_used=unreadable))
    (only_low,) = read_facts("creatinine", "1 mg/dL, LLN 0.5")
    assert only_low.low == Quantity(0.5, "mg/dL")
    yield Text(limits_words(only_low), STUDY)
    yield from _sentences()


def _asked(rule: dict, facts: Facts) -> Iterator[Text]:
    s = Situation(STUDY, facts, anchors({}), DOSE)
    yield from clauses(evaluate(RULE.validate_python(rule), s), STUDY)


def _sentences() -> Iterator[Text]:
    """Give what decides, for every number of criteria that are lost later, fail or are open."""
    study = load("nct05962762").study
    for lost, failing, open_, repeat in product(range(3), range(3), range(3), ((), ("ast",))):
        later = [(TRUE, UNKNOWN)] * lost + [(FALSE, UNKNOWN)] * failing + [(UNKNOWN,) * 2] * open_
        one = _eligibility(study, later, repeat)
        yield Text(headline(one), study)
        yield Text(next_words(one), study)


def _eligibility(
    study: Study, later: list[tuple[Truth, Truth]], repeat: tuple[str, ...]
) -> Eligibility:
    """Give inclusion criteria that come out one way now and another way four weeks later."""
    moved = DOSE + timedelta(days=28)
    criterion = study.criteria[1]
    reading = Reading(criterion.reading_name, criterion.rule)
    findings = [
        Finding(
            criterion,
            reading,
            Verdict(now),
            (Stretch(DOSE, moved, now), Stretch(moved, None, then)),
        )
        for now, then in later
    ]
    return Eligibility(
        "p1", {"first_dose": DOSE}, DOSE, "undetermined", tuple(findings), moved, repeat, (), ()
    )
