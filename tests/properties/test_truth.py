"""The laws of Kleene's strong three-valued logic."""

from itertools import product

import pytest

from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of, any_of, truth_of

PAIRS = list(product(Truth, repeat=2))
TRIPLES = list(product(Truth, repeat=3))


@pytest.mark.parametrize("a", Truth)
def test_negation(a: Truth) -> None:
    """Twice not is the same; what is not known is not known the other way either."""
    assert ~~a is a
    assert (~a is a) is (a is UNKNOWN)
    assert ~a == 2 - a


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_de_morgan_and_absorption(a: Truth, b: Truth) -> None:
    """The laws that tie conjunction, disjunction and negation together."""
    assert ~all_of([a, b]) is any_of([~a, ~b])
    assert ~any_of([a, b]) is all_of([~a, ~b])
    assert all_of([a, any_of([a, b])]) is a
    assert any_of([a, all_of([a, b])]) is a
    assert all_of([a, b]) is all_of([b, a])
    assert any_of([a, b]) is any_of([b, a])


@pytest.mark.parametrize(("a", "b", "c"), TRIPLES)
def test_distribution_and_association(a: Truth, b: Truth, c: Truth) -> None:
    """Each distributes over the other, and order of evaluation does not matter."""
    assert all_of([a, any_of([b, c])]) is any_of([all_of([a, b]), all_of([a, c])])
    assert any_of([a, all_of([b, c])]) is all_of([any_of([a, b]), any_of([a, c])])
    assert all_of([a, b, c]) is all_of([all_of([a, b]), c])
    assert any_of([a, b, c]) is any_of([a, any_of([b, c])])


@pytest.mark.parametrize("a", Truth)
def test_neutral_and_absorbing_values(a: Truth) -> None:
    """FALSE settles a conjunction, TRUE a disjunction, and the empty ones are neutral."""
    assert all_of([a, FALSE]) is FALSE
    assert any_of([a, TRUE]) is TRUE
    assert all_of([a, all_of([])]) is a
    assert any_of([a, any_of([])]) is a
    assert all_of([a, a]) is any_of([a, a]) is a


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_definite_answer_holds_however_an_unknown_turns_out(a: Truth, b: Truth) -> None:
    """Kleene's regularity: what is definite with UNKNOWN in a place is so with any truth there."""
    for settle in (all_of, any_of):
        before = settle([UNKNOWN, b])
        assert before is UNKNOWN or settle([a, b]) is before


def test_truth_of_a_bool() -> None:
    """None, a missing value, is UNKNOWN, and nothing else is."""
    assert [truth_of(one) for one in (True, False, None)] == [TRUE, FALSE, UNKNOWN]
    assert [one.word for one in (TRUE, FALSE, UNKNOWN)] == ["true", "false", "unknown"]
