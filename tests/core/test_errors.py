"""Messages say what, where, why, and what to do."""

import pytest

from gradatim.core.errors import UnusableInput


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UnusableInput("it is empty"), "it is empty."),
        (UnusableInput("it is empty", "a.yaml:3"), "a.yaml:3: it is empty."),
        (
            UnusableInput("no such trial", "x", "it is no file", "give a path"),
            "x: no such trial: it is no file. Give a path.",
        ),
    ],
)
def test_a_message_has_what_is_known(error: UnusableInput, message: str) -> None:
    """And no punctuation for what is not."""
    assert str(error) == message
