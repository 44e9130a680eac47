"""Whole trials of the bundled protocol in which much goes wrong, for the checker and benchmarks."""

import json
import random
from datetime import date, timedelta

from gradatim.cli.ledger.state import whole_document
from gradatim.conduct.simulate import INCIDENTS, simulate
from gradatim.conduct.trial import Trial
from tests.conduct.checker import differences, violations
from tests.conduct.disturbances import Disturbances
from tests.conduct.memory import ListStore
from tests.conduct.reading import Body, bodies
from tests.conduct.trials import START, candidates, protocol


def disturbed(seed: int, longest: int = 110, rates: tuple[float, ...] = (0.1, 0.3, 0.6)) -> Trial:
    """Return a trial of some weeks, from its first day on: how long, and how bad, by the seed."""
    document, text = protocol()
    trial = Trial(ListStore(), document.study.study.id)
    draw = random.Random(f"trial {seed}")
    simulate(
        trial,
        document,
        text,
        candidates(),
        seed,
        until=START + timedelta(days=draw.randint(40, longest)),
        incidents=INCIDENTS if draw.random() < 0.2 else (),
        disturb=Disturbances(seed, draw.choice(rates)),
    )
    return trial


def told_wrongly(trial: Trial) -> list[str]:
    """Return what is wrong in a trial, and wrong in what the command line tells of it."""
    entries = entries_of(trial)
    last = date.fromisoformat(max(one["occurred_on"] for one in entries))
    whole = json.loads(json.dumps(whole_document(trial.state, last), default=str))
    wrong = [f"entry {one.position}: {one.rule}" for one in violations(entries)]
    return [*wrong, *differences(entries, whole)]


def entries_of(trial: Trial) -> list[Body]:
    """Return what was recorded, as JSON values."""
    return bodies(entry.body for entry in trial.store.read(trial.name))
