"""What comes before `gradatim serve`: the tables, the trial's beginning, the first person."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from gradatim.conduct.events.base import Event
    from gradatim.conduct.events.trial import RoleGranted
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
SecondSponsor = Annotated[
    str, typer.Option(metavar="USER", help="Who is given it beside them, to confirm what they give")
]
_Position = Annotated[int, typer.Argument(metavar="POSITION", help="The entry that gives the task")]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who confirms it here, by name")]

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
def begin(
    trial: _Trial, sponsor: Sponsor, second_sponsor: SecondSponsor = "", title: Title = ""
) -> None:
    """Begin a real trial in the ledger of DATABASE_URL, and give its sponsors their task.

    Everything after that is done in the web application, by people who are signed in. Name two: a
    second person confirms whom the first gives a task.
    """
    from django.conf import settings

    from gradatim.conduct.event_store import StoreMode
    from gradatim.conduct.sealing.adoption import adopt_first_key
    from gradatim.conduct.stores import open_store
    from gradatim.conduct.trial import Trial as Ledger
    from gradatim.core.errors import UnusableInput
    from gradatim.web.keyring import sealing_keys
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    now = datetime.now(ZoneInfo(settings.TIME_ZONE))
    first, second = _sponsors(sponsor, second_sponsor, now)
    keys = sealing_keys()
    made = Ledger(open_store(settings.LEDGER_URL, StoreMode.CREATE, keys), trial)
    if made.state.roles:
        raise UnusableInput(f"the ledger has a trial {trial} already", "DATABASE_URL")
    if not made.state.position:  # a beginning that broke off between its entries is gone on with
        _recorded(made, _creation(sponsor, title, now, settings.TIME_ZONE))
    adopt_first_key(made, keys, now)
    _recorded(made, first)
    if second is not None:
        made.record_own(lambda head: second)
    _tell_begun(trial, [one for one in (sponsor, second_sponsor) if one], keys.path(trial))


def _creation(sponsor: str, title: str, now: datetime, time_zone: str) -> "Event":
    from gradatim.conduct.events.trial import TrialCreated

    common: dict[str, Any] = {"occurred_on": now.date(), "recorded_at": now, "recorded_by": sponsor}
    return TrialCreated(**common, mode="real", title=title, time_zone=time_zone)


def _sponsors(first: str, second: str, now: datetime) -> "tuple[RoleGranted, RoleGranted | None]":
    """Return what gives the sponsors their task; the server gives it to the second.

    Raises:
        UnusableInput: they are one person, or a name cannot be one.
    """
    from gradatim.conduct.events import encoded
    from gradatim.conduct.events.base import SYSTEM
    from gradatim.conduct.events.trial import RoleGranted
    from gradatim.core.errors import UnusableInput

    if second in (first, SYSTEM):
        raise UnusableInput(
            f"{second} cannot be the second sponsor",
            "--second-sponsor",
            "nobody confirms what they do themselves",
            "name another person",
        )
    day: dict[str, Any] = {"occurred_on": now.date(), "recorded_at": now, "role": "sponsor"}
    named = [RoleGranted(**day, recorded_by=first, user=first)]
    if second:
        named.append(RoleGranted(**day, recorded_by=SYSTEM, user=second))
    for one in named:
        encoded(one)  # what cannot be written is refused before the trial begins
    return named[0], named[1] if second else None


def _tell_begun(trial: str, sponsors: list[str], key: object) -> None:
    invite = " and ".join(f"gradatim user invite {one}" for one in sponsors)
    print(
        f"{trial} begins; {', '.join(sponsors)} for its sponsor. It is sealed by {key}: copy that "
        f"apart from the database. Next: {invite}"
    )
    if len(sponsors) < 2:
        print(
            "There is no second sponsor: what a second person confirms waits until it is "
            "confirmed by `gradatim trial confirm-delegation`"
        )


def _recorded(made: "OnLedger", event: "Event") -> None:
    from gradatim.conduct.trial import Recorded
    from gradatim.core.errors import UnusableInput

    outcome = made.record(event)
    if not isinstance(outcome, Recorded):
        raise UnusableInput(f"{made.name} cannot begin", "DATABASE_URL", str(outcome))


@trial.command("confirm-delegation")
def confirm_delegation(trial: _Trial, position: _Position, by: _By, reason: _Why) -> None:
    """Confirm a delegation in the ledger of DATABASE_URL where nobody is left who could.

    The application may run meanwhile. It shows who confirmed it here, and why: the ledger keeps
    both, and pages say that it was done outside the application.
    """
    from django.conf import settings

    from gradatim.conduct.confirming_on_server import confirm_on_server
    from gradatim.conduct.event_store import StoreMode
    from gradatim.conduct.stores import open_store
    from gradatim.conduct.trial import Trial as Ledger
    from gradatim.web.keyring import sealing_keys
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    made = Ledger(open_store(settings.LEDGER_URL, StoreMode.WRITE, sealing_keys()), trial)
    now = datetime.now(ZoneInfo(settings.TIME_ZONE))
    given, at = confirm_on_server(made, position, by, reason, now)
    where = f"at site {given.site}" if given.site else "in the whole trial"
    print(f"{given.user} is {given.role} {where} from entry {at} on, confirmed by {by}")


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


@user.command("reset-second-factor")
def reset_second_factor(user: User) -> None:
    """Take a second factor away where no two people are left who could do it on the pages.

    The person signs in with their password and sets another up. It stands with the account that it
    was done here.
    """
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    from gradatim.web.operations.second_factor import take_second_factor_away

    take_second_factor_away(user)
    print(f"{user} has no second factor; after signing in they set another up")
