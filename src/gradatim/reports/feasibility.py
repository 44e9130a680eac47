"""The feasibility page: what a prescreen found, as one HTML file that needs nothing else."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.load import Document
from gradatim.protocol.study import Study
from gradatim.reports.basis import unstated
from gradatim.reports.feasibility_charts import charts, drawn
from gradatim.reports.feasibility_words import (
    asked_words,
    headline,
    limit_signs,
    published_count,
    share_words,
)
from gradatim.reports.pages import charted_page
from gradatim.reports.words import KINDS

_Row = Mapping[str, Any]
_BESIDES_PEOPLE = ("schema", "protocol", "people", "recontact", "readings")


class Later(NamedTuple):
    """Criteria that a warehouse cannot know, by when they are known."""

    when: str
    criteria: list[EligibilityCriterion]


def feasibility_html(document: Document, found: _Row, run: _Row) -> str:
    """Write the feasibility page of a prescreen.

    Args:
        document: the protocol it was run with.
        found: the funnel document `gradatim.funnel/1`, with counts as they may be shared.
        run: the content of `run.json`; any part of it may be missing.

    Returns:
        One HTML page without any reference to something outside it.
    """
    study, t = document.study, int(found["suppression"]["threshold"])
    return charted_page(
        "feasibility.html.j2",
        charts(found),
        study=study.study,
        sha256=document.sha256,
        found=found,
        **parts(study, found),
        kinds=KINDS,
        facts=_facts(run, t),
        people=lambda n: published_count(n, t),
        fallen=lambda n: published_count(n, 2 * t),
        share=share_words,
        limit_signs=limit_signs,
        threshold=t,
    )


def parts(study: Study, found: _Row) -> dict[str, Any]:
    """Give what a page on a prescreen says beside its counts, by the names of its template.

    Args:
        study: the protocol it was run with.
        found: the funnel document `gradatim.funnel/1`.
    """
    curves = found["relaxation"]
    return {
        "headline": headline(found),
        "asked": asked_words(found),
        "label": _labels(study),
        "criteria": {one.id: one for one in study.criteria},
        "bases": unstated(study.criteria),
        "unknown_rows": _unknown(found),
        "later": _later(study),
        "curves": [(n, one) for n, one in enumerate(curves) if drawn(one)],
        "still": [one for one in curves if not drawn(one)],
    }


def _labels(study: Study) -> dict[str, str]:
    known = {name: element.label for name, element in study.elements.items()}
    return {**known, "age": "age", "": "all its tests together"}


def _unknown(found: _Row) -> list[_Row]:
    """Give the criteria that a warehouse can know, the most often unknown first."""
    known = [row for row in found["criteria"] if row["knowable_at"] == "warehouse"]
    return sorted(known, key=lambda row: -(row["open"] or 0))


def _later(study: Study) -> list[Later]:
    times = {"screening": "At screening", "pre_dose": "Just before the dose"}
    listed = [
        Later(words, [one for one in study.criteria if one.knowable_at == when])
        for when, words in times.items()
    ]
    return [one for one in listed if one.criteria]


def _facts(run: _Row, t: int) -> list[tuple[str, str]]:
    """Give the facts of the run as words; counts of people as they may be shared."""
    people = {
        name: published_count(n // t * t or None if t > 1 else n, t)
        for name, n in (run.get("people") or {}).items()
        if isinstance(n, int)
    }
    known = {
        **({"people": people} if people else {}),
        **{name: value for name, value in run.items() if name not in _BESIDES_PEOPLE},
    }
    return [
        (name.replace("_", " "), words) for name, value in known.items() if (words := _words(value))
    ]


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        parts: Iterable[str] = (
            f"{str(name).replace('_', ' ')} {_words(one)}" for name, one in value.items()
        )
        return ", ".join(parts)
    if isinstance(value, list | tuple):
        return ", ".join(_words(one) for one in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else re.sub(r"//[^/@\s]*@", "//", str(value))
