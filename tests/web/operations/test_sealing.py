"""A real installation seals what it records: from its beginning, under a new key, never without."""

import json
import sqlite3
from contextlib import closing

from gradatim.conduct.chain import chain
from gradatim.conduct.stores import StoreMode, open_store
from tests.web.operations.installed import TRIAL, Installation, Sender, entered


def verified(made: Installation) -> dict[str, object]:
    """Return what `gradatim ledger verify` finds."""
    found: dict[str, object] = json.loads(made.run("ledger", "verify", made.url, "--json").stdout)
    return found


def test_a_key_is_changed_while_people_work(small: Installation) -> None:
    link = small.begin()
    key = small.folder / "keys-sealing" / f"{TRIAL}.pem"
    before = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    with small.served() as server:
        person = entered(Sender(server.address), link)
        assert person.acknowledged(person.approval_form(), "before")
        said = small.done("trial", "new-key", TRIAL, "--reason", "yearly")
        assert f"from entry 6 on sealed by {key}" in said
        for number in range(4):  # by each of the workers
            assert person.acknowledged(person.approval_form(), f"after-{number}")
    assert key.read_bytes() != before
    found = verified(small)
    assert (found["ok"], found["events"], found["sealed_from"]) == (True, 10, 2)


def test_without_its_key_it_does_not_start(small: Installation) -> None:
    small.begin()
    (small.folder / "keys-sealing" / f"{TRIAL}.pem").unlink()
    ran = small.run("serve", "--port", "0")
    assert ran.returncode == 2
    assert "there is no key in" in ran.stderr
    ran = small.run("trial", "new-key", TRIAL, "--reason", "lost")
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)


def test_a_ledger_to_which_others_wrote_is_served_to_be_read(small: Installation) -> None:
    """It starts, so that the emergency page can be read; nothing is recorded."""
    link = small.begin()
    with small.served() as server:
        entered(Sender(server.address), link)
    with closing(open_store(small.url, StoreMode.READ)) as store:
        head, last = store.head(TRIAL), list(store.read(TRIAL))[-1]
    (row,) = chain(head.hash, TRIAL, head.position, [(last.body, "")])
    path = small.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO ledger_event VALUES (?, ?, ?, ?, ?)", row)
    with small.served():
        assert "entry 5 is not sealed by this application" in small.log.read_text()
    ran = small.run("trial", "new-key", TRIAL, "--reason", "yearly")
    assert (ran.returncode, "entry 5 is not sealed" in ran.stderr) == (2, True)
    assert (verified(small)["ok"], verified(small)["first_bad"]) == (False, 5)


def test_a_lost_key_is_replaced_and_a_site_vouches_for_it(small: Installation) -> None:
    """Until then nothing is backed up: it is what a forger's key would look like."""
    link = small.begin()
    key = small.folder / "keys-sealing" / f"{TRIAL}.pem"
    kept = key.read_bytes()
    key.unlink()
    small.done("trial", "new-key", TRIAL, "--reason", "its disk broke", "--lost")
    assert key.read_bytes() != kept
    with small.served() as server:
        person = entered(Sender(server.address), link)
        assert person.acknowledged(person.approval_form(), "under the new key")
    assert (verified(small)["ok"], verified(small)["first_bad"]) == (False, 4)
    ran = small.run("backup", "-o", small.folder / "refused")
    assert (ran.returncode, "did not endorse" in ran.stderr) == (2, True)
    signer, mark = small.folder / "site", small.folder / "after.json"
    small.done("ledger", "keys", "-o", signer)
    own = ("--key", signer / "private.pem", "--name", "Site 1", "-o", mark)
    ran = small.run("ledger", "checkpoint", small.url, *own)
    assert (ran.returncode, "who signs this vouches for it" in ran.stderr) == (0, True)
    word = ("--against", mark, "--key", signer / "public.pem")
    small.done("ledger", "verify", small.url, *word)
    small.done("backup", "-o", small.folder / "backup", *word)
    ran = small.run("backup", "-o", small.folder / "refused", "--against", mark)
    assert (ran.returncode, "did not endorse" in ran.stderr) == (2, True)
