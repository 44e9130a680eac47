"""How the state of a trial is printed."""

from datetime import date
from typing import TYPE_CHECKING, Any

from gradatim.cli.ledger.files import unread_rows
from gradatim.cli.output import console, print_json

if TYPE_CHECKING:
    from gradatim.conduct.state import Participant, State


def print_state(state: "State", on: date | None, json: bool, whole: bool = False) -> None:
    """Print the trial: protocol, cohorts, participants, what is open; or one JSON document."""
    document = whole_document(state, on) if whole else state_document(state, on)
    if json:
        print_json(document)
        return
    _heading(document)
    for rule in document["stopping"]:
        console().print(rule["text"], style="bold red", markup=False)
    _table(
        "Levels where no dose may be given",
        ("level", "why"),
        [
            (str(one["number"]), "; ".join(one["why"]))
            for one in document["levels"]
            if not one["open"]
        ],
    )
    _table(
        "Cohorts",
        ("cohort", "level", "places", "participants", "status"),
        [
            (
                str(one["number"]),
                str(one["level"]),
                str(one["places"]),
                " ".join(one["participants"]),
                one["status"],
            )
            for one in document["cohorts"]
        ],
    )
    _table(
        "Participants",
        ("participant", "site", "status", "level", "doses", "adverse events", "candidates"),
        [
            (
                one["id"],
                one["site"],
                one["status"],
                str(one["level"] or ""),
                str(one["doses"]),
                str(one["adverse_events"]),
                " ".join(one["candidates"]),
            )
            for one in document["participants"]
        ],
    )


def whole_document(state: "State", on: date | None) -> dict[str, Any]:
    """Return the state with everything that stands on a day; participants by their number."""
    from gradatim.conduct.snapshot import snapshot

    document = state_document(state, on)
    known = {one["id"]: one for one in document["participants"]}
    standing = snapshot(state, document["on"])
    people = {name: {**known[name], **one} for name, one in standing["participants"].items()}
    return {**document, **standing, "schema": "gradatim.state-whole/1", "participants": people}


def state_document(state: "State", on: date | None) -> dict[str, Any]:
    """Give the state as plain values; `on` is the day windows are looked at, else the last one."""
    from gradatim.conduct.days import day_at
    from gradatim.conduct.escalation import advised
    from gradatim.conduct.views.levels import levels
    from gradatim.conduct.views.stopping_rules import unanswered_rules

    last = state.recorded_at
    day = on or (day_at(state, "", last) if last else date.min)
    version = state.version
    advice = advised(state, day) if version else None
    return {
        "schema": "gradatim.state/1",
        "trial": state.trial,
        "mode": state.mode,
        "entries": state.position,
        "software": [{"position": at, "version": version} for at, version in state.software],
        "unread": unread_rows(state.unread),
        "on": day,
        "protocol": None
        if version is None
        else {"version": version.version, "sha256": version.sha256},
        "outcomes": advice.outcomes if advice else "",
        "advice": None if advice is None else {"action": advice.action, "level": advice.level},
        "paused": bool(state.pauses),
        "stopped": state.stopped,
        "locked": state.locked,
        "deviations": len(state.deviations),
        "open_queries": sum(one.status != "closed" for one in state.queries.values()),
        "clock_went_back": state.clock_went_back,
        "stopping": [
            {"rule": one.key, "action": one.action, "level": one.level, "text": one.text}
            for one in (unanswered_rules(state, day) if version else ())
        ],
        "levels": [
            {"number": one.number, "open": one.open, "why": list(one.closed)}
            for one in (levels(state, day) if version else ())
        ],
        "cohorts": [
            {
                "number": one.number,
                "level": one.level,
                "places": one.places,
                "participants": one.members,
                "status": one.status,
            }
            for one in state.cohorts
        ],
        "participants": [_person(state, one) for one in state.participants.values()],
    }


def _person(state: "State", one: "Participant") -> dict[str, Any]:
    from gradatim.conduct.views.doses import given
    from gradatim.conduct.views.safety import possible_dlts

    return {
        "id": one.id,
        "site": one.site,
        "status": one.status,
        "level": one.level,
        "replaced": one.replaced,
        "erased": one.erased,
        "doses": len(given(state, one)),
        "adverse_events": sum(who == one.id for who in state.adverse_events.values()),
        "candidates": [found.label for found in possible_dlts(state, one)],
    }


def _heading(document: dict[str, Any]) -> None:
    from gradatim.conduct.escalation import in_words

    said, advice = console(), document["advice"]
    marked = "" if document["mode"] == "real" else f" ({document['mode']} trial)"
    said.print(
        f"{document['trial']}{marked}: {document['entries']} entries, as of {document['on']}",
        markup=False,
    )
    if document["protocol"] is not None:
        said.print(
            f"protocol version {document['protocol']['version']}; outcomes "
            f"{document['outcomes'] or 'none yet'}; the design advises "
            f"{in_words(advice['action'], advice['level'])}",
            markup=False,
        )
    wrote = [f"{one['version']} since entry {one['position']}" for one in document["software"]]
    if wrote:
        said.print(f"written by gradatim {', '.join(wrote)}", markup=False)
    for word in ("paused", "stopped", "locked"):
        if document[word]:
            said.print(f"{word}", style="bold yellow")
    said.print(f"{document['deviations']} deviations, {document['open_queries']} open queries")


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.table import Table

    if not rows:
        return
    table = Table(title=title, title_justify="left", box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)
