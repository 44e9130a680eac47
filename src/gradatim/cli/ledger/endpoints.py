"""`gradatim ledger endpoints`: the responses to the protocol's endpoints, at each visit."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli.ledger import AsJson, Ledger, Trial

if TYPE_CHECKING:
    from gradatim.analysis.endpoint_responses import ResponseTable

OccurredOn = Annotated[
    str, typer.Option(metavar="DATE", help="Only what had happened by then, as known since")
]


def endpoints(
    ledger: Ledger, occurred_on: OccurredOn = "", trial: Trial = "", json: AsJson = False
) -> None:
    """Count the responses by the criteria that the protocol names for its endpoints.

    Everybody dosed is counted at each visit. A missing component is unknown, never "no", unless the
    other components settle the answer.
    """
    from gradatim.analysis.endpoint_responses import response_tables
    from gradatim.cli.ledger.files import chosen_trial, entries_of
    from gradatim.cli.options import day_option
    from gradatim.cli.output import print_json
    from gradatim.conduct.as_of import as_of
    from gradatim.conduct.stores import StoreMode, open_store

    store = open_store(ledger, StoreMode.READ)
    name = chosen_trial(store, trial, [])
    day = day_option(occurred_on, "--occurred-on") if occurred_on else None
    state = as_of(name, entries_of(store, name, quiet=json), occurred_on=day)
    tables = response_tables(state)
    if json:
        print_json(
            {
                "schema": "gradatim.endpoints/1",
                "trial": state.trial,
                "entries": state.position,
                "endpoints": [_document(one) for one in tables],
            }
        )
        return
    _print(tables)


def _document(table: "ResponseTable") -> dict[str, Any]:
    return {
        "endpoint": table.endpoint.label,
        "level": table.endpoint.level,
        "basis": table.endpoint.basis,
        "criterion": table.criterion.name,
        "title": table.criterion.title,
        "source": table.criterion.source,
        "answers": list(table.answers),
        "groups": [{"label": one.label, "dosed": one.dosed} for one in table.groups],
        "visits": [
            {
                "visit": one.visit,
                "label": one.label,
                "counts": [list(counts) for counts in one.counts],
                "overall": list(one.overall),
            }
            for one in table.visits
        ],
        "participants": [
            {
                "participant": one.participant,
                "dose_level": one.level,
                "visit": one.visit,
                "answer": one.answer,
                "because": one.because,
            }
            for one in table.responses
        ],
        "outside_visits": table.outside_visits,
    }


def _print(tables: "tuple[ResponseTable, ...]") -> None:
    from rich.table import Table

    from gradatim.cli.output import console

    said = console()
    if not tables:
        said.print("no endpoint of the protocol names a criterion of response", markup=False)
    for one in tables:
        said.print(f"{one.criterion.title} ({one.endpoint.label})", style="bold", markup=False)
        if one.visits:
            table = Table("visit", "level", "dosed", *one.answers, box=None)
            for row in one.rows:
                table.add_row(row.visit, row.group, str(row.dosed), *map(str, row.counts))
            said.print(table)
        else:
            said.print("  nobody has a value after the first dose", markup=False)
        if one.outside_visits:
            said.print(f"  {one.outside_visits} values outside of visits are not counted")
        said.print(f"  {one.criterion.source}", style="dim", markup=False, soft_wrap=True)
