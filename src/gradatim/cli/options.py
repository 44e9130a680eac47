"""Options that several commands share, and how their words become values."""

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from functools import wraps
from typing import Annotated, Any

import typer

from gradatim.core.errors import UnusableInput

Protocol = Annotated[
    str, typer.Argument(metavar="PROTOCOL", help="Path of a protocol.yaml, or a bundled trial")
]
On = Annotated[
    str, typer.Option(metavar="DATE", help="Date of every anchor not given [default: today]")
]
Anchors = Annotated[
    list[str], typer.Option(metavar="NAME=DATE", help="Such as first_dose=2026-11-16")
]
OneReading = Annotated[list[str], typer.Option(metavar="CRITERION=READING", help="Another reading")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout")]
NONE: list[str] = []

Command = Callable[..., None]


def with_options(
    parameter: str, made: Callable[..., Any], without: Collection[str] = (), **defaults: Any
) -> Callable[[Command], Command]:
    """Give a command, in the place of one parameter, the options of which its value is made.

    Args:
        parameter: of the command.
        made: makes the value; its own parameters are the options.
        without: which of these the command does not have; they keep their defaults.
        defaults: those that are others for this command.
    """
    options = {
        one.name: one.replace(default=defaults.get(one.name, one.default))
        for one in inspect.signature(made, eval_str=True).parameters.values()
        if one.name not in without
    }

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        every: list[inspect.Parameter] = []
        for one in signature.parameters.values():
            every += options.values() if one.name == parameter else [one]

        @wraps(command)
        def run(**given: Any) -> None:
            value = made(**{name: given.pop(name) for name in options})
            command(**{parameter: value}, **given)

        # Typer reads the signature, in whose order the options are listed.
        named = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in every]
        run.__signature__ = signature.replace(parameters=named)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in named}
        return run

    return decorate


LATEST = date(2150, 12, 31)


def day_option(text: str, option: str) -> date:
    """Read an ISO 8601 day given to an option.

    Raises:
        UnusableInput: it is not one, or far outside a trial's years.
    """
    from gradatim.core.dates import EARLIEST

    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(
            f"{text!r} is not a date", option, str(error), "write it as 2026-11-02"
        ) from error
    if not EARLIEST <= day <= LATEST:
        raise UnusableInput(
            f"{text} is outside {EARLIEST.year} to {LATEST.year}", option, todo="check the year"
        )
    return day


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Read repeated NAME=VALUE options.

    Raises:
        UnusableInput: one has no `=`, or a name is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UnusableInput(f"{text!r} is not NAME=VALUE", option)
        if name in found:
            raise UnusableInput(f"{name} is given twice", option, todo="give it once")
        found[name] = value
    return found


def anchor_dates(given: Iterable[str], known: Iterable[str], on: date) -> Mapping[str, date]:
    """Give every anchor its date: the one given, else the day asked about.

    Raises:
        UnusableInput: an anchor is not one of the protocol's, or a date cannot be read.
    """
    dates = dict.fromkeys(known, on)
    for name, text in pairs(given, "--anchor").items():
        if name not in dates:
            raise UnusableInput(
                f"there is no anchor {name!r}", "--anchor", todo=f"use one of {', '.join(dates)}"
            )
        dates[name] = day_option(text, f"--anchor {name}")
    return dates


def observed_days(text: str) -> tuple[date | None, date | None]:
    """Read FROM..TO, either of which may be left out."""
    if not text:
        return None, None
    since, dots, until = text.partition("..")
    if not dots:
        raise UnusableInput(
            f"{text!r} is not FROM..TO",
            "--observed",
            todo="write 2024-01-01..2026-11-02, or 2024-01-01..",
        )
    return (
        day_option(since, "--observed") if since else None,
        day_option(until, "--observed") if until else None,
    )


_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)\Z", re.IGNORECASE)
SMALLEST = 500_000_000


def size_option(text: str, option: str) -> int:
    """Read a size such as 4GB, in bytes.

    Raises:
        UnusableInput: it is not one, or too small to work in.
    """
    found = _SIZE.match(text.strip())
    if not found:
        raise UnusableInput(f"{text!r} is not a size", option, todo="write it as 4GB or 800MB")
    size = int(float(found[1]) * _SIZES[found[2].upper()])
    if size < SMALLEST:
        raise UnusableInput(
            f"{text} is too little memory", option, todo=f"give at least {SMALLEST // 10**6}MB"
        )
    return size


def today() -> date:
    """Give the day on which the command runs."""
    return date.today()
