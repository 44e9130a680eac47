"""The ledger of the demonstration: a bundled trial part-way through, whatever day it is opened on.

Level 1 is complete and escalated; level 2 is open, with a serious event under adjudication, a
participant in the window for dose-limiting toxicity, and a free place; people are being screened.
Everything is recorded through the same checks as in a real trial, and marked as a demonstration.
"""

import random
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from gradatim.conduct.events.base import Sealed
from gradatim.conduct.events.trial import RoleGranted
from gradatim.conduct.identity import KEY, person_token
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import sealed
from gradatim.conduct.simulate import committee
from gradatim.conduct.simulate.opening import open_trial, receive
from gradatim.conduct.simulate.run import SITES, SPONSOR, Run
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.dosefinding.protocol_faults import refuse_faulty
from gradatim.evidence.facts import Facts
from gradatim.protocol.load import Document
from gradatim.synthetic.candidates import Candidates
from gradatim.synthetic.demonstration import entering, events
from gradatim.synthetic.demonstration.cast import Cast
from gradatim.synthetic.demonstration.following import Abnormal, Followed
from gradatim.synthetic.demonstration.ordinary import Ordinary
from gradatim.synthetic.demonstration.timetable import Timetable, timetable_of

AUDITOR = "auditor.1"
SEED = 1
ALT, AST, PLATELETS = "1742-6", "1920-8", "777-3"  # LOINC
BAGS = 12


class Made(NamedTuple):
    """What was recorded.

    Args:
        people: the participants, by the name of their part; see `Timetable.parts`.
        run: the clock and the ledger that it was recorded with.
    """

    people: dict[str, str]
    run: Run


def demonstrate(
    trial: Trial,
    document: Document,
    text: str,
    people: Candidates,
    today: date,
    *,
    keyring: Keyring | None = None,
) -> Made:
    """Record a trial that is part-way through as of a day; the last entry is of the day before.

    Args:
        trial: where it is recorded; a new ledger.
        document: the protocol.
        text: the protocol's own text.
        people: the trial's worked cases.
        today: the day the demonstration is opened on.
        keyring: keeps the keys of the participants' made-up names and birth dates; without one
            they are sealed under keys that nobody keeps, and the ledger is the same every time.

    Raises:
        Stuck: something that had to be possible was refused.
        UnusableInput: a key cannot be kept; the protocol has faults.
    """
    refuse_faulty(document)
    timetable, ordinary = timetable_of(document.study, today), Ordinary(document.study)
    parts = timetable.parts
    names = {part: f"{_site(n)}-{n:03}" for n, part in enumerate(parts, 1)}
    cast = Cast(document.study, people, list(parts.values()), ordinary)
    run = Run(trial, document.study, text, random.Random(SEED), cast, (), timetable.opening)
    follow = Followed(
        ordinary, _abnormal(names), names["treated 3"], frozenset({names["laboratory"]})
    )
    run.follow = partial(_treated, follow, _mild(names))
    if keyring is not None:
        run.identify = partial(_identity, keyring, trial.name)
    _open(run, ordinary)
    _plan(run, timetable, names, follow)
    while run.today <= timetable.last:
        run.through_today()
        run.today, run.minutes = run.today + timedelta(days=1), 0
    return Made(names, run)


def users(state: State) -> list[tuple[str, str, str]]:
    """Give every task that is given to somebody: user, role, and site (empty: the whole trial)."""
    return sorted(
        (user, role, site) for (user, site), roles in state.roles.items() for role in roles
    )


def _site(number: int) -> str:
    return list(SITES)[(number - 1) % len(SITES)]


def _identity(
    keyring: Keyring, trial: str, name: str, facts: Facts
) -> tuple[str, dict[str, Sealed]]:
    """Seal a name that is obviously made up."""
    values = {"name": f"Made-up Person {name}", "birth_date": str(facts.birth)}
    made = sealed(keyring, trial, name, values, keyring.random)
    return person_token(values, bytes(KEY)), made


def _abnormal(names: dict[str, str]) -> dict[str, tuple[Abnormal, ...]]:
    return {
        names["treated 2"]: (Abnormal(ALT, 1.7, 5, 16), Abnormal(AST, 1.3, 5, 16)),
        names["treated 4"]: (Abnormal(PLATELETS, 0.8, 5, 60),),
        names["treated 5"]: (Abnormal(ALT, 1.2, 0, 8),),
    }


def _mild(names: dict[str, str]) -> dict[str, tuple[events.Adverse, ...]]:
    return {names[f"treated {n}"]: some for n, some in enumerate(events.MILD, 1)}


def _treated(
    follow: Followed, mild: dict[str, tuple[events.Adverse, ...]], run: Run, name: str
) -> None:
    """Plan what comes after a first dose."""
    follow(run, name)
    events.plan_mild(run, name, mild.get(name, ()))


def _open(run: Run, ordinary: Ordinary) -> None:
    open_trial(run, "demo", ordinary.ranges())
    run.do(RoleGranted, SPONSOR, user=AUDITOR, role="auditor")
    committee.meets(run)
    for site in SITES:
        receive(run, site, f"{site}-L1", BAGS)


def _plan(run: Run, timetable: Timetable, names: dict[str, str], follow: Followed) -> None:
    """Plan the days: the committee first, then who comes, then what befalls them."""
    run.on(timetable.review, partial(committee.meets, run))
    for n, (part, one) in enumerate(timetable.parts.items(), 1):
        run.on(one.coming, partial(entering.comes, run, _site(n), part, follow))
    first, second = names["treated 4"], names["treated 5"]
    run.on(timetable.event, partial(events.limiting, run, first))
    sites = list(SITES)
    run.on(timetable.second_level[-1], partial(events.misfiled, run, sites[0]))
    run.on(timetable.last - timedelta(days=8), partial(_receive_more, run))
    run.on(timetable.last - timedelta(days=1), partial(events.ask, run, first))
    run.on(timetable.last, partial(events.quarantine, run, sites[-1]))
    run.on(timetable.last, partial(events.prepare_the_next, run, second))


def _receive_more(run: Run) -> None:
    for site in SITES:
        number = sum(one.startswith(site) for one in run.state.lots) + 1
        receive(run, site, f"{site}-L{number}", BAGS)
