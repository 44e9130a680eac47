"""Messages: templates with holes, rendered when somebody asks."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.dates import ANY_DAY, Day, Duration, on
from gradatim.core.message import (
    Label,
    Language,
    Measure,
    Number,
    Pair,
    Series,
    Template,
    Term,
    clauses,
    has_free_text,
    join,
)
from gradatim.core.quantity import Quantity


class Said(Template):
    """A catalogue of two sentences."""

    VALUE = "{label} {quantity} on {day}"
    AFTER = "{drugs} for {length}, {clause}"


class Upside(Language):
    """A language that writes templates backwards, and terms and labels in capitals."""

    def template(self, template: Template) -> str:
        return " ".join(reversed(str(template.value).split(" ")))

    def label(self, label: Label) -> str:
        return label.words.upper()

    def term(self, term: Term) -> str:
        return term.text.upper()

    def measure(self, text: str) -> str:
        return text.replace("10*9", "10⁹")


AST = Said.VALUE(
    label=Label("platelets", "plt"), quantity=Quantity(1.5, "10*9/L"), day=on(date(2026, 3, 14))
)


def test_english_is_what_the_template_says() -> None:
    """With each value as it writes itself."""
    assert str(AST) == "platelets 1.5 10⁹/L on 2026-03-14"
    assert AST.template.id == "Said.VALUE"


def test_another_language_says_the_same_values() -> None:
    """In its own order, and with its own words for what has words."""
    assert Upside().say(AST) == "2026-03-14 on 1.5 10⁹/L PLATELETS"
    assert Upside().say(Measure("10*9/L")) == "10⁹/L"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Number(2.50), "2.5"),
        (Number(2.0 / 3, ".3g"), "0.667"),
        (7, "7"),
        (date(2026, 1, 2), "2026-01-02"),
        (ANY_DAY, "an unknown date"),
        (Day(date(2026, 3, 1), date(2026, 3, 31)), "2026-03"),
        (Duration(24, 1), "2 years 1 day"),
        (Term("celecoxib"), "celecoxib"),
    ],
)
def test_values_in_english(value: object, text: str) -> None:
    """Numbers, days, lengths and words."""
    assert str(Said.VALUE(label="", quantity=value, day=1)) == f" {text} on 1"  # type: ignore[arg-type]


def test_several_values_in_a_row() -> None:
    """Two by two from the end, so that the last pair may be written otherwise."""
    drugs = [Term(name) for name in ("a", "b", "c")]
    assert str(join(drugs, Pair.COMMA, Pair.OR)) == "a, b or c"
    assert join(drugs[:1], Pair.COMMA) == Term("a")
    assert str(Series((Term("a"), Term("b"), Term("a")), Pair.COMMA, distinct=True)) == "a, b"


def test_clauses_stand_side_by_side() -> None:
    """What reads the same is said once, what says nothing not at all."""
    assert str(clauses(AST, "", AST, "why")) == f"{AST}; why"
    assert clauses("", AST) is AST
    assert clauses() == ""


def test_a_text_in_no_catalogue_is_found_wherever_it_stands() -> None:
    """A message that holds one is whole only in English."""
    inner = Said.VALUE(label="written by somebody", quantity=1, day=1)
    drugs = join([Term("a"), Term("b")], Pair.COMMA)
    assert has_free_text(inner)
    assert has_free_text(Said.AFTER(drugs=drugs, length=Duration(1), clause=inner))
    assert not has_free_text(Said.AFTER(drugs=drugs, length=Duration(1), clause=AST))


@given(st.text(), st.integers(), st.dates())
def test_what_fills_a_hole_is_never_read_as_a_template(word: str, n: int, day: date) -> None:
    """Braces in a record stay braces."""
    said = str(Said.VALUE(label=Term(word + "{n}"), quantity=n, day=day))
    assert said == f"{word}{{n}} {n} on {day.isoformat()}"


def test_messages_are_values() -> None:
    """Equal ones are equal, and have one hash; nobody changes one."""
    again = Said.VALUE(**AST.arguments)
    assert (again, hash(again)) == (AST, hash(AST))
    with pytest.raises(AttributeError):
        AST.template = Said.AFTER  # type: ignore[misc]
    assert re.fullmatch(r"\w+\.\w+", AST.template.id)
