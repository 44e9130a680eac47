"""What a report says in sentences: what decides now, and from when nothing stands against it."""

from datetime import date

from gradatim.reports.timeline import criterion_spans, outcome_on
from gradatim.reports.words import counted
from gradatim.rules.situation import FIRST_DOSE
from gradatim.screening.assess import Eligibility


def headline(one: Eligibility) -> str:
    """Say in one sentence what decides for the planned first dose."""
    day = one.anchors[FIRST_DOSE]
    failing = sum(finding.passes is False for finding in one.findings)
    unknown = _unknown(one)
    if failing:
        return f"{counted(failing, 'criterion fails', 'criteria fail')} for a first dose on {day}."
    if unknown:
        return (
            f"No criterion fails for a first dose on {day}, but "
            f"{counted(unknown, 'is', 'are')} unknown."
        )
    return f"Every criterion passes for a first dose on {day}."


def next_words(one: Eligibility) -> str:
    """Say from which first dose on nothing stands against the person, as far as is known."""
    start = one.eligible_from
    if start is None:
        return "No first-dose day is known on which no criterion fails."
    if one.status == "eligible":
        return ""
    if start == one.anchors[FIRST_DOSE]:
        return "It must be settled first." if _unknown(one) == 1 else "They must be settled first."
    said = [
        f"The earliest first dose on which no criterion fails is {start}.",
        _stale_words(one, start),
        _still_unknown_words(_unknown(one)),
    ]
    return " ".join(words for words in said if words)


def _stale_words(one: Eligibility, start: date) -> str:
    """Say how many criteria that are settled now are unknown on a later day, failing ones too."""
    settled = (finding for finding in one.findings if finding.passes is not None)
    lost = [finding for finding in settled if outcome_on(criterion_spans(finding), start) is None]
    if not lost:
        return ""
    those = f"{counted(len(lost), 'criterion', 'criteria')} settled now"
    failing = sum(finding.passes is False for finding in lost)
    among = f", among them {failing} that {'fails' if failing == 1 else 'fail'} now"
    why = ": values are too old by then and must be repeated"
    return (
        f"On that day {those} {'is' if len(lost) == 1 else 'are'} unknown"
        f"{among if failing else ''}{why if one.repeat else ''}."
    )


def _still_unknown_words(n: int) -> str:
    if not n:
        return ""
    return f"{counted(n, 'criterion is', 'criteria are')} unknown already and must be settled."


def _unknown(one: Eligibility) -> int:
    return sum(finding.passes is None for finding in one.findings)
