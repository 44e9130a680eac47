"""Any decision table as a design: read from a file, and run as what it says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import compile_design
from gradatim.dosefinding.decision_table import Table
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.boin import Boin, BoinSettings, boin
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.designs.three_plus_three import three_plus_three
from gradatim.dosefinding.load import read_table, write_table
from tests.dosefinding.written import ask, said, written


def through_a_file(table: Table, folder: Path) -> Table:
    """Write a table and read it back."""
    path = folder / "table.csv"
    path.write_text(write_table(table), encoding="utf-8")
    return read_table(str(path))


def read(text: str, folder: Path) -> Table:
    """Read a table that a person wrote."""
    path = folder / "table.csv"
    path.write_bytes(text.encode())
    return read_table(str(path))


def own(of: Boin, folder: Path, **more: Any) -> Design:
    """Build a user's table from BOIN's own, as large as the trial."""
    return build(
        settings_for(
            "table",
            of.doses,
            target=of.target,
            cohort_size=of.cohort,
            cohorts=of.maximum // of.cohort,
            table=through_a_file(of.table, folder),
            **more,
        )
    )


def test_boins_own_table_with_its_target_is_boin(tmp_path: Path) -> None:
    """Every decision, every final state and every selection."""
    of = boin(BoinSettings("boin", 3, 0.3, cohorts=5))
    table = own(of, tmp_path)
    for one in written(of):
        assert said(ask(of, one.text())) == said(ask(table, one.text())), one.text()
    a, b = compile_design(of), compile_design(table)
    assert np.array_equal(a.n, b.n)
    assert np.array_equal(a.y, b.y)
    assert np.array_equal(a.selected, b.selected)
    assert np.array_equal(a.ways, b.ways)


def test_3_plus_3s_own_table_without_a_target_is_3_plus_3(tmp_path: Path) -> None:
    """It selects the highest level whose counts say to go up, as rule-based designs do."""
    of = three_plus_three(DesignSettings("three_plus_three", 3))
    table = build(settings_for("table", 3, cohorts=6, table=through_a_file(of.table, tmp_path)))
    a, b = compile_design(of), compile_design(table)
    rates = np.array([0.1, 0.25, 0.45])
    for dose in range(-1, 3):
        ours, theirs = (float(one.probability(rates) @ (one.selected == dose)) for one in (a, b))
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_a_smaller_table_ends_where_it_has_no_more_advice(tmp_path: Path) -> None:
    """Six at a level are its last; the trial does not go beyond them."""
    small = boin(BoinSettings("boin", 3, 0.3, cohorts=2)).table
    of = build(
        settings_for("table", 3, target=0.3, cohorts=6, table=through_a_file(small, tmp_path))
    )
    assert compile_design(of).n.max() == 6


def test_a_table_may_be_written_as_a_person_writes_it(tmp_path: Path) -> None:
    """Comments, blank lines, spaces, small letters, a mark of byte order, lines of Windows."""
    plain = read("DLTs,3,6\n0,E,E\n1,S,E\n2,DU,DU\n3,DU,DU\n4,,DU\n5,,DU\n6,,DU\n", tmp_path)
    odd = "\ufeff# ours\r\n\r\ndlts, 3 ,6\r\n 0,e,E\r\n1, s,E \r\n2,du,DU\r\n3,DU,DU\r\n# end\r\n"
    odd += "4,,DU\r\n5,,DU\r\n6,,DU"
    assert np.array_equal(read(odd, tmp_path).actions, plain.actions)
    turned = "DLTs,3\n3,X\n2,X\n1,H\n0,E\n"
    assert [read(turned, tmp_path).of(3, y).sign for y in range(4)] == ["E", "H", "X", "X"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("DLTs,3\n0,E\n1,S\n2,D\n", None, "nothing for 3 DLTs in 3"),
        ("DLTs,3,6\n0,E,E\n1,S\n2,D\n3,D\n", None, "nothing for 1 DLTs in 6"),
        ("DLTs,3\n0,E\n1,D\n2,S\n3,D\n", None, "contradicts itself at 3"),
        ("DLTs,3\n0,E\n1,S\n\n1,S\n2,D\n3,D\n", 5, "two rows for 1 DLTs"),
        ("DLTs,3\n0,E\nx,S\n", 3, "'x' is not a number"),
        ("DLTs,3\n0,E\n-1,S\n", 3, "'-1' is not a number"),
        ("DLTs,3\n0,E\n1.0,S\n", 3, "'1.0' is not a number"),
        ("DLTs,three\n0,E\n", 1, "'three' is not a number"),
        ("DLTs,3,\n0,E\n", 1, "'' is not a number"),
        ("# ours\nDLTs,3,3\n0,E,E\n", 2, "do not rise"),
        ("DLTs,0\n0,E\n", 1, "do not rise"),
        ("DLTs,3\n0,GO\n", 2, "'GO' is not an action"),
        ("DLTs,3\n0,E\n1,S\n2,D\n3,D\n4,D\n", 6, "cannot be 4 DLTs in 3"),
        ("DLTs;3\n0;E\n", 1, "does not begin with DLTs"),
        ("DLTs,3\n", None, "has no entry"),
    ],
)
def test_a_fault_is_told_with_its_file_and_line(
    tmp_path: Path, text: str, line: int | None, says: str
) -> None:
    """One message, with what to do."""
    with pytest.raises(UnusableInput) as caught:
        read(text, tmp_path)
    assert says in caught.value.what
    assert caught.value.where == f"{tmp_path / 'table.csv'}{'' if line is None else f':{line}'}"
    assert caught.value.todo


@pytest.mark.parametrize(
    "text",
    [
        f"DLTs,{'9' * 5_000}\n0,E\n",  # Python reads no number of so many digits
        f"DLTs,3\n0,{'E' * 200_000}\n",  # nor its csv a cell of so many letters
    ],
    ids=["digits", "letters"],
)
def test_a_file_of_nonsense_is_no_crash(tmp_path: Path, text: str) -> None:
    """It is refused as every other fault is."""
    with pytest.raises(UnusableInput):
        read(text, tmp_path)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    """Neither is a file that may be missing, or empty."""
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(UnusableInput, match="cannot be read"):
            read_table(str(path))
    (tmp_path / "empty.csv").touch()
    with pytest.raises(UnusableInput, match="is empty"):
        read_table(str(tmp_path / "empty.csv"))
