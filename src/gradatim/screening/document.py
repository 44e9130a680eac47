"""The screening document `gradatim.screening/1`: what other programs read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from gradatim.core.dates import NEVER_ENDED
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Fact, Facts, NotUsed
from gradatim.protocol.load import Document
from gradatim.protocol.study import Study
from gradatim.rules.describe import describe
from gradatim.screening.absence import absence
from gradatim.screening.assess import Eligibility, Finding
from gradatim.screening.not_known import open_criteria, rank_not_known
from gradatim.vocabulary.graph import Vocabulary

SCHEMA = "gradatim.screening/1"


def screening_document(
    protocol: Document,
    people: Sequence[tuple[Eligibility, Facts]],
    unusable: Sequence[Mapping[str, str]] = (),
    vocabulary: Vocabulary | None = None,
) -> dict[str, Any]:
    """Return the document for people screened together, plain and ready for JSON.

    Args:
        protocol: what they were screened for.
        people: what was found of each person, and what was known of them.
        unusable: inputs of which nobody could be screened, and why.
        vocabulary: the vocabulary that told what codes are, if any.
    """
    study = protocol.study
    says: dict[tuple[str, str], str] = {}  # a rule is put into words once, not for each person
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "protocol": {
            "id": study.study.id,
            "version": study.study.version,
            "sha256": protocol.sha256,
        },
        "people": [_person(study, says, one, facts) for one, facts in people],
        "not_known": [
            one.document()
            for one in rank_not_known((facts, open_criteria(one.findings)) for one, facts in people)
        ],
        **vocabulary_told(vocabulary),
    }
    if unusable:
        document["unusable"] = list(unusable)
    return document


def vocabulary_told(vocabulary: Vocabulary | None) -> dict[str, Any]:
    """Return which vocabulary told what codes are, as a part of JSON documents; of none nothing."""
    if vocabulary is None:
        return {}
    concepts = sum(vocabulary.counts.values())
    told = {"sha256": vocabulary.sha256, "concepts": concepts, "systems": dict(vocabulary.counts)}
    return {"vocabulary": told}


def _person(
    study: Study, says: dict[tuple[str, str], str], one: Eligibility, facts: Facts
) -> dict[str, Any]:
    return {
        "person": one.person,
        "anchors": {name: day.isoformat() for name, day in one.anchors.items()},
        "status": one.status,
        "eligible_from": _iso(one.eligible_from),
        "repeat": list(one.repeat),
        "recheck": list(one.recheck),
        "criteria": [_criterion(study, says, finding, facts) for finding in one.findings],
        "missing": [
            {"element": m.element, "settles": list(m.settles), "rank": m.rank} for m in one.missing
        ],
        "not_used": _records(facts.not_used),
        "conflicts": _records(facts.conflicts),
    }


def _records(some: Iterable[NotUsed]) -> list[dict[str, str]]:
    return [{"id": record.id, "why": record.why} for record in some]


def _criterion(
    study: Study, says: dict[tuple[str, str], str], finding: Finding, facts: Facts
) -> dict[str, Any]:
    criterion, reading = finding.criterion, finding.reading
    counted = absence(finding, study, facts)
    key = (criterion.id, reading.name)
    if key not in says:
        says[key] = describe(reading.rule, study)
    return {
        "id": criterion.id,
        "category": criterion.category,
        "truth": finding.verdict.truth.word,
        "passes": finding.passes,
        "reading": reading.name,
        "basis": str(criterion.basis),
        "text": criterion.text,
        "says": says[key],
        "because": finding.because,
        "evidence": evidence(finding.verdict),
        "unknown_because": finding.unknown_because,
        "absence": counted.document() if counted else None,
        "passes_from": _iso(finding.passes_from),
        "passes_until": _iso(finding.passes_until),
    }


def evidence(verdict: Verdict) -> list[dict[str, Any]]:
    """Return the facts that settle a verdict as JSON documents write them."""
    return [fact_document(fact) for fact in deciding_facts(verdict)]


def deciding_facts(verdict: Verdict) -> list[Fact]:
    """Return the facts that settle a verdict, and those they were derived from, once each."""
    found: dict[tuple[str, str], Fact] = {}
    for leaf in verdict.deciding():
        for fact in _with_sources(leaf.evidence):
            found.setdefault((fact.element, fact.id), fact)
    return list(found.values())


def _with_sources(facts: Iterable[Fact]) -> Iterable[Fact]:
    for fact in facts:
        yield fact
        yield from _with_sources(fact.sources)


def fact_document(fact: Fact) -> dict[str, Any]:
    """Give one fact as the contract writes evidence; what is not known is left out."""
    period = fact.start != fact.end
    shown = {
        "element": fact.element,
        "id": fact.id,
        "on": None if period else str(fact.start),
        "from": str(fact.start) if period else None,
        "to": None if not period or fact.end == NEVER_ENDED else str(fact.end),
        "value": fact.value,
        "most": fact.most,
        "bound": fact.bound or None,
        "unit": fact.unit or None,
        "uln": fact.high.value if fact.high else None,
        "lln": fact.low.value if fact.low else None,
        "code": fact.code or None,
        "method": fact.method or None,
        "derived": fact.derived or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
