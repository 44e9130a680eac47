"""Every page of the web application, by who looks at it: photographed, and tested for access."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from string import Formatter
from typing import Any

PAGES: Mapping[str, tuple[str, ...]] = {
    "investigator.S01.1": (
        "/",
        "/screening/",
        "/screening/log/",
        "/participants/",
        "/downtime/",
        "/participants/{treated}/",
        "/participants/{treated}/logs/",
        "/participants/{treated}/visits/",
        "/participants/{treated}/laboratory/",
        "/participants/{treated}/adverse-events/",
        "/participants/{treated}/scores/",
        "/participants/{treated}/doses/",
        "/participants/{treated}/history/",
        "/participants/{screening}/eligibility/",
        "/participants/{treated}/emergency/",
        "/participants/{treated}/questionnaire/",
        "/participants/{screening}/records/",
        "/participants/{unclear}/sources/",
        "/endorse/S01/",
        "/identification/S01/",
        "/record/RecordJudged/?participant={unclear}&of={read}&record={record}",
        "/participants/{screening}/answer/willing_to_comply/",
        "/record/AdverseEventReported/?participant={treated}",
        "/record/LaboratoryResultsRecorded/?participant={treated}&encounter=day_28",
        "/record/PreDoseChecklistSigned/?participant={treated}&dose=1",
        "/record/TrialPaused/",
        "/entries/{entry}/",
        "/entries/{entry}/correct/",
        "/protocol/",
        "/protocol/questions/",
        "/people/",
        "/nothing/",
        "/account/",
        "/account/password/",
        "/account/tokens/",
        "/second-factor/set-up/",
        "/paper/",
        "/paper/DosePrepared/",
        "/paper/LaboratoryResultsRecorded/?encounter=day_28",
    ),
    "cell_lab.S01.1": ("/dosing/", "/participants/{treated}/doses/"),
    "pharmacist.S01.1": (
        "/dosing/",
        "/dosing/lots/{lot}/",
        "/participants/{treated}/doses/",
        "/record/ProductReceived/",
    ),
    "committee.1": (
        *(
            f"/review/?part={part}"
            for part in (
                "advice",
                "exposure",
                "toxicity",
                "events",
                "shifts",
                "courses",
                "listings",
            )
        ),
        "/review/proposals/{proposal}/",
        "/record/DoseDecision/?site=",
    ),
    "statistics.1": (
        "/design/",
        "/design/?worst=1",
        "/design/?cohort=4&design=other-boin",
        "/review/",
    ),
    "data.1": (
        "/audit/",
        "/audit/proof/",
        "/audit/as-of/?entry=400",
        "/coding/",
        "/protocol/versions/",
        "/feasibility/",
    ),
    "sponsor.1": (
        "/people/",
        "/people/invite/",
        "/people/accounts/nurse.S01.1/",
        "/people/accounts/nurse.S01.1/invite-anew/",
        "/feasibility/?without=I1a",
        "/record/RulingSigned/?question=safety.sentinel",
        "/protocol/questions/confirm/",
        "/protocol/questions/confirm/?other",
        "/protocol/submitted/",
        "/record/ProtocolSubmitted/?site=",
        "/record/ProtocolActivated/?site=",
    ),
    "": ("/sign-in/", "/invitation/{invitation}/", "/invitation/nothing/"),
}
"""Addresses by user, in the order of the picture; "" is whoever has not signed in."""
NO_PAGES: Mapping[str, str] = {
    "sign-out": "is sent, and leads to another page",
    "theme": "is sent, and leads back",
    "look-back": "is sent, and leads to the overview",
    "session": "is asked by a page left open",
    "standing": "is asked by a page left open",
    "end-session": "is sent, and leads back",
    "revoke-token": "is sent, and leads back",
    "export": "is sent, and answered with a file",
    "checkpoint": "is answered with a file",
    "revision": "is answered with a file",
    "grade": "is a part of the page of a visit",
    "terms": "is a part of the form of an adverse event",
    "healthz": "is for machines",
    "second-factor": "asks for a code: a test of its own goes there",
    "recovery-codes": "needs a second factor: a test of its own goes there",
    "second-factor-remove": "needs a second factor: a test of its own goes there",
}
"""Names of addresses that are not in `PAGES`, and why."""


def spoken_of(state: Any) -> dict[str, Any]:
    """Return whom and what the addresses speak of, in a trial; an invitation has to be made.

    Where no records were uploaded, nothing stands for those that speak of one.
    """
    here = [one for one in state.participants.values() if one.site == "S01"]
    treated = next(one for one in here if one.status == "treated")
    asked = next((one for one in here if one.status == "eligible"), here[0])
    entry = next(
        at
        for at in treated.entries
        if type(state.events[at]).__name__ == "LaboratoryResultsRecorded"
    )
    uploads = ((at, one) for at, one in state.events.items() if type(one).__name__ == "RecordsRead")
    records = {
        name: value
        for at, one in islice(uploads, 1)
        for name, value in (
            ("unclear", one.participant),
            ("read", at),
            ("record", one.records[0].record),
        )
    }
    return {
        "treated": treated.id,
        "screening": asked.id,
        "entry": entry,
        "lot": next(iter(state.lots)),
        "proposal": next(iter(state.proposals)),
        **records,
    }


def speaks_of(path: str) -> set[str]:
    """Return what has to be known to go to an address."""
    return {name for _, name, _, _ in Formatter().parse(path) if name}


def prescreened(folder: Path, people: int = 3000) -> Path:
    """Run a prescreen of a made-up warehouse; give the folder of runs for the application."""
    from typer.testing import CliRunner

    from gradatim.cli.main import app

    warehouse, runs = folder / "warehouse", folder / "runs"
    for words in (
        ["synthetic", "-o", str(warehouse), "--people", str(people), "--candidates", "0.3"],
        ["prescreen", "nct05962762", f"parquet:{warehouse}", "-o", str(runs / "first")],
    ):
        made = CliRunner().invoke(app, words)
        if made.exit_code:
            raise RuntimeError(made.output)
    return runs
