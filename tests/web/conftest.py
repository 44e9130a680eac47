"""What the tests of the application share: a ledger part-way through, accounts, a clock."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.test import Client

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.signatures import Signer
from gradatim.conduct.simulate import simulate
from gradatim.conduct.state import State
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.candidates import Candidates
from gradatim.web import clock
from gradatim.web.accounts import middleware, sessions, signing_keys
from gradatim.web.accounts.adopting import adopt_key
from gradatim.web.accounts.models import User
from gradatim.web.live_trial import Running, forget_running, running

START = date(2026, 4, 6)
UNTIL = date(2026, 9, 21)
NOW = datetime(2026, 9, 21, 1, 0, tzinfo=UTC)
"""Morning at the sites, in the middle of the simulated trial."""
PASSWORD = "violet harbour unwinds at noon"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def simulated_ledger(name: str, path: Path, until: date = UNTIL, seed: int = 3) -> Path:
    """Simulate a bundled trial into a file."""
    folder = bundled()[name].parent
    document = load(name)
    store = open_store(f"sqlite:///{path}", StoreMode.CREATE)
    people = Candidates(document.study, folder / "participants.yaml")
    text = (folder / "protocol.yaml").read_text()
    simulate(
        Trial(store, document.study.study.id),
        document,
        text,
        people,
        seed,
        start=START,
        until=until,
    )
    store.close()
    return path


@pytest.fixture(scope="session", params=["nct05962762", "example_oncology_tablet"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each bundled trial, part-way through."""
    return simulated_ledger(request.param, tmp_path_factory.mktemp("ledger") / "made.sqlite")


@pytest.fixture(scope="session")
def first_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first bundled trial, part-way through."""
    return simulated_ledger("nct05962762", tmp_path_factory.mktemp("ledger") / "made.sqlite")


def opened(path: Path, folder: Path, settings) -> Running:
    """Let the application run a copy of a ledger, with an account for everybody in it."""
    copy = folder / "ledger.sqlite"
    shutil.copy(path, copy)
    settings.LEDGER_URL, settings.LEDGER_TRIAL = f"sqlite:///{copy}", ""
    settings.KEYS_FOLDER = folder / "keys"
    forget_running()
    now = running()
    for name in sorted({user for user, _ in now.trial.state.roles}):
        User.objects.create_user(name, f"Printed {name}", PASSWORD)
    return now


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "source", lambda: moment)

    set_to(NOW)
    return set_to


@pytest.fixture
def app(first_made: Path, tmp_path: Path, settings, db, at) -> Iterator[Running]:
    """The application on the first bundled trial."""
    yield opened(first_made, tmp_path, settings)
    forget_running()


@pytest.fixture
def either_app(made: Path, tmp_path: Path, settings, db, at) -> Iterator[Running]:
    """The application on each bundled trial."""
    yield opened(made, tmp_path, settings)
    forget_running()


@pytest.fixture
def signed_in() -> Callable[[str], Client]:
    """Give a client that is signed in as a user."""

    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=name), backend=BACKEND)
        return client

    return sign_in


def signer_of(name: str) -> Signer:
    """Return who signs as a user; the trial knows their key, as after they signed by a page."""
    user, trial = User.objects.get(username=name), running().trial
    signer = signing_keys.signer_of(user, PASSWORD, trial.name)
    trial.refresh()
    adopt_key(trial, user)
    return signer


class SessionClock:
    """The clock by which sessions rest and age: it stands until a test sets it forward."""

    def __init__(self) -> None:
        self.moment = time.time()

    def time(self) -> float:
        """Return the seconds since 1970, as the module of this name does."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += seconds


@pytest.fixture
def session_clock(monkeypatch: pytest.MonkeyPatch) -> SessionClock:
    """Replace the clock of sessions by one that a test sets."""
    clock_of_sessions = SessionClock()
    for module in (middleware, sessions):
        monkeypatch.setattr(module, "time", clock_of_sessions)
    return clock_of_sessions


def state(now: Running) -> State:
    """Give the state, brought up to date."""
    now.trial.refresh()
    return now.trial.state
