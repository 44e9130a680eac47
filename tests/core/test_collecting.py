"""What is made while the collector rests is old afterwards, and is collected as anything else."""

import gc
import weakref
from typing import Any

import pytest

from gradatim.core import collecting
from gradatim.core.collecting import collector_paused, keep_for_good

MANY = 30_000


class _Held:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def _young(one: Any) -> bool:
    return any(one is other for age in (0, 1) for other in gc.get_objects(generation=age))


def test_what_was_made_is_not_looked_through_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_kept", False)  # a command may have kept this process for good
    with collector_paused():
        assert not gc.isenabled()
        made = [[one] for one in range(MANY)]
        assert _young(made)
    assert gc.isenabled()
    assert not _young(made)
    assert not gc.get_freeze_count()


def test_little_that_was_made_makes_nothing_old() -> None:
    """What waits to be collected would wait with it, each time somebody asks."""
    gc.collect()
    waiting = _Held()
    with collector_paused():
        made = [[one] for one in range(5)]
    assert _young(waiting)
    assert _young(made)
    assert gc.isenabled()


def test_what_is_garbage_is_collected_later() -> None:
    with collector_paused():
        one = weakref.ref(_Held())
    assert one() is not None
    gc.collect()
    assert one() is None


def test_only_the_outermost_lets_it_go_on() -> None:
    with collector_paused():
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_kept_for_good_is_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_kept", False)
    try:
        keep_for_good()
        kept = gc.get_freeze_count()
        with collector_paused():
            pass
        assert kept
        assert gc.get_freeze_count() >= kept - 100  # but for what is freed
    finally:
        gc.unfreeze()
