"""A database that is full, can only be read, is down or hangs, under a real server."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from gradatim.conduct.ledger import verify
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.web.operations.healthcheck import health_fault
from tests.engines import POSTGRES, PostgresSchema
from tests.relay import Relay, relay
from tests.waiting import wait_until
from tests.web.operations.installed import TRIAL, Installation, Sender, Serving, entered


def approval(person: Sender, form: str, reference: str) -> tuple[int, str]:
    """Record an approval with the fields of a form; return the status and the text."""
    came = person.sent_approval(form, reference)
    return came.status, came.text


def health(server: Serving) -> str:
    return health_fault(int(server.address.rpartition(":")[2]), {})


def signing_in(server: Serving) -> int:
    """Sign in as nobody; return how it is answered."""
    stranger = Sender(server.address)
    page = stranger.ask("/sign-in/")
    if page.status != 200:
        return page.status
    said = {"username": "nobody", "password": "never was one"}
    return stranger.send("/sign-in/", page.text, **said).status


PAGES = ("/", "/participants/", "/protocol/", "/people/", "/account/", "/record/ApprovalRecorded/")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def test_a_full_disk_is_read_from_and_records_nothing(disk: Path, tmp_path: Path):
    """And nothing is lost: once there is room, the same form is recorded, once."""
    small = Installation(tmp_path, f"sqlite:///{disk / 'trial.sqlite'}")
    link = small.begin()
    with small.served() as server:
        person = entered(Sender(server.address), link)
        form, written = person.approval_form(), 0
        filler = fill(disk)
        while (sent := approval(person, form, f"round-{written}"))[0] != 503:
            assert sent[0] == 302
            written += 1  # what SQLite had room for already
        assert "The disk of the database is full. Nothing was recorded." in sent[1]
        assert f'value="round-{written}"' in sent[1]
        assert "trial.sqlite" not in sent[1]
        assert "SQLite says" not in sent[1]
        assert [person.ask(path).status for path in PAGES] == [200] * len(PAGES)
        assert "the disk of the database is full" in health(server)
        filler.unlink()
        assert approval(person, form, f"round-{written}")[0] == 302
        assert approval(person, form, f"round-{written}")[0] == 302
        assert health(server) == ""
    with closing(open_store(small.url, StoreMode.READ)) as store:
        entries = list(store.read(TRIAL))
        assert verify(entries, TRIAL, seals=store.seals(TRIAL)).ok
    assert len([one for one in entries if b"round-" in one.body]) == written + 1
    assert "the disk is full" in small.log.read_text()


class Relayed(NamedTuple):
    """An installation whose way to the database is a test's."""

    large: Installation
    schema: PostgresSchema
    way: Relay


@pytest.fixture
def relayed(tmp_path: Path, postgres: PostgresSchema) -> Iterator[Relayed]:
    """An installation on PostgreSQL, as a role of its own, by a network that can be cut."""
    role = f"service_{postgres.schema}"
    postgres.execute(f"CREATE ROLE {role} LOGIN SUPERUSER")
    with relay(postgres.host) as way:
        url = f"postgresql://{role}@127.0.0.1:{way.port}/postgres"
        large = Installation(tmp_path, f"{url}?options=-csearch_path%3D{postgres.schema}")
        large.more["GRADATIM_DATABASE_SECONDS"] = "2"
        yield Relayed(large, postgres, way)
    postgres.execute(f"DROP SCHEMA {postgres.schema} CASCADE", f"DROP ROLE {role}")


@pytest.mark.parametrize("how", [pytest.param(one, marks=POSTGRES) for one in ("swallow", "cut")])
def test_a_database_that_does_not_answer_is_given_up(relayed: Relayed, how: str):
    """Hung or down: everything is answered, and goes on by itself once it is back."""
    large, _, way = relayed
    link = large.begin()
    with large.served() as server:
        person = entered(Sender(server.address), link)
        form = person.approval_form()
        getattr(way, how)()
        for path in ("/", "/participants/"):
            came = person.ask(path)
            assert came.status == 503
            assert "The database does not answer." in came.text
            assert "127.0.0.1" not in came.text
        status, said = approval(person, form, "meanwhile")
        assert status == 503
        assert "it is recorded once" in said
        assert signing_in(server) == 503
        assert health(server)
        way.mend()
        wait_until(lambda: person.ask("/").status == 200, "the database to be used again")
        assert approval(person, form, "meanwhile")[0] == 302
        assert approval(person, form, "meanwhile")[0] == 302
        assert health(server) == ""
    with closing(open_store(large.url, StoreMode.READ)) as store:
        assert len([one for one in store.read(TRIAL) if b"meanwhile" in one.body]) == 1


@pytest.mark.parametrize("_", [pytest.param("", marks=POSTGRES)])
def test_a_database_that_can_only_be_read_is_read_from(relayed: Relayed, _: str):
    """As a replica, or a primary that its administrator has frozen."""
    large, schema, way = relayed
    link = large.begin()
    role = f"service_{schema.schema}"
    with large.served() as server:
        person = entered(Sender(server.address), link)
        form = person.approval_form()
        schema.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
        way.drop()
        assert [person.ask(path).status for path in PAGES] == [200] * len(PAGES)
        status, said = approval(person, form, "frozen")
        assert status == 503
        assert "The database can only be read. Nothing was recorded." in said
        assert 'value="frozen"' in said
        assert signing_in(server) == 503
        assert "the database can only be read" in health(server)
        schema.execute(f"ALTER ROLE {role} SET default_transaction_read_only = off")
        way.drop()
        assert approval(person, form, "frozen")[0] == 302
        assert health(server) == ""
