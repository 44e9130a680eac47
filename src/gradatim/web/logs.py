"""Logs as JSON lines, without personal data: only fields named here are written."""

from datetime import UTC, datetime
from logging import INFO, LogRecord
from types import TracebackType

from structlog.processors import JSONRenderer
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, WrappedLogger

FIELDS = ("request", "method", "route", "status", "ms", "user", "position", "act", "outcome")
KEYS = ("at", "level", "logger", "message", *FIELDS, "error", "places")
"""What a line may have, in this order; nothing else that a record carries is written."""
PLACES = 12
"""The last places of a traceback that are written."""


class Json(ProcessorFormatter):
    """One line of JSON for each record of the standard library's loggers.

    A traceback is written as the places it passed, without the values that it met.
    """

    def __init__(self) -> None:
        super().__init__(
            processors=[
                add_time,
                add_log_level,
                add_logger_name,
                add_message,
                ExtraAdder(allow=FIELDS),
                add_places,
                keep_keys,
                JSONRenderer(ensure_ascii=False),
            ],
            use_get_message=False,
            pass_foreign_args=True,
        )


def add_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add when it was logged, which may be before it is written."""
    at = datetime.fromtimestamp(event["_record"].created, UTC)
    event["at"] = at.isoformat(timespec="milliseconds")
    return event


def add_message(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the words of a record; what faults of requests would put into them is left out.

    Django names the address of the page, gunicorn what came over the line: both may name people.
    """
    record: LogRecord = event["_record"]
    may_name_people = record.name.startswith("django") or (
        record.name.startswith("gunicorn") and record.levelno > INFO
    )
    words, values = event["event"], event.get("positional_args")
    event["message"] = words if may_name_people or not values else words % values
    return event


def add_places(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the kind of an exception and the places that it passed."""
    kind, _value, traceback = event.get("exc_info") or (None, None, None)
    if kind is not None:
        event["error"] = kind.__name__
        event["places"] = "; ".join(_places(traceback)[-PLACES:])
    return event


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = code.co_filename.rpartition("/")[2]
        places.append(f"{file}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places


def keep_keys(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return what may be written: plain values of the keys that are named here."""
    return {key: event[key] for key in KEYS if isinstance(event.get(key), str | int | float)}
