"""What holds of a design where its document is silent is that of the day it went into force."""

from hashlib import sha256
from typing import Any

import pytest

from gradatim.conduct.escalation import advised
from gradatim.conduct.events import encoded, trial
from gradatim.conduct.fold import apply
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.dosefinding.designs.model import ModelSettings
from gradatim.dosefinding.protocol_design import settings_of
from gradatim.protocol.study import Study
from tests.conduct.memory import ListStore
from tests.conduct.trials import START, TABLET, event, protocol, recorded


def activation(more: str = "", **fields: Any) -> trial.ProtocolActivated:
    """Put the second trial into force with a model as its design."""
    text = protocol(TABLET)[1].replace("design: boin", f"design: crm{more}")
    made = event(
        trial.ProtocolActivated,
        "sponsor.1",
        version="1.0",
        document=text,
        sha256=sha256(text.encode()).hexdigest(),
        **fields,
    )
    assert isinstance(made, trial.ProtocolActivated)
    return made


def begun() -> Trial:
    """A trial that was created, on a ledger in memory."""
    made = Trial(ListStore(), "T")
    recorded(made.record(event(trial.TrialCreated, "sponsor.1", mode="simulated")))
    role = event(trial.RoleGranted, "sponsor.1", user="sponsor.1", role="sponsor")
    recorded(made.record(role))
    return made


def hard_safety(study: Study) -> float | str:
    """Return the hard safety rule of a study's model design."""
    settings = settings_of(study)
    assert isinstance(settings, ModelSettings)
    return settings.hard_safety


def test_a_protocol_that_goes_live_now_has_the_hard_safety_rule() -> None:
    """Whatever the entry says of itself: the trial fills it in."""
    made = begun()
    recorded(made.record(activation(design_defaults=1)))
    assert hard_safety(made.state.study) == 0.95
    assert Trial(made.store, "T").state.study == made.state.study


@pytest.mark.parametrize("more", ["", "\n    settings: {cutoff: 0.9, stop_at: 9}"])
def test_an_entry_from_before_the_rule_keeps_its_design(more: str) -> None:
    """It does not say which defaults hold; settings that had no effect still have none."""
    old = activation(more)
    body, _ = encoded(old)
    assert b"design_defaults" not in body
    state = State("T")
    apply(state, 1, old)
    assert hard_safety(state.study) == "off"
    assert advised(state, START).action == "start"


def test_an_amendment_brings_the_rule_and_must_say_so() -> None:
    """The part `safety` differs, so that its change has to state when it applies."""
    from gradatim.conduct.policies.protocol import every_change_says_when_it_applies as policy

    state = State("T")
    apply(state, 1, activation())
    text = activation().document.replace('version: "1.0"', 'version: "2.0"', 1)
    fields: dict[str, Any] = {
        "version": "2.0",
        "document": text,
        "sha256": sha256(text.encode()).hexdigest(),
    }
    silent = event(trial.ProtocolAmended, "sponsor.1", changes=(), **fields)
    assert "safety" in policy(state, silent).text  # type: ignore[arg-type]
    said = event(
        trial.ProtocolAmended,
        "sponsor.1",
        design_defaults=2,
        **fields,
        changes=(trial.Change("safety", "at once", "a hard safety rule"),),
    )
    assert policy(state, said).truth  # type: ignore[arg-type]
    apply(state, 2, said)
    assert hard_safety(state.study) == 0.95
