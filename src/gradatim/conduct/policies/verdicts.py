"""How a policy answers: it holds, it does not, or what it asks about is not known."""

from collections.abc import Callable
from typing import Any

from gradatim.conduct.state import State
from gradatim.core.message import Text, clauses
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of
from gradatim.core.verdict import Reason, Verdict

Policy = Callable[[State, Any], Verdict]
"""Asks one question of the state and an event; its docstring is the rule in words."""


def holds(text: Text = "") -> Verdict:
    """Say that it is as it should be."""
    return Verdict(TRUE, text)


def broken(text: Text) -> Verdict:
    """Say what is not as it should be."""
    return Verdict(FALSE, text)


def unknown(text: Text) -> Verdict:
    """Say what is not known; an authorisation does not rest on it."""
    return Verdict(UNKNOWN, text, reason=Reason.NO_RECORD)


def either(truth: bool, yes: Text, no: Text) -> Verdict:
    """Say one thing or the other."""
    return Verdict(Truth.TRUE if truth else Truth.FALSE, yes if truth else no)


def every(*children: Verdict) -> Verdict:
    """Say whether several things all hold; each that does not, or is not known, is named."""
    truth = all_of(one.truth for one in children)
    said = (text for one in children if one.truth is not TRUE for text in one.messages())
    return Verdict(truth, clauses(*said), (), children)


def rule(policy: Policy) -> str:
    """Give the rule's name in words."""
    return policy.__name__.replace("_", " ")


def sentence(policy: Policy) -> str:
    """Give the rule as a sentence."""
    return (policy.__doc__ or "").strip().split("\n")[0]
