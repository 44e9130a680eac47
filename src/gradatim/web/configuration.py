"""What the environment says: where the ledger is, who may connect, which keys to use.

Every name is listed in docs/operations.md. Nothing has a default that would be unsafe in a
hospital; the demonstration sets its own.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gradatim.core.errors import UnusableInput

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
SHORTEST_SECRET = 50  # characters, as Django's own deployment check asks


class Configuration(NamedTuple):
    """How this installation is set up.

    Args:
        database: address of the database, `sqlite:///PATH` or `postgresql://...`.
        secret: signs sessions and tokens of forms.
        hosts: names the application answers to.
        keys: folder of the participants' keys; outside the database and its backups.
        trial: name of the trial in the ledger; empty where there is one only.
        zone: the clock that the sites go by.
        demo: whether this is the demonstration: loopback only, no second factor.
        proxied: whether a proxy in front speaks HTTPS and says so.
        prescreen: folder of prescreen runs that the page of feasibility offers.
    """

    database: str
    secret: str
    hosts: tuple[str, ...]
    keys: Path
    trial: str
    zone: str
    demo: bool
    proxied: bool
    prescreen: Path | None


def configuration(environment: Mapping[str, str]) -> Configuration:
    """Read the environment.

    Raises:
        UnusableInput: something needed is missing, or cannot be meant.
    """
    demo = environment.get("GRADATIM_DEMO") == "1"
    database = environment.get("DATABASE_URL", "")
    if not database:
        raise UnusableInput("DATABASE_URL is not set", "the environment",
                            todo="give sqlite:///PATH or postgresql://...")  # fmt: skip
    return Configuration(
        database, _secret(environment, demo), _hosts(environment, demo),
        Path(environment.get("GRADATIM_KEYS") or _beside(database)),
        environment.get("GRADATIM_TRIAL", ""), _zone(environment.get("GRADATIM_TIME_ZONE", "UTC")),
        demo, environment.get("GRADATIM_BEHIND_PROXY") == "1",
        Path(runs) if (runs := environment.get("GRADATIM_PRESCREEN")) else None,
    )  # fmt: skip


def _secret(environment: Mapping[str, str], demo: bool) -> str:
    secret = environment.get("GRADATIM_SECRET_KEY", "")
    if demo and not secret:
        return secrets.token_urlsafe(SHORTEST_SECRET)
    if len(secret) < SHORTEST_SECRET:
        raise UnusableInput("GRADATIM_SECRET_KEY is missing or too short", "the environment",
                            f"it has {len(secret)} characters",
                            f"give at least {SHORTEST_SECRET} random ones")  # fmt: skip
    return secret


def _hosts(environment: Mapping[str, str], demo: bool) -> tuple[str, ...]:
    named = environment.get("GRADATIM_HOSTS", "")
    hosts = tuple(one.strip() for one in named.split(",") if one.strip())
    if "*" in hosts:
        raise UnusableInput("GRADATIM_HOSTS may not be *", "the environment",
                            "any name would be answered to", "name the hosts")  # fmt: skip
    return LOOPBACK if demo or not hosts else hosts


def _beside(database: str) -> Path:
    """Give the folder of keys next to a SQLite file."""
    if database.startswith("sqlite:///"):
        path = Path(unquote(database.removeprefix("sqlite:///")))
        return path.with_name(f"{path.name}.keys")
    raise UnusableInput("GRADATIM_KEYS is not set", "the environment",
                        todo="name a folder outside the database and its backups")  # fmt: skip


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnusableInput(f"there is no time zone {name}", "GRADATIM_TIME_ZONE",
                            todo="give one such as Asia/Shanghai") from error  # fmt: skip
    return name


def django_database(url: str) -> dict[str, Any]:
    """Give Django's entry for a database: its own tables stand beside the ledger's.

    Raises:
        UnusableInput: it is neither SQLite nor PostgreSQL.
    """
    if url.startswith("sqlite:///"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(url.removeprefix("sqlite:///")),
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise UnusableInput("this is not the address of a database", "DATABASE_URL",
                            todo="give sqlite:///PATH or postgresql://...")  # fmt: skip
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }
