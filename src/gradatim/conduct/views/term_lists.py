"""The lists of terms that adverse events are picked from, and what a list says of a term.

What decides stands in the ledger: the list itself, and that it was loaded before the term was
written. A list that comes later says nothing of what was reported before, and neither does a later
version: nothing that waits for an investigator is settled by loading a list.
"""

from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical.ctcae.terms import folded
from gradatim.clinical.term_lists import TermList, read_term_list
from gradatim.conduct.events.coding import TermListLoaded
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.state import Participant, State

Names = tuple[str, ...]
Codes = tuple[tuple[str, str], ...]


class LoadedList(NamedTuple):
    """A list of terms in force, and the entry that loaded it."""

    position: int
    event: TermListLoaded
    read: TermList


@lru_cache(maxsize=64)
def list_of(document: str) -> TermList:
    """Return the list that an entry holds.

    Raises:
        UnusableInput: it cannot be read; nothing of the kind is recorded.
    """
    return read_term_list(document, "the list of terms")


def loaded_lists(state: State, site: str, before: int | None = None) -> list[LoadedList]:
    """Return the lists in force at a site: of each name the latest version, in order of loading.

    Args:
        state: the trial.
        site: where; the lists of the whole trial are in force at every site.
        before: an entry; only lists loaded before it count. None: all.
    """
    found: dict[tuple[str, str], LoadedList] = {}
    for position, event in state.events.of(TermListLoaded):
        if event.site in ("", site) and (before is None or position < before):
            found.pop((event.site, event.name), None)
            found[event.site, event.name] = LoadedList(position, event, list_of(event.document))
    return list(found.values())


def listed_as(state: State, participant: Participant, term: str, at: int) -> tuple[Names, Codes]:
    """Return what the lists of the site called a term besides, and its codes, when it was written.

    The site is where it was written: a participant may be at another one since.

    Args:
        state: the trial.
        participant: whose adverse event it is.
        term: as it was written: a term of a list, or a synonym there.
        at: the entry that says so.

    Returns:
        Its names, and codes with their system; none where no list has the term. Of a synonym of
        several terms they are those of each.
    """
    names: dict[str, None] = {}
    codes: dict[tuple[str, str], None] = {}
    for one in loaded_lists(state, state.events[at].site or participant.site, at):
        for found in one.read.by_name.get(folded(term), ()):
            names |= dict.fromkeys((found.term, *found.synonyms))
            if found.code:
                codes[one.read.system, found.code] = None
    return tuple(names), tuple(codes)


def reads_terms(state: State, position: int) -> bool:
    """Whether an adverse event that was reported since is called as a list of this entry says."""
    entry = state.events[position]
    assert isinstance(entry, TermListLoaded)
    known = list_of(entry.document).by_name
    return any(
        folded(event.term) in known
        for at, event in state.events.of(AdverseEventReported)
        if max((at, *state.corrected_by.get(at, ()))) > position
        and entry.site in ("", event.site or state.participants[event.participant].site)
    )
