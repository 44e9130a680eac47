"""What the environment says: where the ledger is, who may connect, which keys to use.

Every name is listed in docs/operations.md. Nothing has a default that would be unsafe in a
hospital; the demonstration sets its own.
"""

import re
import secrets
import zlib
from collections.abc import Mapping
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gradatim.core.errors import UnusableInput
from gradatim.protocol.translation.load import load_translation, translations_in
from gradatim.vocabulary.graph import Vocabulary
from gradatim.web.accounts.breached import seen
from gradatim.web.database import refuse_plain

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
SHORTEST_SECRET = 50  # characters, as Django's own deployment check asks
LEAST_PACKED = 40
"""Bytes that a secret has at least when it is packed: 50 random digits have 42, letters more."""
_GENERIC = {"com", "edu", "gov", "int", "mil", "net", "org", "arpa", "biz", "info"}
_UNDER_COUNTRY = {
    "ac",
    "co",
    "com",
    "edu",
    "gob",
    "gouv",
    "gov",
    "go",
    "ne",
    "net",
    "nhs",
    "or",
    "org",
}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.IGNORECASE)
REQUESTS, WRITES, FEWEST = 240, 60, 10  # in a minute
DATABASE_SECONDS, CLIENT_SECONDS = 10, 10


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
        earlier: secret that was in use before, by which sessions are known until they end.
        requests, writes: how often one user may ask and record in a minute.
        breached: file of the hashes of passwords that were stolen elsewhere.
        translations: folder of what protocols say in other languages.
        vocabulary: file of what the site's codes mean, by which uploaded records are read.
        dictionaries: folder of versions of MedDRA and WHODrug, each as a vocabulary file.
        sealing: folder of the keys that seal the ledger; outside the database and its backups.
        database_seconds: for how long a database that does not answer is waited for.
        client_seconds: within how many seconds a request has to tell what it asks for.
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
    earlier: str = ""
    requests: int = REQUESTS
    writes: int = WRITES
    breached: Path | None = None
    translations: Path | None = None
    vocabulary: Path | None = None
    dictionaries: Path | None = None
    sealing: Path = Path()
    database_seconds: int = DATABASE_SECONDS
    client_seconds: int = CLIENT_SECONDS


def configuration(environment: Mapping[str, str]) -> Configuration:
    """Read the environment.

    Raises:
        UnusableInput: something needed is missing, or cannot be meant.
    """
    demo = environment.get("GRADATIM_DEMO") == "1"
    database = environment.get("DATABASE_URL", "")
    if not database:
        raise UnusableInput(
            "DATABASE_URL is not set",
            "the environment",
            todo="give sqlite:///PATH or postgresql://...",
        )
    refuse_plain(database, environment)
    keys = Path(environment.get("GRADATIM_KEYS") or _beside(database))
    return Configuration(
        database,
        _secret(environment, demo),
        _hosts(environment, demo),
        keys,
        environment.get("GRADATIM_TRIAL", ""),
        _zone(environment.get("GRADATIM_TIME_ZONE", "UTC")),
        demo,
        environment.get("GRADATIM_BEHIND_PROXY") == "1",
        Path(runs) if (runs := environment.get("GRADATIM_PRESCREEN")) else None,
        _earlier(environment),
        _number(environment, "GRADATIM_REQUESTS_PER_MINUTE", REQUESTS, FEWEST),
        _number(environment, "GRADATIM_WRITES_PER_MINUTE", WRITES, FEWEST),
        _breached(environment),
        _translations(environment),
        _vocabulary(environment),
        _dictionaries(environment),
        Path(environment.get("GRADATIM_SEALING_KEYS") or keys.with_name(f"{keys.name}-sealing")),
        _number(environment, "GRADATIM_DATABASE_SECONDS", DATABASE_SECONDS, 1),
        _number(environment, "GRADATIM_CLIENT_SECONDS", CLIENT_SECONDS, 1),
    )


def _secret(environment: Mapping[str, str], demo: bool) -> str:
    secret = environment.get("GRADATIM_SECRET_KEY", "")
    if demo and not secret:
        return secrets.token_urlsafe(SHORTEST_SECRET)
    _refuse_weak("GRADATIM_SECRET_KEY", secret, f"give at least {SHORTEST_SECRET} random ones")
    return secret


def _earlier(environment: Mapping[str, str]) -> str:
    earlier = environment.get("GRADATIM_SECRET_KEY_BEFORE", "")
    if earlier:
        _refuse_weak(
            "GRADATIM_SECRET_KEY_BEFORE", earlier, "give the secret as it was, or unset it"
        )
    return earlier


def _refuse_weak(name: str, secret: str, todo: str) -> None:
    """Refuse a secret that could be guessed; none of it is repeated."""
    if len(secret) < SHORTEST_SECRET:
        why = f"it has {len(secret)} characters"
        raise UnusableInput(f"{name} is missing or too short", "the environment", why, todo)
    if packed_length(secret) < LEAST_PACKED:
        why = "it repeats itself or counts up, so that it could be guessed"
        raise UnusableInput(f"{name} is not random", "the environment", why, todo)


def packed_length(secret: str) -> int:
    """Return the bytes of a secret when it is packed, or its steps from sign to sign are.

    What repeats itself packs well, and what counts up or down does by its steps; what was drawn at
    random does neither.
    """
    signs = secret.encode()
    steps = bytes((after - before) % 256 for before, after in pairwise(signs))
    return min(len(zlib.compress(one, 9)) for one in (signs, steps))


def _number(environment: Mapping[str, str], name: str, usual: int, least: int) -> int:
    said = environment.get(name) or str(usual)
    if not (said.isascii() and said.isdecimal()) or int(said) < least:
        raise UnusableInput(
            f"{name} is no number of at least {least}",
            "the environment",
            todo=f"give one such as {usual}",
        )
    return int(said)


def _breached(environment: Mapping[str, str]) -> Path | None:
    """Give the list of stolen passwords, having tried it."""
    if not (said := environment.get("GRADATIM_BREACHED_PASSWORDS")):
        return None
    seen(Path(said), "")
    return Path(said)


def _translations(environment: Mapping[str, str]) -> Path | None:
    """Give the folder of translations, having read each."""
    if not (said := environment.get("GRADATIM_TRANSLATIONS")):
        return None
    if not Path(said).is_dir():
        raise UnusableInput(
            "there is no such folder",
            "GRADATIM_TRANSLATIONS",
            said,
            "name the folder of the translation files, or unset it",
        )
    for path in translations_in(Path(said)):
        load_translation(path)
    return Path(said)


def _vocabulary(environment: Mapping[str, str]) -> Path | None:
    """Give the vocabulary file, having opened it."""
    if not (said := environment.get("GRADATIM_VOCABULARY")):
        return None
    Vocabulary.open(said)
    return Path(said)


def _dictionaries(environment: Mapping[str, str]) -> Path | None:
    """Give the folder of dictionaries, having opened each."""
    if not (said := environment.get("GRADATIM_DICTIONARIES")):
        return None
    if not Path(said).is_dir():
        raise UnusableInput(
            "there is no such folder",
            "GRADATIM_DICTIONARIES",
            said,
            "name the folder of the vocabulary files of MedDRA and WHODrug, or unset it",
        )
    for path in vocabularies_in(Path(said)):
        Vocabulary.open(path)
    return Path(said)


def vocabularies_in(folder: Path) -> list[Path]:
    """Return the vocabulary files of a folder, in the order of their names."""
    return sorted(folder.glob("*.vocabulary"))


def _hosts(environment: Mapping[str, str], demo: bool) -> tuple[str, ...]:
    named = environment.get("GRADATIM_HOSTS", "")
    hosts = tuple(one.strip() for one in named.split(",") if one.strip())
    for host in hosts:
        if why := _not_one_host(host):
            raise UnusableInput(
                f"GRADATIM_HOSTS may not be {host}",
                "the environment",
                why,
                "name the hosts in full",
            )
    return LOOPBACK if demo or not hosts else hosts


def _not_one_host(said: str) -> str:
    """Say why something is not the name of one host; empty if it is."""
    if said == "*" or said.startswith("."):
        return "any name would be answered to, or any under it"
    if said in LOOPBACK or _is_address(said):
        return ""
    labels = said.lower().split(".")
    if not all(map(_LABEL.fullmatch, labels)):
        return "it is no name of a host; the scheme and the port are left out"
    return "names of many others end so" if _is_public_suffix(labels) else ""


def _is_address(said: str) -> bool:
    try:
        ip_address(said.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _is_public_suffix(labels: list[str]) -> bool:
    """Whether a name is a domain under which anybody registers, as far as its form tells.

    Generic ones and those of two letters, which all are countries' (RFC 1591), and what countries
    have beneath. The whole list (publicsuffix.org) changes weekly.
    """
    country = len(labels[-1]) == 2
    if len(labels) == 1:
        return country or labels[0] in _GENERIC
    return len(labels) == 2 and country and labels[0] in _UNDER_COUNTRY


def _beside(database: str) -> Path:
    """Give the folder of keys next to a SQLite file."""
    if database.startswith("sqlite:///"):
        path = Path(unquote(database.removeprefix("sqlite:///")))
        return path.with_name(f"{path.name}.keys")
    raise UnusableInput(
        "GRADATIM_KEYS is not set",
        "the environment",
        todo="name a folder outside the database and its backups",
    )


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnusableInput(
            f"there is no time zone {name}",
            "GRADATIM_TIME_ZONE",
            todo="give one such as Asia/Shanghai",
        ) from error
    return name
