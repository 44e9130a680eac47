"""Feasibility: what a prescreen run says, asked otherwise by toggles, limits and readings.

Everything is counted from the files of the run. Counts below five are not shown, and nobody is
listed: the page is fit for whoever may see counts only.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.state import State
from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import Document, load
from gradatim.reports.feasibility import parts
from gradatim.reports.feasibility_charts import charts
from gradatim.reports.words import KINDS
from gradatim.screening.feasibility.count import count_people
from gradatim.screening.feasibility.count_pass import Tally
from gradatim.screening.feasibility.funnel import funnel_document
from gradatim.screening.feasibility.load import Files, open_files
from gradatim.screening.feasibility.question import question
from gradatim.screening.feasibility.suppression import Mask
from gradatim.web.access import Request, page
from gradatim.web.views.feasibility_asked import (
    LIMIT,
    READING,
    RUN,
    WITHOUT,
    Said,
    read_question,
    readable,
    sliders,
)

SUPPRESSED = 5
"""Counts below it are not shown."""
NEEDED = ("protocol.yaml", "verdicts.parquet")
MOST_TESTS = 12


class Run(NamedTuple):
    """A prescreen run of the folder.

    Args:
        folder: where it is.
        stamp: when its files were last written, ns; a run made anew is read anew.
        files: what the prescreen wrote.
        document: the protocol it was run with.
    """

    folder: Path
    stamp: int
    files: Files
    document: Document


@page("feasibility")
def feasibility(request: Request) -> HttpResponse:
    """Show a run, as it was or asked otherwise."""
    known = runs()
    name = request.GET.get(RUN, next(iter(known), ""))
    if name not in known:
        return _without(request, known)
    try:
        run = open_run(known[name])
        said, faults = read_question(run.document.study, run.files, request.GET)
        found = funnel_shown(run, Said() if faults else said)
    except UnusableInput as error:
        return _without(request, known, f"{name}: {error.what}")
    # A page that is refused is not put in place by the script: there the words must do.
    status = 422 if faults and "HX-Request" not in request.headers else 200
    about = shown(run, found)
    return render(
        request,
        "gradatim/feasibility/page.html",
        {
            **about,
            "runs": list(known),
            "run": name,
            "said": said,
            "faults": faults,
            "other": _other(request.access.state, run.document),
            "charts": charts(found),
            **_form(run, said, request, about["label"]),
        },
        status=status,
    )


def _without(request: Request, known: dict[str, Path], fault: str = "") -> HttpResponse:
    status = 422 if fault or (RUN in request.GET and known) else 200
    return render(
        request,
        "gradatim/feasibility/none.html",
        {"folder": settings.PRESCREEN, "runs": list(known), "fault": fault},
        status=status,
    )


def runs() -> dict[str, Path]:
    """Give the runs of the folder that the operator named, by name: only these can be asked for."""
    try:
        folders = sorted(settings.PRESCREEN.iterdir()) if settings.PRESCREEN else []
    except OSError:
        return {}
    return {one.name: one for one in folders if all((one / file).exists() for file in NEEDED)}


def open_run(folder: Path) -> Run:
    """Open a run.

    Raises:
        UnusableInput: its files are damaged, or its protocol is not the one it was run with.
    """
    stamp = max(one.stat().st_mtime_ns for one in folder.iterdir())
    return Run(folder, stamp, *_opened(folder, stamp))


@lru_cache(8)
def _opened(folder: Path, _stamp: int) -> tuple[Files, Document]:
    files, document = open_files(folder), load(folder / "protocol.yaml")
    named = files.run.get("protocol") or {}
    if named.get("sha256", document.sha256) != document.sha256:
        raise UnusableInput(_("its protocol is not the one it was run with"), "protocol.yaml")
    return files, document


def funnel_shown(run: Run, said: Said) -> dict[str, Any]:
    """Give the funnel document of a run for a question, with counts as they may be shown.

    Raises:
        UnusableInput: the files are damaged, or not of their protocol.
    """
    before = tally(run.folder, run.stamp, Said()) if said != Said() else None
    now = tally(run.folder, run.stamp, said)
    return funnel_document(
        run.document, _question(run.files, run.document, said), now, Mask(SUPPRESSED), before
    )


@lru_cache(32)
def tally(folder: Path, stamp: int, said: Said) -> Tally:
    """Count a run's files for a question: once, as long as the files stay as they are."""
    files, document = _opened(folder, stamp)
    return count_people(files, document, _question(files, document, said))


def _question(files: Files, document: Document, said: Said) -> Any:
    return question(
        document.study, files.readings, said.without, dict(said.readings), dict(said.limits)
    )


def shown(run: Run, found: dict[str, Any]) -> dict[str, Any]:
    """Give what the page says of the counts."""
    about = parts(run.document.study, found)
    labels, criteria = about["label"], about["criteria"]
    return {
        **about,
        "found": found,
        "document": run.document,
        "threshold": SUPPRESSED,
        "curves": [
            (
                f"curve-{n}",
                one,
                labels.get(one["element"], one["element"]),
                criteria[one["criterion"]],
            )
            for n, one in about["curves"]
        ],
        "still": [(one, labels.get(one["element"], one["element"])) for one in about["still"]],
        "steps": [(one, criteria[one["id"]]) for one in found["sequential"]],
        "alone": [(one, criteria[one["id"]]) for one in found["criteria"]],
        "unknown": [(one, criteria[one["id"]], _reasons(one)) for one in about["unknown_rows"]],
        "tests": [(one, KINDS.get(one["kind"], "")) for one in found["tests"][:MOST_TESTS]],
        "told": [one for one in found["readings"] if one["verdicts_changed"]],
        "quiet": [one for one in found["readings"] if not one["verdicts_changed"]],
        "hidden": any(one["people"] is None for one in found["people"]["open"]),
        "facts": run.files.run,
    }


def _reasons(row: dict[str, Any]) -> list[tuple[str, int]]:
    return [(why, n) for why, n in row["reasons"].items() if why != "suppressed" and n]


def _other(state: State, document: Document) -> bool:
    """Whether a run was made with another protocol than a version of the trial's."""
    return document.sha256 not in {one.sha256 for one in state.versions}


def _form(run: Run, said: Said, request: Request, labels: Mapping[str, str]) -> dict[str, Any]:
    study = run.document.study
    return {
        "limits": sliders(study, run.files, labels, said),
        "LIMIT": LIMIT,
        "READING": READING,
        "WITHOUT": WITHOUT,
        "readings": readable(study, request.GET),
        "without": request.GET.getlist(WITHOUT),
        "all": study.criteria,
    }
