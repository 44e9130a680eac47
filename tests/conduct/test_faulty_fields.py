"""Which field of an event is at fault is known as data, for every type of event."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.conduct.events import EVENTS, UnusableEvent, built, faulty_fields
from gradatim.conduct.events.base import Event

NO_VALUE = object()
"""What no field can hold."""


def names(kind: type[Event]) -> list[str]:
    return [one.name for one in msgspec.structs.fields(kind)]


def missing(kind: type[Event]) -> tuple[str, ...]:
    return tuple(one.name for one in msgspec.structs.fields(kind) if one.required)


@given(st.data())
def test_it_is_the_field_that_msgspec_stumbles_over(data: Any) -> None:
    """The first fault is the one that the message is about, wherever it stands among the fields."""
    kind = data.draw(st.sampled_from(EVENTS))
    wrong = data.draw(st.permutations(names(kind)).map(lambda some: some[:3]))
    fields = {"event": kind.__name__, **dict.fromkeys(wrong, NO_VALUE)}
    with pytest.raises(UnusableEvent) as caught:
        built(fields)
    fault = caught.value
    assert fault.fields == (*wrong, *(name for name in missing(kind) if name not in wrong))
    assert fault.why.endswith(f"`$.{wrong[0]}`")


@pytest.mark.parametrize("kind", EVENTS)
def test_what_is_missing_is_a_fault(kind: type[Event]) -> None:
    """In the order of the class."""
    assert faulty_fields(kind, {}) == missing(kind)


def test_a_field_that_is_none_and_one_that_holds_a_wrong_row() -> None:
    """The field is named, not the part of it."""
    fields = {
        "event": "VitalSignsRecorded",
        "occurred_on": date(2026, 3, 14),
        "recorded_at": datetime(2026, 3, 14, 9, tzinfo=UTC),
        "recorded_by": "nurse.1",
        "participant": "S01-001",
        "results": [{"element": "weight", "value": "heavy"}],
        "no_such": 1,
    }
    with pytest.raises(UnusableEvent) as caught:
        built(fields)
    assert caught.value.fields == ("results", "no_such")


def test_an_event_of_no_known_type_has_no_fields() -> None:
    """It is above the form that it is said."""
    with pytest.raises(UnusableEvent) as caught:
        built({"event": "SomethingElse"})
    assert caught.value.fields == ()
