"""Why a fact may not count: the doubts that sources have, as messages.

A ledger keeps a doubt in the English of the day it was recorded. Read back, those words are the
message again; any others stay a text that somebody wrote.
"""

import re
from collections.abc import Iterable

from gradatim.core.message import Message, Template, Term, Text


class Doubt(Template):
    """Why a record that was read may not count."""

    NO_ROUTE = "route not recorded"
    UNCONFIRMED = "unconfirmed"
    NEITHER_YES_NOR_NO = "neither yes nor no"
    NOT_BEGUN = "not yet begun"
    NO_KIND_OF_TRIAL = "kind of trial not recorded"
    NO_SEVERITY = "of unrecorded severity"
    INTOLERANCE = "an intolerance and not an allergy"
    ANAPHYLAXIS = "an intolerance with anaphylaxis"
    NOT_VERIFIED = "its verification status is not settled"
    NO_SCOPE = "its scope is not settled"
    PERHAPS_ANOTHER_STUDY = "it names a study that is not known to be this one"
    ACTIVE_AFTER_ITS_END = "its clinical status is {status} although it ended ({day})"
    ENDS_BEFORE_IT_BEGINS = "abatement ({day}) lies before onset ({day2})"
    AS_NEEDED = "taken as needed, if at all"
    NOT_HANDED_OVER = "not known to have been handed over"
    DEPOT = "injected where it may act for weeks, which a person must judge"
    NO_STATUS = "status not recorded"
    STATUS = "status {status}"
    CHANGED_SINCE = "the record has changed since it was judged"
    IMPLAUSIBLE = "value {quantity} is outside the plausible range {n} to {amount}"
    NOT_UNDERSTOOD = "not understood: {records}"
    AND_MORE_NOT_UNDERSTOOD = "not understood: {records} and {n} more"
    BIRTH_CONFLICT = "the sealed date of birth and the one recorded beside it contradict each other"


_IN_WORDS = {one.value: one() for one in Doubt if "{" not in one.value}
_WITH_WORDS = {
    Doubt.STATUS: re.compile(r"status (?P<status>[a-z]+(?:-[a-z]+)*)"),
    Doubt.NOT_UNDERSTOOD: re.compile(r"not understood: (?P<records>[^;]+)"),
}


def read_doubt(text: str) -> Text:
    """Return the doubt that a ledger keeps in these words.

    Args:
        text: the words; empty where there is no doubt.
    """
    if text in _IN_WORDS:
        return _IN_WORDS[text]
    for doubt, words in _WITH_WORDS.items():
        if found := words.fullmatch(text):
            return doubt(**{name: Term(word) for name, word in found.groupdict().items()})
    return text


def records_not_understood(codes: Iterable[object], most: int | None = None) -> Message:
    """Return that some records are not understood.

    Args:
        codes: what each is coded as, or its id.
        most: how many are named, before the rest are counted; None: all.
    """
    shown = list(map(str, codes))
    records = Term(", ".join(shown[:most]))
    if most is None or len(shown) <= most:
        return Doubt.NOT_UNDERSTOOD(records=records)
    return Doubt.AND_MORE_NOT_UNDERSTOOD(records=records, n=len(shown) - most)
