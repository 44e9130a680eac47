"""Codes that nobody knows: those of records that leave criteria open, the weightiest first.

A code that is not known leaves open what its record may be of. Whoever finds out what the first of
these codes mean, or gives a vocabulary that knows them, settles most.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gradatim.core.truth import UNKNOWN
from gradatim.evidence.facts import Coding, Facts, NotUsed
from gradatim.screening.assess import Finding

Open = Mapping[str, Collection[str]]
"""Of each element the undetermined criteria that wait for it."""


class NotKnown(NamedTuple):
    """A code of records that are not understood.

    Args:
        coding: the code, as it was met first.
        records: how many records have it.
        people: how many people have such a record.
        criteria: the undetermined criteria that it leaves open in somebody, in the order in which
            they were met.
        weight: in how many criteria of all people together.
    """

    coding: Coding
    records: int
    people: int
    criteria: tuple[str, ...]
    weight: int

    def document(self) -> dict[str, Any]:
        """Return it as JSON documents write it."""
        return {
            "system": self.coding.system or None,
            "code": self.coding.code,
            "display": self.coding.display or None,
            "records": self.records,
            "people": self.people,
            "criteria": list(self.criteria),
        }


def open_criteria(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return of each element the undetermined criteria of one person that wait for it."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        if finding.passes is not None:
            continue
        waiting = (leaf.element for leaf in finding.verdict.deciding() if leaf.truth is UNKNOWN)
        for name in dict.fromkeys(one for one in waiting if one):
            found.setdefault(name, []).append(finding.criterion.id)
    return found


def rank_not_known(people: Iterable[tuple[Facts, Open]]) -> tuple[NotKnown, ...]:
    """Rank the codes that nobody knows by how many criteria they leave open for how many people.

    Args:
        people: of each person what is known, and what `open_criteria` says.

    Returns:
        The codes; of two that leave as much open the one of more people, then of more records, then
        by system and code.
    """
    tally = Tally()
    for facts, waiting in people:
        tally.add(facts.not_used, waiting)
    return tally.ranked()


@dataclass
class _Seen:
    coding: Coding
    records: int = 0
    people: int = 0
    weight: int = 0
    criteria: dict[str, None] = field(default_factory=dict)


class Tally:
    """Counts person after person, for populations that do not fit into memory."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}

    def add(self, records: Iterable[NotUsed], waiting: Open) -> None:
        """Count the records of one person.

        Args:
            records: what is not used of this person; what is understood is passed over.
            waiting: of each element the undetermined criteria that wait for it.
        """
        of_person: dict[tuple[str, str], dict[str, None]] = {}
        counted: set[tuple[str, tuple[str, str]]] = set()
        for record in records:
            leaves_open = [id for name in record.elements for id in waiting.get(name, ())]
            for coding in record.codes if record.elements else ():
                key = coding.system or coding.label, coding.code
                seen = self._seen.setdefault(key, _Seen(coding))
                of_person.setdefault(key, {}).update(dict.fromkeys(leaves_open))
                whole = record.id.split("#")[0], key
                seen.records += whole not in counted
                counted.add(whole)
        for key, criteria in of_person.items():
            seen = self._seen[key]
            seen.people += 1
            seen.weight += len(criteria)
            seen.criteria.update(criteria)

    def ranked(self) -> tuple[NotKnown, ...]:
        """Return the codes, those that leave most open first."""
        found = (
            NotKnown(one.coding, one.records, one.people, tuple(one.criteria), one.weight)
            for one in self._seen.values()
        )
        return tuple(sorted(found, key=_by_weight))


def _by_weight(one: NotKnown) -> tuple[int, int, int, str, str]:
    return (-one.weight, -one.people, -one.records, one.coding.system, one.coding.code)
