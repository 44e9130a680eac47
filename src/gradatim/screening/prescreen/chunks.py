"""Parts of a population that fit into memory: ranges of person ids, each person in exactly one."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gradatim.core.errors import Defect, UnusableInput
from gradatim.evidence.relation import Relation
from gradatim.screening.prescreen.source import Population

BYTES_PER_PERSON = 1_300
"""What one person needs while being looked at: states, margins, rows under way."""
SMALLEST = 20_000
Ids = npt.NDArray[Any]


class Range(NamedTuple):
    """People from one id to another, both included.

    Args:
        first: the smallest id; text is in the order of its code points.
        last: the largest.
        people: how many people of the source lie in the range.
    """

    first: Any
    last: Any
    people: int

    def of(self, relation: Relation) -> Relation:
        """Return what is known of the people in the range."""
        return relation.among(self.first, self.last)


def everybody(population: Population, relation: Relation) -> Ids:
    """Return the ids of all people who are to be screened, in ascending order.

    Raises:
        UnusableInput: somebody is in the source twice.
    """
    found = population.fetch(relation.persons.select("person"))
    people: Ids = np.sort(found.column("person").to_numpy())
    if twice := len(people) - counted_once(people):
        raise UnusableInput(
            f"{twice} people of this source are in it twice",
            "person.person_id",
            "each person is screened once",
            "remove the doubles",
        )
    return people


def ranges(people: Ids, memory: int) -> list[Range]:
    """Return the parts in which to look at people: together they are everybody, each once.

    Args:
        people: their ids, in ascending order.
        memory: bytes that the people under way may take here, beside the engine's own.
    """
    if not len(people):
        return [Range(None, None, 0)]
    most = max(SMALLEST, memory // BYTES_PER_PERSON)
    count = -(-len(people) // most)
    edges = [len(people) * n // count for n in range(count + 1)]
    return [Range(_plain(people[a]), _plain(people[b - 1]), b - a) for a, b in pairwise(edges)]


def counted_once(people: Ids) -> int:
    """Count different people among ids in ascending order."""
    return int(np.count_nonzero(people[1:] != people[:-1])) + min(1, len(people))


def check_part(people: Ids, part: Range) -> None:
    """Hold the people whom an engine gave of a part to those who are in it.

    Together with the parts being ranges that do not overlap, it means that as many people come out
    as went in, and nobody twice.

    Args:
        people: their ids, in ascending order.
        part: the part that was asked for.

    Raises:
        Defect: some are missing, twice, or of another part; nothing may be written.
    """
    inside = people
    if part.people:
        inside = people[(people >= part.first) & (people <= part.last)]
    check_count(counted_once(inside), part.people, len(people))


def check_count(different: int, wanted: int, rows: int) -> None:
    """Hold the number of people who came out to the number who went in.

    Raises:
        Defect: they differ, or somebody came out twice; nothing may be written.
    """
    if different != wanted or rows != wanted:
        raise Defect(
            f"{wanted:,} people were to be screened, and the engine answered with {rows:,} rows "
            f"about {different:,} of them: somebody would be left out or counted twice. Nothing "
            "was written; please report this with the type and collation of person_id"
        )


def _plain(id: Any) -> Any:
    return id.item() if isinstance(id, np.generic) else id
