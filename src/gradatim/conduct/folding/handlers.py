"""The shape of the tables that say what each type of event adds to the state."""

from collections.abc import Callable, Mapping
from typing import Any

from gradatim.conduct.events.base import Event
from gradatim.conduct.state import State

Handlers = Mapping[type[Event], Callable[[State, int, Any], None]]
"""For a type of event: what it does to the state, given its position and itself."""
