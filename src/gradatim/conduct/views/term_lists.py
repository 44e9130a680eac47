"""The lists of terms that adverse events are picked from, and what a list says of a term.

What decides stands in the ledger: the list itself, and that it was loaded before the term was
written. A list that comes later says nothing of what was reported before, and neither does a later
version: nothing that waits for an investigator is settled by loading a list.
"""

from collections.abc import Iterator
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
        several terms nobody can tell which is meant: it has none.
    """
    names: dict[str, None] = {}
    codes: dict[tuple[str, str], None] = {}
    meant: set[str] = set()
    for one in loaded_lists(state, state.events[at].site or participant.site, at):
        for found in one.read.by_name.get(folded(term), ()):
            meant.add(folded(found.term))
            names |= dict.fromkeys((found.term, *found.synonyms))
            if found.code:
                codes[one.read.system, found.code] = None
    return (tuple(names), tuple(codes)) if len(meant) == 1 else ((), ())


def reads_terms(state: State, position: int) -> bool:
    """Whether a term that was written since is called as a list of this entry says.

    Or as an earlier version of it says, in whose place this one stands: that one would be read.
    """
    entry = state.events[position]
    assert isinstance(entry, TermListLoaded)
    known = set(list_of(entry.document).by_name)
    for at, other in state.events.of(TermListLoaded):
        if at < position and (other.site, other.name) == (entry.site, entry.name):
            known.update(list_of(other.document).by_name)
    return any(
        at > position and folded(written) in known and entry.site in ("", site)
        for reported, event in state.events.of(AdverseEventReported)
        for at, written, site in _written(state, reported, event)
    )


def _written(
    state: State, reported: int, event: AdverseEventReported
) -> Iterator[tuple[int, str, str]]:
    """Yield each term that an adverse event has had, with the entry that says so and its site."""
    entries = (reported, *state.corrected_by.get(reported, ()))
    versions = (*state.earlier.get(reported, ()), event)
    for at, version in zip(entries, versions, strict=True):
        assert isinstance(version, AdverseEventReported)
        site = state.events[at].site or state.participants[event.participant].site
        yield at, version.term, site
