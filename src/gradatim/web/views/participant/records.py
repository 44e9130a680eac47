"""The records that came from a participant's sources: how each was read, and what was judged of it.

Both readings are shown. Whoever may judge finds the way to it beside each record.
"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.access import Access
from gradatim.conduct.events.records import RecordsRead
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.record_review import (
    codes_not_known,
    review_records,
    waiting_criteria,
)
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import today_at
from gradatim.web.views.participant.frame import framed


@page("participants")
def records(request: Request, id: str) -> HttpResponse:
    """Show every record, those that wait for a judgement first."""
    access: Access = request.access
    one = participant_or_404(access, "participants", id)
    state = access.state
    waiting = waiting_criteria(state, one, today_at(state, one.site))
    rows = review_records(state, one, waiting)
    content: dict[str, Any] = {
        **framed(request, one, "records"),
        "not_known": codes_not_known(state, one, waiting),
        "open": [row for row in rows if row.open_ or row.asked_anew],
        "others": [row for row in rows if not (row.open_ or row.asked_anew) and row.judgeable],
        "values": [row for row in rows if not row.judgeable],
        "files": list(entries_of(state, one, RecordsRead)),
    }
    return render(request, "gradatim/participant/records.html", content)
