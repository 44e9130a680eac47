"""How what was found in a ledger is printed."""

from collections.abc import Mapping, Sequence

from gradatim.cli.ledger.files import unread_lines, unread_rows
from gradatim.cli.output import console, print_json
from gradatim.conduct.ledger import Verification
from gradatim.conduct.replay import ReplayedEntry


def print_verification(
    trial: str,
    found: Verification,
    json: bool,
    unread: Mapping[int, str],
    replayed: Sequence[ReplayedEntry] | None = None,
) -> None:
    """Print what a check of the chain found: lines for people, or the contract's document.

    Args:
        trial: the trial's name.
        found: what was found of the chain and its seals.
        json: whether a document is printed.
        unread: entries that a later version wrote.
        replayed: entries that could not have been recorded, or cannot be judged; None where that
            was not asked.
    """
    head = f"sha256:{found.head.hex()}"
    if json:
        print_json(
            {
                "schema": "gradatim.verify/1",
                "events": found.events,
                "head": head,
                "ok": found.ok,
                "first_bad": found.first_bad,
                "why": found.why,
                "knows": found.knows,
                "sealed_from": found.sealed_from,
                "unread": unread_rows(unread),
                **({} if replayed is None else {"replayed": [one._asdict() for one in replayed]}),
            }
        )
        return
    said = console()
    said.print(f"{trial}: {found.events} events, head {head}", markup=False, soft_wrap=True)
    if found.ok:
        said.print("✔ nothing is wrong", style="green")
    else:
        said.print(f"✘ {found.why}", style="bold red", markup=False)
    for line in unread_lines(unread):
        said.print(line, markup=False, soft_wrap=True)
    said.print(found.knows, markup=False)
    for one in replayed or ():
        sign = "✘ could not have been recorded" if one.refused else "cannot be judged"
        line = f"entry {one.position} ({one.kind}): {sign}: {one.why}"
        said.print(line, style="bold red" if one.refused else "", markup=False, soft_wrap=True)
    if replayed is not None and not replayed:
        said.print("✔ each entry could have been recorded as it stands", style="green")
