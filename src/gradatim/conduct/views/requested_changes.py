"""The changes that the sponsor asks for in rulings, and the document with them."""

from gradatim.conduct.events.trial import RulingSigned
from gradatim.conduct.folding.trial import document_in_force, submitted, submitted_study
from gradatim.conduct.state import State
from gradatim.core.errors import UnusableInput
from gradatim.protocol.questions import Question, questions
from gradatim.protocol.revision import RequestedChange, revise


def requested_changes(state: State) -> list[RequestedChange]:
    """Return the changes with a value that are asked for of the version submitted, or in force.

    Of each question the last ruling counts, on the value that stands there; a later confirmation
    or deferral takes the change back.
    """
    study = submitted_study(state) or (state.study if state.versions else None)
    asked = questions(study) if study else []
    found = [requested_change(state, one) for one in asked]
    return [one for one in found if one]


def requested_change(state: State, question: Question) -> RequestedChange | None:
    """Return what the last ruling on a question puts in its place; None where it puts nothing."""
    for position in reversed(state.rulings):
        event = state.events[position]
        assert isinstance(event, RulingSigned)
        if (event.question, event.value) == (question.key, question.value):
            asks = event.outcome == "change requested" and event.requested_value
            return change_of(event) if asks else None
    return None


def change_of(event: RulingSigned) -> RequestedChange:
    """Return the change that a ruling asks for."""
    by_whom = f"change requested by {event.signer} on {event.occurred_on}: {event.answer}"
    return RequestedChange(event.question, event.requested_value, by_whom)


def changed_document(state: State, version: str) -> str:
    """Return the document of the version submitted, else of that in force, with all changes made.

    Args:
        state: the trial.
        version: what the new document calls itself.

    Raises:
        UnusableInput: no change is asked for, the version is one that there is, or the changes
            do not go together.
    """
    changes = requested_changes(state)
    held = submitted(state)
    known = {one.version for one in (*state.versions, *((held,) if held else ()))}
    if not changes:
        raise UnusableInput("no change is requested that says what is to stand there", "")
    if version in known:
        raise UnusableInput(f"version {version} is recorded", "", todo="name the next one")
    return revise(_text(state), changes, version)


def document_with_changes(
    state: State, changes: list[RequestedChange], question: str, value: str
) -> str:
    """Return the document that asks a question about a value, with changes made, for a check.

    Raises:
        UnusableInput: a change cannot be made in it.
    """
    study = submitted_study(state)
    asks = study and any((one.key, one.value) == (question, value) for one in questions(study))
    text = _text(state) if asks or not state.versions else document_in_force(state)
    return revise(text, changes, "changed")


def _text(state: State) -> str:
    held = submitted(state)
    return held.document if held else document_in_force(state)
