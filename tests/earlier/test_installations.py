"""Databases of earlier versions, served by this one: people sign in and see what they saw."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django_otp.oath import TOTP

from gradatim.web.accounts.seeds import is_sealed, open_seed
from gradatim.web.operations.smoke_test import Visitor, visit
from tests.earlier.conftest import Earlier
from tests.earlier.make import post_event
from tests.engines import POSTGRES
from tests.web.operations.installed import SECRET, Installation

pytestmark = pytest.mark.slow
DEVICES = """
SELECT u.username, d.key, u.id FROM otp_totp_totpdevice d JOIN accounts_user u ON u.id = d.user_id
WHERE d.confirmed"""
CLOCK = (
    "UPDATE otp_totp_totpdevice SET last_t = -1",
    "UPDATE accounts_apitoken SET expires_at = '2999-01-01'",
)
"""Whatever day it is, a code was not used before, and the token has not run out."""


class InstallationCopy(Installation):
    """A copy of an installation of an earlier version."""

    def execute(self, *statements: str) -> list[Any]:
        """Execute statements on the database; return the rows of the last."""
        if self.url.startswith("sqlite"):
            connection: Any = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        else:
            connection = psycopg.connect(self.url)
        with closing(connection), connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(
    params=["sqlite", "backup", pytest.param("postgres", marks=POSTGRES)],
)
def installation(request: pytest.FixtureRequest, earlier: Earlier) -> InstallationCopy:
    """The installation as its SQLite file, its backup and its dump of PostgreSQL bring it here."""
    folder = earlier.keys("installation").parent
    url = f"sqlite:///{folder / 'trial.sqlite'}"
    if request.param == "postgres":
        url = earlier.in_postgres("installation", request.getfixturevalue("postgres_server"))
    elif request.param == "sqlite":
        earlier.file("installation.sqlite").rename(folder / "trial.sqlite")
    copy = InstallationCopy(folder, url)
    if request.param == "backup":
        then = earlier.facts["ledgers"]["installation"]
        output = copy.done("restore", earlier.unpacked("backup"))
        assert f"{then['trial']}: {then['entries']} events restored, verified" in output
    copy.done("database", "migrate")
    copy.execute(*CLOCK)
    return copy


def signed_in(installation: InstallationCopy, address: str, user: str, password: str) -> Visitor:
    """Sign in with the password and the code that the device shows."""
    ((key, owner),) = [row[1:] for row in installation.execute(DEVICES) if row[0] == user]
    seed = open_seed(key, owner, [SECRET])
    assert is_sealed(key), "this version keeps no seed in the open"
    assert seed
    visitor = Visitor(address)
    answer = visitor.send("/sign-in/", visitor.page("/sign-in/"), username=user, password=password)
    assert "/second-factor/" in answer.address, answer.text
    code = f"{TOTP(seed).token():06}"
    answer = visitor.send("/second-factor/", answer.text, code=code)
    assert (answer.status, answer.address) == (200, f"{address}/"), answer.text
    return visitor


def test_an_installation_goes_on(installation: InstallationCopy, earlier: Earlier) -> None:
    """Accounts, second factors, a program's token and its act, pages, names, the ledger."""
    then, ledger = earlier.facts["installation"], earlier.facts["ledgers"]["installation"]
    _accounts_are_those_that_were_kept(installation, then)
    with installation.served() as server:
        people = set(then["users"]) - {then["deactivated"]}
        for user in people:
            page = signed_in(installation, server.address, user, then["password"]).page("/account/")
            assert then["users"][user] in page
        for user in (then["deactivated"], then["invited"]):
            stranger = Visitor(server.address)
            answer = stranger.send(
                "/sign-in/", stranger.page("/sign-in/"), username=user, password=then["password"]
            )
            assert answer.address.endswith("/sign-in/"), user
        installation.execute(*CLOCK)
        lead = signed_in(installation, server.address, "investigator.S01.1", then["password"])
        _looks_around(lead, earlier)
        act = then["act"]
        again = post_event(server.address, then["token"], act["key"], act["event"])
        assert again["position"] == act["position"]
        new = post_event(server.address, then["token"], "of today", act["event"])
        # The first start adopted a sealing key, and each person a key to sign by.
        assert new["position"] == ledger["entries"] + 1 + len(people) + 1
    output = json.loads(
        installation.done(
            "ledger",
            "verify",
            installation.url,
            "--against",
            earlier.folder / "ledgers" / "checkpoint.json",
            "--json",
        )
    )
    assert (output["ok"], output["events"] > ledger["entries"]) == (True, True)


def _accounts_are_those_that_were_kept(
    installation: InstallationCopy, then: dict[str, Any]
) -> None:
    """Nobody is lost, and nothing of what was done with the accounts."""
    users = dict(installation.execute("SELECT username, is_active FROM accounts_user"))
    assert set(users) == {*then["users"], then["invited"]}
    assert [name for name, active in users.items() if not active] == [then["deactivated"]]
    assert {row[0] for row in installation.execute(DEVICES)} == set(then["users"])
    ((codes,),) = installation.execute("SELECT count(*) FROM accounts_recoverycode")
    assert codes == 10 * len(then["users"])
    assert installation.execute("SELECT name, revoked_at FROM accounts_apitoken") == [
        ("laboratory", None)
    ]
    done = {
        what for (what,) in installation.execute("SELECT DISTINCT what FROM accounts_accountact")
    }
    assert {
        "invited",
        "password chosen",
        "factor set up",
        "codes made",
        "token made",
        "deactivated",
    } <= done


def _looks_around(lead: Visitor, earlier: Earlier) -> None:
    """A name that is known, one that was erased, a value that was corrected, everybody's list."""
    people, ledger = (earlier.facts[name] for name in ("people", "ledgers"))
    corrected = ledger["installation"]["corrections"]
    for number, who in people["installation"].items():
        page = lead.page(f"/participants/{number}/")
        assert (who["name"] if who else "identifying data erased") in page
    everybody = lead.page("/participants/")
    screened = lead.page("/screening/") + lead.page("/screening/log/")
    for number, one in ledger["installation"]["participants"].items():
        if one["site"] == "S01":
            assert number in everybody + screened
    results = [one for one in corrected if one["field"] == "results"]
    weights = [one for one in results if one["earlier"][0]["element"] == "body_weight"]
    page = lead.page(f"/entries/{weights[0]['of']}/")
    for one in (*(each["earlier"] for each in weights), weights[-1]["now"]):
        assert str(one[0]["value"]) in page


def test_a_demonstration_is_shown(earlier: Earlier) -> None:
    """People sign in with the password of then; every page of their navigation is there."""
    folder = earlier.keys("demonstration").parent
    path = earlier.file("demonstration.sqlite")
    demonstration = InstallationCopy(folder, f"sqlite:///{path}")
    demonstration.more["GRADATIM_DEMO"] = "1"
    demonstration.done("database", "migrate")
    passwords = earlier.facts["demonstration"]["passwords"]
    with demonstration.served() as server:
        for user in ("investigator.S01.1", "committee.1"):
            assert visit(server.address, user, passwords[user]) > 3
        lead = Visitor(server.address)
        lead.sign_in("investigator.S01.1", passwords["investigator.S01.1"])
        for number, who in earlier.facts["people"]["demonstration"].items():
            if number.startswith("S01"):
                assert who["name"] in lead.page(f"/participants/{number}/")
