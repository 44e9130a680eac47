"""The demonstration: a folder of its own, made-up people, a password for each role."""

import random
import secrets
from datetime import date
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.port import Mode
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.candidates import Candidates
from gradatim.synthetic.demonstration import demonstrate, users
from gradatim.web.serving.preparing import migrate, prepare

TRIAL = "nct05962762"
ZONE = "Asia/Shanghai"
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


class Role(NamedTuple):
    """Somebody to sign in as."""

    user: str
    role: str
    site: str
    password: str


def made(folder: Path, today: date) -> list[Role]:
    """Make the demonstration in a folder: ledger, keys, tables, accounts.

    Returns:
        Who may sign in, one row for each task; the password of a person is the same in each.
    """
    url = f"sqlite:///{folder / 'demo.sqlite'}"
    keyring = Keyring(folder / "keys", secrets.token_bytes)
    document, path = load(TRIAL), bundled()[TRIAL]
    store = open_store(url, Mode.CREATE)
    trial = Trial(store, document.study.study.id)
    people = Candidates(document.study, path.parent / "participants.yaml")
    demonstrate(trial, document, path.read_text(encoding="utf-8"), people, today, keyring=keyring)
    store.close()
    prepare(DATABASE_URL=url, GRADATIM_DEMO="1", GRADATIM_KEYS=str(folder / "keys"),
            GRADATIM_TIME_ZONE=ZONE)  # fmt: skip
    migrate()
    return _accounts(trial)


def _accounts(trial: Trial) -> list[Role]:
    from gradatim.web.accounts.models import User

    passwords: dict[str, str] = {}
    for user, role, site in users(trial.state):
        if user not in passwords:
            passwords[user] = passphrase(random.SystemRandom())
            User.objects.create_user(user, f"{role.replace('_', ' ')} {site}".strip(),
                                     passwords[user])  # fmt: skip
    return [Role(user, role, site, passwords[user]) for user, role, site in users(trial.state)]


def passphrase(rng: random.Random) -> str:
    """Give a password that can be read out: four made-up words, about 50 bits."""
    return "-".join(_word(rng) for _ in range(4))


def _word(rng: random.Random) -> str:
    letters = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
    return "".join(rng.choice(one) for one in letters)


class Visit(NamedTuple):
    """What one role saw: addresses, and those that did not answer as they should."""

    user: str
    pages: int
    faults: list[str]


def visited(address: str, one: Role) -> Visit:
    """Sign in as a role over HTTP, and open every page of the navigation."""
    import re

    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    page = opener.open(f"{address}/sign-in/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    said = {"csrfmiddlewaretoken": token[1] if token else "", "username": one.user,
            "password": one.password}  # fmt: skip
    first = opener.open(f"{address}/sign-in/", urlencode(said).encode()).read().decode()
    nav = first.partition('<nav class="areas"')[2].partition("</nav>")[0]
    paths = re.findall(r'href="([^"]+)"', nav)
    faults = [] if paths else ["no page of the navigation"]
    for path in paths:
        try:
            opener.open(f"{address}{path}").read()
        except HTTPError as error:
            faults.append(f"{path}: {error.code}")
    return Visit(one.user, len(paths), faults)
