"""Codes of dictionaries: which stand, by which version, and which wait to be coded anew.

Which version is in use is what was adopted last. No code changes by that: whatever is of another
version waits until it is coded anew, as an entry of its own, and stays beside the later code.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradatim.conduct.events.coding import DictionaryVersionAdopted
from gradatim.conduct.events.logs import ConcomitantMedicationRecorded, MedicalHistoryRecorded
from gradatim.conduct.events.safety import TermCoded
from gradatim.conduct.state import Participant, State, plain_version
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import entries_of


class VersionInUse(NamedTuple):
    """The version of a dictionary that the trial codes with, and the entry that says so."""

    position: int
    event: DictionaryVersionAdopted

    @property
    def version(self) -> str:
        """As its publisher calls it."""
        return self.event.version


class StandingCode(NamedTuple):
    """The last code of something by a dictionary, with those before it.

    Args:
        position, event: the entry.
        what: what is coded, in words.
        earlier: codes of the same by that dictionary before it, the first one first.
        anew: the version in use, where the code is of another one; empty where it is not.
    """

    position: int
    event: TermCoded
    what: str
    earlier: tuple[TermCoded, ...] = ()
    anew: str = ""


def versions_in_use(state: State) -> Mapping[str, VersionInUse]:
    """Return the version of each dictionary that was adopted last; none where none was."""
    return state.remembered("dictionaries", lambda: _versions(state))


def _versions(state: State) -> dict[str, VersionInUse]:
    adopted = state.events.of(DictionaryVersionAdopted)
    return {event.dictionary: VersionInUse(position, event) for position, event in adopted}


def standing_codes(state: State, participant: Participant) -> Iterator[StandingCode]:
    """Yield what of a participant is coded, each with the code that stands; nothing made in error.

    Args:
        state: the trial.
        participant: whose.
    """
    if TermCoded not in participant.entries_of:
        return
    found: dict[tuple[str | int | None, ...], list[tuple[int, TermCoded]]] = {}
    for position, event in entries_of(state, participant, TermCoded):
        key = (event.adverse_event, event.of, event.dictionary)
        found.setdefault(key, []).append((position, event))
    used = versions_in_use(state)
    for codes in found.values():
        (position, event), earlier = codes[-1], tuple(one for _, one in codes[:-1])
        if what := _what(state, participant, event):
            now = used.get(event.dictionary)
            other = now is not None and not same_version(now.version, event.version)
            anew = now.version if now is not None and other else ""
            yield StandingCode(position, event, what, earlier, anew)


def to_code_anew(state: State, participant: Participant) -> list[StandingCode]:
    """Return the codes of a participant that are not of the version in use."""
    if not versions_in_use(state):
        return []
    return [one for one in standing_codes(state, participant) if one.anew]


def same_version(one: str, other: str) -> bool:
    """Whether two ways to write a version mean the same, such as `27.0` and `v27`."""
    return plain_version(one) == plain_version(other)


def _what(state: State, participant: Participant, event: TermCoded) -> str:
    """Return what an entry codes in words; empty where that counts no more."""
    if event.adverse_event is not None:
        course = courses(state, participant).get(event.adverse_event)
        return f"{event.adverse_event} {course.event.term}" if course else ""
    if event.of is None or event.of not in state.events or not state.counts(event.of):
        return ""
    coded = state.events[event.of]
    if isinstance(coded, ConcomitantMedicationRecorded):
        return f"{coded.medication} {coded.drug}"
    if isinstance(coded, MedicalHistoryRecorded):
        return coded.condition
    return f"entry {event.of}"
