"""A whole trial, simulated: plausible, seeded, recorded through the same commands as a real one.

For demonstrations, load and tests. People come, are screened, enrolled, treated and followed; they
have diseases, results, adverse events; things go wrong; the committee decides; the data are locked.
The same seed gives the same ledger, byte for byte.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta

from gradatim.conduct.events.trial import Mode
from gradatim.conduct.simulate import committee
from gradatim.conduct.simulate.entering import arrives
from gradatim.conduct.simulate.opening import open_trial
from gradatim.conduct.simulate.run import SITES, Occasion, People, Run
from gradatim.conduct.transitions import ENDED, IN_SCREENING
from gradatim.conduct.trial import Trial
from gradatim.dosefinding.protocol_faults import refuse_faulty
from gradatim.protocol.load import Document

INCIDENTS = (
    "the same person comes twice",
    "a dose is given without authorisation",
    "a participant changes their mind",
    "a dose is withheld",
    "one person prepares and verifies",
    "an infusion is interrupted",
    "the dose was too fast",
    "dosing is paused",
    "a visit is missed",
    "results come late",
    "a value was mistyped",
    "a pregnancy",
    "the committee is too eager",
    "a proposal is withdrawn",
    "the committee is more cautious",
    "the freezer fails",
    "something comes to light after the lock",
    "the clock is set back",
    "a judgement is missing",
    "a record is not understood",
    "an event in words of one's own",
    "a bag leaks",
    "product moves between sites",
    "a participant moves",
)
TOXICITY = (0.03, 0.10, 0.20, 0.30, 0.40)
_LONGEST = 6 * 366
"""Days after which a run that does not come to an end is given up."""


def simulate(
    trial: Trial,
    document: Document,
    text: str,
    people: People,
    seed: int,
    *,
    start: date = date(2027, 1, 4),
    mode: Mode = "simulated",
    until: date | None = None,
    incidents: tuple[str, ...] = INCIDENTS,
    disturb: Callable[[Run, Occasion], None] | None = None,
) -> Run:
    """Run a trial from its first event to the lock.

    Args:
        trial: where it is recorded; a new ledger.
        document: the protocol.
        text: the protocol's own text.
        people: gives the candidates.
        seed: of all chance.
        start: the first day.
        mode: how the trial is marked.
        until: a day to stop at, for a trial that is part-way through.
        incidents: the mishaps to happen, each once.
        disturb: lets mishaps happen by chance, with the run and the occasion.

    Raises:
        Stuck: something that had to be possible was refused.
        UnusableInput: the protocol has faults.
    """
    refuse_faulty(document)
    levels = len(document.study.treatment.dose_levels)
    toxicity = tuple(TOXICITY[min(i, len(TOXICITY) - 1)] for i in range(levels))
    run = Run(
        trial,
        document.study,
        text,
        random.Random(seed),
        people,
        toxicity,
        start,
        incidents=set(incidents),
        disturb=disturb,
    )
    open_trial(run, mode)
    committee.meets(run)
    last = until or start + timedelta(days=_LONGEST)
    while run.today < last:
        _day(run)
        if _over(run):
            run.attempt(lambda: committee.finish(run))
            break
        run.today += timedelta(days=1)
        run.minutes = 0
    return run


def _day(run: Run) -> None:
    """One day at every site and in the office."""
    day = (run.today - run.state.events[1].occurred_on).days
    run.disturbed("on a day")
    if run.today.weekday() < 5 and _recruits(run):
        site = run.rng.choice(list(SITES))
        run.attempt(lambda: arrives(run, site))
    run.through_today()
    if run.today.weekday() == 3:
        run.attempt(lambda: committee.meets(run))
    if day == 60:
        run.attempt(lambda: committee.amend(run))
    if day >= 30:
        run.attempt(lambda: committee.mishaps(run))


def _recruits(run: Run) -> bool:
    """Sites screen while places are to be filled, and not more people than there is use for."""
    state = run.state
    if state.stopped is not None:
        return False
    coming = sum(one.status in IN_SCREENING for one in state.participants.values())
    free = state.free_places(state.cohort) if state.cohort else 0
    return coming < free + 1 and run.rng.random() < 0.3


def _over(run: Run) -> bool:
    return (
        run.state.stopped is not None
        and not run.due
        and all(one.status in ENDED for one in run.state.participants.values())
    )
