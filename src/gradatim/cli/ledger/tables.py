"""How what was found in a ledger is printed."""

from collections.abc import Mapping

from gradatim.cli.ledger.files import unread_lines, unread_rows
from gradatim.cli.output import console, print_json
from gradatim.conduct.ledger import Verification


def print_verification(
    trial: str, found: Verification, json: bool, unread: Mapping[int, str]
) -> None:
    """Print what a check of the chain found: lines for people, or the contract's document."""
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
