"""The overview of people screened together: one line for each, linking to the reports."""

from collections.abc import Sequence
from typing import NamedTuple

from gradatim.protocol.load import Document
from gradatim.reports.pages import page
from gradatim.reports.words import STATUSES, OutcomeStyle, write_count
from gradatim.rules.context import FIRST_DOSE
from gradatim.screening.assess import Eligibility


class _PersonLine(NamedTuple):
    """One person's line."""

    one: Eligibility
    href: str
    status: OutcomeStyle
    planned: str
    failing: tuple[str, ...]
    unknown: tuple[str, ...]
    obtain: str


def overview_html(document: Document, people: Sequence[tuple[Eligibility, str]]) -> str:
    """Write the overview.

    Args:
        document: the protocol the people were screened for.
        people: what screening found of each, and the name of the file of the report.
    """
    listed = [_person(document, one, href) for one, href in people]
    statuses = [
        (status, sum(one.status is status for one in listed)) for status in STATUSES.values()
    ]
    return page(
        "overview.html.j2",
        study=document.study.study,
        sha256=document.sha256,
        people=listed,
        statuses=statuses,
        counted=write_count,
    )


def _person(document: Document, one: Eligibility, href: str) -> _PersonLine:
    elements = document.study.elements
    first = one.missing[0].element if one.missing else ""
    return _PersonLine(
        one,
        href,
        STATUSES[one.status],
        str(one.anchors[FIRST_DOSE]),
        _ids(one, False),
        _ids(one, None),
        elements[first].label if first in elements else first,
    )


def _ids(one: Eligibility, passes: bool | None) -> tuple[str, ...]:
    return tuple(f.criterion.id for f in one.findings if f.passes is passes)
