"""Expressions: what is no expression, and which inputs one has. Results: tests/spec."""

import pytest

from gradatim.core.expression import NotAnExpression, inputs


def test_inputs_are_given_in_the_order_of_use() -> None:
    """Of every branch and band, with repeats."""
    tree = {
        "divide": [
            {"add": ["a", {"ln": "b"}, 2]},
            {"choose": {"by": "sex", "among": {"female": "a", "male": 1}}},
        ]
    }
    assert list(inputs(tree)) == ["a", "b", "sex", "a"]
    assert list(inputs({"bands": {"of": "c", "below": "low", "steps": []}})) == ["c"]


@pytest.mark.parametrize("tree", [{"modulo": [1, 2]}, {}, {"add": [1], "ln": 2}, True, None, [1]])
def test_what_is_no_expression_is_refused(tree) -> None:
    """The message says which part."""
    with pytest.raises(NotAnExpression, match=r"operator"):
        list(inputs(tree))
