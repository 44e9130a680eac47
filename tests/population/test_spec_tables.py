"""Every row of the specification tables has its truth on every engine."""

from gradatim.protocol.elements import Element
from tests.population.asking import Question, renumbered, told
from tests.spec.tables import ROWS


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
    assert found == {row.id: (row.truth, row.reason or found[row.id][1]) for row in ROWS}
