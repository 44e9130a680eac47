"""What a ledger is known to say, whatever rules a later version asks about it.

Only what stands in the entries: who is in the trial and how they stand, what was given, decided,
corrected. Nothing that a rule works out (a grade, a verdict, an advice): a rule may be mended.
"""

from collections import Counter
from typing import Any

import msgspec

from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.events.review import DoseDecision
from gradatim.conduct.identity import ERASED
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import open_identity
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Trial

BELONGS_TO_THE_RECORD = ("signature", "site")
"""Fields that an early version let be corrected: what a later one makes of it is its own affair."""


def facts_of(trial: Trial) -> dict[str, Any]:
    """Return what a ledger says, as JSON has it."""
    state = trial.state
    names = Counter(type(event).__name__ for event in state.events.values())
    found = {
        "trial": state.trial,
        "mode": state.mode,
        "entries": state.position,
        "head": trial.head.hash.hex(),
        "events": dict(sorted(names.items())),
        "versions": [[one.version, one.sha256] for one in state.versions],
        "locked": state.locked,
        "stopped": state.stopped is not None,
        "participants": {one.id: _participant(state, one) for one in state.participants.values()},
        "decisions": _decisions(state),
        "deviations": [[at, one.rule] for at, one in state.deviations.items()],
        "corrections": _corrections(state),
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


def identities(keyring: Keyring, state: State) -> dict[str, dict[str, str] | None]:
    """Return who each participant is whose key was ever kept; of an erased one nothing."""
    found: dict[str, dict[str, str] | None] = {}
    for one in state.participants.values():
        if keyring.key(one.id) or one.erased:
            who = open_identity(keyring, state, one)
            found[one.id] = None if set(who.values()) <= {ERASED} else who
    return found


def _participant(state: State, one: Participant) -> dict[str, Any]:
    given: list[Any] = [state.events[at] for at in one.entries_of.get(DoseAdministered, ())]
    return {
        "site": one.site,
        "status": one.status,
        "consent": one.consent,
        "level": one.level,
        "cohort": one.cohort,
        "replaced": one.replaced,
        "erased": one.erased,
        "doses": [[dose.dose, dose.amount, dose.unit, dose.started_at] for dose in given],
    }


def _decisions(state: State) -> list[list[Any]]:
    made = ((at, state.events[at]) for at in state.decisions)
    return [[at, one.action, one.level] for at, one in made if isinstance(one, DoseDecision)]


def _corrections(state: State) -> list[dict[str, Any]]:
    """Return each correction: of which entry, what stood there before, what stands there since."""
    found = []
    for of, positions in sorted(state.corrected_by.items()):
        stood = [*state.earlier[of], state.events[of]]
        for by, before, after in zip(positions, stood, stood[1:], strict=False):
            made = state.events[by]
            assert isinstance(made, EntryCorrected)
            fields = [name for name in made.fields if name not in BELONGS_TO_THE_RECORD]
            found += [
                {
                    "of": of,
                    "by": by,
                    "field": name,
                    "earlier": getattr(before, name),
                    "now": getattr(after, name),
                }
                for name in fields
            ]
    return found
