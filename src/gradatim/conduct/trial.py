"""A trial on its ledger: the one place where anything is recorded.

    what cannot be meant -> the user's permission -> the policies -> append -> fold

Authorisations can be refused. Facts are recorded; in the same append, each rule that one breaks
opens a deviation, and each edit check that it does not fulfil a query. When the head has moved
meanwhile, everything is asked again; an authorisation whose participant, cohort or lot was touched
is handed back, to be looked at once more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC
from typing import NamedTuple

import msgspec

from gradatim import __version__
from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.chain import Entry, genesis, walked
from gradatim.conduct.checks import open_queries
from gradatim.conduct.conflicts import conflicting_entries, participant_of
from gradatim.conduct.corrections import as_recorded, correction_of
from gradatim.conduct.delegations import needs_confirmation
from gradatim.conduct.event_store import (
    CannotRecord,
    Head,
    HeadMoved,
    LedgerRewritten,
    NotSealed,
    RequestKnown,
    StorageUnavailable,
    Store,
)
from gradatim.conduct.event_validation import validate
from gradatim.conduct.events import encoded
from gradatim.conduct.events.base import LONGEST_TEXT, SYSTEM, Event
from gradatim.conduct.events.participants import (
    EntryCorrected,
    EntryVoided,
    ParticipantRegistered,
)
from gradatim.conduct.events.review import ProposalMade, QueryOpened
from gradatim.conduct.events.safety import ProtocolDeviation
from gradatim.conduct.events.trial import (
    ProtocolActivated,
    ProtocolAmended,
    RoleGranted,
    TrialCreated,
)
from gradatim.conduct.fold import apply, fold
from gradatim.conduct.paper import is_authorisation
from gradatim.conduct.permissions import permitted
from gradatim.conduct.policies import check, noted, refusals, unmet_rules
from gradatim.conduct.policies.entry import told_apart
from gradatim.conduct.reassessment import asked_again, bears_on
from gradatim.conduct.sealed_records import without_words
from gradatim.conduct.signatures import Signer, signed_entry
from gradatim.conduct.signers import may_sign
from gradatim.conduct.state import Recognised, State, UnsealedBirth, UnsealedWords
from gradatim.conduct.stored_messages import stored
from gradatim.conduct.views.urgent import covering
from gradatim.core.errors import Defect, UnusableInput, shortened
from gradatim.core.message import Text
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict

_ANEW_EACH_TIME = frozenset({"occurred_on", "sealed", "codes", "records"})
"""Fields that a page fills in each time it is sent: its day, and what is sealed under chance."""


class Recorded(NamedTuple):
    """It is recorded, at this position; with the deviations and queries that it opened."""

    position: int
    deviations: tuple[int, ...] = ()
    queries: tuple[str, ...] = ()


class Refused(NamedTuple):
    """It is not recorded: by permission or by policy, each rule with its reason."""

    by: str
    verdict: Verdict
    reasons: tuple[tuple[str, str], ...]


class Stale(NamedTuple):
    """It is not recorded: these entries touched what it is about, and are to be seen first."""

    entries: tuple[int, ...]


RecordOutcome = Recorded | Refused | Stale


class Trial:
    """A trial, its store and its state; the state follows the ledger.

    Args:
        store: where the ledger is kept.
        name: the trial's name in it.
        unsealed_birth: opens sealed dates of birth, for whoever has the participants' keys.
        unsealed_words: opens what their records are coded as.
        recognised: tells by what they are met again.

    `fault` says where the chain of hashes of the entries that were read is broken; it is empty
    where it is whole. Facts go on being recorded: whoever shows the trial shows it too.
    `not_sealed` is why nothing is recorded at all: others than the application wrote to the ledger.
    What they wrote is not folded; the state is that of the last entry that is sealed.
    `rewritten` is why nothing is recorded where the ledger went back or was rewritten: the state is
    that of what was read before, until the ledger holds that again. `unusable` is why it cannot be
    read on: it is not protected any more, or a later version wrote to it.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        unsealed_birth: UnsealedBirth | None = None,
        unsealed_words: UnsealedWords | None = None,
        recognised: Recognised | None = None,
    ) -> None:
        self.store, self.name = store, name
        self.state = State(
            name,
            unsealed_birth=unsealed_birth,
            unsealed_words=unsealed_words,
            recognised=recognised,
        )
        self.head = Head(0, genesis(name))
        self.fault = ""
        self.not_sealed: NotSealed | None = None
        self.rewritten: LedgerRewritten | None = None
        self.unusable: CannotRecord | None = None
        self.refresh()

    @property
    def standstill(self) -> CannotRecord | None:
        """Why nothing is recorded in the ledger; None where it is sound."""
        return self.rewritten or self.unusable or self.not_sealed

    def refresh(self) -> None:
        """Fold in what others have recorded since.

        Raises:
            LedgerRewritten: what was read before is not there any more as it was.
            NotSealed: nothing was read before, and nothing is sealed by the key that is here.
            UnreadableEntry: an entry was written by a later version.
            UnusableInput: the store is unusable.
        """
        self.unusable = None
        try:
            self._read_on()
        except (LedgerRewritten, StorageUnavailable):
            raise
        except UnusableInput as error:
            if self.head.position:
                self.unusable = CannotRecord(error.what, "", error.why, error.todo)
            raise

    def _read_on(self) -> None:
        head = self._sealed(self.store.head(self.name))
        if head == self.head:
            self.rewritten = None
            return
        known = self.head
        entries = self.store.read(self.name, max(known.position - 1, 0), head.position)
        if known.position:
            last = next(iter(entries), None)
            if last is None or (last.position, last.hash) != known:
                self.rewritten = LedgerRewritten(known, head)
                raise self.rewritten
        self.rewritten = None
        fold(self.name, self._checked(entries), self.state)

    def _sealed(self, head: Head) -> Head:
        """Return the head of the ledger, or the last one before it that is sealed."""
        if head == self.head:
            self.not_sealed = None
            return head
        try:
            sealed = self.store.sealed_head(self.name, head)
        except NotSealed as error:
            if not self.head.position:
                raise
            self.not_sealed = error
            return self.head
        self.not_sealed = None
        if sealed != head:
            self.not_sealed = NotSealed(
                sealed.position + 1,
                "it was added or altered by others, and so may be what follows",
                "keep the database as it is, verify it with `gradatim ledger verify`, and find "
                "out who wrote to it; nothing is recorded until then",
            )
        return sealed

    def _checked(self, entries: Iterable[Entry]) -> Iterator[tuple[int, bytes]]:
        """Yield the entries to be folded; note where the chain of hashes breaks."""
        for entry, fits in walked(self.head.hash, self.name, self.head.position, entries):
            if not (fits or self.fault):
                self.fault = (
                    f"entry {entry.position} does not fit the chain of hashes: it, or the one "
                    "before it, was altered"
                )
            yield entry.position, entry.body
            self.head = Head(entry.position, entry.hash)  # it is folded now

    def position_of(self, request: str) -> int | None:
        """Return the position of the entry that a request made; the state knows it then.

        Args:
            request: an idempotency key; of an empty one None is returned, and while the ledger is
                not the one that was read before, or cannot be read.

        Raises:
            NotSealed: others than the application wrote the entry.
        """
        if not request or self.rewritten or self.unusable:
            return None
        known = self.store.position_of(self.name, request)
        if known is not None and known > self.state.position:  # another process recorded it
            self.refresh()
            self._refuse_standstill()
        return known

    def record(
        self,
        event: Event,
        seen: int | None = None,
        request: str = "",
        numbered: Callable[[State, Event], Event] | None = None,
        signer: Signer | None = None,
    ) -> RecordOutcome:
        """Record an event, unless it is an authorisation that is refused.

        Args:
            event: the event.
            seen: position of the ledger that the user has looked at; the last one known here if
                not given.
            request: idempotency key: the same request is recorded once, however often it comes.
            numbered: returns the event under a number that is free in this state, where the system
                gives it one.
            signer: makes the signature of what is signed; None where who signs has no key.

        Raises:
            UnusableInput: it names what does not exist, or what cannot be; the store is unusable.
        """
        if known := self.position_of(request):
            return self._known(known, event)
        since = self.state.position if seen is None else seen
        while True:
            self._refuse_standstill()
            if numbered is not None:
                event = numbered(self.state, event)
            decision = self._decided(event, since, signer)
            if isinstance(decision, Refused | Stale):
                return decision
            try:
                return self._appended(decision, request, signer, since)
            except RequestKnown as error:
                self.refresh()
                self._refuse_standstill()
                return self._known(error.position, event)
            except HeadMoved:
                self.refresh()

    def record_together(self, events: Sequence[Event], request: str = "") -> Recorded | Refused:
        """Record several facts in one append: all of them, or none.

        Each is asked on the state that those before it leave, as if it had been recorded alone.

        Args:
            events: what is recorded, in order; none is an authorisation, or numbered by the system.
            request: idempotency key, which the first of them keeps.

        Returns:
            Where the first of them stands, with the deviations and queries that all of them
            opened; or the first refusal.

        Raises:
            UnusableInput: one names what does not exist, or what cannot be; the store is unusable.
        """
        if known := self.position_of(request):
            return self._known(known, events[0])
        while True:
            self._refuse_standstill()
            for event in events:  # before anything is folded
                if isinstance(refused := self._permitted(event), Refused):
                    return refused
            try:
                return self._together(events, request)
            except RequestKnown as error:
                self.refresh()
                self._refuse_standstill()
                return self._known(error.position, events[0])
            except HeadMoved:
                self.refresh()

    def _together(self, events: Sequence[Event], request: str) -> Recorded:
        """Fold events one by one and append them; what is not appended is folded back."""
        head, made, opened = self.head, list[tuple[bytes, Event]](), list[tuple[int, Event]]()
        try:
            for event in events:
                decided = self._decided(event, self.state.position)
                if isinstance(decided, Refused | Stale) or is_authorisation(event):
                    raise Defect(f"{type(event).__name__} is no fact that stands for itself")
                for one in map(encoded, decided):
                    apply(self.state, head.position + len(made) + 1, one[1])
                    made.append(one)
                first = head.position + len(made) - len(decided) + 1
                opened += enumerate(decided[1:], first + 1)
            bodies = [(body, "" if i else request) for i, (body, _) in enumerate(made)]
            self.head = self.store.append(self.name, bodies, head)
        except BaseException:
            self._fold_anew()
            raise
        return _recorded(head.position + 1, opened)

    def _fold_anew(self) -> None:
        """Have the state of the ledger again, after something was folded that is not in it.

        Raises:
            LedgerRewritten: what was read before is not there any more as it was.
            UnusableInput: the store is unusable; the next refresh goes on.
        """
        known, self.state = self.head, self.state.before_everything()
        self.head = Head(0, genesis(self.name))
        read = self.store.read(self.name, 0, known.position)
        fold(self.name, self._checked(read), self.state)
        if self.head != known:
            self.rewritten, self.head = LedgerRewritten(known, self.head), known
            raise self.rewritten

    def would_record(
        self, event: Event, signer: Signer | None = None
    ) -> list[Event] | Refused | Stale:
        """Return what recording an event now would add, it and what it opens, or why it would not.

        Raises:
            UnusableInput: it names what does not exist, or what cannot be.
        """
        return self._decided(event, self.state.position, signer)

    def record_own(self, made: Callable[[Head], Event]) -> int:
        """Record what the system does by itself; no policy is asked. Return its position.

        Args:
            made: makes the event for the head after which it is to stand.

        Raises:
            UnusableInput: the store is unusable.
        """
        while True:
            self._refuse_standstill()
            try:
                return self._appended([_stamped(self.state, made(self.head))], "").position
            except HeadMoved:
                self.refresh()

    def _refuse_standstill(self) -> None:
        if self.standstill is not None:
            raise self.standstill

    def _known(self, position: int, event: Event) -> Recorded:
        """Give the entry that a request made, if it is this one: its own fields say the same.

        What was written before versions of gradatim said who they are was not asked that: a key
        of then is answered as it was then.

        Raises:
            UnusableInput: the key was used for another event.
        """
        software = self.state.software
        if not software or position < software[0][0]:
            return Recorded(position)
        entry = as_recorded(self.state, position)
        if not says_the_same(entry, event):
            raise UnusableInput(
                "this request was used for another event",
                type(event).__name__,
                f"it is entry {position}, a {type(entry).__name__}",
                "give each event a request of its own",
            )
        return Recorded(position)

    def _seen_head(self, event: Event) -> None:
        """Refuse what is decided on a head that the ledger never had.

        Raises:
            UnusableInput: there is no such entry, or its hash is another.
        """
        act = event.act if isinstance(event, ProposalMade) else None
        head = act.get("head") if act else getattr(event, "head", None)
        hash_ = act.get("head_hash") if act else getattr(event, "head_hash", None)
        if not isinstance(head, int) or hash_ is None:
            return
        found = next(self.store.read(self.name, head - 1, head), None) if head > 0 else None
        if found is None or found.hash.hex() != hash_:
            raise UnusableInput(
                f"the ledger never had entry {head} with the hash {shortened(str(hash_), 12)}",
                type(event).__name__,
                f"its last entry is {self.state.position}",
                "name the head of the ledger that was looked at",
            )

    def _permitted(self, event: Event, signer: Signer | None = None) -> Refused | None:
        """Return why an event may not be recorded by its user; refuse what cannot be meant."""
        validate(self.state, event)
        self._seen_head(event)
        may = may_sign(self.state, event, signer)
        may = permitted(self.state, event) if may.truth is TRUE else may
        return (
            None if may.truth is TRUE else Refused("permission", may, (("permission", may.text),))
        )

    def _decided(
        self, event: Event, since: int, signer: Signer | None = None
    ) -> list[Event] | Refused | Stale:
        """Give what is to be recorded: the event and the deviations that it opens."""
        state = self.state
        if isinstance(refused := self._permitted(event, signer), Refused):
            return refused
        if is_authorisation(event) and (entries := conflicting_entries(state, event, since)):
            return Stale(entries)
        verdict = check(state, event)
        broken = unmet_rules(event, verdict) if verdict.truth is not TRUE else []
        if broken and is_authorisation(event):
            return Refused("policy", verdict, refusals(state, event, verdict))
        stamped = _stamped(state, event)
        if isinstance(event, EntryVoided):
            stamped = msgspec.structs.replace(stamped, bears_on=bears_on(state, event))
        here = self.state.position + 1
        beside = [*_for_the_ledger(state, event, broken), *noted(state, event)]
        found = [(here, *one) for one in beside]
        if isinstance(event, EntryCorrected):
            again = asked_again(state, event)
            stamped = msgspec.structs.replace(stamped, answers=again.answers)
            found += again.broken
        if isinstance(stamped, ParticipantRegistered):
            stamped = told_apart(state, stamped)
        return [stamped, *self._deviations(stamped, found), *open_queries(state, stamped)]

    def _deviations(self, event: Event, broken: list[tuple[int, str, Text]]) -> Iterator[Event]:
        about = participant_of(self.state, event)
        for of, rule, why in broken:
            description = str(why)[:LONGEST_TEXT]
            yield ProtocolDeviation(
                occurred_on=event.occurred_on,
                recorded_at=event.recorded_at,
                recorded_by=SYSTEM,
                site=event.site,
                protocol=event.protocol,
                rule=rule,
                description=description,
                of=of,
                participant=about,
                message=stored(why) if description == str(why) else None,
                measure=covering(self.state, self._entry(of, event), rule),
            )

    def _entry(self, of: int, event: Event) -> Event:
        """Return what breaks a rule: what is recorded, or an earlier entry as it will stand."""
        if of > self.state.position:
            return event
        if isinstance(event, EntryCorrected) and event.of == of:
            return correction_of(self.state, event)[1]
        return self.state.events[of]

    def _appended(
        self, events: list[Event], request: str, signer: Signer | None = None, shown: int = 0
    ) -> Recorded:
        if signer is not None and events[0].signature is not None:
            signed = signed_entry(events[0], self.name, self.head, signer, shown, request)
            events = [signed, *events[1:]]
        stored = [encoded(event) for event in events]
        bodies = [(body, "" if i else request) for i, (body, _) in enumerate(stored)]
        first = self.head.position + 1
        self.head = self.store.append(self.name, bodies, self.head)
        for position, (_, event) in enumerate(stored, first):
            apply(self.state, position, event)
        return _recorded(first, list(enumerate((event for _, event in stored[1:]), first + 1)))


def says_the_same(entry: Event, event: Event) -> bool:
    """Whether an event, sent again, is the one that was kept, but for what is filled in anew."""
    again = encoded(event)[1]
    besides = ACTS[type(event)].not_asked_for | _ANEW_EACH_TIME
    own = [name for name in type(event).__struct_fields__ if name not in besides]
    return type(entry) is type(event) and all(
        getattr(entry, name) == getattr(again, name) for name in (*own, "site", "recorded_by")
    )


def _recorded(first: int, opened: Sequence[tuple[int, Event]]) -> Recorded:
    """Return what is recorded from a position on, with what the system opened beside it."""
    return Recorded(
        first,
        tuple(at for at, one in opened if isinstance(one, ProtocolDeviation)),
        tuple(one.query for _, one in opened if isinstance(one, QueryOpened)),
    )


def _stamped(state: State, event: Event) -> Event:
    """Return an event with what the ledger fills in: protocol, time in UTC, version of gradatim."""
    wrote = state.software[-1][1] if state.software else ""
    stamped = msgspec.structs.replace(
        event,
        protocol="" if state.version is None else state.version.version,
        recorded_at=event.recorded_at.astimezone(UTC),
        software="" if wrote == __version__ else __version__,
    )
    if isinstance(stamped, TrialCreated):
        return msgspec.structs.replace(stamped, endorsed=stamped.mode == "real")
    if isinstance(stamped, ProtocolActivated | ProtocolAmended):
        return msgspec.structs.replace(stamped, design_defaults=2)
    if isinstance(stamped, RoleGranted) and state.mode == "real":
        waits = needs_confirmation(state, stamped)
        return msgspec.structs.replace(stamped, needs_confirmation=waits)
    return stamped


def entries_opened_by(state: State, position: int) -> Iterator[tuple[int, Event]]:
    """Yield the deviations and queries that an entry opened, which are in the same append."""
    for at in range(position + 1, state.position + 1):
        if state.events[at].recorded_by != SYSTEM:
            return
        yield at, state.events[at]


def _for_the_ledger(
    state: State, event: Event, broken: list[tuple[str, Text]]
) -> list[tuple[str, Text]]:
    """Return the rules that a fact breaks in words that the ledger may keep in clear.

    What a participant's records are coded as is sealed, and is not to stand in a deviation.
    """
    unread = without_words(state, participant_of(state, event) or "")
    if not broken or unread is state:
        return broken
    told = dict(unmet_rules(event, check(unread, event)))
    return [(rule, told.get(rule, rule)) for rule, _ in broken]
