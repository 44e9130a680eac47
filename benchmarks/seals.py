"""What seals and signatures cost: appends, verification, and a person's key that is opened.

    TMPDIR=/dev/shm python -m benchmarks.seals

Appends of 400 bytes, one after the other in turn, to a ledger that is not sealed and to one that
is, in one database; in memory, where no disk hides the difference. Verified are 200,000 entries,
and 5,000 that a person signed, in turn with a bare loop over the same signatures. A key is opened
and signs in turn with one run of Argon2id at the cost of the password's.
"""

import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.contrib.auth.hashers import Argon2PasswordHasher

from benchmarks.conduct import PLAIN, postgres
from benchmarks.page import Row, machine, write_table
from gradatim.conduct.chain import Entry, chained, header_of
from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.events import encoded
from gradatim.conduct.events.base import Event
from gradatim.conduct.ledger import verify
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.signatures import signed_entry
from gradatim.conduct.signing_keys import signed_statement, without_digits
from gradatim.conduct.stores import open_store
from gradatim.web.accounts.wrapping import Cost, unwrap, wrap
from tests.conduct.ledgers import TRIAL
from tests.conduct.sealed import adopt, adoption, numbered, resealed
from tests.conduct.signing import adoption as adoption_of
from tests.conduct.signing import head_of, person, signed

APPENDS, LARGE, TOGETHER, SIGNED = 2_000, 200_000, 1_000, 5_000


def main() -> None:
    """Measure, print, and write the table for the documentation."""
    write_table("seals", machine(), rows())


def rows() -> Iterator[Row]:
    """Yield the lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        yield _appending("SQLite", f"sqlite:///{Path(folder) / 'trial.sqlite'}", Path(folder))
        with postgres() as url:
            yield _appending("PostgreSQL", url, Path(folder) / "large")
    yield from _verifying()
    yield _checking_signatures()
    yield _signing()


def _appending(name: str, url: str, folder: Path) -> Row:
    """Time one append of each kind after the other."""
    keys = SealingKeys(folder / "sealing", random.randbytes)
    store = open_store(url, StoreMode.CREATE, keys)
    adopt(store, keys)
    heads = {"plain": store.head("plain"), TRIAL: store.head(TRIAL)}
    times: dict[str, list[float]] = {trial: [] for trial in heads}
    for _ in range(APPENDS):
        for trial, head in heads.items():
            begun = time.perf_counter()
            heads[trial] = store.append(trial, [PLAIN], head)
            times[trial].append(time.perf_counter() - begun)
    store.close()
    plain, sealed = (1e6 * statistics.median(times[trial]) for trial in ("plain", TRIAL))
    return (
        f"{name}: what a seal adds to an append, at the median",
        f"{sealed - plain:.0f} µs",
        f"{sealed:.0f} µs against {plain:.0f} µs",
    )


def _verifying() -> Iterator[Row]:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    entries = numbered(LARGE, adoption(key.public_key().public_bytes_raw()))
    batches = [*range(TOGETHER, LARGE + 1, TOGETHER)]
    for what, at in (
        ("not sealed", []),
        (f"sealed by the {TOGETHER:,}", batches),
        ("each sealed by itself", [*range(1, LARGE + 1)]),
    ):
        seals = resealed(entries, at, key)
        some = entries if at else numbered(LARGE)
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            assert verify(some, TRIAL, seals=seals).ok
            times.append(time.perf_counter() - begun)
        yield f"verify, {what}", f"{LARGE / min(times):,.0f} events/s", ""


def _checking_signatures() -> Row:
    """Time `verify` of signed entries against the library's own verification of each."""
    signer = person(1)
    entries: list[Entry] = []
    _add(entries, adoption_of(TRIAL, "ann", signer))
    for n in range(SIGNED):
        head = head_of(TRIAL, entries)
        _add(entries, signed_entry(signed("ann", f"P{n}"), TRIAL, head, signer, head.position))
    bare = [_bare(one, before) for before, one in pairwise(entries)]
    key = Ed25519PublicKey.from_public_bytes(signer.public)
    whole, loop = [], []
    for _ in range(5):
        begun = time.perf_counter()
        found = verify(entries, TRIAL)
        whole.append(time.perf_counter() - begun)
        assert found.ok
        assert found.signed_by_key == SIGNED
        begun = time.perf_counter()
        for made, over in bare:
            key.verify(made, over)
        loop.append(time.perf_counter() - begun)
    fast, slow = (statistics.median(one) for one in (loop, whole))
    return (
        "signatures verified, of a bare loop of the library",
        f"{fast / slow:.0%}",
        f"{SIGNED / slow:,.0f} a second against {SIGNED / fast:,.0f}",
    )


def _add(entries: list[Entry], made: Event) -> None:
    head = head_of(TRIAL, entries)
    entries.append(chained(head.hash, TRIAL, head.position + 1, "", encoded(made)[0]))


def _bare(entry: Entry, before: Entry) -> tuple[bytes, bytes]:
    """Return a signature and what it is over."""
    digits = json.loads(entry.body)["signature"]["ed25519"]
    body = without_digits(entry.body, digits)
    assert body is not None
    return bytes.fromhex(digits), signed_statement(
        before.hash, header_of(TRIAL, entry.position, entry.request), body
    )


def _signing() -> Row:
    """Time a key that is opened and signs against one run of Argon2id."""
    password, secret, whose, over = "violet harbour unwinds at noon", "x" * 50, b"ann", b"y" * 600
    django_cost = Argon2PasswordHasher()
    cost = Cost(django_cost.time_cost, django_cost.memory_cost, django_cost.parallelism)
    key = wrap(Ed25519PrivateKey.generate(), password, whose, secret, cost)
    salt = b"s" * 16
    once, opening = [], []
    for _ in range(15):
        begun = time.perf_counter()
        hash_secret_raw(password.encode(), salt, *cost, hash_len=32, type=Type.ID)
        once.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        found = unwrap(key, password, whose, [secret])
        assert found is not None
        found.private.sign(over)
        opening.append(time.perf_counter() - begun)
    password_ms, signature_ms = (1e3 * statistics.median(one) for one in (once, opening))
    return (
        "a key opened and a signature made, beyond a run of Argon2id",
        f"{signature_ms - password_ms:.1f} ms",
        f"{signature_ms:.0f} ms against {password_ms:.0f} ms",
    )


if __name__ == "__main__":
    main()
