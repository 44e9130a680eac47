"""Ledgers that are sealed, and what somebody with the database's rights does to them."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gradatim.conduct.chain import chain, genesis
from gradatim.conduct.event_store import Head, Store, StoreMode
from gradatim.conduct.events import encoded
from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.trial import SealingKeyAdopted
from gradatim.conduct.ledger import Entry, Seal, Verification, verify
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.seals import first_link, next_link, statement
from gradatim.conduct.stores import open_store
from tests.conduct.ledgers import TRIAL, Ledger, body

FORGED = b'{"event":"EligibilityConfirmed","recorded_by":"investigator.S01.1"}'


def pseudo_random(seed: int) -> Callable[[int], bytes]:
    """Return what gives bytes that are the same for the same seed."""
    return random.Random(seed).randbytes


def keys_in(folder: Path, seed: int = 1) -> SealingKeys:
    """Return the keys of an installation."""
    return SealingKeys(folder / "sealing", pseudo_random(seed))


def adoption(key: bytes, endorsement: bytes = b"") -> bytes:
    """Return the bytes of the entry that adopts a key."""
    event = SealingKeyAdopted(
        occurred_on=date(2026, 11, 2),
        recorded_at=datetime(2026, 11, 2, 9, tzinfo=UTC),
        recorded_by=SYSTEM,
        public_key=key.hex(),
        endorsement=endorsement.hex(),
    )
    return encoded(event)[0]


def adopt(store: Store, keys: SealingKeys, trial: str = TRIAL) -> Head:
    """Adopt the first key, or another in its place."""
    head, first = store.head(trial), not keys.has(trial)
    key = keys.begin(trial)
    endorsement = b"" if first else keys.endorsement(trial, head, key)
    head = store.append(trial, [(adoption(key, endorsement), "")], head)
    keys.adopted(trial)
    return head


def add(store: Store, *sizes: int, trial: str = TRIAL) -> Head:
    """Record events in appends of some sizes."""
    head = store.head(trial)
    for size in sizes:
        first = head.position + 1
        head = store.append(trial, [(body(n), "") for n in range(first, first + size)], head)
    return head


def sealed(store: Store, keys: SealingKeys, trial: str = TRIAL) -> Head:
    """Record two events unsealed, then under one key and another; sealed are 3, 4, 7, 8, 9, 11."""
    add(store, 2, trial=trial)
    adopt(store, keys, trial)
    add(store, 1, 3, 1, trial=trial)
    adopt(store, keys, trial)
    return add(store, 2, trial=trial)


SEALED_AT = (3, 4, 7, 8, 9, 11)


def found_in(store: Store, trial: str = TRIAL) -> Verification:
    """Verify all of a trial."""
    entries, seals = store.contents(trial)
    return verify(entries, trial, seals=seals)


def whole(store: Store, trial: str = TRIAL) -> tuple[list[Entry], list[Seal]]:
    """Return all entries and seals."""
    entries, seals = store.contents(trial)
    return list(entries), list(seals)


Rows = tuple[list[Entry], list[Seal]]
"""All that stands in the two tables of a trial."""


def rechained(entries: list[Entry]) -> list[Entry]:
    """Return entries in a chain that is whole."""
    return list(chain(genesis(TRIAL), TRIAL, 0, [(one.body, one.request) for one in entries]))


def numbered(events: int, first: bytes = b"{}") -> list[Entry]:
    """Return that many entries in a chain; the first is as given."""
    bodies = [(first, ""), *((body(n), "") for n in range(2, events + 1))]
    return list(chain(genesis(TRIAL), TRIAL, 0, bodies))


def resealed(
    entries: list[Entry], at: list[int], key: Ed25519PrivateKey, after: Seal | None = None
) -> list[Seal]:
    """Return seals that fit some entries, and the seal before them, in all but the key."""
    link, made = first_link(TRIAL), []
    if after is not None:
        before = statement(TRIAL, after.position, entries[after.position - 1].hash, after.link)
        link = next_link(before, after.signature)
    for position in at:
        signed = statement(TRIAL, position, entries[position - 1].hash, link)
        made.append(Seal(position, link, key.sign(signed)))
        link = next_link(signed, made[-1].signature)
    return made


def written(ledger: Ledger, rows: Rows) -> None:
    """Put rows in the place of all that stand there, as the tables' owner."""
    entries, seals = rows
    with ledger.tampered() as execute:
        execute("DELETE FROM ledger_event")
        execute("DELETE FROM ledger_seal")
        for one in entries:
            execute("INSERT INTO ledger_event VALUES (?, ?, ?, ?, ?)", tuple(one))
        for seal in seals:
            execute("INSERT INTO ledger_seal VALUES (?, ?, ?, ?)", (TRIAL, *seal))


# --- alterations of any kind ----------------------------------------------------------------------


def many_appends(folder: Path) -> Rows:
    """Return the rows of a ledger of 19 entries with appends of one to four, under two keys."""
    keys = keys_in(folder)
    store = open_store(str(folder / "many.sqlite"), StoreMode.CREATE, keys)
    sealed(store, keys)
    add(store, 2, 1, 1, 4)
    rows = whole(store)
    store.close()
    return rows


def altered(rows: Rows, alterations: list["Alteration"], rng: random.Random, fitting: bool) -> Rows:
    """Return rows after some alterations; the chain of hashes then fits, where that is asked."""
    for one in alterations:
        if rows[0] and rows[1]:
            entries, seals = list(rows[0]), list(rows[1])
            one(entries, seals, rng)
            rows = rechained(entries) if fitting else entries, in_order(seals)
    return rows


def in_order(seals: list[Seal]) -> list[Seal]:
    """Return seals as a table has them: by position, one of each."""
    return [found for _, found in sorted({one.position: one for one in seals}.items())]


def is_older_copy(rows: Rows, of: Rows) -> bool:
    """Whether rows are what others once were: what only a checkpoint tells."""
    events, seals = len(rows[0]), len(rows[1])
    whole_appends = events < 3 or bool(rows[1] and rows[1][-1].position == events)
    return whole_appends and rows == (of[0][:events], of[1][:seals])


Alteration = Callable[[list[Entry], list[Seal], random.Random], None]


def body_altered(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    at = rng.randrange(len(entries))
    entries[at] = entries[at]._replace(body=rng.randbytes(rng.randint(1, 9)))


def hash_altered(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    at = rng.randrange(len(entries))
    entries[at] = entries[at]._replace(hash=rng.randbytes(32))


def request_altered(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    at = rng.randrange(len(entries))
    entries[at] = entries[at]._replace(request=f"r{rng.random()}")


def entry_removed(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    del entries[rng.randrange(len(entries))]


def tail_removed(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    del entries[rng.randrange(len(entries)) :]


def entry_inserted(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    """And the seals after it moved along, or left."""
    at = rng.randrange(len(entries) + 1)
    entries.insert(at, entries[at - 1]._replace(body=FORGED))
    if rng.random() < 0.5:
        seals[:] = [one._replace(position=one.position + (one.position > at)) for one in seals]


def entries_swapped(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    a, b = rng.randrange(len(entries)), rng.randrange(len(entries))
    entries[a], entries[b] = entries[b], entries[a]


def link_altered(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    at = rng.randrange(len(seals))
    seals[at] = seals[at]._replace(link=rng.randbytes(32))


def signature_altered(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    at, bit = rng.randrange(len(seals)), rng.randrange(512)
    made = bytearray(seals[at].signature)
    made[bit // 8] ^= 1 << bit % 8
    seals[at] = seals[at]._replace(signature=bytes(made))


def seal_removed(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    del seals[rng.randrange(len(seals))]


def seals_removed_from_the_end(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    del seals[rng.randrange(len(seals)) :]


def seal_moved(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    at = rng.randrange(len(seals))
    seals[at] = seals[at]._replace(position=rng.randint(1, len(entries) + 2))


def seals_swapped(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    a, b = rng.randrange(len(seals)), rng.randrange(len(seals))
    of_a, of_b = seals[a].position, seals[b].position
    seals[a], seals[b] = seals[b]._replace(position=of_a), seals[a]._replace(position=of_b)


def sealed_by_another_key(entries: list[Entry], seals: list[Seal], rng: random.Random) -> None:
    """A seal that is right in all but the key; and so may be those that follow."""
    first = rng.randrange(len(seals))
    key = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
    link = seals[first].link
    for at in range(first, rng.randint(first, len(seals) - 1) + 1):
        head = entries[min(seals[at].position, len(entries)) - 1].hash
        signed = statement(TRIAL, seals[at].position, head, link)
        seals[at] = seals[at]._replace(link=link, signature=key.sign(signed))
        link = next_link(signed, seals[at].signature)


ALTERATIONS: tuple[Alteration, ...] = (
    body_altered,
    hash_altered,
    request_altered,
    entry_removed,
    tail_removed,
    entry_inserted,
    entries_swapped,
    link_altered,
    signature_altered,
    seal_removed,
    seals_removed_from_the_end,
    seal_moved,
    seals_swapped,
    sealed_by_another_key,
)
"""What somebody with every right to the database can do to the rows of a sealed ledger."""
