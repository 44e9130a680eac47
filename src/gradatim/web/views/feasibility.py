"""Feasibility: what a prescreen run says, asked otherwise by toggles, limits and readings.

Everything is counted from the files of the run. Counts below five are not shown, and nobody is
listed: the page is fit for whoever may see counts only.
"""

from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import Document, load
from gradatim.reports.feasibility_charts import charts, drawn
from gradatim.reports.feasibility_words import asked_words, headline, shown
from gradatim.screening.verdicts.count import funnel
from gradatim.screening.verdicts.load import open_files
from gradatim.screening.verdicts.question import question
from gradatim.web.access import Request, page

SUPPRESSED = 5
"""Counts below it are not shown."""
LIMIT, READING = "limit-", "reading-"
NEEDED = ("protocol.yaml", "verdicts.parquet")


class Movable(NamedTuple):
    """A limit that can be moved: its name, what it is, what it was moved to."""

    column: str
    limit: str
    said: str


class Readable(NamedTuple):
    """A criterion with other readings: its id, their names, the one that was chosen."""

    id: str
    names: list[str]
    said: str


@page("feasibility")
def feasibility(request: Request) -> HttpResponse:
    """Show a run, as it was or asked otherwise."""
    known = runs()
    name = request.GET.get("run", next(iter(known), ""))
    if name not in known:
        return render(request, "gradatim/feasibility/none.html", {"folder": settings.PRESCREEN})
    files, document = open_files(known[name]), load(known[name] / "protocol.yaml")
    fault, asked = "", None
    try:
        asked = question(document.study, files.readings, request.GET.getlist("without"),
                         _said(request, READING), _said(request, LIMIT))  # fmt: skip
    except UnusableInput as error:
        fault = str(error)
    found = funnel(files, document, asked, SUPPRESSED)
    return render(request, "gradatim/feasibility/page.html", {
        "runs": list(known), "run": name, "found": found, "fault": fault,
        "headline": headline(found), "asked": asked_words(found), "charts": charts(found),
        "without": request.GET.getlist("without"), "ids": [c.id for c in document.study.criteria],
        "limits": limits_of(request, found), "readings": readings_of(request, document),
        "rows": _rows(found), "curves": [c for c in found["relaxation"] if drawn(c)],
    }, status=422 if fault else 200)  # fmt: skip


def runs() -> dict[str, Path]:
    """Give the runs of the folder that the operator named, by name: only these can be asked for."""
    if settings.PRESCREEN is None or not settings.PRESCREEN.is_dir():
        return {}
    folders = sorted(settings.PRESCREEN.iterdir())
    return {one.name: one for one in folders if all((one / file).exists() for file in NEEDED)}


def _said(request: Request, prefix: str) -> dict[str, str]:
    """Give what was chosen under names that begin so; what was left as it is, is left out."""
    said = {key: str(value).strip() for key, value in request.GET.items()
            if key.startswith(prefix)}  # fmt: skip
    return {key.removeprefix(prefix): value for key, value in said.items() if value}


def limits_of(request: Request, found: Any) -> list[Movable]:
    """Give the limits that can be moved."""
    return [Movable(one["column"], one["limit"], request.GET.get(LIMIT + one["column"], ""))
            for one in found["relaxation"]]  # fmt: skip


def readings_of(request: Request, document: Document) -> list[Readable]:
    """Give the criteria that can be read otherwise."""
    return [Readable(one.id, [one.reading_name, *(a.name for a in one.alternatives)],
                     request.GET.get(READING + one.id, ""))
            for one in document.study.criteria if one.alternatives]  # fmt: skip


def _rows(found: Any) -> list[dict[str, Any]]:
    """Give a row for each criterion: in order, by itself, and what it is worth."""
    alone = {one["id"]: one for one in found["criteria"]}
    return [{"step": one, "alone": alone[one["id"]], "remaining": _count(one["remaining"]),
             "removed": _count(one["removed"]), "failed": _count(alone[one["id"]]["failed"]),
             "only": _count(alone[one["id"]]["only"]),
             "shapley": _count(alone[one["id"]]["shapley"])}
            for one in found["sequential"] if one["id"] in alone]  # fmt: skip


def _count(value: Any) -> str:
    return shown(value, SUPPRESSED)
