"""The guard of promised ratios: what counts as worse, what is measured twice, what is named."""

import pytest

from benchmarks import guard
from benchmarks.page import PAGE
from benchmarks.prescreen_runs import NotMeasured

TABLE = """
Some words, with | a bar.

| what | measured | ratio |
|---|---|---|
| read | 6 ms | 9.0 x decoding (4.7 to 9.1) |
| many states | 37 ms | 1,572 x reading the final states once |
| a rate | 3,249/s | 88% of the raw rate |
| two cells | only |
"""


def group(*rounds):
    """Return a group of one ratio that is measured as these, one after another."""
    left = iter(rounds)

    def read():
        yield ("read", "7 ms", f"{next(left)} x decoding")

    return read


def test_a_page_promises_the_ratios_of_its_tables():
    assert guard.ratios(guard.rows_of(TABLE)) == {"read": 9.0, "many states": 1572.0}


@pytest.mark.parametrize(
    ("measured", "is_worse"), [(5, False), (9, False), (12, False), (12.1, True)]
)
def test_worse_is_by_more_than_a_third(measured, is_worse):
    assert bool(guard.worse({"read": measured}, {"read": 9.0})) is is_worse


def test_a_message_has_both_ratios():
    assert guard.worse({"read": 27.0}, {"read": 9.0}) == ["read: 27.0 x, promised were 9.0 x."]


def test_a_ratio_that_the_page_does_not_have_is_named():
    (fault,) = guard.worse({"write": 1.0}, {"read": 9.0})
    assert fault.startswith("write: docs/benchmarks.md promises nothing")


def test_what_is_worse_is_measured_again_and_the_better_counts():
    assert guard.judged(group(30, 10), {"read": 9.0}) == []
    assert guard.judged(group(20, 30), {"read": 9.0}) == ["read: 20.0 x, promised were 9.0 x."]


def test_what_is_as_good_as_promised_is_measured_once():
    assert guard.judged(group(9), {"read": 9.0}) == []


def test_what_could_not_be_measured_is_a_fault():
    def prescreen():
        raise NotMeasured("time was up")
        yield

    assert guard.judged(prescreen, {}) == ["prescreen: not measured: time was up"]


def test_the_exit_status_says_whether_anything_is_worse(monkeypatch, capsys):
    monkeypatch.setattr(guard, "OWN", ())
    monkeypatch.setattr(guard, "ELSEWHERE", (group(1),))
    monkeypatch.setattr(guard, "rows_of", lambda page: [("read", "", "1 x decoding")])
    assert guard.main([]) == 0
    monkeypatch.setattr(guard, "ELSEWHERE", (group(2, 2),))
    assert guard.main([]) == 1
    assert "read: 2.0 x, promised were 1.0 x." in capsys.readouterr().out


def test_the_page_promises_something_of_each_kind():
    promised = guard.ratios(guard.rows_of(PAGE.read_text(encoding="utf-8")))
    for part in (
        "read, evaluate",
        "--help",
        "exact: BOIN",
        "appended",
        "verification of",
        "prescreen of",
    ):
        assert any(part in what for what in promised), part
