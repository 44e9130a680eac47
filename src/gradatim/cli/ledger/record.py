"""`gradatim ledger record`: another program drives a simulated trial, one event a line."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli.ledger import AsJson, Ledger, Trial

if TYPE_CHECKING:
    from gradatim.conduct.events.base import Event
    from gradatim.conduct.trial import Recorded, RecordOutcome
    from gradatim.conduct.trial import Trial as TrialOnLedger

_Answer = dict[str, Any]
Events = Annotated[
    Path, typer.Argument(metavar="EVENTS", help="JSON Lines, one event each; - is standard input")
]


def record(ledger: Ledger, events: Events, trial: Trial = "", json: AsJson = False) -> None:
    """Record events in a simulated or demonstration trial, each the way every act goes.

    A line is an event as the ledger keeps it. One answer a line: recorded, refused, overtaken or
    unusable; a line that is not recorded does not stop the next. A real trial is refused: there,
    people sign what they record. Ends with 2 when a line is unusable.
    """
    from gradatim.cli.ledger.files import warn

    content = _content(events)
    lines = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    on_ledger = _opened(ledger, trial, lines[0][1] if lines else b"")
    if on_ledger.fault:
        warn(f"this ledger does not verify: {on_ledger.fault}; see `gradatim ledger verify`")
    unusable = False
    for number, line in lines:
        answer = _answer(on_ledger, line)
        unusable = unusable or answer["outcome"] == "unusable"
        _print(f"{events}:{number}", answer, json)
    if unusable:
        raise typer.Exit(2)


def _content(events: Path) -> bytes:
    from gradatim.cli.ledger.files import read_bytes

    return sys.stdin.buffer.read() if str(events) == "-" else read_bytes(events)


def _opened(ledger: str, trial: str, first: bytes) -> "TrialOnLedger":
    """Open the trial; one that is named and does not exist is made where the first event makes it.

    Raises:
        UnusableInput: it is a real trial, or there is none.
    """
    from gradatim.cli.ledger.files import chosen_trial
    from gradatim.conduct.stores import StoreMode, open_store
    from gradatim.conduct.trial import Trial as TrialOnLedger
    from gradatim.core.errors import UnusableInput

    created = _creation(first) if trial else None
    store = open_store(ledger, StoreMode.WRITE if created is None else StoreMode.CREATE)
    on_ledger = TrialOnLedger(store, chosen_trial(store, trial, []))
    if not on_ledger.state.mode and created is None:
        raise UnusableInput(
            f"the ledger has no trial {on_ledger.name}",
            ledger,
            todo="begin with TrialCreated and --trial, or use `gradatim simulate`",
        )
    _refuse_real(on_ledger.state.mode, ledger)
    return on_ledger


def _creation(first: bytes) -> "Event | None":
    """Return the event that makes a trial, if the first line is one.

    Raises:
        UnusableInput: it makes a real trial; nothing has been opened yet.
    """
    from gradatim.conduct.events.trial import TrialCreated
    from gradatim.core.errors import UnusableInput

    try:
        event = _event(first)
    except UnusableInput:
        return None
    if not isinstance(event, TrialCreated):
        return None
    _refuse_real(event.mode, "TrialCreated")
    return event


def _refuse_real(mode: str, where: str) -> None:
    from gradatim.core.errors import UnusableInput

    if mode == "real":
        raise UnusableInput(
            "this is a real trial",
            where,
            "there, people sign what they record",
            "record in the web application, or in a simulated trial",
        )


def _event(line: bytes) -> "Event":
    """Read an event from a line.

    Raises:
        UnusableInput: it is no JSON object, or no event.
    """
    import msgspec

    from gradatim.conduct.events import built
    from gradatim.core.errors import UnusableInput

    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableInput(
            "this line is no JSON", why=str(error), todo="write one event a line"
        ) from error
    if not isinstance(fields, dict):
        raise UnusableInput(
            "this line is no event", why="it is not an object", todo="write one event a line"
        )
    return built(fields)


def _answer(on_ledger: "TrialOnLedger", line: bytes) -> _Answer:
    from gradatim.core.errors import UnusableInput

    try:
        return _as_values(on_ledger, on_ledger.record(_event(line)))
    except UnusableInput as error:
        return {"outcome": "unusable", "reasons": [["unusable", str(error)]]}


def _as_values(on_ledger: "TrialOnLedger", outcome: "RecordOutcome") -> _Answer:
    from gradatim.conduct.trial import Recorded, Refused

    if isinstance(outcome, Recorded):
        return _recorded(on_ledger, outcome)
    if isinstance(outcome, Refused):
        return {
            "outcome": "refused",
            "by": outcome.by,
            "reasons": [list(pair) for pair in outcome.reasons],
        }
    touched = ", ".join(map(str, outcome.entries))
    return {"outcome": "overtaken", "reasons": [["overtaken", f"look at entries {touched} first"]]}


def _recorded(on_ledger: "TrialOnLedger", outcome: "Recorded") -> _Answer:
    state = on_ledger.state
    opened = [state.deviations[at] for at in outcome.deviations]
    return {
        "outcome": "recorded",
        "position": outcome.position,
        "deviations": [{"rule": one.rule, "why": one.description} for one in opened],
        "queries": [f"{name}: {state.queries[name].question}" for name in outcome.queries],
    }


def _print(where: str, answer: _Answer, json: bool) -> None:
    from gradatim.cli.output import console, json_bytes, one_line

    if json:
        sys.stdout.buffer.write(json_bytes(answer) + b"\n")
        sys.stdout.buffer.flush()
        return
    entry = f" as entry {answer['position']}" if "position" in answer else ""
    console().print(f"{where}: {answer['outcome']}{entry}", markup=False, soft_wrap=True)
    told = [
        *answer.get("reasons", []),
        *((f"deviation, {one['rule']}", one["why"]) for one in answer.get("deviations", [])),
        *(("query", one) for one in answer.get("queries", [])),
    ]
    for rule, why in told:
        console().print(one_line(f"  {rule}: {why}"), markup=False, soft_wrap=True)
