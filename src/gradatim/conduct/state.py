"""The state of a trial: what its events add up to.

Only `fold` changes a state; everybody else reads it. What can be worked out of a participant's
entries (doses, adverse events, grades, facts) is not kept here but asked of `views`, so that a
correction of any entry is right everywhere.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from gradatim.conduct.event_log import EventLog
from gradatim.conduct.events import findings, logs, participants, product, safety, trial
from gradatim.conduct.events.base import Event, Sealed
from gradatim.conduct.events.messages import StoredText
from gradatim.conduct.events.trial import Applies, Part
from gradatim.conduct.identity import Person
from gradatim.core.dates import Day
from gradatim.dosing.inventory import Inventory, Lot
from gradatim.dosing.movements import ContainerFault
from gradatim.protocol.study import Study

_Value = TypeVar("_Value")


UnsealedBirth = Callable[[str, Mapping[str, Sealed]], Day | None]
"""Opens the sealed date of birth of a participant, by number; None where that cannot be read."""
Recognised = Callable[[str, Mapping[str, Sealed]], Person | None]
"""Tells by what a participant is met again, by number; None where that cannot be read."""
UnsealedWords = Callable[[str, Mapping[str, Sealed]], Mapping[str, str]]
"""Opens what is sealed of a participant, by number; leaves out what cannot be read."""

_Known = dict[str, tuple[int, Any]]
"""Values worked out, each with what it was worked out for."""


ADDS_ONLY: frozenset[type[Event]] = frozenset(
    {
        findings.LaboratoryResultsRecorded,
        findings.VitalSignsRecorded,
        findings.ScoresRecorded,
        findings.EncounterDone,
        findings.EncounterMissed,
        logs.ConcomitantMedicationRecorded,
        logs.MedicalHistoryRecorded,
        logs.UnscheduledVisitDone,
        participants.FactRecorded,
        product.DosePrepared,
        product.PreparationVerified,
        product.BedsideChecked,
        product.DoseAdministered,
        safety.AdverseEventReported,
        safety.AdverseEventUpdated,
        safety.AdverseEventResolved,
        safety.ProtocolDeviation,
        safety.SafetyReportSent,
        trial.UrgentSafetyMeasureTaken,
    }
)
"""Types of entries that add to a participant's and leave what the earlier ones say as it is. Of any
other type it is not presumed: what is worked out of the entries is worked out anew."""


def _once(known: _Known, name: str, of: int, work_out: Callable[[], _Value]) -> _Value:
    """Give a value that is known for this, or work it out."""
    found = known.get(name)
    if found is None or found[0] != of:
        found = known[name] = (of, work_out())
    value: _Value = found[1]
    return value


class Version(NamedTuple):
    """A version of the protocol in force.

    Args:
        version: its number.
        sha256: of the document.
        study: the document, with the sponsor's rulings on it.
        applies: when each changed part applies; of a first version, all at once.
        position: of the event that activated it.
        on: the day it was activated.
    """

    version: str
    sha256: str
    study: Study
    applies: dict[Part, Applies]
    position: int
    on: date


class Move(NamedTuple):
    """That a participant went on at another site, by the entry with which that site took over."""

    position: int
    from_site: str


@dataclass(slots=True)
class Participant:
    """What is known of a participant, apart from what `views` works out.

    Args:
        id, site, position: number, the site that has them now, and the entry that registered them.
        status: see `transitions.PARTICIPANT`.
        born_within: what an erasure kept of the day of birth, so that ages are as they were.
        consents: position and version of each consent.
        consent: `none`, `given`, `treatment withdrawn` or `withdrawn`.
        consent_ended, consent_ended_on: position and day of the last withdrawal; consents before
            it no longer hold.
        eligible_at: position of the confirmation of eligibility in force.
        level, cohort: dose level and number of the cohort; None before enrolment.
        replaced: whether the slot was given to another.
        before_end: the status that they had before their way ended.
        merged_into: the number that goes on where this one was given to somebody twice.
        screened_as: their number of an earlier screening.
        moves: from which sites they went on at another, in their order.
        entries: positions of all entries about them that count.
        entries_of: the same by type of event.
        voided: positions of those that were made in error, and do not.
        revision: grows with every entry about them, and when a protocol changes.
        altered: the revision at which an entry came last that may change what earlier ones say.
    """

    id: str
    site: str
    position: int
    status: str = "registered"
    sex: str = ""
    birth: str = ""
    person_token: str = ""
    identity: dict[str, Sealed] = field(default_factory=dict)
    erased: bool = False
    born_within: Day | None = None
    consents: list[tuple[int, str]] = field(default_factory=list)
    consent: str = "none"
    consent_ended: int = 0
    consent_ended_on: date | None = None
    eligible_at: int | None = None
    first_dose_planned: date | None = None
    level: int | None = None
    cohort: int | None = None
    replaced: bool = False
    before_end: str = ""
    merged_into: str = ""
    screened_as: str = ""
    moves: list[Move] = field(default_factory=list)
    voided: list[int] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    entries_of: dict[type[Event], list[int]] = field(default_factory=lambda: defaultdict(list))
    revision: int = 0
    altered: int = 0
    _known: _Known = field(default_factory=dict, repr=False, compare=False)
    _grown: dict[str, tuple[int, int, Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # grown in place: a copy of the participant has its own
    _past: dict[tuple[int, int], Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def former_sites(self) -> tuple[str, ...]:
        """The sites that had them before, and do not now, each once."""
        left = dict.fromkeys(move.from_site for move in self.moves)
        return tuple(one for one in left if one != self.site)

    def site_at(self, position: int) -> str:
        """Return the site that had them at an entry of the ledger."""
        later = (move.from_site for move in self.moves if move.position > position)
        return next(later, self.site)

    def concerned(self, position: int, kind: type[Event]) -> None:
        """Note an entry about them."""
        self.entries.append(position)
        self.entries_of[kind].append(position)
        self.revision += 1
        if kind not in ADDS_ONLY:
            self.altered = self.revision

    def drop(self, position: int, kind: type[Event]) -> None:
        """Let an entry about them count no more."""
        self.entries.remove(position)
        self.entries_of[kind].remove(position)
        insort(self.voided, position)
        self.changed()

    def restore(self, position: int, kind: type[Event]) -> None:
        """Let an entry about them count again."""
        self.voided.remove(position)
        insort(self.entries, position)
        insort(self.entries_of[kind], position)
        self.changed()

    def changed(self) -> None:
        """Let all that was worked out of their entries be worked out again, of the past too."""
        self.revision += 1
        self.altered = self.revision
        self._past.clear()

    def remembered(self, name: str, work_out: Callable[[], _Value]) -> _Value:
        """Give a value worked out of the entries, once for each revision."""
        return _once(self._known, name, self.revision, work_out)

    def grown(
        self, name: str, begin: Callable[[], _Value], grow: Callable[[_Value, list[int]], _Value]
    ) -> _Value:
        """Return a value worked out of the entries that goes on from what it was.

        It is worked out from the beginning only where an entry came that may change what earlier
        ones say: so that an entry costs what it adds, however many there are.

        Args:
            name: of the value.
            begin: works it out of all entries.
            grow: takes it further by the entries at these positions, all of types in `ADDS_ONLY`.
        """
        at, read, value = self._grown.get(name, (-1, 0, None))
        if at < self.altered:
            value = begin()
        elif at < self.revision:
            value = grow(value, self.entries[read:])
        if at != self.revision:
            self._grown[name] = (self.revision, len(self.entries), value)
        found: _Value = value
        return found

    def let_go(self, *names: str) -> None:
        """Forget values that are hardly asked for again, to spare memory; the rest stays known."""
        for name in names:
            self._known.pop(name, None)
            self._grown.pop(name, None)

    def remembered_before(
        self, position: int, besides: int, work_out: Callable[[], _Value]
    ) -> _Value:
        """Return a value worked out of the entries before a position: those never change.

        Args:
            position: of the first entry that is left out.
            besides: how many later entries bear on it all the same.
            work_out: works it out.
        """
        known = (position, besides)
        if known not in self._past:
            self._past[known] = work_out()
        value: _Value = self._past[known]
        return value


@dataclass(slots=True)
class Cohort:
    """Places at one dose level, opened by a decision.

    Args:
        number: from 1.
        level: dose level.
        places: how many.
        members: participants, in the order of enrolment, replaced ones too.
        status: see `transitions.COHORT`.
        position: of the decision that opened it.
    """

    number: int
    level: int
    places: int
    position: int
    members: list[str] = field(default_factory=list)
    status: str = "open"


class ConsentForm(NamedTuple):
    """An approved version of the consent form, in one language.

    Args:
        position: of the entry that says so.
        version: its number.
        language: a tag such as `zh-CN`.
        of_protocol: the version of the protocol that it informs about.
        sha256: of its document.
        on: the day from which it is in force.
        renewal: whether who consented to an earlier one is to consent again.
    """

    position: int
    version: str
    language: str
    of_protocol: str
    sha256: str
    on: date
    renewal: bool


class Deviation(NamedTuple):
    """A broken rule: which, by which entry, of whom, and whether a person judged it important.

    `message` is the description as other languages say it; None where it is in English only.
    `answered_by` is the entry that took its cause away: it was a slip of the pen. `measure` is the
    urgent safety measure that it was taken for: an immediate hazard, no ordinary deviation.
    """

    position: int
    rule: str
    description: str
    of: int | None
    participant: str | None
    important: bool
    action: str
    message: StoredText | None = None
    answered_by: int | None = None
    measure: int | None = None

    @property
    def open(self) -> bool:
        """Whether it waits for somebody to judge it."""
        return not self.action and self.answered_by is None and self.measure is None


@dataclass(slots=True)
class Void:
    """That an entry was made in error.

    Args:
        position, of: the entry that says so, and the one that it is about.
        bears_on: what the entry bears on; where that is something, it takes two to sign.
        signers: who has signed, with the entry by which.
        since: the entry since which it counts no more; None while it still does.
    """

    position: int
    of: int
    bears_on: tuple[str, ...] = ()
    signers: dict[str, int] = field(default_factory=dict)
    since: int | None = None


@dataclass(slots=True)
class UrgentMeasure:
    """An urgent safety measure, by the entry that took it.

    Args:
        position: the entry.
        site: where it holds; empty everywhere.
        participant: whom it is about; None where it is about all.
        holds: what it holds: `dosing`, `enrolment`.
        departs_from: names of the rules that are not kept because of it.
        ended: the entry that ended it; None while it stands.
        told: the entries that say that an authority was told.
    """

    position: int
    site: str
    participant: str | None
    holds: tuple[str, ...]
    departs_from: tuple[str, ...]
    ended: int | None = None
    told: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Query:
    """A question about an entry; `stands` is whether the answer says that it is right as it is."""

    id: str
    of: int
    question: str
    status: str = "open"
    answer: str = ""
    opened_by: str = ""
    stands: bool | None = None


@dataclass(slots=True)
class Proposal:
    """An act that several members sign.

    Args:
        id, position: its number, and the entry that made it.
        act: the fields of the proposed event, its type under `event`.
        seen: who has signed, whoever proposed it first, and the position of the ledger that each
            had looked at when they signed last.
        dissents: who does not agree, and the entry that says why.
        status: `open`, `recorded`, `withdrawn`, or `not carried` where so many do not agree that
            it cannot be signed by as many as must.
    """

    id: str
    position: int
    act: dict[str, Any]
    seen: dict[str, int]
    dissents: dict[str, int] = field(default_factory=dict)
    status: str = "open"

    @property
    def signers(self) -> list[str]:
        """Who has signed, whether or not the subject was altered since."""
        return list(self.seen)


class SigningKey(NamedTuple):
    """A key by which a person signs: see `conduct.signing_keys`.

    Args:
        position: the entry by which they adopted it.
        public_key: in hex.
        invited_by: who let them choose the password that opens it; empty at the command line.
    """

    position: int
    public_key: str
    invited_by: str


class Delegation(NamedTuple):
    """From when on a user holds a task at a site or in the whole trial, or holds it no more.

    Args:
        position: the first entry of the ledger at which it is so.
        user, site, role: who, where, what.
        held: whether they hold it.
        on: the day since which it is so.
    """

    position: int
    user: str
    site: str
    role: str
    held: bool
    on: date


@dataclass(slots=True)
class State:
    """The trial at one position of its ledger.

    `unsealed_birth`, `unsealed_words` and `recognised` are no part of it, but how whoever has the
    participants' keys reads their exact age, what their records are coded as, and meets the same
    person again; without them, as in the state of an earlier time, the ledger's own words are all
    there is.

    `signing_keys` are the keys that each person has adopted, the one in force last; `identified`
    are those of which somebody has checked whose they are, each with the entry that says so.

    `software` are the versions of gradatim that wrote the ledger, each with its first entry; what
    was written before that was kept names none. `explained` are the faults of a bag that were known
    when its difference was explained, by that entry. `unconfirmed` are the entries that delegate a
    task and wait for a second person. `unread` are the entries that could not be read, or not
    wholly, with the reason; only a trial that is looked at leniently has any.
    """

    trial: str
    mode: str = ""
    title: str = ""
    endorsed: bool = False
    position: int = 0
    recorded_at: datetime | None = None
    clock_went_back: list[int] = field(default_factory=list)
    software: list[tuple[int, str]] = field(default_factory=list)
    unread: dict[int, str] = field(default_factory=dict)
    events: EventLog = field(default_factory=EventLog)
    earlier: dict[int, list[Event]] = field(default_factory=dict)
    corrected_by: dict[int, list[int]] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    rulings: list[int] = field(default_factory=list)
    submitted: int | None = None
    approvals: list[int] = field(default_factory=list)
    sites: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    roles: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    delegations: list[Delegation] = field(default_factory=list)
    unconfirmed: list[int] = field(default_factory=list)
    signing_keys: dict[str, list[SigningKey]] = field(default_factory=dict)
    identified: dict[str, int] = field(default_factory=dict)
    training: dict[str, dict[str, date]] = field(default_factory=dict)
    trained_at: set[str] = field(default_factory=set)
    consent_forms: list[ConsentForm] = field(default_factory=list)
    ranges: dict[tuple[str, str], int] = field(default_factory=dict)
    participants: dict[str, Participant] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)
    namesakes: dict[tuple[str, str], int] = field(default_factory=dict)
    cohorts: list[Cohort] = field(default_factory=list)
    inventory: Inventory = field(default_factory=Inventory)
    explained: dict[int, tuple[ContainerFault, ...]] = field(default_factory=dict)
    adverse_events: dict[str, str] = field(default_factory=dict)
    voids: dict[int, Void] = field(default_factory=dict)
    deviations: dict[int, Deviation] = field(default_factory=dict)
    deviations_of: dict[int, list[int]] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    verified: set[int] = field(default_factory=set)
    decisions: list[int] = field(default_factory=list)
    meetings: list[int] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)
    urgent: dict[int, UrgentMeasure] = field(default_factory=dict)
    resumed_rules: set[str] = field(default_factory=set)
    stopped: int | None = None
    locked: bool = False
    exports: list[int] = field(default_factory=list)
    unsealed_birth: UnsealedBirth | None = field(default=None, repr=False, compare=False)
    unsealed_words: UnsealedWords | None = field(default=None, repr=False, compare=False)
    recognised: Recognised | None = field(default=None, repr=False, compare=False)
    _known: _Known = field(default_factory=dict, repr=False, compare=False)

    def before_everything(self) -> "State":
        """Return the state before the first entry, which opens what this one opens."""
        return State(
            self.trial,
            unsealed_birth=self.unsealed_birth,
            unsealed_words=self.unsealed_words,
            recognised=self.recognised,
        )

    def remembered(self, name: str, work_out: Callable[[], _Value]) -> _Value:
        """Give a value worked out of the whole trial, once for each position."""
        return _once(self._known, name, self.position, work_out)

    def of_version(self, name: str, work_out: Callable[[], _Value]) -> _Value:
        """Return a value worked out of the protocol in force, once for each version."""
        return _once(self._known, name, len(self.versions), work_out)

    @property
    def lots(self) -> dict[str, Lot]:
        """The lots of the product, by number."""
        return self.inventory.lots

    @property
    def version(self) -> Version | None:
        """The latest version of the protocol in force."""
        return self.versions[-1] if self.versions else None

    @property
    def study(self) -> Study:
        """The protocol in force. Ask only once one has been activated."""
        return self.versions[-1].study

    @property
    def status(self) -> str:
        """How the trial stands, in a word: of several words the most final."""
        if not self.versions:
            return "not active"
        if self.locked:
            return "locked"
        if self.stopped is not None:
            return "stopped"
        return "paused" if self.pauses else "active"

    @property
    def cohort(self) -> Cohort | None:
        """The cohort that enrols, or whose windows are awaited."""
        last = self.cohorts[-1] if self.cohorts else None
        return last if last is not None and last.status != "closed" else None

    def counts(self, position: int) -> bool:
        """Whether an entry counts: it was not made in error, or that still has to be signed."""
        void = self.voids.get(position)
        return void is None or void.since is None

    def roles_at(self, user: str, site: str, position: int) -> frozenset[str]:
        """Return the roles that a user held at a site, those of the whole trial included.

        Args:
            user: whom.
            site: where.
            position: when: at this entry of the ledger.
        """
        held: dict[tuple[str, str], bool] = {}
        for one in self.delegations:
            if one.position > position:
                break
            if one.user == user and one.site in (site, ""):
                held[one.site, one.role] = one.held
        return frozenset(role for (_, role), still in held.items() if still)

    def governing(self, part: Part, of: Participant | None = None) -> Study:
        """Give the version whose `part` applies to a participant (to the trial, without one).

        A change applies at once, to the next participant registered, or after consent to a form
        that tells of it.
        """
        for number in range(len(self.versions) - 1, 0, -1):
            one = self.versions[number]
            applies = one.applies.get(part)
            if applies is not None and (of is None or self._reached(number, applies, of)):
                return one.study
        return self.versions[0].study if of is not None else self.study

    def _reached(self, number: int, applies: Applies, of: Participant) -> bool:
        if applies == "at once":
            return True
        if applies == "next participant":
            return of.position > self.versions[number].position
        return self.consented_to(of) >= number

    def consented_to(self, of: Participant) -> int:
        """Return which version of the protocol a participant was told of by a form they signed.

        Who withdraws is judged on by what they were treated by.

        Returns:
            Its place among `versions`; -1 where they signed none, or no form is a known one.
        """
        return max((self.informs_about(version) for _, version in of.consents), default=-1)

    def informs_about(self, form: str) -> int:
        """Return which version of the protocol a version of the consent form informs about.

        A version of the protocol of which no form is recorded has one of its own number.

        Returns:
            Its place among `versions`; -1 where no such form is known.
        """
        name = plain_version(form)
        known = self.consent_forms
        names = {
            plain_version(one.of_protocol) for one in known if plain_version(one.version) == name
        }
        if not names and name not in {plain_version(one.of_protocol) for one in known}:
            names = {name}
        some = enumerate(one.version for one in self.versions)
        return max((n for n, version in some if plain_version(version) in names), default=-1)

    def free_places(self, cohort: Cohort) -> int:
        """Give how many places of a cohort are free; a replaced participant's is."""
        taken = sum(not self.participants[one].replaced for one in cohort.members)
        return cohort.places - taken


@lru_cache(maxsize=1_024)
def plain_version(version: str) -> str:
    """Return a version by which two spellings of it are told to be one: `v1`, `1.0` and `1`."""
    plain = version.strip().casefold().removeprefix("version").removeprefix("v").strip(" .")
    parts = plain.split(".")
    while len(parts) > 1 and not parts[-1].strip("0"):
        parts.pop()
    return ".".join(part.lstrip("0") or "0" for part in parts) if plain else ""
