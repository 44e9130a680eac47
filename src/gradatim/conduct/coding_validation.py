"""Codes, versions and lists of terms that cannot be meant."""

from hashlib import sha256

from gradatim.clinical.term_lists import read_term_list
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.coding import DictionaryVersionAdopted, TermListLoaded
from gradatim.conduct.events.logs import ConcomitantMedicationRecorded
from gradatim.conduct.events.participants import FactRecorded
from gradatim.conduct.events.safety import TermCoded
from gradatim.conduct.folding.anew import participant_named
from gradatim.conduct.state import State, plain_version
from gradatim.core.errors import UnusableInput

_OF_DRUGS = (ConcomitantMedicationRecorded, FactRecorded)
"""Entries that may hold a drug."""


def validate_codes(state: State, event: Event) -> None:
    """A version is one, and one thing is coded with the dictionary that has its terms.

    What happened is coded with MedDRA, in whatever entry it stands; a drug with WHODrug, and what
    it is taken for with MedDRA.

    Raises:
        UnusableInput: it is not so.
    """
    if not isinstance(event, TermCoded | DictionaryVersionAdopted | TermListLoaded):
        return
    if not plain_version(event.version):
        raise _unusable(
            event, f"{event.version!r} is no version", todo="write it as its publisher does"
        )
    if isinstance(event, TermCoded):
        _is_of_one_thing(state, event)


def _is_of_one_thing(state: State, event: TermCoded) -> None:
    if (event.adverse_event is None) is (event.of is None):
        raise _unusable(
            event,
            "what is coded is not one thing",
            "it is an adverse event or an entry",
            "name the adverse event, or else the entry",
        )
    held = state.events.get(event.of) if event.of is not None else None
    one = participant_named(state, getattr(held, "participant", None) or "")
    if held is not None and (one is None or one.id != event.participant):
        raise _unusable(event, f"entry {event.of} is none of {event.participant}")
    if event.dictionary == "WHODrug" and not isinstance(held, _OF_DRUGS):
        what = "an adverse event" if held is None else f"entry {event.of} holds no drug and"
        todo = "choose MedDRA as the dictionary"
        raise _unusable(event, f"{what} is coded with MedDRA", todo=todo)


def validate_term_list(state: State, event: Event) -> None:
    """A list can be read, has its hash, and one version of it is one list.

    Raises:
        UnusableInput: it is not so; of a list that cannot be read, with its line.
    """
    if not isinstance(event, TermListLoaded):
        return
    read_term_list(event.document, f"the list {event.name}")
    if sha256(event.document.encode()).hexdigest() != event.sha256:
        raise _unusable(
            event,
            f"the hash of the list {event.name} is another one",
            todo="give the SHA-256 of the document as it is",
        )
    for position, known in state.events.of(TermListLoaded):
        same = (known.site, known.name) == (event.site, event.name)
        if same and plain_version(known.version) == plain_version(event.version):
            raise _unusable(
                event,
                f"there is a version {event.version} of the list {event.name}",
                f"entry {position} holds it",
                f"give this one another version, or first mark entry {position} as made in error",
            )


def _unusable(event: Event, what: str, why: str = "", todo: str = "") -> UnusableInput:
    return UnusableInput(what, type(event).__name__, why, todo)
