"""What lets a protocol into force: confirmations of what stands there, and a sound document."""

import json
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gradatim.cli.main import app
from gradatim.conduct.events import encoded
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding.trial import study_of, submitted_study, uploaded
from gradatim.conduct.trial import Recorded, Refused, Trial
from gradatim.conduct.views.requested_changes import changed_document, requested_changes
from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import Document, bundled, parse
from gradatim.protocol.questions import ESCALATION, Question, questions, ruled_reading
from gradatim.protocol.study import Study
from tests.conduct.memory import ListStore
from tests.conduct.trials import TABLET, event, protocol, recorded

SPONSOR = "sponsor.1"
TEXT = protocol(TABLET)[1]
LEVEL, SENTINEL, COMMITTEE = "treatment.dose_levels.1", "safety.sentinel", "safety.committee"
AMENDED = TEXT.replace("dose: 20", "dose: 10", 1)
assert AMENDED != TEXT


def held(kind: type[Event], text: str, version: str = "1.0", **more: Any) -> Event:
    """An event that carries a document."""
    return event(
        kind,
        SPONSOR,
        version=version,
        document=text,
        sha256=sha256(text.encode()).hexdigest(),
        **more,
    )


@lru_cache(maxsize=4)
def safety_items(text: str = TEXT) -> dict[str, Question]:
    """The questions about treatment and safety that a document asks, by their key."""
    return {one.key: one for one in questions(study_of(text)) if one.safety}


def ruling(
    key: str, outcome: str = "confirmed", text: str = TEXT, answer: str = "so it is", **more: Any
) -> Event:
    """A ruling on what a document says there."""
    one = safety_items(text).get(key)
    fields = {"value": one.value if one else "", **more}
    answer = one.names[0] if one and one.choices and outcome == "confirmed" else answer
    return event(
        t.RulingSigned,
        SPONSOR,
        question=key,
        outcome=outcome,
        answer=answer,
        **{"signer": SPONSOR, **fields},
    )


def begun(mode: str = "real") -> Trial:
    """A trial that has only begun."""
    trial = Trial(ListStore(), "t")
    recorded(trial.record(event(t.TrialCreated, SPONSOR, mode=mode)))
    recorded(trial.record(event(t.RoleGranted, SPONSOR, user=SPONSOR, role="sponsor")))
    return trial


def approved(trial: Trial, version: str = "1.0") -> None:
    """Record the approvals of a version."""
    for authority in ("ethics", "regulator"):
        recorded(
            trial.record(
                event(
                    t.ApprovalRecorded,
                    SPONSOR,
                    authority=authority,
                    version=version,
                    reference="yes",
                )
            )
        )


@lru_cache(maxsize=1)
def _confirmed() -> Trial:
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, TEXT)))
    for key in safety_items():
        recorded(trial.record(ruling(key)))
    approved(trial)
    return trial


def confirmed() -> Trial:
    """A real trial whose sponsor has confirmed every safety item of what is submitted."""
    store = ListStore()
    store.entries["t"] = list(_confirmed().store.read("t"))
    return Trial(store, "t")


def reasons(outcome: object) -> str:
    """Why something was refused, in one text."""
    assert isinstance(outcome, Refused), outcome
    return "; ".join(why for _, why in outcome.reasons)


def test_a_no_in_words_never_goes_live() -> None:
    """Neither as a ruling of the old form, which says nothing of its outcome, nor as a change."""
    trial = confirmed()
    no = "NO. This is wrong: level 1 is 10 mg."
    old = event(t.RulingSigned, SPONSOR, question=LEVEL, answer=no, signer=SPONSOR)
    assert "whether it confirms" in reasons(trial.record(old))
    recorded(trial.record(ruling(LEVEL, "change requested", answer=no)))
    told = reasons(trial.record(held(t.ProtocolActivated, TEXT)))
    assert f"{LEVEL} (change requested)" in told
    assert not trial.state.versions


def test_a_protocol_is_parsed_once_from_the_upload_until_it_is_in_force(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the file said, the policies judge and the state holds, is one document."""
    text = f"{TEXT}\n# uploaded\n"
    parsed: list[bytes] = []

    def counted(content: bytes, name: str) -> Document:
        parsed.append(content)
        return parse(content, name)

    monkeypatch.setattr("gradatim.conduct.folding.trial.parse", counted)
    assert uploaded(text.encode(), "mine.yaml").where(()).startswith("mine.yaml")
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, text)))
    for key in safety_items(text):
        recorded(trial.record(ruling(key, text=text)))
    assert parsed == [text.encode()]


def test_a_file_that_cannot_be_read_is_named() -> None:
    """With the place in it, not in what the ledger would hold."""
    for content in (b"schema: nothing", b"\xff"):
        with pytest.raises(UnusableInput, match=r"mine\.yaml"):
            uploaded(content, "mine.yaml")


def test_a_key_that_is_no_question_is_refused_before_and_after() -> None:
    trial = begun()
    assert "no protocol to rule on" in reasons(trial.record(ruling("treatment.nonsense")))
    assert "no protocol to rule on" in reasons(trial.record(ruling(LEVEL)))
    trial = confirmed()
    assert "asks no question" in reasons(trial.record(ruling("treatment.nonsense")))
    recorded(trial.record(held(t.ProtocolActivated, TEXT)))
    assert "asks no question" in reasons(trial.record(ruling("treatment.nonsense")))


@pytest.mark.parametrize("signer", ["nobody.1", "dm.1"])
def test_who_signs_a_ruling_acts_for_the_sponsor(signer: str) -> None:
    trial = confirmed()
    recorded(trial.record(event(t.RoleGranted, SPONSOR, user="dm.1", role="data_manager")))
    told = reasons(trial.record(ruling(LEVEL, "deferred", answer="later", signer=signer)))
    assert told == f"{signer} does not act for the sponsor"


def test_a_ruling_supersedes_the_one_before_it_and_keeps_it() -> None:
    trial = confirmed()
    assert "nothing is to be ruled" in reasons(trial.record(ruling(LEVEL)))
    recorded(trial.record(ruling(LEVEL, "deferred", answer="after the meeting")))
    recorded(trial.record(ruling(LEVEL)))
    recorded(trial.record(held(t.ProtocolActivated, TEXT)))
    about = [one.outcome for one in trial.state.study.rulings if one.question == LEVEL]
    assert about == ["confirmed", "deferred", "confirmed"]
    level = trial.state.study.treatment.dose_levels[0]
    assert (level.basis, level.source) == ("ruled", "ruled by sponsor.1 on 2027-01-04")


def test_a_change_requested_later_is_open_until_an_amendment_is_confirmed() -> None:
    """The level stays in force as it was confirmed; the item says that it is to be amended."""
    trial = confirmed()
    recorded(trial.record(held(t.ProtocolActivated, TEXT)))
    recorded(trial.record(ruling(LEVEL, "change requested", answer="10 mg is enough")))
    assert trial.state.study.treatment.dose_levels[0].basis == "assumed"
    text = AMENDED.replace('version: "1.0"', 'version: "2.0"', 1)
    change = t.Change("treatment", "at once", "a lower first dose")
    live = held(t.ProtocolAmended, text, "2.0", changes=(change,))
    approved(trial, "2.0")
    recorded(trial.record(held(t.ProtocolSubmitted, text, "2.0")))
    assert f"{LEVEL} (amended since the ruling)" in reasons(trial.record(live))
    recorded(trial.record(ruling(LEVEL, text=AMENDED)))
    assert trial.state.study.treatment.dose_levels[0].dose == 20
    recorded(trial.record(live))
    assert trial.state.study.treatment.dose_levels[0].dose == 10
    assert trial.state.study.treatment.dose_levels[0].basis == "ruled"


def test_a_ruling_on_what_is_submitted_changes_nothing_that_is_in_force() -> None:
    """The reading chosen for an amendment holds with it, and not before."""
    text = protocol()[1]
    trial = begun("demo")
    recorded(trial.record(held(t.ProtocolActivated, text)))
    later = re.sub(r"reading: HBsAg positive excludes on its own\.?", "reading: It excludes.", text)
    assert later != text
    later = later.replace('version: "1.0"', 'version: "2.0"', 1)
    recorded(trial.record(held(t.ProtocolSubmitted, later, "2.0")))
    one = next(one for one in questions(study_of(later)) if one.key == "eligibility.E7c")
    recorded(
        trial.record(
            event(
                t.RulingSigned,
                SPONSOR,
                question=one.key,
                outcome="confirmed",
                answer="B",
                value=one.value,
                signer=SPONSOR,
            )
        )
    )
    criterion = trial.state.study.criterion("E7c")
    assert criterion is not None
    assert ruled_reading(trial.state.study, criterion) is None
    change = t.Change("eligibility", "at once", "plainer words")
    recorded(trial.record(held(t.ProtocolAmended, later, "2.0", changes=(change,))))
    assert ruled_reading(trial.state.study, criterion) == "B"


def test_an_urgent_safety_measure_waits_only_for_what_it_changes() -> None:
    """A ledger whose rulings are of the old form is not kept from protecting its participants."""
    old = [
        event(t.TrialCreated, SPONSOR, mode="real"),
        event(t.RoleGranted, SPONSOR, user=SPONSOR, role="sponsor"),
        *(
            event(t.RulingSigned, SPONSOR, question=key, answer="yes", signer=SPONSOR)
            for key in safety_items()
        ),
        held(t.ProtocolActivated, TEXT),
    ]
    trial = Trial(ListStore(), "old")
    trial.store.append("old", [(encoded(one)[0], "") for one in old], trial.head)
    trial.refresh()
    assert [one.version for one in trial.state.versions] == ["1.0"]
    left = [one for one in questions(trial.state.study) if one.safety and not one.settled]
    assert {one.key for one in left} == set(safety_items())
    assert all(one.ruling and not one.ruling.outcome for one in left)
    text = TEXT.replace("wait: 1 day", "wait: 2 days", 1).replace(
        'version: "1.0"', 'version: "2.0"', 1
    )
    change = t.Change("safety", "at once", "more caution")
    told = {}
    for urgent in (False, True):
        live = held(t.ProtocolAmended, text, "2.0", changes=(change,), urgent_safety_measure=urgent)
        told[urgent] = reasons(trial.record(live))
    assert f"{len(safety_items())} safety items are assumed or proposed" in told[False]
    assert "ruled without a signed confirmation" in told[False]
    assert f"1 safety items are assumed or proposed and not confirmed: {SENTINEL}" in told[True]
    recorded(trial.record(held(t.ProtocolSubmitted, text, "2.0")))
    recorded(trial.record(ruling(SENTINEL, text=text)))
    recorded(trial.record(live))


def test_a_ruling_typed_into_the_document_is_no_signature() -> None:
    """Whatever it says; that it stands in a document that is signed as a whole does not count."""
    one = safety_items()[LEVEL]
    ruled = (
        "rulings:\n"
        f"  - question: {LEVEL}\n    outcome: confirmed\n    value: '{one.value}'\n"
        '    answer: "yes"\n    by: sponsor.1\n    on: 2026-11-22\neligibility:\n'
    )
    text = TEXT.replace("eligibility:\n", ruled, 1)
    asked = next(each for each in questions(study_of(text)) if each.key == LEVEL)
    assert asked.settled
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, text)))
    for key in safety_items():
        if key != LEVEL:
            recorded(trial.record(ruling(key)))
    approved(trial)
    live = held(t.ProtocolActivated, text)
    assert f"{LEVEL} (ruled without a signed confirmation)" in reasons(trial.record(live))
    recorded(trial.record(ruling(LEVEL)))
    recorded(trial.record(live))


KEYS = (LEVEL, SENTINEL, COMMITTEE)
step = st.one_of(
    st.tuples(
        st.just("rule"),
        st.sampled_from((*KEYS, "treatment.nonsense")),
        st.sampled_from(("confirmed", "change requested", "deferred", "")),
        st.sampled_from((TEXT, AMENDED)),
    ),
    st.tuples(st.just("submit"), st.sampled_from((TEXT, AMENDED))),
)


@given(steps=st.lists(step, max_size=8), text=st.sampled_from((TEXT, AMENDED)))
@settings(max_examples=60, deadline=None)
def test_a_trial_goes_live_only_on_confirmations_of_what_stands_there(
    steps: list[tuple[str, ...]], text: str
) -> None:
    """Over any rulings, in any order, on any document: the last on each present value confirms."""
    trial = confirmed()
    said = {(key, one.value): "confirmed" for key, one in safety_items().items()}
    for one in steps:
        if one[0] == "submit":
            recorded(trial.record(held(t.ProtocolSubmitted, one[1])))
            continue
        _, key, outcome, about = one
        made = ruling(key, outcome, about, answer="as it should be")
        if isinstance(trial.record(made), Recorded):
            assert isinstance(made, t.RulingSigned)
            assert key in KEYS
            assert outcome
            said[key, made.value] = outcome
    wanted = all(
        said.get((key, one.value)) == "confirmed" for key, one in safety_items(text).items()
    )
    found = trial.record(held(t.ProtocolActivated, text))
    assert isinstance(found, Recorded) is wanted, found


PLANTED: dict[str, tuple[str, str]] = {
    "another design": ("design: boin", "design: BOIN"),
    "a unit that is none": ('unit: "10*9/L"', 'unit: "G/L"'),
    "a longer wait": ("wait: 1 day", "wait: 2 days"),
    "another title": ("phase:", "phase:"),
    "a design with a bad target": ("target_toxicity: 0.25", "target_toxicity: 0.999"),
    "another target": ("target_toxicity: 0.25", "target_toxicity: 0.3"),
    "a ruling on nothing": (
        "eligibility:\n",
        'rulings: [{question: treatment.nonsense, answer: "yes", by: x, on: 2026-11-22}]\n'
        "eligibility:\n",
    ),
    "a ruling on something": (
        "eligibility:\n",
        f'rulings: [{{question: {SENTINEL}, answer: "yes", by: x, on: 2026-11-22}}]\n'
        "eligibility:\n",
    ),
    "an element that is not there": ("event: febrile_neutropenia", "event: no_such_event"),
    "not YAML": ("eligibility:\n", "eligibility: [\n"),
    "an unknown field": ("eligibility:\n", "nonsense: 1\neligibility:\n"),
    "another dose": ("dose: 20", "dose: 25"),
}


@given(names=st.lists(st.sampled_from(sorted(PLANTED)), max_size=3, unique=True))
@settings(max_examples=40, deadline=None)
def test_activation_is_refused_exactly_where_the_check_faults(names: list[str]) -> None:
    """The command and the act judge a document alike, whatever is wrong with it."""
    text = TEXT
    for name in names:
        old, new = PLANTED[name]
        text = text.replace(old, new, 1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "protocol.yaml"
        path.write_text(text, encoding="utf-8")
        checked = CliRunner().invoke(app, ["protocol", "check", str(path)])
    for kind in (t.ProtocolSubmitted, t.ProtocolActivated):
        outcome = begun("demo").record(held(kind, text))
        assert isinstance(outcome, Recorded) is (checked.exit_code == 0), checked.output


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_what_is_planted_stands_in_the_document(name: str) -> None:
    """So that the comparison above is of what its names say."""
    assert PLANTED[name][0] in TEXT


@pytest.mark.parametrize("name", ["another design", "a unit that is none", "a ruling on nothing"])
def test_a_refusal_names_file_line_and_fault(name: str) -> None:
    """As the check prints it."""
    text = TEXT.replace(*PLANTED[name], 1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "protocol.yaml"
        path.write_text(text, encoding="utf-8")
        checked = CliRunner().invoke(app, ["protocol", "check", str(path)])
    assert checked.exit_code == 1
    first = next(line for line in checked.output.splitlines() if "warning" not in line)
    told = reasons(begun("demo").record(held(t.ProtocolActivated, text)))
    assert first.rpartition("/")[2] in told


def test_a_simulation_of_a_faulty_protocol_is_refused_with_a_message(tmp_path: Path) -> None:
    """Not with a traceback from the act that was to put it into force."""
    for file in bundled()[TABLET].parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "protocol.yaml"
    path.write_text(TEXT.replace(*PLANTED["another design"], 1), encoding="utf-8")
    done = CliRunner().invoke(app, ["simulate", str(tmp_path), str(tmp_path / "l.sqlite")])
    assert "there is no design 'BOIN'" in str(done.exception) + done.output
    assert type(done.exception).__name__ in ("UnusableInput", "SystemExit")


# A change that is requested says what is to stand there, and makes the next version.


def wished(**more: Any) -> Event:
    """A ruling that asks for a longer wait after the first participant of a level."""
    value = json.dumps(json.loads(safety_items()[SENTINEL].value) | {"wait": "2 days"})
    said = {"outcome": "change requested", "requested_value": value, "answer": "longer"}
    return ruling(SENTINEL, **said | more)


def test_a_requested_change_stands_in_the_next_version() -> None:
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, TEXT)))
    recorded(trial.record(ruling(SENTINEL)))
    recorded(trial.record(wished()))
    made = changed_document(trial.state, "1.1")
    recorded(trial.record(held(t.ProtocolSubmitted, made, "1.1")))
    now = _submitted(trial)
    sentinel = now.safety.sentinel
    assert sentinel
    assert str(sentinel.wait) == "2 days"
    assert SPONSOR in sentinel.source
    asked = {one.key: one for one in questions(now)}
    assert not asked[SENTINEL].settled, "nobody has confirmed what stands there now"
    with pytest.raises(UnusableInput, match="no change is requested"):
        changed_document(trial.state, "1.2")
    recorded(trial.record(ruling(SENTINEL, text=made)))
    assert {one.key: one for one in questions(_submitted(trial))}[SENTINEL].settled


def _submitted(trial: Trial) -> Study:
    found = submitted_study(trial.state)
    assert found is not None
    return found


def test_the_same_change_again_is_none_and_another_value_is_one() -> None:
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, TEXT)))
    recorded(trial.record(wished()))
    assert "nothing is to be ruled" in reasons(trial.record(wished()))
    recorded(trial.record(wished(requested_value="wait: 3 days")))
    recorded(trial.record(wished(requested_value="")))
    assert requested_changes(trial.state) == []


def test_a_later_ruling_takes_a_change_back() -> None:
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, TEXT)))
    recorded(trial.record(wished()))
    assert [one.question for one in requested_changes(trial.state)] == [SENTINEL]
    recorded(trial.record(ruling(SENTINEL, "deferred", answer="to be discussed")))
    assert requested_changes(trial.state) == []
    recorded(trial.record(wished()))
    with pytest.raises(UnusableInput, match=r"version 1\.0 is recorded"):
        changed_document(trial.state, "1.0")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"requested_value": "2 days"}, "not a mapping"),
        ({"requested_value": '{"wait": "soon"}'}, "does not follow the schema"),
        ({"outcome": "deferred"}, "only a change that is requested"),
        ({"outcome": "confirmed"}, "only a change that is requested"),
    ],
)
def test_a_change_that_makes_no_sound_document_is_refused(fields: dict[str, Any], why: str) -> None:
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, TEXT)))
    assert why in reasons(trial.record(wished(**fields)))


def test_a_change_that_the_check_faults_is_refused() -> None:
    """A target that no design can have follows the schema, and is a fault."""
    trial = begun()
    recorded(trial.record(held(t.ProtocolSubmitted, TEXT)))
    value = safety_items()[ESCALATION].value
    changed = value.replace('"target_toxicity": 0.25', '"target_toxicity": 0.999')
    assert changed != value
    refused = trial.record(
        ruling(ESCALATION, "change requested", answer="bolder", requested_value=changed)
    )
    assert "0.999" in reasons(refused)
