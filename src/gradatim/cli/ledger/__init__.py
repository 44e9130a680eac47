"""`gradatim ledger`: check a trial's ledger, sign and keep its head, export it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gradatim.conduct.ledger import Checkpoint
    from gradatim.conduct.replay import ReplayedEntry
    from gradatim.conduct.stores import Store

app = typer.Typer(help="Check, sign and export a trial's ledger.", no_args_is_help=True)

Ledger = Annotated[
    str,
    typer.Argument(
        metavar="LEDGER", help="sqlite:///PATH, postgresql://..., a SQLite file, or an export"
    ),
]
Against = Annotated[
    list[Path],
    typer.Option(metavar="CHECKPOINT", help="A checkpoint kept elsewhere (repeatable)"),
]
PublicKeys = Annotated[
    list[Path],
    typer.Option("--key", metavar="PEM", help="Public key of a trusted signer (repeatable)"),
]
Trial = Annotated[str, typer.Option(metavar="ID", help="Which trial, if the ledger has several")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
Replay = Annotated[
    bool,
    typer.Option("--replay", help="Ask of each entry whether it could have been recorded"),
]
PrivateKey = Annotated[Path, typer.Option("--key", metavar="PEM", help="The signer's private key")]
_Name = Annotated[str, typer.Option(metavar="NAME", help="Who signs")]
Cosign = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Sign this checkpoint too, if the ledger still fits it"),
]
MaybeOutput = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of standard output")
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The export")]
_Folder = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="For the two keys")]
_NONE: list[Path] = []
_WHOEVER_SIGNS = 2**62  # a checkpoint vouches for every entry before it


@app.callback()
def ledger() -> None:
    """Check, sign and export a trial's ledger."""


@app.command()
def verify(
    ledger: Ledger,
    against: Against = _NONE,
    key: PublicKeys = _NONE,
    trial: Trial = "",
    json: AsJson = False,
    replay: Replay = False,
) -> None:
    """Check that no event was altered, removed, added or moved.

    What the application seals nobody else can add to. A cut tail or an older copy, and whatever
    was done to a ledger that is not sealed, can only be seen against a checkpoint that was kept
    elsewhere. Whether an entry could be recorded at all, --replay asks: each on the state before
    it, without the participants' keys. Ends with 1 when something is wrong.
    """
    from gradatim.cli.ledger.files import (
        chosen_trial,
        progressing,
        public_key,
        read_checkpoint,
    )
    from gradatim.cli.ledger.tables import print_verification
    from gradatim.conduct.event_log import unread_in
    from gradatim.conduct.ledger import verify as verified
    from gradatim.conduct.signatures import ALWAYS_SIGNED
    from gradatim.conduct.stores import StoreMode, open_store

    checkpoints = [read_checkpoint(path) for path in against]
    keys = {public_key(path) for path in key}
    store = open_store(ledger, StoreMode.READ)
    asked = chosen_trial(store, trial, checkpoints)
    unread: dict[int, str] = {}
    entries, seals = store.contents(asked)
    read = unread_in(progressing(entries, store, asked, quiet=json), unread)
    found = verified(read, asked, checkpoints, keys, seals, signed_acts=ALWAYS_SIGNED)
    listed = _replayed(store, asked) if replay and found.ok and not unread else None
    print_verification(asked, found, json, unread, listed)
    raise typer.Exit(1 if not found.ok or any(one.refused for one in listed or ()) else 0)


def _replayed(store: "Store", trial: str) -> "list[ReplayedEntry]":
    from gradatim.conduct.replay import replay

    return list(replay(trial, list(store.read(trial))))


@app.command()
def checkpoint(
    ledger: Ledger,
    key: PrivateKey,
    name: _Name,
    output: MaybeOutput = None,
    cosign: Cosign = None,
    trial: Trial = "",
) -> None:
    """Sign the head of a ledger that verifies, to be kept where the ledger is not."""
    import sys

    from gradatim.cli.ledger.files import chosen_trial, private_key, read_checkpoint
    from gradatim.conduct.ledger import checkpoint_text, sign
    from gradatim.conduct.stores import StoreMode, open_store
    from gradatim.core.stores import write_whole

    signer = private_key(key)
    earlier = [read_checkpoint(cosign)] if cosign else []
    store = open_store(ledger, StoreMode.READ)
    present = _present(store, chosen_trial(store, trial, earlier), earlier)
    text = checkpoint_text(sign(earlier[0] if earlier else present, name, signer))
    if output is None:
        sys.stdout.write(text)
        return
    write_whole(output, text)
    print(f"{output}: signed by {name}")


def _present(store: "Store", trial: str, earlier: "list[Checkpoint]") -> "Checkpoint":
    """Give the head as a checkpoint, unsigned; never that of a ledger in which something is wrong.

    Raises:
        UnusableInput: something is wrong with the ledger, or with the earlier checkpoint.
    """
    from datetime import UTC, datetime

    from gradatim.cli.ledger.files import progressing, warn
    from gradatim.conduct.ledger import Checkpoint, verify
    from gradatim.core.errors import UnusableInput

    entries, seals = store.contents(trial)
    read = progressing(entries, store, trial)
    found = verify(read, trial, earlier, seals=seals, vouched=_WHOEVER_SIGNS)
    if not found.ok:
        raise UnusableInput("this ledger is not signed", "", found.why, "find out what happened")
    for at in found.unendorsed:
        told = f"entry {at} adopts a key that the one before did not endorse"
        warn(f"{told}: who signs this vouches for it")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Checkpoint(trial, found.events, found.head, now)


@app.command()
def export(ledger: Ledger, output: Output, trial: Trial = "") -> None:
    """Write a trial's events as JSON Lines, which scripts/verify_ledger.py checks by itself."""
    from gradatim.cli.ledger.files import chosen_trial, told_entries
    from gradatim.conduct.exported.stores import write_export
    from gradatim.conduct.stores import StoreMode, open_store

    store = open_store(ledger, StoreMode.READ)
    asked = chosen_trial(store, trial, [])
    entries, found = store.contents(asked)
    seals = list(found)
    told = told_entries(store, asked, contents=(entries, iter(seals)))
    print(f"{output}: {write_export(output, told, asked, seals)} events")


@app.command()
def keys(output: _Folder) -> None:
    """Make a signer's key pair (Ed25519): private.pem stays with the signer."""
    from gradatim.cli.ledger.files import write_key_pair

    private, public = write_key_pair(output)
    print(f"{private}: keep it secret\n{public}: give it to whoever verifies")
