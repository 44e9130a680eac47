"""`gradatim simulate`: a whole made-up trial, recorded in a ledger of its own."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gradatim.conduct.simulate.run import Run

_Protocol = Annotated[
    str, typer.Argument(metavar="PROTOCOL", help="A bundled trial, or a folder with worked cases")
]
_Ledger = Annotated[
    str, typer.Argument(metavar="LEDGER", help="A new SQLite file, or a database without the trial")
]
_Seed = Annotated[int, typer.Option(help="Of all chance; the same seed gives the same ledger")]
Start = Annotated[str, typer.Option(metavar="DATE", help="The first day")]
Until = Annotated[str, typer.Option(metavar="DATE", help="Stop there, part-way through the trial")]


def simulate(
    protocol: _Protocol,
    ledger: _Ledger,
    seed: _Seed = 1,
    start: Start = "2027-01-04",
    until: Until = "",
) -> None:
    """Simulate a trial from its first event to the lock, mishaps included.

    Everything is recorded through the same checks as in a real trial, and marked as simulated.
    Read the story with `gradatim ledger log`.
    """
    from gradatim.cli.options import day_option

    first = day_option(start, "--start")
    run = simulated(protocol, ledger, seed, first, day_option(until, "--until") if until else None)
    state = run.state
    print(
        f"{ledger}: {state.position} entries, {len(state.participants)} participants, "
        f"{len(state.deviations)} deviations, to {run.today}"
    )
    print(f"Read it: gradatim ledger log {ledger}")


def simulated(protocol: str, ledger: str, seed: int, start: date, until: date | None) -> "Run":
    """Simulate a trial into a ledger.

    Raises:
        UnusableInput: the ledger has the trial already, or the protocol has no worked cases.
    """
    from gradatim.conduct.event_store import StoreMode
    from gradatim.conduct.simulate import simulate as simulated_run
    from gradatim.conduct.stores import open_store
    from gradatim.conduct.trial import Trial
    from gradatim.core.errors import UnusableInput
    from gradatim.protocol.load import load
    from gradatim.synthetic.candidates import Candidates

    path = _path(protocol)
    document = load(path)
    cases = path.parent / "participants.yaml"
    if not cases.is_file():
        raise UnusableInput(
            "there are no worked cases to draw candidates from",
            str(cases),
            todo="use a bundled trial, or write them",
        )
    name = document.study.study.id
    trial = Trial(open_store(ledger, StoreMode.CREATE), name)
    if trial.state.position:
        raise UnusableInput(
            f"this ledger has the trial {name} already", ledger, todo="give a new one"
        )
    return simulated_run(
        trial,
        document,
        path.read_text(encoding="utf-8"),
        Candidates(document.study, cases),
        seed,
        start=start,
        until=until,
    )


def _path(protocol: str) -> Path:
    from gradatim.protocol.load import bundled

    path = Path(protocol)
    if path.is_dir():
        return path / "protocol.yaml"
    return path if path.exists() else bundled().get(protocol.lower(), path)
