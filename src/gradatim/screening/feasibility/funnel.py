"""The funnel document `gradatim.funnel/1`: what a prescreen found, fit to be shared.

- `question`: criteria left out, other readings, limits moved; `before`: `people` without it.
- `suppression`: the threshold, and how to read null and rounding.
- `people`: screened, excluded, not excluded; `open`: these by open warehouse-knowable criteria.
- `criteria`: each by itself: failed, open (with reasons), passing; `only`: failing nothing else,
  which is how many more would not be excluded without it; `shapley`: its share of the excluded.
- `sequential`: after each criterion in the protocol's order: remaining, removed, passing.
- `best_order`: greedy: what excludes most of those remaining, as far as steps may be shown.
- `tests`: by element: people not excluded of whom something, or all, that is open asks about it.
- `readings`: by other reading: verdicts changed, and people newly or no longer excluded.
- `relaxation`: by limit: how many more pass the criterion, and everything, when it moves.
- `sites`: people, not excluded, and of these with nothing warehouse-knowable open.

A count that is suppressed is null, and its name stands in its object's `suppressed`.
"""

from collections.abc import Mapping
from typing import Any

from gradatim.core.verdict import Reason
from gradatim.protocol.load import Document
from gradatim.protocol.study import Study
from gradatim.screening.feasibility.attrition import best_order, open_counts, sequential, solo
from gradatim.screening.feasibility.columns import CriterionColumn
from gradatim.screening.feasibility.count_pass import Tally
from gradatim.screening.feasibility.leverage import shapley
from gradatim.screening.feasibility.missing_tests import needed_elements
from gradatim.screening.feasibility.question import FeasibilityQuestion
from gradatim.screening.feasibility.readings_effect import STATUSES, TRUTH_WORDS, Effect
from gradatim.screening.feasibility.reasons import NUMBERS
from gradatim.screening.feasibility.relaxation import Curve
from gradatim.screening.feasibility.suppression import Mask

SCHEMA = "gradatim.funnel/1"
FunnelRow = dict[str, Any]


def funnel_document(
    document: Document,
    asked: FeasibilityQuestion,
    tally: Tally,
    publish: Mask,
    before: Tally | None = None,
) -> FunnelRow:
    """Give the document, plain and ready for JSON.

    Args:
        document: the protocol.
        asked: what was asked.
        tally: what was counted for it.
        publish: how counts are published.
        before: what was counted for the run as it was, where the question changes something.
    """
    study = document.study
    found: FunnelRow = {
        "schema": SCHEMA,
        "protocol": {
            "id": study.study.id,
            "version": study.study.version,
            "sha256": document.sha256,
        },
        "question": _question(asked),
        "suppression": publish.words(),
        "people": _people(tally, publish),
        "criteria": _criteria(asked, tally, publish),
        "sequential": _sequential(tally, publish),
        "best_order": _best(tally, publish),
        "tests": _tests(study, asked, tally, publish),
        "readings": [_reading(effect, publish) for effect in tally.effects],
        "relaxation": [_curve(curve, publish) for curve in tally.curves],
        "sites": _sites(tally, publish),
    }
    if before is not None:
        found["before"] = _people(before, publish)
    marked: FunnelRow = _marked(found)
    return marked


def _marked(value: Any) -> Any:
    """Name in each object what is null because it is suppressed."""
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _marked(one) for name, one in value.items()}
    hidden = [name for name, one in value.items() if one is None]
    return {**found, "suppressed": hidden} if hidden else found


def _question(asked: FeasibilityQuestion) -> FunnelRow:
    return {
        "without": list(asked.without),
        "readings": dict(asked.readings),
        "relaxed": [
            {
                "column": one.limit.column,
                "from": str(one.limit.limit),
                "to": one.limit.stated(one.number),
            }
            for one in asked.relaxed
        ],
    }


def _people(tally: Tally, publish: Mask) -> FunnelRow:
    patterns = tally.patterns
    total, excluded = patterns.people, patterns.number(patterns.excluded)
    out, left = publish.parts([excluded, total - excluded], total)
    by_open = open_counts(patterns)
    if publish.active:  # every number that could be, so that being listed tells nothing
        by_open = {k: by_open.get(k, 0) for k in range(sum(patterns.warehouse) + 1)}
    open = publish.parts(list(by_open.values()), total - excluded)
    return {
        "screened": publish.whole(total),
        "excluded": out,
        "not_excluded": left,
        "open": [{"open": k, "people": n} for k, n in zip(by_open, open, strict=True)],
    }


def _criteria(asked: FeasibilityQuestion, tally: Tally, publish: Mask) -> list[FunnelRow]:
    values = shapley(tally.patterns)
    rows = []
    for column, one in zip(asked.columns, solo(tally.patterns), strict=True):
        failed, open, passing = publish.parts(
            [one.failed, one.open, one.passing], tally.patterns.people
        )
        rows.append(
            {
                **_about(column),
                "failed": failed,
                "open": open,
                "passing": passing,
                "only": publish.whole(one.only),
                "shapley": publish.count(values[one.criterion]),
                "open_not_excluded": publish.whole(one.open_not_excluded),
                "reasons": _reasons(tally.reasons.get(one.criterion), publish),
            }
        )
    return rows


def _about(column: CriterionColumn) -> FunnelRow:
    one = column.criterion
    return {
        "id": one.id,
        "category": one.category,
        "knowable_at": one.knowable_at,
        "basis": str(one.basis),
        "reading": column.reading.name,
    }


def _reasons(counts: Any, publish: Mask) -> FunnelRow:
    if counts is None:
        return {}
    cells = [int(counts[NUMBERS[why]]) for why in Reason]
    shown = publish.parts(cells, sum(cells))
    return {str(why): n for why, n in zip(Reason, shown, strict=True) if publish.active or n}


def _sequential(tally: Tally, publish: Mask) -> list[FunnelRow]:
    rows, before = [], tally.patterns.people
    for step in sequential(tally.patterns):
        rows.append(
            {
                "id": step.criterion,
                "remaining": publish.whole(step.remaining),
                "removed": publish.fall(before, step.remaining),
                "passing": publish.whole(step.passing),
                "passing_warehouse": publish.whole(step.passing_warehouse),
            }
        )
        before = step.remaining
    return rows


def _best(tally: Tally, publish: Mask) -> list[FunnelRow]:
    """Give the best order as far as its steps may be shown: the order of small ones tells more."""
    rows, before = [], tally.patterns.people
    for step in best_order(tally.patterns):
        removed = publish.fall(before, step.remaining)
        if removed is None:
            break
        rows.append(
            {"id": step.criterion, "remaining": publish.whole(step.remaining), "removed": removed}
        )
        before = step.remaining
    return rows


def _tests(
    study: Study, asked: FeasibilityQuestion, tally: Tally, publish: Mask
) -> list[FunnelRow]:
    elements = {one.criterion.id: one.elements for one in asked.columns}
    rows = []
    for one in needed_elements(tally.patterns, elements):
        known = study.elements.get(one.element)
        rows.append(
            {
                "element": one.element,
                "label": known.label if known else one.element,
                "kind": known.kind if known else "",
                "criteria": list(one.criteria),
                "only": publish.whole(one.only),
                "asked": publish.whole(one.asked),
            }
        )
    return _by([row for row in rows if row["asked"]], "only", "asked", "element")


def _by(rows: list[FunnelRow], first: str, second: str, name: str) -> list[FunnelRow]:
    """Order by what is published, so that the order does not tell more."""
    return sorted(rows, key=lambda row: (-(row[first] or 0), -(row[second] or 0), row[name]))


def _reading(effect: Effect, publish: Mask) -> FunnelRow:
    column, moved = effect.column, effect.statuses
    others = [one.criterion.id for _, one in effect.replaced if one is not column]
    ways = [(i, j) for i in range(3) for j in range(3) if i != j]
    cells = [int(effect.changes[way]) for way in ways]
    shown = publish.parts(cells, sum(cells))
    changes = {
        f"{TRUTH_WORDS[i]} -> {TRUTH_WORDS[j]}": n for (i, j), n in zip(ways, shown, strict=True)
    }
    people: Mapping[str, int] = {
        "changed": int(moved.sum() - moved.trace()),
        "newly_excluded": int(moved[:2, 2].sum()),
        "no_longer_excluded": int(moved[2, :2].sum()),
    }
    return {
        "criterion": column.criterion.id,
        "reading": column.reading.name,
        "column": column.name,
        "also": others,
        "statuses": list(STATUSES),
        "verdicts_changed": publish.whole(sum(cells)),
        "changes": changes,
        "people": {name: publish.whole(n) for name, n in people.items()},
    }


def _curve(curve: Curve, publish: Mask) -> FunnelRow:
    limit = curve.limit
    points: list[FunnelRow] = [
        {"limit": limit.limit.number, "passing": 0, "not_excluded": 0}
    ]  # by definition
    points += [
        {"limit": number, "passing": publish.whole(one), "not_excluded": publish.whole(all_)}
        for number, one, all_ in curve.points[1:]
    ]
    return {
        "column": limit.column,
        "criterion": limit.criterion,
        "element": limit.element,
        "limit": str(limit.limit),
        "points": points,
    }


def _sites(tally: Tally, publish: Mask) -> list[FunnelRow]:
    patterns, sites = tally.patterns, list(tally.sites.values())
    stays = patterns.people - patterns.number(patterns.excluded)
    people = publish.parts([one[0] for one in sites], patterns.people)
    left = publish.parts([one[1] for one in sites], stays)
    rows = [
        {
            "site": name,
            "people": people[at],
            "not_excluded": left[at],
            "none_open": publish.whole(tally.sites[name][2]),
        }
        for at, name in enumerate(tally.sites)
    ]
    return _by([row for row in rows if row["people"]], "not_excluded", "people", "site")
