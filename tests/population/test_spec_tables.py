"""Every row of the specification tables has its truth on every engine."""

from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Event
from tests.population.asking import Question, renumbered, told
from tests.spec.tables import ROWS, Row


def asks_of_the_course(row: Row) -> bool:
    """Whether a rule asks what only the ledger knows of an adverse event."""
    return any(isinstance(leaf, Event) and leaf.asks_of_the_course for leaf in row.rule.leaves())


def test_every_row_has_its_truth(engine):
    situations = [row.situation() for row in ROWS]
    elements: dict[str, Element] = {}
    for one in situations:
        for name, element in one.study.elements.items():
            assert elements.setdefault(name, element) == element, name
    questions = [
        Question(one.study, row.rule, one.anchors, one.on)
        for row, one in zip(ROWS, situations, strict=True)
    ]

    heard = told(engine, renumbered(one.facts for one in situations), questions, elements)

    found = {row.id: heard.answers(n)[n] for n, row in enumerate(ROWS)}
    told_of = [row for row in ROWS if not asks_of_the_course(row)]
    answered = {row.id: found[row.id] for row in told_of}
    assert answered == {row.id: (row.truth, row.reason or found[row.id][1]) for row in told_of}
    others = [(row.truth, found[row.id][0]) for row in ROWS if asks_of_the_course(row)]
    assert UNKNOWN in dict(others).values()
    assert all(said in (UNKNOWN, truth) and said is not TRUE for truth, said in others)
