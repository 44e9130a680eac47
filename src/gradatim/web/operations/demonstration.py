"""The demonstration: a folder of its own, made-up people, a password for each role."""

import os
import random
import secrets
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from django.db import connections

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.candidates import Candidates
from gradatim.synthetic.demonstration import demonstrate, users
from gradatim.web.operations.migrate import migrate, read_settings

TRIAL = "nct05962762"
ZONE = "Asia/Shanghai"
NOT_OURS = (
    "GRADATIM_SECRET_KEY",
    "GRADATIM_HOSTS",
    "GRADATIM_TRIAL",
    "GRADATIM_BEHIND_PROXY",
    "GRADATIM_PLAIN_HTTP",
    "GRADATIM_SEALING_KEYS",
    "DJANGO_SETTINGS_MODULE",
)
"""What the environment says of a real installation, and the demonstration is not to follow."""
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


class Role(NamedTuple):
    """Somebody to sign in as."""

    user: str
    role: str
    site: str
    password: str


def make_demonstration(folder: Path, today: date) -> list[Role]:
    """Make the demonstration in a folder: ledger, keys, tables, accounts.

    Returns:
        Who may sign in, one row for each task; the password of a person is the same in each.
    """
    url = f"sqlite:///{quote(str(folder / 'demo.sqlite'))}"
    keyring = Keyring(folder / "keys", secrets.token_bytes)
    document, path = load(TRIAL), bundled()[TRIAL]
    store = open_store(url, StoreMode.CREATE)
    trial = Trial(store, document.study.study.id)
    people = Candidates(document.study, path.parent / "participants.yaml")
    demonstrate(trial, document, path.read_text(encoding="utf-8"), people, today, keyring=keyring)
    store.close()
    for name in NOT_OURS:
        os.environ.pop(name, None)
    read_settings(
        DATABASE_URL=url,
        GRADATIM_DEMO="1",
        GRADATIM_KEYS=str(folder / "keys"),
        GRADATIM_TIME_ZONE=ZONE,
    )
    migrate()
    roles = _accounts(trial)
    connections.close_all()
    return roles


def _accounts(trial: Trial) -> list[Role]:
    from gradatim.web.accounts.models import User

    passwords: dict[str, str] = {}
    for user, role, site in users(trial.state):
        if user not in passwords:
            passwords[user] = passphrase(random.SystemRandom())
            User.objects.create_user(
                user, f"{role.replace('_', ' ')} {site}".strip(), passwords[user]
            )
    return [Role(user, role, site, passwords[user]) for user, role, site in users(trial.state)]


def passphrase(rng: random.Random) -> str:
    """Give a password that can be read out: four made-up words, about 50 bits."""
    return "-".join(_word(rng) for _ in range(4))


def _word(rng: random.Random) -> str:
    letters = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
    return "".join(rng.choice(one) for one in letters)
