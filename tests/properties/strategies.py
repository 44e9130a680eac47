"""Generated rules of every kind, and generated people to ask them of.

Dates cluster around the edges of the windows that the rules use: that is where answers change.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, Duration, on, parse_day, step
from gradatim.core.quantity import Quantity
from gradatim.core.verdict import Reason
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import EVERY_DAY, Fact, Facts, Observed, Often
from gradatim.protocol.nodes import Node
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation
from tests.spec.tables import RULE, study_with

DOSE = date(2026, 11, 16)
STUDY: Study = study_with(
    {
        "bmi": {
            "kind": "measurement",
            "label": "body mass index",
            "unit": "kg/m2",
            "derived": {
                "expression": {"divide": ["weight", {"power": ["height", 2]}]},
                "inputs": {"weight": "weight", "height": "height"},
            },
        },
        "egfr": {
            "kind": "measurement",
            "label": "eGFR",
            "unit": "mL/min/{1.73_m2}",
            "derived": {"formula": "ckd_epi_2021", "inputs": {"creatinine": "creatinine"}},
        },
        "frame": {
            "kind": "measurement",
            "label": "frame",
            "derived": {
                "expression": {
                    "bands": {
                        "of": "bmi",
                        "below": "negative",
                        "steps": [{"from": 25, "is": "positive"}],
                    }
                },
                "inputs": {"bmi": "bmi"},
            },
        },
    }
)
BACK = ["-1 day", "-28 days", "-1 month", "-3 months", "-6 months", "-5 years"]
ANCHORS = ["screening", "baseline", "first_dose"]
OF_KIND: dict[str, list[str]] = {}
for _name, _element in STUDY.elements.items():
    OF_KIND.setdefault(_element.kind, []).append(_name)
EXPOSED = OF_KIND["exposure"]
INGREDIENTS = {
    "nsaid": ["naproxen", "ibuprofen"],
    "steroid": ["prednisone", "dexamethasone", "budesonide"],
    "dmard": ["methotrexate", "leflunomide", "netakimab", "mystery"],
    "run_in": ["methotrexate", "sulfasalazine"],
}


# --- rules ----------------------------------------------------------------------------------------


def maybe(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give each key, or leave it out."""
    return st.fixed_dictionaries({}, optional=keys)


def node(
    key: str, names: list[str], more: st.SearchStrategy[dict[str, Any]], **keys: Any
) -> st.SearchStrategy[dict[str, Any]]:
    """Give a node about one of these names, with keys it always and keys it sometimes has."""
    always = st.fixed_dictionaries({key: st.sampled_from(names), **keys})
    return st.builds(lambda a, b: {**a, **b}, always, more)


WINDOWS = node(
    "anchor",
    ANCHORS,
    maybe(**{"from": st.sampled_from(BACK), "to": st.sampled_from(["0 days", "2 weeks", None])}),
    bounds=st.sampled_from(["[]", "[)", "(]", "()"]),
)
OPERATORS = ["<", "<=", ">", ">=", "="]


def limits(*numbers: str) -> st.SearchStrategy[str]:
    return st.builds("{} {}".format, st.sampled_from(OPERATORS), st.sampled_from(numbers))


PICKED = maybe(value=st.sampled_from(["any", "latest"]))
VISITS = st.fixed_dictionaries(
    {
        "at": st.sampled_from([["screening"], ["baseline"], ["screening", "baseline"]]),
        "across": st.sampled_from(["some", "every", "available"]),
    },
    optional={"value": st.sampled_from(["any", "latest"])},
)
WITHIN = st.fixed_dictionaries(
    {"within": WINDOWS}, optional={"value": st.sampled_from(["any", "latest"])}
)
MEASURED = st.builds(
    lambda where, how: {**where, **how},
    PICKED | VISITS | WITHIN,
    maybe(method=st.sampled_from(["CT"])),
)
COMPARED = {
    "creatinine": limits("1.5 x ULN", "1.5 mg/dL", "1.5"),
    "ast": limits("1.5 x ULN", "60 U/L"),
    "lvef": limits("45 %"),
    "grade": limits("2 {score}"),
    "bmi": limits("25 kg/m2"),
    "egfr": limits("60"),
}
STABLE = node(
    "stable",
    ["run_in", "dmard"],
    maybe(started=st.sampled_from(["3 months", "28 days"]), unchanged=st.just("28 days")),
    before=st.sampled_from(ANCHORS),
)
WAITS = st.sampled_from(
    [
        {"length": "1 month"},
        {"length": "28 days"},
        {"half_lives": 5},
        {"length": "56 days", "only": ["leflunomide"]},
    ]
)
_LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "compare": st.sampled_from(sorted(COMPARED)).flatmap(
        lambda name: st.builds(
            lambda limit, how, spared: {"compare": name, "is": limit, **how, **spared},
            COMPARED[name],
            MEASURED,
            maybe(not_while=st.just("nsaid")),
        )
    ),
    "result": st.builds(
        lambda name, word, how: {"result": name, "is": word, **how},
        st.sampled_from(["hbsag", "frame"]),
        st.sampled_from(["positive", "negative"]),
        MEASURED,
    ),
    "attested": node("attested", OF_KIND["answer"], PICKED | WITHIN),
    "age": node("age", ANCHORS, maybe(), **{"is": limits("18", "65")}),
    "sex": node("sex", ["female", "male"], maybe()),
    "event": st.builds(
        lambda names, how: {"event": names, **how},
        st.lists(
            st.sampled_from(
                [
                    "infarction",
                    "cancer",
                    "surgery",
                    "consent",
                    "other_trial",
                    "adverse_event",
                    "nsaid",
                ]
            ),
            min_size=1,
            max_size=2,
            unique=True,
        ),
        maybe(
            within=WINDOWS,
            counts=st.sampled_from(["overlap", "start"]),
            grade=limits("3"),
            related=st.booleans(),
            **{"except": st.just(["skin_cancer"])},
        ),
    ),
    "count": node(
        "count",
        ["nsaid", "surgery", "dmard"],
        maybe(within=WINDOWS),
        at_least=st.integers(1, 3),
        distinct=st.sampled_from(["ingredient", "record"]),
    ),
    "days": node(
        "days",
        EXPOSED,
        maybe(ingredients=st.integers(1, 2)),
        within=WINDOWS,
        at_least=st.sampled_from([1, 14, 28, 30, 90]),
        per=st.sampled_from(["union", "sum", "ingredient"]),
    ),
    "stable": STABLE,
    "daily_dose": node(
        "daily_dose",
        EXPOSED,
        maybe(
            mean_over=st.sampled_from(["7 days", "1 month"]),
            **{"as": st.sampled_from(["prednisone", "itself"])},
        ),
        on=st.sampled_from(ANCHORS),
        **{"is": limits("10 mg/d")},
    ),
    "not_washed_out": node(
        "not_washed_out",
        ["dmard", "steroid"],
        maybe(exempt=STABLE, bounds=st.sampled_from(["(]", "[]", "[)", "()"])),
        before=st.sampled_from(ANCHORS),
        longest_of=st.lists(WAITS, min_size=1, max_size=3),
    ),
}
WRITTEN = st.recursive(
    st.one_of(*_LEAVES.values()),
    lambda rules: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(rules, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(rules, max_size=3)),
        st.builds(lambda part: {"not": part}, rules),
    ),
    max_leaves=6,
)
_NODES: dict[str, st.SearchStrategy[Any]] = {
    "all": st.builds(lambda parts: {"all": parts}, st.lists(WRITTEN, max_size=3)),
    "any": st.builds(lambda parts: {"any": parts}, st.lists(WRITTEN, max_size=3)),
    "not": st.builds(lambda part: {"not": part}, WRITTEN),
    **_LEAVES,
}
RULES: dict[str, st.SearchStrategy[Node]] = {
    kind: written.map(RULE.validate_python) for kind, written in _NODES.items()
}
"""For each kind of node, rules of that kind."""


# --- facts ----------------------------------------------------------------------------------------

EDGES = [
    step(anchor, Duration(months, days))
    for anchor in (DOSE, DOSE - timedelta(days=1), DOSE - timedelta(days=14))
    for months, days in [
        (0, 0),
        (0, -1),
        (0, -28),
        (-1, 0),
        (-3, 0),
        (-6, 0),
        (-60, 0),
        (0, 14),
        (0, -56),
        (0, -126),
    ]
]
DATES = st.one_of(
    st.builds(
        lambda edge, off: edge + timedelta(days=off), st.sampled_from(EDGES), st.integers(-2, 2)
    ),
    st.dates(date(2026, 8, 1), date(2026, 12, 31)),
    st.dates(date(2020, 1, 1), date(2029, 12, 31)),
)
WILD = st.one_of(st.dates(), st.just(date.min), st.just(date.max), DATES)


def days_of(dates: st.SearchStrategy[date]) -> st.SearchStrategy[Day]:
    """Give dates of any precision, exact ones most often."""
    cut = st.sampled_from([10, 10, 10, 7, 7, 4])
    return st.one_of(
        st.builds(lambda day, length: parse_day(day.isoformat()[:length]), dates, cut),
        st.builds(lambda day, length: parse_day(day.isoformat()[:length]), dates, cut),
        st.builds(lambda day, length: parse_day(day.isoformat()[:length]), dates, cut),
        st.just(ANY_DAY),
    )


@st.composite
def periods(draw: st.DrawFn, dates: st.SearchStrategy[date]) -> tuple[Day, Day]:
    """Give a first and a last day, in order; the last may be unknown or still to come."""
    start = draw(days_of(dates))
    how = draw(st.sampled_from(["day", "length", "length", "ongoing", "unknown"]))
    if how == "day":
        return start, start
    if how == "ongoing":
        return start, NEVER_ENDED
    if how == "unknown":
        return start, Day(start.first, date.max)
    end = draw(days_of(dates))
    return (start, end) if start.first <= end.first and start.last <= end.last else (end, start)


NUMBERS = st.sampled_from([0, 1.79, 1.8, 1.81, 2, 3, 10, 20, 24.9, 25, 44, 45, 60, 61, 100])
UNITS = {
    "creatinine": ["mg/dL", "umol/L", "mg/L"],
    "ast": ["U/L"],
    "lvef": ["%"],
    "weight": ["kg", "g"],
    "height": ["m", "cm"],
    "grade": ["{score}"],
    "bmi": ["kg/m2"],
    "egfr": ["mL/min/{1.73_m2}"],
}
CODES: dict[str, list[str]] = {
    "hbsag": ["positive", "negative", "borderline", ""],
    "frame": ["positive", "negative"],
    **{name: ["true", "false", "", "perhaps"] for name in OF_KIND["answer"]},
    **{name: [*some, "false"] for name, some in INGREDIENTS.items()},
}
SPARSE = [Often(1, 7), Often(3, 7), Often(0, 1)]
OPTIONAL_BOUND = st.sampled_from(["", "", "", "", "<", "<=", ">", ">="])


UNSETTLED = Doubt.NOT_VERIFIED()


@st.composite
def facts_of(draw: st.DrawFn, name: str, number: int, dates: st.SearchStrategy[date]) -> Fact:
    """Give one fact of an element."""
    kind = STUDY.elements[name].kind
    start, end = draw(periods(dates))
    if kind in ("measurement", "answer"):
        end = start
    fact = Fact(
        name,
        f"{'cancer' if name == 'skin_cancer' else name}/{number}",
        start,
        end,
        code=draw(st.sampled_from(CODES.get(name, ["", "", "", "false"]))),
    )
    changed: dict[str, Any] = {"doubtful": draw(st.sampled_from(["", "", "", Doubt.UNCONFIRMED()]))}
    if name in UNITS:
        unit = draw(st.sampled_from([*UNITS[name] * 3, "oddity"]))
        changed = {
            "value": draw(NUMBERS | st.none()),
            "unit": unit,
            "bound": draw(OPTIONAL_BOUND),
            "high": draw(st.sampled_from([None, Quantity(1.2, unit), Quantity(40, unit)])),
            "method": draw(st.sampled_from(["CT", "x-ray", ""])),
            "code": "",
        }
    elif kind == "exposure":
        value = draw(st.sampled_from([None, 5.0, 10.0, 20.0]))
        most = draw(st.sampled_from([None, None, None, 20.0])) if value == 10.0 else None
        often = draw(st.sampled_from([EVERY_DAY, EVERY_DAY, EVERY_DAY, *SPARSE]))
        changed |= {
            "value": value,
            "unit": "mg/d",
            "most": most,
            "often": often,
            "course": draw(st.sampled_from(["", "", "one course"])),
        }
    elif kind == "adverse_event":
        changed |= {
            "value": draw(st.sampled_from([None, 2.0, 3.0])),
            "method": draw(st.sampled_from(["", "possible", "unrelated"])),
        }
    elif kind == "answer":
        changed |= {"derived": draw(st.booleans())}
    elif kind in ("consent", "measurement"):
        changed = {}
    fact = with_(fact, **changed)
    unsettled = draw(st.sampled_from([None] * 7 + [Reason.NOT_UNDERSTOOD, Reason.CONFLICT]))
    if unsettled is None or name in EXPOSED:
        return fact
    # Such a record tells its days, and neither a number nor a word.
    return with_(fact, unsettled=unsettled, doubtful=UNSETTLED, value=None, code="")


def with_(fact: Fact, **changed: Any) -> Fact:
    """Give the fact with some of its parts changed."""
    return fact._replace(**changed)


@st.composite
def some_facts(
    draw: st.DrawFn, name: str, dates: st.SearchStrategy[date], least: int = 0
) -> tuple[Fact, ...]:
    """Give a few facts of an element."""
    count = draw(st.integers(least, 3))
    return tuple(draw(facts_of(name, number, dates)) for number in range(count))


def named(rule: Node) -> set[str]:
    """Give the elements a rule can depend on: named, excepted, exempted, or derived from."""
    found = set(rule.elements())
    for _ in STUDY.elements:
        for name in list(found):
            derived = STUDY.elements[name].derived
            found |= set(derived.inputs.values()) if derived else set()
    return found


class Case(NamedTuple):
    """A rule, and a person to ask it of."""

    rule: Node
    situation: Situation


@st.composite
def cases(draw: st.DrawFn, kind: str, dates: st.SearchStrategy[date] = DATES) -> Case:
    """Give a rule of a kind, and somebody of whom something it asks about is recorded."""
    rule = draw(RULES[kind])
    facts = {name: draw(some_facts(name, dates)) for name in sorted(named(rule))}
    coverage = draw(
        st.dictionaries(
            st.sampled_from(["condition", "exposure", "procedure"]),
            st.builds(Observed, st.none() | dates, st.none() | dates),
            max_size=3,
        )
    )
    birth = draw(days_of(st.dates(date(1930, 1, 1), date(2009, 12, 31))))
    person = Facts("p1", birth, draw(st.sampled_from(["female", "male", ""])), facts, coverage)
    dose = DOSE + timedelta(days=draw(st.sampled_from([0, 0, 0, 14, 15, 103, 105])))
    anchors = {
        "screening": DOSE - timedelta(days=14),
        "baseline": dose - timedelta(days=1),
        "first_dose": dose,
    }
    asked = dose + timedelta(days=draw(st.sampled_from([0, 0, -1, -13, -14, 30])))
    return Case(rule, Situation(STUDY, person, anchors, asked))


def fresh(s: Situation, facts: Facts) -> Situation:
    """Ask the same of other facts."""
    return Situation(s.study, facts, s.anchors, s.on)


__all__ = ["RULES", "STUDY", "Case", "cases", "fresh", "named", "on", "some_facts", "with_"]
