"""Where the database is, and whether what goes there can be read on the way."""

import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import django.db

from gradatim.conduct.event_store import StorageUnavailable
from gradatim.conduct.postgresql.stores import postgres_unavailable
from gradatim.conduct.sqlite.stores import sqlite_unavailable
from gradatim.core.errors import UnusableInput

HERE = ("", "localhost", "127.0.0.1", "::1")
"""No name is the socket of this machine."""
VERIFIED = "verify-full"
AGAIN = 10
"""Seconds after which a program may ask again where the database is not available."""


def django_database(url: str, patience: float = 10) -> dict[str, Any]:
    """Give Django's entry for a database: its own tables stand beside the ledger's.

    Args:
        url: of the database.
        patience: seconds for which it is waited for.

    Raises:
        UnusableInput: it is neither SQLite nor PostgreSQL.
    """
    if url.startswith("sqlite:///"):
        return {
            "ENGINE": "gradatim.web.private_sqlite",
            "NAME": unquote(url.removeprefix("sqlite:///")),
            "OPTIONS": {"timeout": patience, "transaction_mode": "IMMEDIATE"},
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise UnusableInput(
            "this is not the address of a database",
            "DATABASE_URL",
            todo="give sqlite:///PATH or postgresql://...",
        )
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "gradatim.web.bounded_postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**query, "patience": patience},
    }


def unavailable(error: BaseException | None) -> StorageUnavailable | None:
    """Return what an error says of the database or the folder of keys; None where nothing."""
    if isinstance(error, StorageUnavailable):
        return error
    if not isinstance(error, django.db.Error):
        return None
    told = error.__cause__ or error
    if isinstance(told, sqlite3.Error):
        return sqlite_unavailable(told)
    return postgres_unavailable(told) if isinstance(told, Exception) else None


def refuse_plain(url: str, environment: Mapping[str, str]) -> None:
    """Refuse a database elsewhere without TLS, or whose certificate would not be checked.

    Raises:
        UnusableInput: it is so, and nothing says that the way there is safe otherwise.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" or environment.get("GRADATIM_PLAIN_DATABASE") == "1":
        return
    query = dict(parse_qsl(parts.query))
    if all(_here(one) for one in _hosts(parts, query, environment)):
        return
    mode = query.get("sslmode") or environment.get("PGSSLMODE", "")
    if mode != VERIFIED:
        raise UnusableInput(
            "the database is on another machine, and nothing says whose it is",
            "DATABASE_URL",
            f"sslmode is {mode or 'not given'}, so what goes there could be read or changed",
            f"add ?sslmode={VERIFIED}&sslrootcert=PATH; or, where the way there is safe "
            "otherwise, set GRADATIM_PLAIN_DATABASE=1",
        )


def _hosts(
    parts: SplitResult, query: Mapping[str, str], environment: Mapping[str, str]
) -> list[str]:
    """Give every host that may be connected to; what is not in the address, libpq is told so."""
    named = query.get("hostaddr") or query.get("host") or parts.hostname or ""
    named = named or environment.get("PGHOSTADDR") or environment.get("PGHOST", "")
    service = query.get("service") or environment.get("PGSERVICE", "")
    return [*(one.strip() for one in unquote(named).split(",")), *([service] if service else [])]


def _here(host: str) -> bool:
    """Whether a host is this machine, or the folder of a socket."""
    return host.lower() in HERE or host.startswith(("/", "@"))
