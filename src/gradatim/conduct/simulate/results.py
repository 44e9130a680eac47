"""How values are recorded: as vital signs, results of a laboratory, or scores."""

from datetime import date
from typing import Any

from gradatim.conduct.events import findings, participants
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.simulate.opening import LABORATORY, RANGES
from gradatim.conduct.simulate.run import Run, staff
from gradatim.conduct.source_import import fact_fields
from gradatim.evidence.facts import Fact


def record_results(
    run: Run, name: str, kind: type[Event], day: date, results: tuple[Measured, ...], **more: Any
) -> int:
    """Record the results of a day; those of a laboratory with the version of its ranges."""
    if kind is findings.LaboratoryResultsRecorded:
        more |= {"laboratory": LABORATORY, "ranges_version": RANGES, "collected_on": str(day)}
    site = run.participant(name).site
    return run.do(
        kind, staff(site, "nurse"), site, on=day, participant=name, results=results, **more
    )


def record_fact(run: Run, name: str, fact: Fact) -> None:
    """Record singly what a record says of somebody."""
    site = run.participant(name).site
    judged_by = run.study.elements[fact.element].judged_by
    run.do(
        participants.FactRecorded,
        staff(site, judged_by or "coordinator"),
        site,
        participant=name,
        **fact_fields(fact, "hospital record"),
    )
