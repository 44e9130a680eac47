"""What stands behind "none recorded": how many records there were, and how many were understood."""

from typing import Any, NamedTuple

from gradatim.core.truth import FALSE
from gradatim.evidence.facts import Facts
from gradatim.protocol.study import Study
from gradatim.screening.assess import Finding

_CALLED = {
    "condition": ("condition", "conditions"),
    "exposure": ("drug record", "drug records"),
    "procedure": ("procedure", "procedures"),
}


class _RecordCount(NamedTuple):
    """Records of one kind that a person has, and how many of them are known not to be asked for."""

    kind: str
    records: int
    understood: int


class Absence(NamedTuple):
    """The records of which none is what a criterion asks for.

    Args:
        by_kind: the records of each kind that the criterion asks about.
    """

    by_kind: tuple[_RecordCount, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON documents write it."""
        return {
            "records": sum(one.records for one in self.by_kind),
            "understood": sum(one.understood for one in self.by_kind),
        }

    def words(self) -> str:
        """Return it in words: `12 conditions recorded, 12 understood`."""
        return "; ".join(map(_words, self.by_kind))


def _words(one: _RecordCount) -> str:
    singular, plural = _CALLED[one.kind]
    if not one.records:
        return f"no {singular} recorded at all"
    named = singular if one.records == 1 else plural
    return f"{one.records} {named} recorded, {one.understood} understood"


def absence(finding: Finding, study: Study, facts: Facts) -> Absence | None:
    """Say what a criterion rests on that a person passes because nothing is recorded.

    Returns:
        The records of the kinds asked about; None where something else settles the criterion, or
        where the source does not tell how many records it has.
    """
    if not finding.passes:
        return None
    elements: dict[str, list[str]] = {}
    for leaf in finding.verdict.deciding():
        asked = study.elements.get(leaf.element or "")
        if asked and leaf.truth is FALSE and not leaf.evidence and asked.kind in facts.coverage:
            elements.setdefault(asked.kind, []).append(leaf.element or "")
    found = tuple(
        _RecordCount(kind, facts.recorded[kind], facts.recorded[kind] - facts.open_records(names))
        for kind, names in elements.items()
        if kind in facts.recorded
    )
    return Absence(found) if found else None
