"""The downtime journal: nothing in it is altered unseen, and what is merged is what was kept."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from gradatim.conduct.access import access_of
from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.chain import chain
from gradatim.conduct.downtime.keeping import (
    KeptInJournal,
    keep,
    known_as,
    may_be_kept,
    sealing_keys_of,
)
from gradatim.conduct.downtime.lines import (
    AlteredJournal,
    FactKept,
    JournalBegun,
    MergeAsked,
    SaidInJournal,
    first_hash,
    hash_of,
    read_journal,
    signed_of,
    written,
)
from gradatim.conduct.downtime.merging import MERGED_BY, ask_to_merge, merge, unmerged
from gradatim.conduct.downtime.stores import DowntimeJournal
from gradatim.conduct.event_log import UnreadableEntry
from gradatim.conduct.event_store import CannotRecord, LedgerRewritten
from gradatim.conduct.events import EVENTS, encoded
from gradatim.conduct.events.base import Event, Measured, Paper, Signature
from gradatim.conduct.events.findings import VitalSignsRecorded
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.roles import ROLES, SITE_STAFF
from gradatim.conduct.trial import Recorded, Refused, Trial
from gradatim.core.errors import UnusableInput
from tests.conduct.generated import FROM, NAME, begun
from tests.conduct.sealed import keys_in
from tests.conduct.trials import event

MERGED = datetime(FROM.year, FROM.month, FROM.day, 15, tzinfo=UTC) + timedelta(days=2)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()


# The lines. --------------------------------------------------------------------------------------


def lines_of(facts: int, asked: bool = False, key: Ed25519PrivateKey = KEY) -> list[bytes]:
    """Return the lines of a journal of some facts."""
    begun = JournalBegun(trial=NAME, position=9, head="0" * 64, at=MERGED, why="cut")
    body = encoded(event(VitalSignsRecorded, "n", "S01", participant="S01-001", results=()))[0]
    said: list[SaidInJournal] = [begun]
    said += [FactKept(number=n, request=f"r{n}", body=body.decode()) for n in range(1, facts + 1)]
    said += [MergeAsked(site="S01", by="i", at=MERGED, last="0" * 64)] if asked else []
    before, found = first_hash(NAME), list[bytes]()
    for one in said:
        line = written(one, before, key.sign(signed_of(hash_of(one, before))))
        before = line.hash
        found.append(line.text)
    return found


def test_what_was_written_is_read() -> None:
    journal = read_journal(NAME, b"".join(lines_of(3, asked=True)), {PUBLIC}, "j")
    assert [one.said.number for one in journal.facts("S01")] == [1, 2, 3]
    assert journal.facts("S02") == []
    assert len(journal.lines) == 4
    assert journal.begun.trial == NAME


@given(st.integers(1, 4), st.data())
def test_no_byte_of_a_line_is_altered_unseen(facts: int, data: Any) -> None:
    lines = lines_of(facts, asked=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[at]) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda one: one != lines[at][place]))
    lines[at] = lines[at][:place] + bytes([other]) + lines[at][place + 1 :]
    with pytest.raises(AlteredJournal) as told:
        read_journal(NAME, b"".join(lines), {PUBLIC}, "j")
    assert told.value.line == at + 1
    assert f"line {at + 1} of the downtime journal" in str(told.value)


@given(st.integers(2, 5), st.data())
def test_a_line_that_is_left_out_moved_or_repeated_is_found(facts: int, data: Any) -> None:
    lines = lines_of(facts)
    at = data.draw(st.integers(0, len(lines) - 2))
    moved = data.draw(st.sampled_from(["left out", "swapped", "repeated"]))
    if moved == "left out":
        altered = lines[:at] + lines[at + 1 :]
    elif moved == "swapped":
        altered = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
    else:
        altered = lines[: at + 1] + lines[at:]
    with pytest.raises(AlteredJournal) as told:
        read_journal(NAME, b"".join(altered), {PUBLIC}, "j")
    assert told.value.line == at + (2 if moved == "repeated" else 1)


def test_a_line_that_is_cut_in_the_middle_is_found() -> None:
    with pytest.raises(AlteredJournal, match="line 3"):
        read_journal(NAME, b"".join(lines_of(2))[:-5], {PUBLIC}, "j")
    with pytest.raises(AlteredJournal, match="line 3"):
        read_journal(NAME, b"".join(lines_of(2))[:-1], {PUBLIC}, "j")


@pytest.mark.parametrize("keys", [{b"x" * 32}, set[bytes]()])
def test_a_journal_made_with_another_key_is_none(keys: set[bytes]) -> None:
    with pytest.raises(AlteredJournal, match="line 1"):
        read_journal(NAME, b"".join(lines_of(1)), keys, "j")


def test_nor_is_one_of_another_trial_or_an_empty_file() -> None:
    for name, content in (("OTHER", b"".join(lines_of(1))), (NAME, b"")):
        with pytest.raises(AlteredJournal, match="line 1"):
            read_journal(name, content, {PUBLIC}, "j")


# The file. ---------------------------------------------------------------------------------------


def kept_in(folder: str, requests: list[str]) -> list[int]:
    """Keep facts as a process of its own."""
    journal = DowntimeJournal(keys_in(Path(folder)), NAME)
    begun = JournalBegun(trial=NAME, position=9, head="0" * 64, at=MERGED, why="cut")
    body = encoded(event(VitalSignsRecorded, "n", "S01", participant="S01-001", results=()))[0]
    return [journal.keep(begun, one, body.decode(), ()).number for one in requests]


def test_two_processes_keep_each_fact_once_in_one_chain(tmp_path: Path) -> None:
    both = [f"b{n}" for n in range(20)]
    own = [[*both, *(f"{who}{n}" for n in range(20))] for who in "pq"]
    with ProcessPoolExecutor(2) as pool:
        first, second = pool.map(kept_in, [str(tmp_path)] * 2, own)
    journal = DowntimeJournal(keys_in(tmp_path), NAME).read(())
    assert journal is not None
    assert [one.said.number for one in journal.facts()] == [*range(1, 61)]
    assert first[:20] == second[:20]
    assert {*first, *second} == {*range(1, 61)}


def test_what_this_process_has_seen_cannot_be_taken_away(tmp_path: Path) -> None:
    journal = DowntimeJournal(keys_in(tmp_path), NAME)
    begun = JournalBegun(trial=NAME, position=9, head="0" * 64, at=MERGED, why="cut")
    body = encoded(event(VitalSignsRecorded, "n", "S01", participant="S01-001", results=()))[0]
    for n in (1, 2):
        journal.keep(begun, f"r{n}", body.decode(), ())
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[:2]))
    with pytest.raises(AlteredJournal, match=r"line 3.*taken away"):
        journal.read(())
    with pytest.raises(AlteredJournal, match=r"line 3.*taken away"):
        journal.keep(begun, "r3", body.decode(), ())
    journal.path.unlink()
    with pytest.raises(AlteredJournal, match="the file was taken away"):
        journal.read(())


def test_a_journal_is_for_its_user_alone(tmp_path: Path) -> None:
    kept_in(str(tmp_path), ["r"])
    journal = DowntimeJournal(keys_in(tmp_path), NAME)
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_disk_that_is_full_leaves_the_journal_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_in(str(tmp_path), ["r1"])
    monkeypatch.setattr("os.fsync", lambda file: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(CannotRecord, match="the downtime journal cannot be kept"):
        kept_in(str(tmp_path), ["r2"])
    monkeypatch.undo()
    assert kept_in(str(tmp_path), ["r1", "r2"]) == [1, 2]


# What is kept and merged. ------------------------------------------------------------------------


class Stricken:
    """A trial whose ledger has gone back by an entry, with its journal; `restored` undoes it."""

    def __init__(self, folder: Path) -> None:
        self.trial = begun()
        self.people = [p for p in self.trial.state.participants.values() if p.status == "treated"]
        self.site = self.people[0].site
        self.store: Any = self.trial.store
        self.keyring = Keyring(folder / "keys", lambda n: b"r" * n)
        self.journal = DowntimeJournal(keys_in(folder), NAME)
        entries: dict[str, Any] = vars(self.store)["entries"]
        self.whole = list(entries[NAME])
        entries[NAME] = self.whole[:-1]
        with pytest.raises(LedgerRewritten):
            self.trial.refresh()

    def restore(self) -> None:
        self.store.entries[NAME] = list(self.whole)
        self.trial.refresh()
        assert self.trial.standstill is None

    def keep(self, event: Event, request: str) -> KeptInJournal | Refused:
        return keep(self.trial, self.journal, event, request, lambda: self.keyring)

    def last(self) -> str:
        return unmerged(self.trial, self.journal.read(()), self.site).last

    def ask(self, who: str) -> None:
        access = access_of(self.trial.state, who, MERGED)
        ask_to_merge(self.trial, self.journal, access, self.site, self.last(), MERGED)

    def merge(self, who: str) -> list[Any]:
        access, keys = access_of(self.trial.state, who, MERGED), lambda: self.keyring
        return merge(self.trial, self.journal, access, self.site, self.last(), keys, MERGED)


@contextmanager
def stricken() -> Iterator[Stricken]:
    with TemporaryDirectory() as folder:
        yield Stricken(Path(folder))


def warm(one: Stricken, value: float = 36.6, days: int = 0, hour: float = 9) -> VitalSignsRecorded:
    """Make a temperature of some days before it is recorded."""
    recorded_at = datetime(FROM.year, FROM.month, FROM.day, tzinfo=UTC) + timedelta(hours=hour)
    return VitalSignsRecorded(
        occurred_on=FROM - timedelta(days=days),
        recorded_at=recorded_at,
        recorded_by=f"nurse.{one.site}.1",
        site=one.site,
        participant=one.people[0].id,
        results=(Measured(element="body_temperature", value=value, unit="Cel"),),
    )


def hurts(one: Stricken, grade: int = 1, days: int = 0, hour: float = 9) -> Event:
    """Make a report of an adverse event, under a number that was free when it was kept."""
    about = warm(one, days=days, hour=hour)
    return AdverseEventReported(
        occurred_on=about.occurred_on,
        recorded_at=about.recorded_at,
        recorded_by=about.recorded_by,
        site=about.site,
        participant=one.people[0].id,
        adverse_event=f"{one.people[0].id}-AE91",
        term="Headache",
        grade=grade,
        onset=str(about.occurred_on),
    )


FACTS = st.lists(
    st.tuples(st.sampled_from([warm, hurts]), st.integers(1, 3), st.sampled_from([0, 2])),
    min_size=1,
    max_size=5,
)


@settings(max_examples=15, deadline=None)
@given(FACTS)
def test_what_is_merged_is_what_would_have_been_entered_from_paper(facts: list[Any]) -> None:
    with stricken() as one, stricken() as twin:
        made = [make(one, value, days, 9 + n / 9) for n, (make, value, days) in enumerate(facts)]
        for n, fact in enumerate(made, 1):
            assert one.keep(fact, f"r{n}") == KeptInJournal(n)
        one.restore()
        twin.restore()
        one.ask(f"investigator.{one.site}.1")
        before = one.trial.state.position
        done = one.merge(f"coordinator.{one.site}.1")
        at = [found.outcome.position for found in done]
        for fact, position in zip(made, at, strict=True):
            entry = one.trial.state.events[position]
            assert entry.paper is not None
            assert entry.paper.signed_by == fact.recorded_by
            same_day = fact.occurred_on == fact.recorded_at.date()
            assert (entry.paper.signed_at == fact.recorded_at) is same_day
            assert entry.paper.signed_at.date() == fact.occurred_on
            own = Paper(
                signed_by=fact.recorded_by,
                signed_at=entry.paper.signed_at,
                image_sha256="0" * 64,
                filed="folder 3",
            )
            entered = replace(
                fact, recorded_by=f"coordinator.{one.site}.1", recorded_at=MERGED, paper=own
            )
            if isinstance(entered, AdverseEventReported):
                number: Any = entry
                entered = replace(entered, adverse_event=number.adverse_event)
            assert isinstance(twin.trial.record(entered), Recorded)
        assert one.trial.state.position == twin.trial.state.position > before
        for position in range(before + 1, one.trial.state.position + 1):
            mine, theirs = (each.trial.state.events[position] for each in (one, twin))
            assert replace(mine, paper=None) == replace(theirs, paper=None)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 5), st.data())
def test_merging_that_is_broken_off_is_gone_on_with_and_nothing_is_merged_twice(
    facts: int, data: Any
) -> None:
    with stricken() as one:
        for n in range(1, facts + 1):
            one.keep(warm(one, 36 + n / 10), f"r{n}")
        one.restore()
        one.ask(f"investigator.{one.site}.1")
        before, append = one.trial.state.position, one.store.append
        left = data.draw(st.integers(0, facts))

        def breaking(*given: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise ConnectionError
            return append(*given)

        one.store.append = breaking
        if left < facts:
            with pytest.raises(ConnectionError):
                one.merge(f"coordinator.{one.site}.1")
        one.store.append = append
        one.merge(f"coordinator.{one.site}.1")
        signs = [
            one.trial.state.events[n].results[0].value  # type: ignore[attr-defined]
            for n in range(before + 1, one.trial.state.position + 1)
            if isinstance(one.trial.state.events[n], VitalSignsRecorded)
        ]
        assert signs == [36 + n / 10 for n in range(1, facts + 1)]
        assert not one.journal.path.exists()
        with pytest.raises(UnusableInput, match="has changed since"):
            one.merge(f"coordinator.{one.site}.1")
        again = known_as(one.trial, one.journal, warm(one, 36.1), "r1")
        assert isinstance(again, Recorded), "a request of before is known in what was put away"


def test_the_entry_names_its_line() -> None:
    with stricken() as one:
        one.keep(warm(one), "r1")
        text = one.journal.path.read_bytes().splitlines()[1]
        one.restore()
        one.ask(f"investigator.{one.site}.1")
        (done,) = one.merge(f"coordinator.{one.site}.1")
        paper = one.trial.state.events[done.outcome.position].paper
        assert paper is not None
        assert paper.image_sha256 == sha256(text).hexdigest()
        assert paper.filed == "downtime journal, entry 1"


def test_what_was_recorded_before_the_ledger_went_back_is_not_merged_again() -> None:
    """The program never heard the answer, and sent it again while the ledger took nothing."""
    with stricken() as one:
        one.restore()
        first = one.trial.record(warm(one), request="k1")
        assert isinstance(first, Recorded)
        one.whole = list(one.store.entries[NAME])
        one.store.entries[NAME] = one.whole[:-2]
        with pytest.raises(LedgerRewritten):
            one.trial.refresh()
        assert one.keep(warm(one), "k1") == KeptInJournal(1)
        one.restore()
        assert unmerged(one.trial, one.journal.read(()), one.site).facts == []
        assert known_as(one.trial, one.journal, warm(one), "k1") == Recorded(first.position)


def test_a_request_is_kept_once_and_not_for_something_else() -> None:
    with stricken() as one:
        assert one.keep(warm(one), "r1") == KeptInJournal(1)
        assert known_as(one.trial, one.journal, warm(one), "r1") == KeptInJournal(1)
        assert one.keep(warm(one), "r1") == KeptInJournal(1)
        assert known_as(one.trial, one.journal, warm(one), "r2") is None
        with pytest.raises(UnusableInput, match="used for another event: it is entry 1 of the"):
            known_as(one.trial, one.journal, warm(one, 39.9), "r1")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", ["here", "elsewhere"])
@pytest.mark.parametrize("first", [True, False])
def test_who_asks_and_merges_is_of_the_site(role: str, place: str, first: bool) -> None:
    """Every role, at the site and at another, as the first of the two and as the second."""
    with stricken() as one:
        one.keep(warm(one), "r1")
        one.restore()
        other = next(site for site in ("S01", "S02") if site != one.site)
        one.trial.state.roles["probe", one.site if place == "here" else other] = {role}
        if not first:
            one.ask(f"investigator.{one.site}.1")
        act = one.ask if first else one.merge
        if role in MERGED_BY and place == "here":
            act("probe")
            assert one.journal.path.exists() is first
            return
        with pytest.raises(UnusableInput, match="merged by others"):
            act("probe")
        assert one.journal.path.exists()


def test_nobody_merges_alone_nor_what_the_first_has_not_seen() -> None:
    with stricken() as one:
        investigator, coordinator = (f"{role}.{one.site}.1" for role in MERGED_BY)
        one.keep(warm(one), "r1")
        with pytest.raises(LedgerRewritten):
            one.ask(investigator)
        with pytest.raises(LedgerRewritten):
            one.merge(coordinator)
        one.restore()
        one.ask(investigator)
        with pytest.raises(UnusableInput, match="alone"):
            one.merge(investigator)
        one.store.entries[NAME] = one.whole[:-1]
        with pytest.raises(LedgerRewritten):
            one.trial.refresh()
        one.keep(warm(one, 38.0), "r2")
        one.restore()
        with pytest.raises(UnusableInput, match="alone"):
            one.merge(coordinator)
        one.ask(investigator)
        assert len(one.merge(coordinator)) == 2


def test_nothing_is_merged_into_another_ledger() -> None:
    """A process that starts on an older copy takes it for the ledger; the journal tells."""
    with stricken() as one:
        one.keep(warm(one), "r1")
        one.trial = Trial(one.store, NAME)
        assert one.trial.standstill is None
        with pytest.raises(UnusableInput, match="not the ledger on which"):
            one.ask(f"investigator.{one.site}.1")


def test_what_cannot_be_merged_stays_and_is_told() -> None:
    with stricken() as one:
        one.keep(warm(one), "r1")
        one.restore()
        one.ask(f"investigator.{one.site}.1")
        one.trial.state.participants.pop(one.people[0].id)
        (done,) = one.merge(f"coordinator.{one.site}.1")
        assert "no participant" in str(done.outcome)
        assert one.journal.path.exists()


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_of_every_act_only_unsigned_facts_of_a_site_are_kept(kind: type[Event]) -> None:
    act, required = ACTS[kind], [one for one in fields(kind) if one.required]
    nothing: dict[str, Any] = dict.fromkeys((one.name for one in required), "")
    blank = kind(**nothing)  # what its fields say is not asked
    kept = may_be_kept(blank)
    of_site = bool(set(act.roles) & {*SITE_STAFF})
    wanted = not act.refusable and not act.meaning and of_site and kind is not EntryCorrected
    assert kept is wanted


def test_signed_corrected_and_transcribed_acts_are_not_kept() -> None:
    with stricken() as one:
        fact = warm(one)
        signed = replace(fact, signature=Signature("Nurse", "I have seen it"))
        paper = Paper(signed_by="n", signed_at=fact.recorded_at, image_sha256="0" * 64)
        correction = event(EntryCorrected, "n", one.site, of=1, fields={}, reason="misread")
        assert may_be_kept(fact)
        for made in (signed, replace(fact, paper=paper), correction):
            assert not may_be_kept(made)
            with pytest.raises(CannotRecord, match="is not kept in the downtime journal"):
                one.keep(made, "r1")
        assert not one.journal.path.exists()


def test_whoever_may_not_record_a_fact_may_not_have_it_kept() -> None:
    with stricken() as one:
        outcome = one.keep(replace(warm(one), recorded_by="sponsor.1"), "r1")
        assert isinstance(outcome, Refused)
        with pytest.raises(UnusableInput, match="no participant"):
            one.keep(replace(warm(one), participant="S01-999"), "r1")
        assert not one.journal.path.exists()


def test_where_the_sealing_key_is_not_the_ledgers_nothing_is_kept(tmp_path: Path) -> None:
    one = Stricken(tmp_path)
    sealing = keys_in(tmp_path)
    sealing.begin(NAME)
    sealing.adopted(NAME)  # the ledger names no key
    assert not sealing_keys_of(one.trial.state)
    with pytest.raises(LedgerRewritten):
        one.keep(warm(one), "r1")
    assert not one.journal.path.exists()


def test_facts_go_on_where_the_ledger_cannot_be_read_on() -> None:
    with stricken() as one:
        one.restore()
        later = json.dumps({"event": "ScanRead", "site": one.site}).encode()
        last = one.whole[-1]
        one.store.entries[NAME] += chain(last.hash, NAME, last.position, [(later, "")])
        with pytest.raises(UnreadableEntry):
            one.trial.refresh()
        with pytest.raises(CannotRecord, match="cannot be read"):
            one.trial.record(warm(one))
        assert one.keep(warm(one), "r1") == KeptInJournal(1)
        one.restore()
        one.ask(f"investigator.{one.site}.1")
        assert len(one.merge(f"coordinator.{one.site}.1")) == 1


def test_the_first_line_says_on_which_ledger_it_was_begun() -> None:
    with stricken() as one:
        one.keep(warm(one), "r1")
        first = json.loads(one.journal.path.read_text().splitlines()[0])["said"]
        head = one.trial.head
        assert (first["schema"], first["trial"]) == ("gradatim.downtime/1", NAME)
        assert (first["position"], first["head"]) == (head.position, head.hash.hex())
        assert "not the one that was read before" in first["why"]
