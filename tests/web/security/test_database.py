"""ASVS V12.3 and V13.2: the way to the database, and what the service may do there."""

import re

import psycopg
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.web.configuration import configuration
from gradatim.web.database import django_database
from tests.web.operations.conftest import large  # noqa: F401
from tests.web.operations.installed import Installation, Sender, entered
from tests.web.operations.test_deployment import blocks
from tests.web.security.test_data import GOOD

ELSEWHERE = (
    "postgresql://u:secret@db.hospital.example/x",
    "postgresql://u:secret@10.0.0.7:5432/x",
    "postgresql://u:secret@db/x?sslmode=require",
    "postgresql://u:secret@db/x?sslmode=verify-ca",
    "postgres://u:secret@db/x?sslmode=prefer",
    "postgresql://u:secret@[2001:db8::1]/x",
    "postgresql:///x?host=db",
    "postgresql:///x?host=/run/postgresql,db",
    "postgresql://u:secret@localhost/x?hostaddr=10.0.0.7",
    "postgresql:///x?service=trial",
    "postgresql://u:secret@localhost.example/x",
)
HERE = (
    "postgresql://u@localhost/x",
    "postgresql://u@127.0.0.1:5432/x",
    "postgresql://u@[::1]/x",
    "postgresql:///x",
    "postgresql:///x?host=/run/postgresql",
    "sqlite:////data/trial.sqlite",
    "postgresql://%2Frun%2Fpostgresql/x",
)


def started(url: str, **more: str) -> str:
    return configuration(GOOD | {"DATABASE_URL": url} | more).database


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_database_elsewhere_needs_tls_and_a_certificate_that_is_checked(url: str):
    with pytest.raises(UnusableInput, match="sslmode=verify-full") as found:
        started(url)
    assert "secret" not in str(found.value)


@pytest.mark.parametrize("url", HERE)
def test_one_on_this_machine_does_not(url: str):
    assert started(url) == url


def test_what_the_environment_tells_the_driver_counts():
    with pytest.raises(UnusableInput):
        started("postgresql:///x", PGHOST="db")
    assert started("postgresql:///x", PGHOST="db", PGSSLMODE="verify-full")
    with pytest.raises(UnusableInput):
        started("postgresql:///x?sslmode=require", PGHOST="db", PGSSLMODE="verify-full")


def test_with_verification_or_where_it_is_said_to_be_safe_it_begins():
    """The mode and the authority reach the driver, for Django's tables and for the ledger."""
    url = "postgresql://u@db/x?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem"
    assert started(url) == url
    options = django_database(url)["OPTIONS"]
    given = {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/db.pem"}
    assert options == {**given, "patience": 10}
    assert started("postgresql://u@db/x", GRADATIM_PLAIN_DATABASE="1")
    with pytest.raises(UnusableInput):
        started("postgresql://u@db/x", GRADATIM_PLAIN_DATABASE="yes")


RIGHTS = """CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role};
{page}"""


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_the_service_cannot_change_the_ledger(large: Installation, postgres):  # noqa: F811
    """With the rights of docs/operations.md, and no others: a page is opened, an act recorded."""
    link = large.begin()
    role = f"service_{postgres.schema}"
    given = blocks("sql")[2].replace("SCHEMA public", f"SCHEMA {postgres.schema}")
    assert "REVOKE UPDATE, DELETE ON ledger_event, ledger_seal" in given
    with psycopg.connect(large.url, autocommit=True) as owner:
        owner.execute(
            RIGHTS.format(
                role=role, schema=postgres.schema, page=re.sub(r"\bgradatim\b", role, given)
            )
        )
    large.more["DATABASE_URL"] = large.url.replace("postgres@", f"{role}@", 1)
    with large.served() as server:
        person = entered(Sender(server.address), link)
        assert person.acknowledged(person.approval_form(), "by the service")
    with psycopg.connect(large.more["DATABASE_URL"], autocommit=True) as service:
        for change in (
            "UPDATE ledger_event SET body = ''",
            "UPDATE ledger_seal SET signature = ''",
            "UPDATE accounts_accountact SET by = ''",
            "DELETE FROM accounts_accountact",
            "TRUNCATE accounts_accountact",
            *(
                change.format(table)
                for table in ("ledger_event", "ledger_seal")
                for change in (
                    "DELETE FROM {}",
                    "TRUNCATE {}",
                    "DROP TABLE {}",
                    "ALTER TABLE {} DISABLE TRIGGER USER",
                )
            ),
            "CREATE TABLE more (n int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(change)
