"""What it adds to the state that an entry was made in error: the entry counts no more.

It is dropped from the lists that every view reads, together with its corrections; what it added to
the state is worked out anew. It is still there by its position.
"""

from gradatim.conduct.events import participants
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding.anew import answer, counted_anew, participant_named
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.state import Participant, State, Void


def _voided(state: State, position: int, event: participants.EntryVoided) -> None:
    said = state.events.get(event.of)
    if isinstance(said, participants.EntryVoided) and not event.bears_on:
        _taken_back(state, position, event.of)
        return
    if said is None or event.of in state.voids:
        return
    void = state.voids[event.of] = Void(position, event.of, event.bears_on)
    _void_signed(state, void, position, event)
    _concerns(state, said, position, participants.EntryVoided)


def _confirmed_void(state: State, position: int, event: participants.VoidConfirmed) -> None:
    said = state.events.get(event.of)
    if not isinstance(said, participants.EntryVoided):
        return
    void = state.voids.get(said.of)
    if void is not None and void.position == event.of and void.since is None:
        _void_signed(state, void, position, event)
        _concerns(state, state.events[void.of], position, participants.VoidConfirmed)


def _concerns(state: State, said: Event, position: int, kind: type[Event]) -> None:
    while isinstance(said, participants.EntryVoided):
        said = state.events[said.of]
    if one := participant_named(state, getattr(said, "participant", "") or ""):
        one.concerned(position, kind)


def _void_signed(state: State, void: Void, position: int, event: Event) -> None:
    """Let an entry count no more once whoever has to sign that has signed it."""
    if event.signature is not None:
        void.signers[event.recorded_by] = position
    if not void_stands(state, void):
        return
    if isinstance(state.events[void.of], participants.EntryVoided):
        del state.voids[void.of]  # it has been taken back, and says nothing more
        _taken_back(state, position, void.of)
        return
    void.since = position
    _drop(state, void.of)


def void_stands(state: State, void: Void) -> bool:
    """Whether enough people have signed: of what bears on something, two, one an investigator."""
    if not void.bears_on:
        return bool(void.signers)
    return len(void.signers) > 1 and any(
        is_investigator(state, who, state.events[void.of], at) for who, at in void.signers.items()
    )


def is_investigator(state: State, user: str, entry: Event, position: int) -> bool:
    """Whether a user was an investigator where an entry is of; of no site, at any."""
    one = state.participants.get(getattr(entry, "participant", "") or "")
    site = one.site_at(position) if one else entry.site
    sites = [site] if site else [*state.sites, ""]
    return any("investigator" in state.roles_at(user, where, position) for where in sites)


def _drop(state: State, position: int) -> None:
    event = state.events[position]
    state.events.drop(position, type(event))
    for at, kind in _with_corrections(state, position):
        for one in _holders(state, event):
            if at in one.entries:
                one.drop(at, kind)
    if isinstance(event, participants.ParticipantRegistered):
        for token in event.tokens:
            state.tokens[token] = [one for one in state.tokens[token] if one != event.participant]
    shown = [position, *state.deviations_of.get(position, ())]
    answer(state, shown, state.voids[position].position)
    counted_anew(state, position)


def _taken_back(state: State, position: int, of: int) -> None:
    """Let an entry count again: that it was made in error was an error."""
    said = state.events[of]
    void = state.voids.get(said.of) if isinstance(said, participants.EntryVoided) else None
    if void is None or void.position != of:
        return
    entry, event = void.of, state.events[void.of]
    del state.voids[entry]
    _concerns(state, event, position, participants.EntryVoided)
    if void.since is None:
        return
    state.events.restore(entry, type(event))
    for at, kind in _with_corrections(state, entry):
        for one in _holders(state, event):
            if at in one.voided:
                one.restore(at, kind)
    if isinstance(event, participants.ParticipantRegistered):
        for token in event.tokens:
            state.tokens.setdefault(token, []).append(event.participant)
    for at in (entry, *state.deviations_of.get(entry, ())):
        known = state.deviations.get(at)
        if known is not None and known.answered_by == void.position:
            state.deviations[at] = known._replace(answered_by=None)
    counted_anew(state, entry)


def _with_corrections(state: State, position: int) -> list[tuple[int, type[Event]]]:
    corrections = state.corrected_by.get(position, ())
    own = (position, type(state.events[position]))
    return [own, *((at, participants.EntryCorrected) for at in corrections)]


def _holders(state: State, event: Event) -> list[Participant]:
    """Return among whose entries it may be: of whom it was, and whose number went on."""
    name = getattr(event, "participant", "") or ""
    some = (state.participants.get(name), participant_named(state, name))
    return list({one.id: one for one in some if one is not None}.values())


HANDLERS: Handlers = {
    participants.EntryVoided: _voided,
    participants.VoidConfirmed: _confirmed_void,
}
