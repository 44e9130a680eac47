"""What a report says in sentences: what decides now, and from when nothing stands against it."""

from collections.abc import Iterator
from datetime import date

from gradatim.core.message import Message, Pair, Series, Text
from gradatim.reports.messages import Loss, Sentence
from gradatim.reports.timeline import criterion_spans, outcome_on
from gradatim.rules.context import FIRST_DOSE
from gradatim.screening.assess import Eligibility


def headline(one: Eligibility) -> Message:
    """Return in one sentence what decides for the planned first dose."""
    day = one.anchors[FIRST_DOSE]
    failing = sum(finding.passes is False for finding in one.findings)
    unknown = _unknown(one)
    if failing:
        fail = Sentence.FAILS if failing == 1 else Sentence.FAIL
        return fail(n=failing, day=day)
    if unknown:
        open_ = Sentence.ONE_UNKNOWN if unknown == 1 else Sentence.SEVERAL_UNKNOWN
        return open_(n=unknown, day=day)
    return Sentence.EVERY_ONE_PASSES(day=day)


def next_words(one: Eligibility) -> Text:
    """Return from which first dose on nothing stands against the person, as far as is known."""
    start = one.eligible_from
    if start is None:
        return Sentence.NO_DAY()
    if one.status == "eligible":
        return ""
    if start == one.anchors[FIRST_DOSE]:
        return Sentence.SETTLE_IT() if _unknown(one) == 1 else Sentence.SETTLE_THEM()
    said = [Sentence.EARLIEST(day=start), *_stale(one, start), *_still_unknown(_unknown(one))]
    return sentences(*said)


def sentences(*texts: Text) -> Text:
    """Return sentences one after another; nothing of those that say nothing."""
    said = tuple(one for one in texts if one)
    return Series(said, Pair.SPACE) if len(said) > 1 else said[0] if said else ""


def _stale(one: Eligibility, start: date) -> Iterator[Message]:
    """Return how many criteria settled now are unknown on a later day, failing ones too."""
    settled = (finding for finding in one.findings if finding.passes is not None)
    lost = [finding for finding in settled if outcome_on(criterion_spans(finding), start) is None]
    if not lost:
        return
    those = (Loss.ONE if len(lost) == 1 else Loss.SEVERAL)(n=len(lost))
    failing = sum(finding.passes is False for finding in lost)
    none, single, several = _STALE if one.repeat else _LOST
    if failing:
        yield (single if failing == 1 else several)(lost=those, n=failing)
    else:
        yield none(lost=those)


_LOST = (Sentence.LOST, Sentence.LOST_ONE_FAILS, Sentence.LOST_SOME_FAIL)
_STALE = (Sentence.STALE, Sentence.STALE_ONE_FAILS, Sentence.STALE_SOME_FAIL)
"""Of what is lost: none fails now, one does, several do."""


def _still_unknown(n: int) -> Iterator[Message]:
    if n:
        yield (Sentence.OPEN_ALREADY if n == 1 else Sentence.SOME_OPEN_ALREADY)(n=n)


def _unknown(one: Eligibility) -> int:
    return sum(finding.passes is None for finding in one.findings)
