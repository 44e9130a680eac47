"""Codes that lead to each other in a circle: what is near one does not depend on who asks first."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from gradatim.evidence.codebook import Codebook
from gradatim.evidence.omop.concept_placement import Placing
from gradatim.evidence.omop.concept_places import Places
from gradatim.evidence.omop.search import Searched

Graph = tuple[tuple[int, ...], ...]
"""Of each code those that it leads to."""

NOTHING = Searched({}, {}, [], [], {}, False, {}, {}, {}, {})


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    size = draw(st.integers(1, 6))
    codes = st.integers(0, size - 1)
    return tuple(tuple(draw(st.lists(codes, max_size=3))) for _ in range(size))


class Leading(Placing):
    """Of each code only itself is near, and what is near to the codes that it leads to."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(Places.__new__(Places), NOTHING, Codebook({}), {})
        self._graph = graph

    def _reasons(self, id: int, alone: bool) -> Iterator[str]:
        yield str(id)
        for one in self._graph[id]:
            yield from self._near(one, alone=alone)


def reached(graph: Graph, start: int) -> frozenset[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = set(graph[waiting.pop()]) - found
        found |= new
        waiting += new
    return frozenset(map(str, found))


@given(graphs(), st.data())
def test_who_asks_first_changes_nothing(graph: Graph, data: st.DataObject) -> None:
    placing = Leading(graph)
    for one in data.draw(st.permutations(range(len(graph)))):
        assert placing._near(one) == reached(graph, one)
