"""Which corrections and updates take a signature, by what rests on what they change."""

from datetime import date

from gradatim.conduct.corrections import correction_of, is_signed
from gradatim.conduct.events.participants import EntryCorrected, RecordNotUnderstood
from gradatim.conduct.events.safety import AdverseEventUpdated
from gradatim.conduct.messages import Standing
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.judgements import JUDGEMENTS, lessened, lessened_by, to_be_signed
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.core.message import Term, Text


def why_signed(state: State, event: EntryCorrected) -> str:
    """Say why a correction takes a signature; empty where it takes none.

    What was signed is signed anew. An investigator signs what makes less than it was recorded an
    adverse event that is a candidate or that a stopping rule stands on, and that a record which is
    not understood is not of an element after all. The correction must be usable.
    """
    if is_signed(state, event.of):
        return f"entry {event.of} is signed"
    was, now = correction_of(state, event)
    if isinstance(was, RecordNotUnderstood) and isinstance(now, RecordNotUnderstood):
        settled = [name for name in was.elements if name not in now.elements]
        if settled:
            return f"{', '.join(settled)} would be open no longer"
        other = (was.start, was.end) != (now.start, now.end)
        return "it would be of other days" if other else ""
    if not isinstance(was, JUDGEMENTS):
        return ""
    name, day = was.adverse_event, event.occurred_on
    rests = rests_on(state, state.participants[was.participant], name, day)
    lesser = lessened(was, now)
    if rests and lesser:
        return f"{rests}, and would be less"
    if {"serious", "outcome"} & set(lesser):
        return f"{name} would be less serious"
    renamed = getattr(was, "term", "") != getattr(now, "term", "")
    if renamed and _bears_out_a_rule(state, name, day):
        return f"{name} is what a stopping rule stands on, and would be another"
    return ""


def rests_on(state: State, participant: Participant, adverse_event: str, on: date) -> Text:
    """Say what of the trial's safety rests on an adverse event as of a day; empty if nothing."""
    if adverse_event in {found.id for found in possible_dlts(state, participant)}:
        return Standing.IS_CANDIDATE(adverse_event=Term(adverse_event))
    if _bears_out_a_rule(state, adverse_event, on):
        return Standing.BEARS_OUT_RULE(adverse_event=Term(adverse_event))
    return ""


def _bears_out_a_rule(state: State, adverse_event: str, on: date) -> bool:
    return any(adverse_event in rule.by for rule in unanswered_rules(state, on))


def update_takes_signature(state: State, event: AdverseEventUpdated) -> bool:
    """Whether an investigator signs an update of an adverse event.

    They do where it makes less what was signed, what is a candidate or what a stopping rule stands
    on, and where something about the event was changed without the signature that it takes. The
    update must be usable.
    """
    one = state.participants[event.participant]
    course = courses(state, one)[event.adverse_event]
    waiting = {getattr(entry, "adverse_event", None) for _, entry in to_be_signed(state, one)}
    if course.unsigned or event.adverse_event in waiting:
        return True
    if not lessened_by(event, course.event):
        return False
    return course.signed or bool(rests_on(state, one, event.adverse_event, event.occurred_on))
