"""Parts of a population that fit into memory: ranges of person ids."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from gradatim.evidence.relation import Relation
from gradatim.screening.population.source import Population

BYTES_PER_PERSON = 1_300
"""What one person needs while being looked at: states, margins, rows under way."""
SMALLEST = 20_000


class Range(NamedTuple):
    """People from one id to another, both included."""

    first: Any
    last: Any


def ranges(population: Population, relation: Relation, memory: int) -> list[Range | None]:
    """Give the parts in which to look at people; one that is None means everybody at once.

    Args:
        population: the people.
        relation: the people and their records.
        memory: bytes that the people under way may take here, beside the engine's own.
    """
    most = max(SMALLEST, memory // BYTES_PER_PERSON)
    found = population.fetch(relation.persons.select("person"))
    people = np.array(found.column("person").to_numpy())
    if len(people) <= most:
        return [None]
    people.sort()
    count = -(-len(people) // most)
    edges = [len(people) * n // count for n in range(count + 1)]
    return [Range(_plain(people[a]), _plain(people[b - 1]))
            for a, b in pairwise(edges)]  # fmt: skip


def _plain(id: Any) -> Any:
    return id.item() if isinstance(id, np.generic) else id


def part(relation: Relation, people: Range | None) -> Relation:
    """Give a relation of some of its people."""
    return relation if people is None else relation.among(people.first, people.last)
