"""Check the export of a gradatim ledger without gradatim. One file; copy it anywhere.

    python verify_ledger.py EXPORT.jsonl [--against CHECKPOINT.json ...] [--key PUBLIC.pem ...]

Needs Python 3.11 or later, and the package `cryptography` for signatures.
Ends with 0 when nothing is wrong, 1 when something is, 2 when a file cannot be used.

The format. The first line of an export names the trial. Each further line is an event:
  position  1, 2, 3 ... without gaps
  request   text, may be empty
  body      text: the event exactly as it was recorded
  hash      SHA-256 over: the hash before (32 bytes), then
            "<length of trial>:<trial><position>:<length of request>:<request>", then the body;
            lengths in bytes of UTF-8. Before the first event stands
            SHA-256("gradatim.ledger/1", a line feed, the trial).
  seal      beside the last event of each append: `link` and `signature`, in hexadecimal
So an event that was altered, removed, added or moved breaks the chain.

A seal tells that the application, and nobody else, added all events up to its own:
  signature Ed25519 over: "gradatim.seal/1", a line feed, "<length of trial>:<trial><position>:",
            the hash of the event, the link
  link      SHA-256 over what the seal before signs and its signature; of the first seal
            SHA-256("gradatim.seal/1", a line feed, the trial)
The public key is told by an event, SealingKeyAdopted. A later key is endorsed by the one before, by
an Ed25519 signature over: "gradatim.sealing-key/1", a line feed,
"<length of trial>:<trial><position>:" and the hash, both of the event before, the new public key;
or, where that was lost, counts once a checkpoint after it bears the signature of a trusted key.

A person signs by a key that only their password opens. An event SigningKeyAdopted tells the public
key of whoever recorded it; `proof`, in hexadecimal, is an Ed25519 signature by it over:
"gradatim.signing-key/1", a line feed, "<length of trial>:<trial><length of person>:<person>", the
key. From then on each event that this person signs has `ed25519` in its `signature`, over:
"gradatim.signature/1", a line feed, and what the hash of the event is over, with the body without
the digits of `ed25519`. Signatures of before are words only.

What a ledger cannot show by itself: events cut off at the end, or all of it computed anew, under
another first key. A checkpoint kept elsewhere shows it: a statement of trial, position, hash and
time, signed with Ed25519 over the statement's JSON with sorted keys, no spaces, ASCII.
"""

import argparse
import base64
import hashlib
import json
import sys
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

HEADER = {"schema": "str", "trial": "str"}
EVENT = {"position": "int", "request": "str", "body": "str", "hash": "str"}
SEAL = {"link": "str", "signature": "str"}
SIGNATURE = {"name": "str", "key": "str", "signature": "str"}
TEXTS = ("schema", "trial", "head", "recorded_at")
CHECKPOINT = dict.fromkeys(TEXTS, "str") | {"position": "int", "signatures": "list"}


class Unusable(Exception):
    """A file is not what it should be."""


class Bad(Exception):
    """Something is wrong; where it is an event, the text names the first bad one."""


def read_json(text: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{where}: {error}") from error
    return found if isinstance(found, dict) else {}


def kinds(of: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in of.items()}


def from_hex(text: Any) -> bytes:
    """Bytes from lower-case hexadecimal; none where it is something else, which fits nothing."""
    try:
        found = bytes.fromhex(text)
    except (ValueError, TypeError):
        return b""
    return found if found.hex() == text else b""


def is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


class Signatures:
    """The keys by which people sign, and what they signed: every signature is checked."""

    def __init__(self, trial: bytes) -> None:
        self.prefix = b"%d:%s" % (len(trial), trial)
        self.keys: dict[str, bytes] = {}
        self.by_key = self.in_words = 0

    def check(self, at: int, place: bytes, body: bytes) -> None:
        adopts = body.startswith(b'{"event":"SigningKeyAdopted",')
        if not adopts and b'"signature":{' not in body:
            return
        try:
            said = json.loads(body)
            person, signature = str(said["recorded_by"]), said.get("signature")
            named = person.encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Bad(f"event {at}: it is signed and cannot be read") from error
        if adopts:
            self.adopt(at, person, named, said)
        if isinstance(signature, dict):
            self.check_signed(at, place, body, person, signature.get("ed25519"))

    def adopt(self, at: int, person: str, named: bytes, said: dict[str, Any]) -> None:
        key, proof = from_hex(said.get("public_key")), from_hex(said.get("proof"))
        signed = b"gradatim.signing-key/1\n%s%d:%s%s" % (self.prefix, len(named), named, key)
        if len(key) != 32 or not fits(key, proof, signed):
            raise Bad(f"event {at}: it adopts a key that {person} does not prove to hold")
        self.keys[person] = key

    def check_signed(self, at: int, place: bytes, body: bytes, person: str, said: Any) -> None:
        key, made = self.keys.get(person), from_hex(said)
        if said is None and key is None:
            self.in_words += 1
            return
        mark = b'"ed25519":"'
        first, found, rest = body.partition(mark + made.hex().encode())
        signed = b"gradatim.signature/1\n" + place + first + mark + rest
        once = bool(found) and body.count(mark) == 1
        if key is None or not once or not fits(key, made, signed):
            raise Bad(f"event {at}: it is not signed by a key of {person}")
        self.by_key += 1


class Chain:
    """The stored hash of every event read so far, before them the trial's; the first fault."""

    def __init__(self, trial: str) -> None:
        self.trial = trial.encode("utf-8")
        self.hashes = [hashlib.sha256(b"gradatim.ledger/1\n" + self.trial).digest()]
        self.good = 0  # events that hang together
        self.bad: Bad | None = None
        self.signatures = Signatures(self.trial)
        self.seals: list[tuple[int, bytes, bytes]] = []
        self.adoptions: dict[int, bytes] = {}

    def add(self, line: bytes, where: str) -> None:
        row = read_json(line, where)
        seal = row.pop("seal", None)
        if kinds(row) == EVENT:
            self.add_event(row, where)
        elif seal is None or kinds(row) != {"position": "int"}:  # else its event is not there
            raise Unusable(f"{where}: an event has position, request, body and hash")
        if seal is not None:
            if not isinstance(seal, dict) or kinds(seal) != SEAL:
                raise Unusable(f"{where}: a seal has link and signature")
            made = from_hex(seal["link"]), from_hex(seal["signature"])
            self.seals.append((row["position"], *made))

    def add_event(self, row: dict[str, Any], where: str) -> None:
        try:
            body = row["body"].encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise Unusable(f"{where}: {error}") from error
        due, at, place = len(self.hashes), row["position"], self.place(row)
        digest = hashlib.sha256(place + body).hexdigest()
        if self.bad is None and not (at == due and digest == row["hash"]):
            found = "it does not fit its hash" if at == due else f"event {at} stands in its place"
            self.bad = Bad(f"event {due}: {found}")
        if self.bad is None:
            try:
                self.signatures.check(due, place, body)
                self.good = due
            except Bad as bad:
                self.bad = bad
        if self.bad is None and body.startswith(b'{"event":"SealingKeyAdopted",'):
            self.adoptions[due] = body
        self.hashes.append(from_hex(row["hash"]))

    def place(self, row: dict[str, Any]) -> bytes:
        """What the hash of an event is over, beside its body; nothing where that is no text."""
        try:
            request = row["request"].encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return b""
        at = row["position"]
        header = b"%d:%s%d:%d:%s" % (len(self.trial), self.trial, at, len(request), request)
        return self.hashes[-1] + header


def walk(path: str, checkpoints: list[dict[str, Any]]) -> Chain:
    with open(path, "rb") as file:
        header = read_json(file.readline(), f"{path}:1")
        trial: Any = header.get("trial")
        known = kinds(header) == HEADER and header["schema"] == "gradatim.ledger/1"
        if not (known and trial.isprintable()):
            raise Unusable(f"{path}:1: this is not an export of a ledger")
        if any(one["trial"] != trial for one in checkpoints):
            raise Unusable(f"a checkpoint is of another trial than {trial!r}")
        chain = Chain(trial)
        for number, line in enumerate(file, 2):
            chain.add(line, f"{path}:{number}")
    return chain


class Seals:
    """The seals of a chain, one after the other: every signature is checked.

    A fault is of the first event that no sound seal covers.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain, self.key, self.since, self.sound = chain, b"", 0, 0
        self.unendorsed: list[int] = []
        self.prefix = b"%d:%s" % (len(chain.trial), chain.trial)
        self.link = hashlib.sha256(b"gradatim.seal/1\n" + chain.trial).digest()

    def check(self) -> None:
        rest = list(reversed(self.chain.seals))
        for at in range(self.chain.good + 1):
            if at in self.chain.adoptions:
                self.adopt(at, self.chain.adoptions[at])
            while rest and rest[-1][0] <= at:
                self.seal(at, *rest.pop())
        if self.chain.bad is None:
            self.all_sealed(self.chain.good)
            if rest:
                raise Bad(f"event {self.chain.good + 1}: {rest[-1][0]} was sealed: a cut tail")

    def adopt(self, at: int, body: bytes) -> None:
        try:
            said = json.loads(body)
            key = bytes.fromhex(said["public_key"])
            endorsement = bytes.fromhex(said.get("endorsement", ""))
            if len(key) != 32:
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Bad(f"event {at}: it adopts a key that cannot be read") from error
        if self.since:
            self.all_sealed(at - 1)
            before = b"%s%d:%s" % (self.prefix, at - 1, self.chain.hashes[at - 1])
            if not endorsement:
                self.unendorsed.append(at)
            elif not fits(self.key, endorsement, b"gradatim.sealing-key/1\n" + before + key):
                raise Bad(f"event {at}: it adopts a key that the one before did not endorse")
        self.since, self.key = self.since or at, key

    def seal(self, at: int, position: int, link: bytes, made: bytes) -> None:
        if not self.since:
            raise Bad(f"event {max(at, 1)}: it is sealed, and no key was adopted")
        head = b"%s%d:%s" % (self.prefix, position, self.chain.hashes[at])
        signed = b"gradatim.seal/1\n" + head + self.link
        if position != at or link != self.link or not fits(self.key, made, signed):
            raise Bad(f"event {self.sound + 1}: the seal of event {position} does not fit")
        self.sound, self.link = at, hashlib.sha256(signed + made).digest()

    def all_sealed(self, upto: int) -> None:
        if self.since and self.sound < upto:
            raise Bad(f"event {self.sound + 1 if self.sound else self.since}: it is not sealed")


def check_seals(chain: Chain) -> list[int]:
    """Give the events that adopt a key which the one before, said to be lost, did not endorse."""
    seals = Seals(chain)
    try:
        seals.check()
    finally:
        signed = chain.signatures
        print(f"signed by keys of people: {signed.by_key}; in words only: {signed.in_words}")
        print(f"sealed from event {seals.since} on" if seals.since else "no event is sealed")
    return seals.unendorsed


def check_vouched(unendorsed: list[int], checkpoints: list[dict[str, Any]]) -> None:
    """See that checkpoints of trusted keys, which fit, come after every such event."""
    vouched = max((one["position"] for one in checkpoints), default=0)
    for at in unendorsed:
        if at > vouched:
            raise Bad(f"event {at}: it adopts a key that the one before did not endorse")


def compare(chain: Chain, checkpoints: list[dict[str, Any]]) -> None:
    """Hold an unbroken chain against what the checkpoints saw, the earliest first."""
    for one in sorted(checkpoints, key=lambda each: each["position"]):
        at, saw = one["position"], f"the checkpoint of {one['recorded_at']} saw"
        if at >= len(chain.hashes):
            raise Bad(f"event {len(chain.hashes)}: {saw} {at}: a cut tail, or an older copy")
        if one["head"] != "sha256:" + chain.hashes[at].hex():
            raise Bad(f"event {at}: {saw} another: the chain was rewritten here or before")


def read_checkpoint(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        found = read_json(file.read(), path)
    if kinds(found) != CHECKPOINT or found["schema"] != "gradatim.checkpoint/1":
        raise Unusable(f"{path}: not a checkpoint")
    named, _, digest = found["head"].partition(":")
    if found["position"] < 0 or named != "sha256" or not is_digest(digest):
        raise Unusable(f"{path}: its position or head is not a checkpoint's")
    for one in found["signatures"]:
        try:
            if kinds(one) != SIGNATURE or len(base64.b64decode(one["key"], validate=True)) != 32:
                raise ValueError("it has name, key (32 bytes) and signature")
            base64.b64decode(one["signature"], validate=True)
        except (AttributeError, ValueError) as error:
            raise Unusable(f"{path}: a signature cannot be read: {error}") from error
    return found


def check_signatures(checkpoint: dict[str, Any], trusted: set[bytes]) -> None:
    """See that every signature fits, and that a trusted key's is there if keys were given."""
    statement = {name: value for name, value in checkpoint.items() if name != "signatures"}
    signed = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    seen = set()
    for one in checkpoint["signatures"]:
        key = base64.b64decode(one["key"])
        if not fits(key, base64.b64decode(one["signature"]), signed):
            raise Bad(f"the signature of {one['name']!r} does not fit its checkpoint")
        seen.add(key)
    if trusted and not seen & trusted:
        raise Bad("a checkpoint bears no signature of a trusted key")


def fits(key: bytes, made: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(made, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_key(path: str) -> bytes:
    with open(path, "rb") as file:
        key = load_pem_public_key(file.read())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path}: not an Ed25519 key")
    return key.public_bytes_raw()


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the export of a gradatim ledger.")
    parser.add_argument("export", metavar="EXPORT.jsonl")
    parser.add_argument("--against", action="append", default=[], metavar="CHECKPOINT.json")
    parser.add_argument("--key", action="append", default=[], metavar="PUBLIC.pem")
    given = parser.parse_args()
    try:
        checkpoints = [read_checkpoint(one) for one in given.against]
        trusted = {read_key(one) for one in given.key}
        chain = walk(given.export, checkpoints)
        print(f"{len(chain.hashes) - 1} events, head sha256:{chain.hashes[-1].hex()}")
        if not checkpoints:
            print("without a checkpoint, a cut tail or a rewritten chain cannot be seen")
        unendorsed = check_seals(chain)
        if chain.bad:
            raise chain.bad
        for one in checkpoints:
            check_signatures(one, trusted)
        compare(chain, checkpoints)
        check_vouched(unendorsed, checkpoints if trusted else [])
    except Bad as bad:
        print(f"WRONG: {bad}")
        return 1
    except (Unusable, OSError, ValueError) as error:
        print(f"cannot be used: {error}", file=sys.stderr)
        return 2
    print("nothing is wrong")
    return 0


if __name__ == "__main__":
    sys.exit(main())
