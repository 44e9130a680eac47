"""A ledger goes on for years: other versions of the software, repeated requests, older copies."""

import json
from typing import Any

import msgspec
import pytest

from gradatim import __version__
from gradatim.conduct.as_of import as_of
from gradatim.conduct.chain import chain, genesis
from gradatim.conduct.event_log import UnreadableEntry, peek
from gradatim.conduct.event_store import LedgerRewritten
from gradatim.conduct.events import BY_NAME, UnusableEvent, built, decoded, encoded
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.findings import VitalSignsRecorded
from gradatim.conduct.events.review import ProposalMade, ReviewMeetingHeld
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.events.trial import SiteOpened
from gradatim.conduct.events.upcasting import UPCASTS, version_of
from gradatim.conduct.fold import fold
from gradatim.conduct.proposed_acts import act_of
from gradatim.conduct.trial import Recorded, Refused, Trial
from gradatim.core.errors import UnusableInput
from tests.conduct.generated import FROM, NAME, beginning, begun
from tests.conduct.memory import ListStore
from tests.conduct.trials import event

DOCUMENT = {"version": "1", "sha256": "0" * 64, "document": "schema: gradatim.protocol/1"}
EARLIER_SHAPES: dict[tuple[str, int], tuple[dict[str, Any], dict[str, Any]]] = {
    ("ProtocolActivated", 1): (DOCUMENT, {**DOCUMENT, "design_defaults": 1}),
    ("ProtocolAmended", 1): (
        {**DOCUMENT, "changes": []},
        {**DOCUMENT, "changes": (), "design_defaults": 1},
    ),
}
"""Of every earlier shape: the fields as they were written, and what they say today."""
RECORD = {"occurred_on": "2027-01-04", "recorded_at": "2027-01-04T08:00:00Z", "recorded_by": "s"}


def body(**fields: Any) -> bytes:
    return json.dumps({**RECORD, **fields}).encode()


def holding(*more: bytes) -> ListStore:
    """A ledger under way that somebody else's software has gone on with."""
    store = ListStore()
    store.entries[NAME] = list(beginning())
    last = beginning()[-1]
    store.entries[NAME] += chain(last.hash, NAME, last.position, [(one, "") for one in more])
    return store


def signs(trial: Trial, value: float = 36.6, **more: Any) -> Any:
    one = next(one for one in trial.state.participants.values() if one.status == "treated")
    warm = Measured(element="body_temperature", value=value, unit="Cel")
    nurse = f"nurse.{one.site}.1"
    return event(
        VitalSignsRecorded, nurse, one.site, on=FROM, participant=one.id, results=(warm,), **more
    )


# Shapes. -----------------------------------------------------------------------------------------


def test_every_earlier_shape_is_here() -> None:
    there = {(kind, n) for kind, steps in UPCASTS.items() for n in range(1, len(steps) + 1)}
    assert {*EARLIER_SHAPES} == there


@pytest.mark.parametrize(("kind", "version"), EARLIER_SHAPES)
def test_an_earlier_shape_says_what_it_said(kind: str, version: int) -> None:
    written, today = EARLIER_SHAPES[kind, version]
    named = {} if version == 1 else {"schema": version}
    found = decoded(body(event=kind, **named, **written))
    assert isinstance(found, BY_NAME[kind])
    assert {name: getattr(found, name) for name in today} == today
    assert built({"event": kind, **named, **RECORD, **written}) == found


@pytest.mark.parametrize("kind", sorted(UPCASTS))
def test_the_bytes_name_the_version_where_there_are_several(kind: str) -> None:
    written, _ = EARLIER_SHAPES[kind, 1]
    bytes_, read = encoded(decoded(body(event=kind, **written)))
    assert bytes_.startswith(b'{"event":"%b","schema":%d,' % (kind.encode(), version_of(kind)))
    assert decoded(bytes_) == read
    assert peek(bytes_) is not None


def test_of_one_version_the_bytes_name_none() -> None:
    assert b"schema" not in encoded(event(SiteOpened, "s", name="A", principal_investigator="i"))[0]


@pytest.mark.parametrize("version", [2, 0, "2", True, None, 1.0])
def test_another_version_of_a_type_is_not_read_as_ours(version: object) -> None:
    with pytest.raises(UnusableEvent, match="this software knows 1"):
        decoded(body(event="SiteOpened", schema=version, name="A", principal_investigator="i"))


# What a later version wrote. ---------------------------------------------------------------------

LATER = {
    "a type that is not known": (body(event="ScanRead", site="S01"), "no type of event 'ScanRead'"),
    "a field that is not known": (
        body(event="SiteClosed", site="S01", reason="all done", handover="S02"),
        "handover",
    ),
    "a field of a result": (
        body(event="VitalSignsRecorded", participant="S01-001", results=[], taken_in="bed"),
        "taken_in",
    ),
    "a later version of a type": (
        body(event="SiteClosed", schema=3, site="S01", reason="all done"),
        "version 3",
    ),
    "no event at all": (b"[1]", "event"),
    "no JSON": (b"{", "event"),
}


@pytest.mark.parametrize("what", LATER)
def test_what_a_later_version_wrote_is_named_and_nothing_is_done_on_it(what: str) -> None:
    bytes_, why = LATER[what]
    at = beginning()[-1].position + 1
    store = holding(bytes_, encoded(signs(begun()))[0])
    said = f"entry {at} cannot be read.*Use the version"
    with pytest.raises(UnreadableEntry, match=said) as told:
        Trial(store, NAME)
    assert told.value.position == at
    assert why in told.value.why or what.startswith("no ")
    trial = begun()
    trial.store = store
    with pytest.raises(UnreadableEntry):
        trial.refresh()


@pytest.mark.parametrize("what", LATER)
def test_the_rest_stays_readable(what: str) -> None:
    bytes_, why = LATER[what]
    at = beginning()[-1].position + 1
    store = holding(bytes_, encoded(signs(begun()))[0])
    state = as_of(NAME, store.read(NAME), leniently=True)
    assert {*state.unread} == {at}
    assert why in state.unread[at] or what.startswith("no ")
    assert isinstance(state.events[at + 1], VitalSignsRecorded)
    assert state.position == at + 1
    known = what in ("a field that is not known", "a field of a result")
    assert (at in state.events) is known, "of a known type everything else is read"
    by_day = as_of(NAME, store.read(NAME), occurred_on=FROM, leniently=True)
    assert {*by_day.unread} == {at}


def test_the_version_that_wrote_is_kept_once() -> None:
    trial = begun()
    assert trial.state.software == [(1, __version__)]
    first = trial.state.position + 1
    assert isinstance(trial.record(signs(trial, software="9.9")), Recorded)
    assert trial.state.software == [(1, __version__)]
    trial.state.software.append((first, "0.0.1"))
    for _ in range(2):
        trial.record(signs(trial))
    assert trial.state.software[2:] == [(first + 1, __version__)]
    again = fold(NAME, ((one.position, one.body) for one in trial.store.read(NAME)))
    assert again.software == [(1, __version__), (first + 1, __version__)]


# Requests, heads, copies. ------------------------------------------------------------------------


def test_a_request_sent_again_is_recorded_once_and_another_under_its_key_is_refused() -> None:
    trial = begun()
    first = trial.record(signs(trial), request="k1")
    assert isinstance(first, Recorded)
    again = trial.record(signs(trial), request="k1")
    assert again == Recorded(first.position)
    other = Trial(trial.store, NAME)
    for made in (
        signs(trial, 39.9),
        event(SiteOpened, "sponsor.1", "S09", name="A", principal_investigator="i"),
    ):
        with pytest.raises(
            UnusableInput, match=f"used for another event: it is entry {first.position}"
        ):
            other.record(made, request="k1")
    assert other.state.position == first.position


def decided(trial: Trial, **more: Any) -> Event:
    return built(
        {
            "event": "DoseDecision",
            **RECORD,
            "occurred_on": str(FROM),
            "action": "hold",
            "recorded_at": f"{FROM}T08:00:00Z",
            "recorded_by": "committee.1",
            "head": trial.head.position,
            "head_hash": trial.head.hash.hex(),
            "protocol_sha256": "0" * 64,
            "design": "three_plus_three",
            "advice_action": "hold",
            "outcomes": "",
            "signers": ["committee.1", "committee.2"],
            **more,
        }
    )


@pytest.mark.parametrize(
    "more",
    [{"head_hash": "f" * 64}, {"head": 999_999}, {"head": 1}],
    ids=["a hash of nothing", "an entry to come", "the hash of another entry"],
)
def test_a_decision_is_made_on_a_head_that_the_ledger_had(more: dict[str, Any]) -> None:
    trial = begun()
    met = {name: more.get(name) for name in more}
    head: dict[str, Any] = {"head": trial.head.position, "head_hash": trial.head.hash.hex(), **met}
    meeting = event(
        ReviewMeetingHeld,
        "committee.1",
        on=FROM,
        members=("committee.1",),
        data_cut_on=FROM,
        **head,
    )
    decision = decided(trial, **more)
    proposal = event(ProposalMade, "committee.1", on=FROM, proposal="P9", act=act_of(decision))
    for made in (meeting, decision, proposal):
        with pytest.raises(UnusableInput, match="the ledger never had entry"):
            trial.record(made)


def test_a_decision_names_the_design_of_the_protocol() -> None:
    trial = begun()
    sha256 = trial.state.versions[-1].sha256
    refused = trial.record(decided(trial, protocol_sha256=sha256, design="anything"))
    assert isinstance(refused, Refused)
    told = dict(refused.reasons)["the advice is that of the design"]
    assert told == "the decision names another design than the protocol's"


def test_a_meeting_looked_at_days_that_had_come() -> None:
    trial = begun()
    head: dict[str, Any] = {"head": trial.head.position, "head_hash": trial.head.hash.hex()}
    meeting = event(
        ReviewMeetingHeld,
        "committee.1",
        on=FROM,
        members=("committee.1",),
        data_cut_on=FROM.replace(year=2031),
        **head,
    )
    with pytest.raises(UnusableInput, match="2031"):
        trial.record(meeting)


def test_an_application_notices_that_its_ledger_went_back() -> None:
    trial = begun()
    assert isinstance(trial.record(signs(trial)), Recorded)
    store: Any = trial.store
    store.entries[NAME] = store.entries[NAME][:-1]
    with pytest.raises(LedgerRewritten, match="not the one that was read before"):
        trial.refresh()
    with pytest.raises(LedgerRewritten):
        trial.record(signs(trial, 37.0))


def test_an_application_notices_that_its_ledger_was_rewritten() -> None:
    trial = begun()
    before = list(beginning())
    changed = encoded(signs(trial, 39.9))[0]
    bodies = [(one.body, one.request) for one in before[:-1]] + [(changed, ""), (changed, "")]
    store: Any = trial.store
    store.entries[NAME] = list(chain(genesis(NAME), NAME, 0, bodies))
    with pytest.raises(LedgerRewritten):
        trial.refresh()


def test_what_others_recorded_is_no_rewriting() -> None:
    trial, other = begun(), begun()
    other.store = trial.store
    assert isinstance(other.record(signs(other)), Recorded)
    trial.refresh()
    assert trial.state.position == other.state.position
    assert trial.fault == ""


def test_a_broken_chain_is_told_and_facts_go_on_being_recorded() -> None:
    store = holding(encoded(signs(begun()))[0])
    at = len(store.entries[NAME])
    altered = store.entries[NAME][-1]
    store.entries[NAME][-1] = altered._replace(body=altered.body.replace(b"36.6", b"36.5"))
    trial = Trial(store, NAME)
    assert f"entry {at} does not fit" in trial.fault
    assert isinstance(trial.record(signs(trial)), Recorded)


@pytest.mark.parametrize("site", ["S\n01", "S\x1b[2J", "\u202eS01", "S" * 65])
def test_a_site_is_a_plain_name(site: str) -> None:
    trial = begun()
    opened = event(SiteOpened, "sponsor.1", site, on=FROM, name="A", principal_investigator="i")
    with pytest.raises(UnusableInput, match="site cannot be"):
        trial.record(opened)


def test_words_with_half_a_character_are_no_event() -> None:
    one = signs(begun())
    made = event(
        AdverseEventReported,
        one.recorded_by,
        one.site,
        on=FROM,
        adverse_event="A1",
        grade=1,
        participant=one.participant,
        term="Head\ud800ache",
        onset=str(FROM),
        relation="unlikely",
    )
    with pytest.raises(UnusableInput):
        begun().record(made)


def test_a_position_is_never_in_question_after_a_refusal_to_read() -> None:
    """What was folded before the entry that cannot be read is not folded twice."""
    trial = begun()
    trial.store = holding(encoded(signs(trial))[0], LATER["a type that is not known"][0])
    for _ in range(2):
        with pytest.raises(UnreadableEntry):
            trial.refresh()
    assert trial.state.position == trial.head.position == beginning()[-1].position + 1
    assert len({*trial.state.events}) == trial.state.position
    assert msgspec.to_builtins(trial.state.events[trial.state.position])["results"]
