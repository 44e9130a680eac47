"""`gradatim backup` and `gradatim restore`: the database as files that prove themselves."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gradatim.web.operations.backup_format import Kept

To = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder")]
From = Annotated[Path, typer.Argument(metavar="FOLDER", help="What `gradatim backup` wrote")]
Against = Annotated[
    list[Path],
    typer.Option(metavar="CHECKPOINT", help="A checkpoint kept elsewhere (repeatable)"),
]
PublicKeys = Annotated[
    list[Path],
    typer.Option("--key", metavar="PEM", help="Public key of a trusted signer (repeatable)"),
]
_NONE: list[Path] = []


def backup(output: To, against: Against = _NONE, key: PublicKeys = _NONE) -> None:
    """Back up the database, while it is in use: every ledger with its checkpoint, the accounts.

    A ledger in which something is wrong is not backed up. The keys of the participants' names are
    never part of it. The folder appears whole or not at all.
    """
    from gradatim.web.operations.migrate import read_settings

    kept = _kept(against, key)
    read_settings()
    from gradatim.web.operations.backup import back_up

    made = back_up(output, kept)
    for trial, events in made.ledgers.items():
        print(f"{output}: {trial}, {events} events, verified")
    print(
        f"{output}: {made.accounts} records of accounts\n"
        f"Not in it: the folder of keys, {made.keys}. Copy that apart from this, and let no copy "
        f"keep an erased key. Nor the sealing keys, {made.sealing}: copy them apart, and anew when "
        "one changes."
    )


def restore(folder: From, against: Against = _NONE, key: PublicKeys = _NONE) -> None:
    """Restore a backup into an empty database, whole or not at all.

    Every ledger is verified against the backup's checkpoint, and those kept elsewhere, before
    anything is written, and again in its new place.
    """
    from gradatim.web.operations.backup_format import read_backup
    from gradatim.web.operations.migrate import read_settings

    kept = _kept(against, key)
    found = read_backup(folder, kept)
    from gradatim.web.operations.restore_target import Target

    target = Target.of_environment()
    read_settings(DATABASE_URL=target.building)
    from gradatim.web.operations.restore import restore as restored

    restored(found, kept, target)
    for ledger in found.ledgers:
        print(f"{ledger.checkpoint.trial}: {ledger.checkpoint.position} events restored, verified")
    print(
        "Nobody is signed in. Put the folders of keys back, and hold the ledger against a "
        "checkpoint kept elsewhere: gradatim ledger verify"
    )


def _kept(against: list[Path], keys: list[Path]) -> "Kept":
    from gradatim.cli.ledger.files import public_key, read_checkpoint
    from gradatim.web.operations.backup_format import Kept

    return Kept([read_checkpoint(one) for one in against], [public_key(one) for one in keys])
