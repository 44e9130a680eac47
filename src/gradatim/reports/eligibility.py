"""The eligibility report of one person: a self-contained HTML page."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from gradatim.core.dates import ANY_DAY
from gradatim.core.message import Text
from gradatim.evidence.facts import Fact, Facts, NotUsed
from gradatim.protocol.base import Basis
from gradatim.protocol.load import Document
from gradatim.protocol.questions import ruled_reading
from gradatim.protocol.study import Study
from gradatim.reports.basis import open_questions, unstated
from gradatim.reports.pages import page
from gradatim.reports.sentences import headline, next_words
from gradatim.reports.timeline import timeline
from gradatim.reports.words import (
    KINDS,
    OUTCOMES,
    STATUSES,
    OutcomeStyle,
    limits_words,
    meaning,
    value_words,
    when_words,
    write_count,
)
from gradatim.rules.describe import describe
from gradatim.screening.absence import absence
from gradatim.screening.assess import Eligibility, Finding, anchors_used
from gradatim.screening.document import deciding_facts
from gradatim.screening.not_known import open_criteria, rank_not_known
from gradatim.vocabulary.graph import Vocabulary


class RecordLine(NamedTuple):
    """One fact as the report shows it."""

    what: str
    value: Text
    when: Text
    limits: Text
    note: str
    id: str


class Line(NamedTuple):
    """One criterion as the report shows it."""

    finding: Finding
    outcome: OutcomeStyle
    meaning: str
    reading: str
    other_readings: tuple[str, ...]
    because: tuple[Text, ...]
    counted: str
    rule: str
    records: tuple[RecordLine, ...]


class Needed(NamedTuple):
    """Something to obtain, and the criteria that wait for it."""

    rank: int
    what: str
    kind: str
    settles: tuple[str, ...]


def eligibility_html(
    document: Document,
    eligibility: Eligibility,
    facts: Facts,
    vocabulary: Vocabulary | None = None,
) -> str:
    """Write the eligibility report of one person.

    Args:
        document: the protocol the person was screened for.
        eligibility: what screening found.
        facts: what was known of the person.
        vocabulary: the vocabulary that told what codes are, if any.

    Returns:
        One HTML page without any reference to something outside it.
    """
    return page(
        "eligibility.html.j2",
        sha256=document.sha256,
        not_known=rank_not_known([(facts, open_criteria(eligibility.findings))]),
        vocabulary=vocabulary,
        **sheet(document.study, eligibility, facts),
    )


def sheet(study: Study, one: Eligibility, facts: Facts) -> dict[str, Any]:
    """Give all that an eligibility sheet shows, for a report or a page.

    Args:
        study: the protocol the person was screened for.
        one: what screening found.
        facts: what was known of the person.
    """
    lines = [_line(study, finding, facts) for finding in one.findings]
    return {
        "study": study.study,
        "one": one,
        "status": STATUSES[one.status],
        "birth": "not recorded" if facts.birth == ANY_DAY else str(facts.birth),
        "sex": facts.sex or "not recorded",
        "anchors": _anchors(study, one),
        "lines": lines,
        "counts": [(o, sum(line.outcome is o for line in lines)) for o in OUTCOMES.values()],
        "headline": headline(one),
        "next_words": next_words(one),
        "waiting": _waiting(one),
        "repeat": [_label(study, name) for name in one.repeat],
        "needed": _needed(study, one),
        "chart": timeline(one),
        "read": facts.read,
        "not_used": _not_used(facts.not_used),
        "unused": len(facts.not_used),
        "bases": unstated(f.criterion for f in one.findings),
        "conflicts": [(record.id, record.why) for record in facts.conflicts],
        "asked": open_questions(study),
        "counted": write_count,
    }


def _anchors(study: Study, one: Eligibility) -> list[tuple[str, date]]:
    """Give the dates that the rules look at, and the day of the question, in the order of days."""
    known = study.schedule.anchors
    days = [(known[name].label, day) for name, day in anchors_used(study, one).items()]
    return [*days, ("asked on", one.on)]


def _line(study: Study, finding: Finding, facts: Facts) -> Line:
    counted_there = absence(finding, study, facts)
    criterion, used = finding.criterion, finding.reading.name
    readings = {
        criterion.reading_name: criterion.reading,
        **{one.name: one.reading for one in criterion.alternatives},
    }
    ruled = ruled_reading(study, criterion) is not None or criterion.basis is Basis.RULED
    return Line(
        finding,
        OUTCOMES[finding.passes],
        meaning(criterion, finding.passes),
        readings.get(used, f"As under the reading {used}."),
        () if ruled else tuple(name for name in readings if name != used),
        _clauses(finding),
        counted_there.words() if counted_there else "",
        describe(finding.reading.rule, study),
        tuple(_record(study, fact) for fact in deciding_facts(finding.verdict)),
    )


def _clauses(finding: Finding) -> tuple[Text, ...]:
    """Return the deciding clauses; one that a longer one repeats is left out."""
    said = {leaf.text: leaf.message for leaf in finding.verdict.deciding() if leaf.message}
    return tuple(
        message
        for text, message in said.items()
        if not any(text in other for other in said if other != text)
    )


def _record(study: Study, fact: Fact) -> RecordLine:
    notes = [fact.method] if fact.method else []
    notes += ["computed"] if fact.derived else []
    return RecordLine(
        _label(study, fact.element),
        value_words(fact),
        when_words(fact),
        limits_words(fact),
        ", ".join(notes),
        fact.id,
    )


def _label(study: Study, element: str) -> str:
    known = study.elements.get(element)
    return known.label if known else element.replace("_", " ")


def _needed(study: Study, one: Eligibility) -> list[Needed]:
    def kind(element: str) -> str:
        known = study.elements.get(element)
        return KINDS[known.kind] if known else ""

    return [
        Needed(item.rank, _label(study, item.element), kind(item.element), item.settles)
        for item in one.missing
    ]


def _waiting(one: Eligibility) -> list[tuple[str, list[str]]]:
    """Give the undetermined criteria by the reason they are, the most frequent reason first."""
    found: dict[str, list[str]] = {}
    for finding in one.findings:
        if finding.unknown_because:
            found.setdefault(str(finding.unknown_because), []).append(finding.criterion.id)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def _not_used(records: Iterable[NotUsed]) -> list[tuple[str, list[str]]]:
    """Give the records not used by reason, the most frequent reason first."""
    counts = Counter(record.why for record in records)
    listed = {why: [r.id for r in records if r.why == why] for why, _ in counts.most_common()}
    return list(listed.items())
