"""Policies of safety reports: was each sent in time."""

from gradatim.conduct.events.safety import SafetyReportSent
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import either, holds
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.reporting import due_of
from gradatim.core.verdict import Verdict


def the_report_is_in_time(state: State, event: SafetyReportSent) -> Verdict:
    """A report of an adverse event is sent by the time it is due."""
    one = person(state, event)
    course = courses(state, one)[event.adverse_event]
    asked = (event.recipient, event.report)
    due = [item.clock.due for item in due_of(state, one, course)
           if item.sent is None and (item.clock.recipient, item.clock.report) == asked]  # fmt: skip
    if not due:
        return holds("no clock asks for it")
    return either(event.sent_at <= min(due), f"it was due by {min(due):%Y-%m-%d %H:%M}",
                  f"it was due by {min(due):%Y-%m-%d %H:%M}")  # fmt: skip
