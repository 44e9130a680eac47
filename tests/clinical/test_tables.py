"""The clinical tables in YAML are read strictly: a slip in one is named with its file and line."""

import re
from collections.abc import Callable

import pytest

from gradatim.clinical import load
from gradatim.clinical.ctcae.table import analytes, analytes_of
from gradatim.clinical.formulas import formulas_of
from gradatim.core.errors import UnusableInput

LABS = load.table_text("ctcae_v5_labs.yaml")
FORMULAS = load.table_text("formulas.yaml")
FEW = """\
ALT:
  names: [SGPT]
  loinc: ["1742-6"]
  substance: enzymes
  units: [U/L]
  terms:
    - term: Alanine aminotransferase increased
      meddra: "10001551"
      one_of:
        baseline normal:
          - [2, "> 3 x ULN"]
          - [1, "> ULN"]
fever:
  units: [Cel]
  terms:
    - term: Fever
      meddra: "10016558"
      death: true
      worst_of:
        any:
          - [4, "> 40 Cel", over_24_h]
          - [1, ">= 38 Cel"]
"""
ONE = """\
ratio:
  title: A ratio
  version: "1"
  source: a paper
  unit: "1"
  inputs:
    above: {unit: g, label: what is above, minimum: 0}
    below:
      unit: g
      label: what is below
  expression: {divide: [above, below]}
"""
READERS: dict[str, tuple[str, Callable[[load.Table], object]]] = {
    "labs": (FEW, analytes_of),
    "formulas": (ONE, formulas_of),
}


def read(kind: str, text: str) -> object:
    return READERS[kind][1](load.parse_table(text, "tables/t.yaml"))


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_whole_tables_are_read() -> None:
    """What a strict reader makes of them is what the program uses."""
    assert analytes_of(load.parse_table(LABS, "labs")) == analytes()
    assert list(formulas_of(load.parse_table(FORMULAS, "formulas"))) == list(
        load.entries("formulas.yaml").entries
    )
    assert read("labs", FEW)
    assert read("formulas", ONE)


def test_a_name_that_stands_twice_is_refused() -> None:
    """The second entry would have taken the place of the first, silently."""
    last = LABS.count("\n") + 1
    with pytest.raises(UnusableInput, match=rf"^labs:{last}: the key 'ALT' stands twice"):
        load.parse_table(LABS + "ALT: {units: [U/L], terms: []}\n", "labs")


def test_a_term_without_its_lists_is_named_with_file_and_line() -> None:
    """And what stands there instead."""
    text = FEW.replace("one_of", "grades")
    where = line_of(text, "grades")
    told = (
        f"tables/t.yaml:{where}: term Alanine aminotransferase increased has no 'one_of': "
        "it has 'grades', which is none of its keys. Add 'one_of'."
    )
    with pytest.raises(UnusableInput) as found:
        read("labs", text)
    assert str(found.value) == told


@pytest.mark.parametrize(
    ("kind", "was", "now", "told"),
    [
        ("labs", "units: [U/L]", "units: U/L", "'units' of analyte ALT is not a list"),
        ("labs", '"1742-6"', "1742", "1742 is not text"),
        ("labs", "> 3 x ULN", "> 3 times ULN", "'> 3 times ULN' is no comparison"),
        ("labs", "> 3 x ULN", "> 3 ULN", "compares in 'ULN', in which ALT does not come"),
        ("labs", "[2, ", "[6, ", "is not a grade and what must hold"),
        ("labs", "[2, ", "[", "is not a grade and what must hold"),
        ("labs", "death: true", "deaths: true", "term Fever has an unknown key 'deaths'"),
        ("labs", "  substance", "  substances", "analyte ALT has an unknown key 'substances'"),
        ("formulas", "title", "titel", "formula ratio has no 'title': it has 'titel'"),
        ("formulas", "minimum: 0", "minimum: none", "minimum of input above .* not a number"),
        ("formulas", "divide", "divided", "formula ratio cannot be computed: .*'divided'"),
        ("formulas", "[above, below]", "[above, above]", "formula ratio declares or uses below"),
    ],
)
def test_a_slip_is_named(kind: str, was: str, now: str, told: str) -> None:
    """What is wrong, and the line on which it stands."""
    text = READERS[kind][0]
    where = line_of(text, was)
    with pytest.raises(UnusableInput, match=told) as found:
        read(kind, text.replace(was, now, 1))
    assert found.value.where == f"tables/t.yaml:{where}"


@pytest.mark.parametrize("kind", READERS)
def test_no_slip_ends_in_anything_but_a_message(kind: str) -> None:
    """Each line left out, each key renamed, each value replaced: read, or refused with its line."""
    text = READERS[kind][0]
    lines = text.splitlines(keepends=True)
    changes = [(n, "") for n in range(len(lines))]
    for n, line in enumerate(lines):
        changes += [(n, re.sub(r"\w+:", "other:", line, count=1))]
        changes += [
            (n, re.sub(r"(: |- ).*", rf"\g<1>{value}", line)) for value in ("3", "x", "[]", "")
        ]
    refused = []
    for n, change in changes:
        try:
            read(kind, "".join([*lines[:n], change, *lines[n + 1 :]]))
        except UnusableInput as error:
            refused.append(error.where)
    assert all(where.startswith("tables/t.yaml") for where in refused)
    assert len(refused) > len(changes) / 3
