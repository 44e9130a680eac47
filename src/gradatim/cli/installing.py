"""What comes before `gradatim serve`: the tables, the trial's beginning, the first person."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from gradatim.conduct.events.base import Event
    from gradatim.conduct.trial import Trial as OnLedger

database = typer.Typer(help="Tables of the web application.", no_args_is_help=True)
trial = typer.Typer(help="The beginning of a trial, and its key.", no_args_is_help=True)
user = typer.Typer(help="Accounts of the web application.", no_args_is_help=True)

User = Annotated[str, typer.Argument(metavar="USER", help="As the ledger names this person")]
_Name = Annotated[str, typer.Option(metavar="NAME", help="As it is printed in signatures")]
Anew = Annotated[bool, typer.Option("--anew", help="Take a password away that is there")]
_Trial = Annotated[str, typer.Argument(metavar="TRIAL", help="The trial's identifier")]
Title = Annotated[str, typer.Option(metavar="TITLE", help="What it is called")]
Sponsor = Annotated[str, typer.Option(metavar="USER", help="Who is given the sponsor's task")]

_Lost = Annotated[bool, typer.Option("--lost", help="The key before is lost with every copy")]
_Why = Annotated[str, typer.Option(metavar="WORDS", help="Why, as the ledger keeps it")]


@database.callback()
def of_database() -> None:
    """Tables of the web application."""


@database.command()
def migrate() -> None:
    """Make or change the tables of DATABASE_URL as this version needs them."""
    from gradatim.web.operations.migrate import migrate as migrate_tables
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    done = migrate_tables()
    print("\n".join(done) if done else "the tables are as they should be")


@trial.callback()
def of_trial() -> None:
    """The beginning of a trial, and its key."""


@trial.command()
def begin(trial: _Trial, sponsor: Sponsor, title: Title = "") -> None:
    """Begin a real trial in the ledger of DATABASE_URL, and give its sponsor their task.

    Everything after that is done in the web application, by people who are signed in.
    """
    from django.conf import settings

    from gradatim.conduct.event_store import StoreMode
    from gradatim.conduct.events.trial import RoleGranted, TrialCreated
    from gradatim.conduct.sealing.adoption import adopt_first_key
    from gradatim.conduct.stores import open_store
    from gradatim.conduct.trial import Trial as Ledger
    from gradatim.core.errors import UnusableInput
    from gradatim.web.keyring import sealing_keys
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    keys = sealing_keys()
    made = Ledger(open_store(settings.LEDGER_URL, StoreMode.CREATE, keys), trial)
    if made.state.roles:
        raise UnusableInput(f"the ledger has a trial {trial} already", "DATABASE_URL")
    now = datetime.now(ZoneInfo(settings.TIME_ZONE))
    common: dict[str, Any] = {"occurred_on": now.date(), "recorded_at": now, "recorded_by": sponsor}
    role = RoleGranted(**common, user=sponsor, role="sponsor")
    # A beginning that broke off between its entries is gone on with.
    if not made.state.position:
        begun = TrialCreated(**common, mode="real", title=title, time_zone=settings.TIME_ZONE)
        _recorded(made, begun)
    adopt_first_key(made, keys, now)
    _recorded(made, role)
    print(
        f"{trial} begins; {sponsor} is its sponsor. It is sealed by {keys.path(trial)}: copy that "
        f"apart from the database. Next: gradatim user invite {sponsor}"
    )


def _recorded(made: "OnLedger", event: "Event") -> None:
    from gradatim.conduct.trial import Recorded
    from gradatim.core.errors import UnusableInput

    outcome = made.record(event)
    if not isinstance(outcome, Recorded):
        raise UnusableInput(f"{made.name} cannot begin", "DATABASE_URL", str(outcome))


@trial.command("new-key")
def new_key(trial: _Trial, reason: _Why, lost: _Lost = False) -> None:
    """Seal the ledger of DATABASE_URL by a new key, endorsed by the one before.

    The application may run meanwhile, and goes on by the new key. The one before is removed. A new
    key in the place of one that is lost verifies only with a checkpoint that somebody trusted
    signed after it.
    """
    from django.conf import settings

    from gradatim.conduct.event_store import StoreMode
    from gradatim.conduct.sealing.adoption import adopt_another_key
    from gradatim.conduct.stores import open_store
    from gradatim.conduct.trial import Trial as Ledger
    from gradatim.web.keyring import sealing_keys
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    keys = sealing_keys()
    made = Ledger(open_store(settings.LEDGER_URL, StoreMode.WRITE, keys), trial)
    now = datetime.now(ZoneInfo(settings.TIME_ZONE))
    position = adopt_another_key(made, keys, now, reason, lost)
    print(f"{trial}: from entry {position} on sealed by {keys.path(trial)}: copy that anew")


@user.callback()
def of_user() -> None:
    """Accounts of the web application."""


@user.command()
def invite(user: User, name: _Name, anew: Anew = False) -> None:
    """Make an account, and a link by which its person chooses a password, once."""
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    from gradatim.web.operations.invite import invite_user

    made = invite_user(user, name, anew=anew)
    print(f"{made.link}\nHand it to {name}; it can be used once, within {made.days} days.")
