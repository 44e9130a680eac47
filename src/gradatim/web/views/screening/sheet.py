"""The eligibility sheet of one person: text, reading, verdict, evidence, who attested what."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.access import Access
from gradatim.conduct.events.participants import CriterionAttested
from gradatim.conduct.state import Participant
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.record_review import ReviewedRecord, review_records
from gradatim.conduct.views.screening import assess_participant, planned_first_dose
from gradatim.conduct.visibility import tells_birthday
from gradatim.protocol.study import Study
from gradatim.reports.eligibility import Line
from gradatim.reports.eligibility import sheet as content_of
from gradatim.screening.assess import Eligibility
from gradatim.screening.not_known import open_criteria
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import today_at
from gradatim.web.languages import in_asked_language, localiser
from gradatim.web.localiser import Localiser
from gradatim.web.views.participant.frame import framed
from gradatim.web.views.screening.said import said_line, said_sheet


@page("participants")
@in_asked_language
def sheet(request: Request, id: str) -> HttpResponse:
    """Show the sheet, as of today; `first_dose` may be another day than planned."""
    access: Access = request.access
    one = participant_or_404(access, "participants", id)
    state, day = access.state, today_at(access.state, one.site)
    found = assess_participant(state, one, day)
    content: dict[str, Any] = {
        **framed(request, one, "eligibility"),
        "assessment": found,
        "first_dose": planned_first_dose(state, one, day),
    }
    if found.eligibility is not None:
        study = state.governing("eligibility", one)
        shown = content_of(study, found.eligibility, facts_of(state, one))
        says = localiser(study)
        content |= {
            "sheet": shown,
            "said": said_sheet(says, shown),
            "says": says,
            "most_records": MOST_RECORDS,
            "lines": lines(access, study, one, found.eligibility, shown["lines"], says),
        }
    return render(request, "gradatim/screening/sheet.html", content)


def lines(
    access: Access,
    study: Study,
    one: Participant,
    found: Eligibility,
    sheet: list[Line],
    says: Localiser,
) -> list[dict[str, Any]]:
    """Give the criteria, each with who attested it and what may be answered in place."""
    said = {
        event.criterion: (at, event)
        for at, event in entries_of(access.state, one, CriterionAttested)
    }
    rows = review_records(access.state, one, open_criteria(found.findings), says.label_words)
    return [
        {
            "line": line,
            "said": said_line(says, line),
            "passes_from": None
            if tells_birthday(access, one, line.finding.criterion)
            else line.finding.passes_from,
            "attested": said.get(line.finding.criterion.id),
            "records": [row for row in rows if _about(row, line)],
            "answers": [
                (name, says.label_words(label))
                for name, label in _answers(study, found, line.finding.criterion.id)
                if study.elements[name].judged_by is None
                or access.may("CriterionAttested", one.site)
            ]
            if line.finding.passes is None
            else [],
        }
        for line in sheet
    ]


MOST_RECORDS = 4
"""Records shown beside a criterion; all of them stand on a page of their own."""


def _about(row: ReviewedRecord, line: Line) -> bool:
    """Whether a record keeps a criterion open, or was judged of what the criterion asks about."""
    if line.finding.criterion.id in row.waits_for:
        return True
    return not set(line.finding.reading.rule.elements()).isdisjoint(row.record.judged)


def _answers(study: Study, found: Eligibility, criterion: str) -> list[tuple[str, str]]:
    """Give what a person can answer of a criterion: name and label of each element."""
    wanted = [item.element for item in found.missing if criterion in item.settles]
    return [
        (name, study.elements[name].label)
        for name in wanted
        if name in study.elements and study.elements[name].kind == "answer"
    ]
