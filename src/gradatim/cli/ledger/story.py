"""`gradatim ledger log` and `as-of`: the ledger as a story, and the trial as it was."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli.ledger import AsJson, Ledger, Trial
from gradatim.cli.options import NONE

if TYPE_CHECKING:
    from gradatim.conduct.events.base import Event
    from gradatim.conduct.state import State

About = Annotated[str, typer.Option(metavar="ID", help="Only of this participant")]
_Kind = Annotated[
    list[str], typer.Option("--event", metavar="TYPE", help="Only these (repeatable)")
]
_Entry = Annotated[int | None, typer.Option("--entry", metavar="N", min=1, help="After this entry")]
RecordedAt = Annotated[
    str, typer.Option(metavar="TIME", help="As known then: 2027-03-01T12:00:00Z, or a day's end")
]
OccurredOn = Annotated[
    str, typer.Option(metavar="DATE", help="Only what had happened by then, as known since")
]
Whole = Annotated[
    bool,
    typer.Option("--whole", help="With --json: gates, candidates, clocks, rules, product, tasks"),
]
On = Annotated[
    str, typer.Option("--on", metavar="DATE", help="The day that windows and clocks are looked at")
]


def log(
    ledger: Ledger,
    participant: About = "",
    event: _Kind = NONE,
    trial: Trial = "",
    json: AsJson = False,
) -> None:
    """Tell the ledger's entries, one line each, in the order they were recorded."""
    from gradatim.cli.ledger.files import unread_rows, warn_unread
    from gradatim.cli.output import console, one_line, print_json

    unread: dict[int, str] = {}
    rows = [
        (at, one)
        for at, one in _events(ledger, trial, json, unread)
        if _asked(one, participant, event)
    ]
    if json:
        entries = [_entry(at, one) for at, one in rows]
        print_json({"schema": "gradatim.log/1", "entries": entries, "unread": unread_rows(unread)})
    else:
        for at, one in rows:
            console().print(one_line(_line(at, one)), markup=False, soft_wrap=True)
        warn_unread(unread)


def as_of(
    ledger: Ledger,
    entry: _Entry = None,
    recorded_at: RecordedAt = "",
    occurred_on: OccurredOn = "",
    on: On = "",
    whole: Whole = False,
    trial: Trial = "",
    json: AsJson = False,
) -> None:
    """Show the trial as it was: after an entry, at a recorded time, or by a day of occurrence."""
    from gradatim.cli.ledger.files import chosen_trial, told_entries, warn_unread
    from gradatim.cli.ledger.state import print_state
    from gradatim.cli.options import day_option
    from gradatim.conduct import as_of as earlier
    from gradatim.conduct.days import day_at
    from gradatim.conduct.stores import StoreMode, open_store

    store = open_store(ledger, StoreMode.READ)
    name = chosen_trial(store, trial, [])
    when = _moment(recorded_at) if recorded_at else None
    day = day_option(occurred_on, "--occurred-on") if occurred_on else None
    state = earlier.as_of(
        name,
        told_entries(store, name, quiet=json),
        position=entry,
        recorded_at=when,
        occurred_on=day,
        leniently=True,
    )
    _refuse_beyond(state, entry or 0)
    looked_at = day_option(on, "--on") if on else day or (day_at(state, "", when) if when else None)
    print_state(state, looked_at, json or whole, whole)
    warn_unread({} if json or whole else state.unread)


def _refuse_beyond(state: "State", entry: int) -> None:
    from gradatim.core.errors import UnusableInput

    if entry > state.position:
        raise UnusableInput(
            f"there is no entry {entry}", "--entry", f"the ledger has {state.position}"
        )


def _events(
    ledger: str, trial: str, quiet: bool, unread: dict[int, str]
) -> Iterator[tuple[int, "Event"]]:
    """Yield the entries that can be read; note the others, and what was left out of one."""
    from gradatim.cli.ledger.files import chosen_trial, told_entries
    from gradatim.conduct.events import without_unknown_fields
    from gradatim.conduct.stores import StoreMode, open_store

    store = open_store(ledger, StoreMode.READ)
    for one in told_entries(store, chosen_trial(store, trial, []), quiet):
        event, why = without_unknown_fields(one.body)
        if why:
            unread[one.position] = why
        if event is not None:
            yield one.position, event


def _asked(event: "Event", participant: str, kinds: list[str]) -> bool:
    from gradatim.conduct.events import BY_NAME
    from gradatim.core.errors import UnusableInput

    for kind in kinds:
        if kind not in BY_NAME:
            raise UnusableInput(
                f"there is no type of event {kind!r}",
                "--event",
                todo=f"use one of {', '.join(BY_NAME)}",
            )
    return (not kinds or type(event).__name__ in kinds) and (
        not participant or getattr(event, "participant", None) == participant
    )


def _line(at: int, event: "Event") -> str:
    from gradatim.conduct.days import recorded_late
    from gradatim.conduct.narrative import narrate

    late = f" (recorded {event.recorded_at:%Y-%m-%d})" if recorded_late(event) else ""
    where = f" {event.site}" if event.site else ""
    return f"{at:>6}  {event.occurred_on}{late}{where}  {narrate(event)}  [{event.recorded_by}]"


def _entry(at: int, event: "Event") -> dict[str, Any]:
    import msgspec

    from gradatim.conduct.narrative import narrate

    fields: dict[str, Any] = msgspec.to_builtins(event)
    fields.pop("document", None)  # a protocol is read with `ledger export`
    return {"position": at, "told": narrate(event), **fields}


def _moment(text: str) -> datetime:
    from gradatim.core.errors import UnusableInput

    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(
            f"{text!r} is not a time",
            "--recorded-at",
            str(error),
            "write it as 2027-03-01T12:00:00Z",
        ) from error
    if len(text) == len("2027-03-01"):
        when = when.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
