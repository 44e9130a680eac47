"""Each entry asked anew, on the state before it, whether this version would have recorded it.

A chain and its seals tell that nothing was altered since; that what stands there could be recorded
at all only the rules tell. Permissions and policies of this version are applied, without the
participants' keys: what hangs on sealed data cannot be judged, and is listed.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradatim import __version__
from gradatim.conduct.chain import genesis
from gradatim.conduct.event_log import decoded_at
from gradatim.conduct.event_store import Head
from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.events.review import QueryOpened
from gradatim.conduct.events.safety import ProtocolDeviation
from gradatim.conduct.ledger import Entry
from gradatim.conduct.permissions import MAY
from gradatim.conduct.signatures import Signer
from gradatim.conduct.state import State
from gradatim.conduct.trial import Refused, Trial
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE

_Opened = tuple[str, int | None, str]
"""What a trial records by itself beside an entry: its type, of which entry, by which rule."""


class ReplayedEntry(NamedTuple):
    """An entry that this version would not have recorded, or of which that cannot be told.

    Args:
        position: where it stands.
        kind: its type.
        refused: whether this version refuses it; else it cannot be judged.
        why: the rule that refuses it, or what is missing.
    """

    position: int
    kind: str
    refused: bool
    why: str


class _Upto:
    """A ledger in a list, of which a trial is shown so many entries."""

    def __init__(self, trial: str, entries: Sequence[Entry]) -> None:
        self.trial, self.entries, self.shown = trial, entries, 0

    def head(self, _trial: str) -> Head:
        """Return the last entry that is shown."""
        if not self.shown:
            return Head(0, genesis(self.trial))
        last = self.entries[self.shown - 1]
        return Head(last.position, last.hash)

    def sealed_head(self, _trial: str, head: Head) -> Head:
        """Return the head: whether it is sealed is not asked here."""
        return head

    def read(self, _trial: str, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """Yield the entries after one, up to another."""
        return iter(self.entries[after : self.shown if upto is None else upto])


def replay(name: str, entries: Sequence[Entry]) -> Iterator[ReplayedEntry]:
    """Yield the entries that this version would not have recorded, or that it cannot judge.

    Args:
        name: the trial's.
        entries: all of its ledger, which verifies.

    Raises:
        UnreadableEntry: a later version wrote one of them.
    """
    shown = _Upto(name, entries)
    trial = Trial(shown, name)  # type: ignore[arg-type]  # it is only read
    before, opened = ReplayedEntry(0, "", False, ""), list[_Opened]()
    for at, entry in enumerate(entries, 1):
        event = decoded_at(at, entry.body)
        if event.recorded_by == SYSTEM:
            yield from _of_system(at, event, opened)
        else:
            yield from _unopened(before, opened)
            before = ReplayedEntry(at, type(event).__name__, False, "")
            found, opened = _judged(trial, before, event)
            yield from found
        shown.shown = at
        trial.refresh()
    yield from _unopened(before, opened)


def _judged(
    trial: Trial, of: ReplayedEntry, event: Event
) -> tuple[list[ReplayedEntry], list[_Opened]]:
    """Return what stands against an entry, and what it has to have opened."""
    if not MAY[of.kind]:
        return [of._replace(why="the application recorded it by itself, by no rule")], []
    try:
        decided = trial.would_record(event, _key_in_force(trial.state, event))
    except UnusableInput as error:
        return [_told(trial, of._replace(refused=True, why=str(error)), event)], []
    if isinstance(decided, list):
        return [], [_opened(one) for one in decided[1:]]
    assert isinstance(decided, Refused), "on the state before it nothing is stale"
    refused = decided.verdict.truth is FALSE
    why = "; ".join(f"{rule}: {reason}" for rule, reason in decided.reasons)
    return [_told(trial, of._replace(refused=refused, why=why), event)], []


def _key_in_force(state: State, event: Event) -> Signer | None:
    """Return the key that a signature has to be by; that it is by that, the signature tells."""
    keys = state.signing_keys.get(event.recorded_by)
    if event.signature is None or not event.signature.ed25519 or not keys:
        return None
    return Signer(bytes.fromhex(keys[-1].public_key), bytes)


def _told(trial: Trial, found: ReplayedEntry, event: Event) -> ReplayedEntry:
    """Return what is found; the rules of another version are not those that are applied here."""
    wrote = event.software or (trial.state.software[-1][1] if trial.state.software else "")
    if not found.refused or wrote == __version__:
        return found
    by = f"version {wrote}" if wrote else "a version that did not say which it was"
    return found._replace(refused=False, why=f"{by} recorded it by its own rules; {found.why}")


def _opened(one: Event) -> _Opened:
    """Return what tells an entry of the system from another; its words change with versions."""
    if isinstance(one, ProtocolDeviation):
        return "ProtocolDeviation", one.of, one.rule
    return type(one).__name__, getattr(one, "of", None), ""


def _of_system(at: int, event: Event, opened: list[_Opened]) -> Iterator[ReplayedEntry]:
    """Yield an entry of the system that nothing has opened; take it off what was to be opened."""
    kind = type(event).__name__
    if not isinstance(event, ProtocolDeviation | QueryOpened):
        yield ReplayedEntry(at, kind, False, "it was recorded on the server, by no user")
    elif _opened(event) in opened:
        opened.remove(_opened(event))
    else:
        yield ReplayedEntry(at, kind, False, "by the rules of today no entry before it opens it")


def _unopened(of: ReplayedEntry, opened: list[_Opened]) -> Iterator[ReplayedEntry]:
    """Yield an entry that would have opened what does not stand beside it."""
    if opened:
        missing = ", ".join(" ".join(filter(None, (one[0], one[2]))) for one in opened)
        yield of._replace(why=f"by the rules of today it opens {missing}, which is not there")
