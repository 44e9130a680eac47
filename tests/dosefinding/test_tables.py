"""Decision tables from files: whole, without contradiction, and back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decision_table import Action, Table, check_table, empty_actions
from gradatim.dosefinding.load import read_table, write_table

ACTIONS = [one for one in Action if one]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table without a hole or a contradiction."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True))
    actions = empty_actions(max(sizes))
    for n in sizes:
        row = draw(st.lists(st.sampled_from(ACTIONS), min_size=n + 1, max_size=n + 1))
        actions[n, : n + 1] = sorted(row)
    return Table(actions)


@given(tables())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: Table
) -> None:
    """Through a file."""
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_text(write_table(table), encoding="utf-8")
    assert (read_table(str(path)).actions == table.actions).all()


FAULTS = {
    "nothing": ("", "is empty"),
    "only comments": ("# no table\n", "is empty"),
    "head": ("n,3\n0,E\n", ":1: the first line does not begin with DLTs"),
    "no columns": ("DLTs\n0\n", ":1: the first line"),
    "falling": ("DLTs,6,3\n", ":1: the numbers of participants do not rise"),
    "number": ("DLTs,3\nx,E\n", ":2: 'x' is not a number"),
    "huge": ("DLTs,99999999\n0,E\n", ":1: '99999999' is not a number"),
    "action": ("DLTs,3\n0,E\n1,Q\n", ":3: 'Q' is not an action"),
    "twice": ("DLTs,3\n0,E\n0,S\n", ":3: there are two rows for 0 DLTs"),
    "too many": ("DLTs,1\n0,E\n1,D\n2,D\n", ":4: there cannot be 2 DLTs in 1"),
    "wide": ("DLTs,1\n0,E,E\n1,D\n", ":2: the row has 2 cells for 1 columns"),
    "hole": ("DLTs,3\n0,E\n1,S\n3,D\n", "says nothing for 2 DLTs in 3"),
    "contradiction": ("DLTs,3\n0,S\n1,E\n2,D\n3,D\n", "contradicts itself at 3"),
}


@pytest.mark.parametrize(("text", "says"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_table_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    """One message that names the file."""
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableInput) as caught:
        read_table(str(path))
    assert says in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_files_that_are_no_text(tmp_path: Path) -> None:
    """Missing, or of bytes."""
    with pytest.raises(UnusableInput, match="cannot be read"):
        read_table(str(tmp_path / "nowhere.csv"))
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UnusableInput, match="not a text in UTF-8"):
        read_table(str(tmp_path / "bytes.csv"))


def test_a_table_must_have_the_cohorts_that_come(tmp_path: Path) -> None:
    """3 and 9 without 6 is a hole."""
    actions = empty_actions(9)
    actions[3, :4] = actions[9, :10] = Action.STAY
    check_table(Table(actions))
    with pytest.raises(UnusableInput, match="nothing for 6 participants"):
        check_table(Table(actions), cohort=3)
