"""Logs as JSON lines, without personal data: only fields named here are written."""

import json
import logging
from datetime import UTC, datetime

FIELDS = ("request", "method", "route", "status", "ms", "user", "position", "act", "outcome")


class Json(logging.Formatter):
    """One line of JSON for each record.

    A traceback is written as the places it passed, without the values that it met.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        line |= {
            name: getattr(record, name)
            for name in FIELDS
            if isinstance(getattr(record, name, None), str | int | float)
        }
        if record.exc_info and record.exc_info[0]:
            line |= {"error": record.exc_info[0].__name__, "places": _places(record)}
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    """Give the words of a record; what faults of requests would put into them is left out.

    Django names the address of the page, gunicorn what came over the line: both may name people.
    """
    told = record.name.startswith("django") or (
        record.name.startswith("gunicorn") and record.levelno > logging.INFO
    )
    return str(record.msg) if told else record.getMessage()


def _places(record: logging.LogRecord) -> str:
    places = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return "; ".join(places[-12:])
