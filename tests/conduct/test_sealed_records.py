"""What records say is sealed: opened with the key, gone without it, and the answers stay."""

import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import records as d
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.identity import Whose
from gradatim.conduct.keyring.stores import Keyring, records_key
from gradatim.conduct.ledger import verify
from gradatim.conduct.personal import forget, unsealing_words
from gradatim.conduct.sealed_records import RecordSeal, opened_entry, record_seal
from gradatim.conduct.source_changes import kept_contents, new_readings
from gradatim.conduct.state import Participant, State, Version
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.records import Record, records_of
from gradatim.core.errors import UnusableInput
from tests.conduct.ready import DAY, LEAD, NAME, NURSE, SITE, Led, ready
from tests.conduct.trials import event

ICD = "http://hl7.org/fhir/sid/icd-10"
COUGH = d.Coded(ICD, "R05", "Cough of Mrs Example")
UNKNOWN = d.Coded("http://snomed.info/sct", "254837009", "Malignant neoplasm of breast")
PLAIN = sha256(b"cough").hexdigest()
OPEN = ("malignancy", "hiv_infection")
words = st.text(st.characters(codec="utf-8"), max_size=60)
coded = st.builds(d.Coded, words, words, words)
reads = st.builds(
    d.RecordRead,
    record=st.sampled_from(["Condition/c7", "Condition[3]", 'odd" id']),
    kind=st.just("Condition"),
    content=st.just(PLAIN),
    codes=st.lists(coded, max_size=20).map(tuple),
    used=st.dictionaries(st.sampled_from(OPEN), words),
    perhaps=st.sampled_from([(), OPEN]),
    why=words,
    route=st.text(max_size=40),
)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys", secrets.token_bytes)


@pytest.fixture
def led(keyring: Keyring) -> Iterator[Led]:
    """Somebody who could be dosed on the day, in a trial that has the keys."""
    led = ready()
    led.prepare(7e7, 70)
    led.trial.state.unsealed_words = unsealing_words(lambda: keyring, led.trial.name)
    yield led
    assert verify(led.trial.store.read(led.trial.name), led.trial.name).ok


def seal_of(key: bytes = bytes(32), participant: str = NAME) -> RecordSeal:
    return RecordSeal(Whose("t", participant), key, secrets.token_bytes)


def holding(seal: RecordSeal | None) -> State:
    """A trial with one participant, and the keys of a seal."""
    state = State("t")
    state.participants[NAME] = Participant(NAME, SITE, 1)
    if seal is not None:
        keys: Any = type("Keys", (), {"key": lambda _self, _name: seal.key})()
        state.unsealed_words = unsealing_words(lambda: keys, "t")
    return state


def read_event(*records: d.RecordRead) -> d.RecordsRead:
    made = event(d.RecordsRead, NURSE, participant=NAME, source="EHR", read=1, records=records)
    assert isinstance(made, d.RecordsRead)
    return made


@given(reads)
def test_words_are_opened_as_they_were_by_the_key_alone(one: d.RecordRead):
    seal = seal_of()
    kept = decoded(encoded(read_event(seal.read(one)))[0])
    assert isinstance(kept, d.RecordsRead)
    (sealed,) = kept.records
    assert (sealed.codes, sealed.why, sealed.route) == ((), "", "")
    assert set(sealed.used) == set(one.used)
    assert not any(sealed.used.values())
    assert opened_entry(holding(seal), 1, kept) == read_event(one)
    for state in (holding(None), holding(seal_of(bytes([1]) * 32))):
        assert opened_entry(state, 1, kept) == kept
    erased = holding(seal)
    erased.participants[NAME].erased = True
    assert opened_entry(erased, 1, kept) == kept


@given(reads, st.sampled_from(["record", "content", "participant", "kind of entry"]))
def test_what_is_sealed_cannot_be_moved(one: d.RecordRead, to: str):
    seal = seal_of()
    sealed = seal.read(one)
    moved: Event = read_event(
        replace(
            sealed,
            record="Condition/other" if to == "record" else sealed.record,
            content="0" * 64 if to == "content" else sealed.content,
        )
    )
    if to == "participant":
        moved = read_event(seal_of(seal.key, "P2").read(one))
    if to == "kind of entry":
        moved = event(
            p.RecordNotUnderstood,
            NURSE,
            participant=NAME,
            record=one.record,
            content=one.content,
            sealed=sealed.sealed,
        )
    assert opened_entry(holding(seal), 1, moved) == moved


@given(words, words)
def test_the_hash_of_a_content_tells_nothing_without_the_key(content: str, other: str):
    plain, another = (sha256(one.encode()).hexdigest() for one in (content, other))
    seal = seal_of()
    kept = seal.content(plain)
    assert kept == seal_of().content(plain) != plain
    assert (kept == seal.content(another)) is (content == other)
    assert kept not in {
        seal_of(bytes([1]) * 32).content(plain),
        seal_of(seal.key, "P2").content(plain),
    }


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_length_of_short_words_is_not_told(one: int, other: int):
    lengths = set()
    for size in (one, other):
        read = d.RecordRead(record="C/1", kind="Condition", content=PLAIN, why="x" * size)
        sealed = seal_of().read(read).sealed
        assert sealed is not None
        lengths.add(len(sealed.ciphertext))
    assert len(lengths) == 1


def upload(led: Led, keyring: Keyring, *codes: d.Coded, perhaps: tuple[str, ...] = OPEN) -> int:
    """Record a record of a diagnosis as an upload does; give how many entries that took."""
    state = led.trial.state
    before = state.position
    seal = record_seal(keyring, state, led.one)
    content = kept_contents(state, led.one, "EHR", {"Condition/c7": PLAIN}, seal)["Condition/c7"]
    one = d.RecordRead(
        record="Condition/c7",
        kind="Condition",
        content=content,
        codes=codes,
        perhaps=perhaps,
        outside=("condition",),
        start="2026-08-01",
    )
    for fields in new_readings(state, led.one, "EHR", [one], None, seal):
        if perhaps:
            open_ = event(
                p.RecordNotUnderstood,
                NURSE,
                SITE,
                on=DAY,
                participant=NAME,
                record=one.record,
                elements=perhaps,
                source="EHR",
                content=content,
                codes=tuple(code.display for code in codes),
            )
            led.trial.record(seal.entry(open_))
        led.do(d.RecordsRead, NURSE, on=DAY, **fields)
    return state.position - before


def the_record(led: Led) -> Record:
    return next(
        one for one in records_of(led.trial.state, led.one).values() if one.id == "Condition/c7"
    )


def without_keys(led: Led) -> Led:
    return Led(Trial(led.trial.store, led.trial.name))


def test_an_upload_is_known_again_and_stands_nowhere_in_clear(led: Led, keyring: Keyring):
    before = led.trial.state.position
    assert upload(led, keyring, UNKNOWN) == 2
    assert upload(led, keyring, UNKNOWN) == 0
    assert [code.display for code in the_record(led).codes] == [UNKNOWN.display]
    bodies = b"".join(one.body for one in led.trial.store.read(led.trial.name, before))
    for told in (UNKNOWN.code, UNKNOWN.display, UNKNOWN.system, PLAIN):
        assert told.encode() not in bodies
    blind = without_keys(led)
    assert (the_record(blind).codes, the_record(blind).sealed) == ((), "sealed")
    assert set(facts_of(blind.trial.state, blind.one).not_understood) == set(
        facts_of(led.trial.state, led.one).not_understood
    )


def test_an_order_to_erase_takes_the_words_and_leaves_the_answers(led: Led, keyring: Keyring):
    upload(led, keyring, UNKNOWN)
    known = facts_of(led.trial.state, led.one)
    erase(led)
    assert forget(keyring, led.trial.state) == [NAME]
    assert keyring.key(records_key(NAME)) is None
    assert (the_record(led).codes, the_record(led).sealed) == ((), "erased")
    assert set(facts_of(led.trial.state, led.one).not_understood) == set(known.not_understood)
    with pytest.raises(UnusableInput, match="can no longer be sealed"):
        upload(led, keyring, UNKNOWN)
    assert keyring.key(records_key(NAME)) is None


def erase(led: Led) -> None:
    led.trial.record(
        event(
            p.PersonalDataErased,
            "sponsor.1",
            on=DAY,
            participant=NAME,
            order="of a court",
            retention_ended_on=DAY,
            signature=Signature("Sponsor", "I order the erasure"),
        )
    )
    assert led.one.erased


def test_a_key_that_is_not_here_is_not_made_anew(led: Led, keyring: Keyring):
    """What was sealed with the one that is lost could else never be compared."""
    upload(led, keyring, UNKNOWN)
    keyring.erase(records_key(NAME))
    with pytest.raises(UnusableInput, match="Restore the folder of the keys"):
        upload(led, keyring, UNKNOWN)


def test_an_entry_of_before_is_read_as_it_is_and_has_not_changed(led: Led, keyring: Keyring):
    """Its words and its hash stand in clear; the same file adds nothing, and no judgement ends."""
    one = d.RecordRead(
        record="Condition/c7",
        kind="Condition",
        content=PLAIN,
        codes=(UNKNOWN,),
        perhaps=OPEN,
        outside=("condition",),
        start="2026-08-01",
    )
    led.do(
        p.RecordNotUnderstood,
        NURSE,
        on=DAY,
        record="Condition/c7",
        elements=OPEN,
        source="EHR",
        content=PLAIN,
        codes=(UNKNOWN.display,),
    )
    led.do(d.RecordsRead, NURSE, on=DAY, source="EHR", read=1, records=(one,))
    led.do(
        d.RecordJudged,
        of=led.trial.state.position,
        record="Condition/c7",
        signer=LEAD,
        answers=dict.fromkeys(OPEN, "no"),
        reason="asked",
    )
    assert upload(led, keyring, UNKNOWN) == 0
    assert upload(led, keyring, UNKNOWN, perhaps=OPEN[:1]) == 2, "it is understood otherwise"
    assert the_record(led).read == replace(one, perhaps=OPEN[:1])
    assert not any(judged.stale for judged in the_record(led).judged.values())


def test_a_deviation_does_not_tell_what_is_sealed(led: Led, keyring: Keyring):
    upload(led, keyring, UNKNOWN)
    before = led.trial.state.position
    assert UNKNOWN.display in str(led.sign()), "whoever has the keys is told"
    found = led.give(7e7)
    bodies = b"".join(one.body for one in led.trial.store.read(led.trial.name, before))
    assert UNKNOWN.display.encode() not in bodies
    assert UNKNOWN.code.encode() not in bodies
    assert any("not understood: " in why for why in found.values())


@pytest.mark.parametrize(
    ("keys", "codes", "open_"),
    [(True, (COUGH,), False), (False, (COUGH,), True), (True, (), True)],
)
def test_what_comes_with_an_amendment_is_open_while_no_code_says_otherwise(
    led: Led, keyring: Keyring, keys: bool, codes: tuple[d.Coded, ...], open_: bool
):
    upload(led, keyring, *codes, perhaps=())
    seen = led if keys else without_keys(led)
    state, study = seen.trial.state, seen.trial.state.study
    like = study.elements["malignancy"]
    group = next(one for one in like.codes if one.system.startswith("icd10"))
    migraine = group.model_copy(update={"codes": ("G43",)})
    new = like.model_copy(update={"codes": (migraine,), "perhaps": ()})
    later = study.model_copy(update={"elements": {**study.elements, "migraine": new}})
    state.versions.append(Version("9.0", "", later, {}, state.position, DAY))
    assert ("migraine" in the_record(seen).open_) is open_


def test_codes_that_are_sealed_are_not_corrected_in_clear(led: Led, keyring: Keyring):
    upload(led, keyring, UNKNOWN)
    at = led.one.entries_of[p.RecordNotUnderstood][-1]
    for fields, why in (({"codes": ["a cough"]}, "they are sealed"), ({"sealed": None}, "sealed")):
        with pytest.raises(UnusableInput, match=why):
            led.act(p.EntryCorrected, NURSE, of=at, fields=fields, reason="found out")
    led.act(
        p.EntryCorrected,
        LEAD,
        of=at,
        fields={"record": "Condition/c8"},
        reason="found out",
        signature=Signature("Dr Li", "I have seen it"),
    )
    moved = opened_entry(led.trial.state, at, led.trial.state.events[at])
    assert isinstance(moved, p.RecordNotUnderstood)
    assert moved.codes == (UNKNOWN.display,), "it is bound to what was recorded"
