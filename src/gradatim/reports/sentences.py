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
        return (f"No criterion fails for a first dose on {day}, but "
                f"{counted(unknown, 'is', 'are')} unknown.")  # fmt: skip
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
    said = [f"The earliest first dose on which no criterion fails is {start}.",
            _stale_words(one, start), _still_unknown_words(_unknown(one))]  # fmt: skip
    return " ".join(words for words in said if words)


def _stale_words(one: Eligibility, start: date) -> str:
    """Say how many criteria that pass now are unknown on a later day."""
    lost = sum(finding.passes is True and outcome_on(criterion_spans(finding), start) is None
               for finding in one.findings)  # fmt: skip
    if not lost:
        return ""
    then = counted(lost, "criterion that passes now is", "criteria that pass now are")
    why = ": values grow too old and must be repeated" if one.repeat else ""
    return f"By then {then} unknown again{why}."


def _still_unknown_words(n: int) -> str:
    return f"{counted(n, 'criterion is', 'criteria are')} unknown already and must be settled." * (
        n > 0
    )


def _unknown(one: Eligibility) -> int:
    return sum(finding.passes is None for finding in one.findings)
