"""The pictures of states show every way that the tables have, and none else."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
diagrams, states_page = import_module("diagrams"), import_module("states_page")


@pytest.mark.parametrize("one", states_page.DIAGRAMS, ids=lambda one: one.name)
def test_every_status_and_every_way_is_in_the_picture(one: Any) -> None:
    placed = [state for row in one.rows for state in row if state]
    statuses = {state for (before, _), after in one.table.items() for state in (before, after)}
    assert len(placed) == len(set(placed))
    assert set(placed) == statuses
    drawn = {
        (before, act, after)
        for (before, after), acts in diagrams._drawn(one.table).items()
        for act in acts
    }
    noted = {state: " ".join(diagrams._notes(one.table, state, one.drop)) for state in statuses}
    for (before, act), after in one.table.items():
        words = diagrams._words(act, one.drop)
        stays = before == after and words in noted[after]
        from_many = words in noted[after] and before in noted[after]
        assert (before, act, after) in drawn or stays or from_many


@pytest.mark.parametrize("one", states_page.DIAGRAMS, ids=lambda one: one.name)
def test_no_arrow_runs_through_a_box(one: Any) -> None:
    boxes = diagrams._boxes(one.table, one.rows, one.drop)
    for before, after in diagrams._drawn(one.table):
        x1, y1, x2, y2 = diagrams._ends(boxes[before], boxes[after])
        for state, box in boxes.items():
            if state in (before, after):
                continue
            points = [(x1 + (x2 - x1) * i / 50, y1 + (y2 - y1) * i / 50) for i in range(51)]
            assert not any(
                box.x < x < box.x + diagrams.WIDTH and box.y < y < box.y + box.height
                for x, y in points
            ), (before, after, state)
