"""The site's own list of who is who, taken by those who treat there, each time signed for."""

from uuid import uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.events.participants import IdentificationListExported
from gradatim.conduct.identification import as_csv, identification_list
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.trial import Recorded
from gradatim.web.access import Request, page
from gradatim.web.accounts.adopting import adopt_key
from gradatim.web.accounts.signing import SignatureFields, confirmed
from gradatim.web.clock import now, today_at
from gradatim.web.keyring import keyring
from gradatim.web.recording import event_of, record

_ACT = IdentificationListExported.__name__


@page("identity")
def identification(request: Request, site: str) -> HttpResponse:
    """Show what the list is and when it was taken last; give it to whoever signs for it.

    Password and one-time code are asked for each time, and that it was taken is recorded first.
    """
    access: Access = request.access
    if site not in access.state.sites or not access.may(_ACT, site):
        raise Http404(_("There is no such page."))
    sent = request.POST if request.method == "POST" else None
    signing = SignatureFields(request.user, sent)
    if sent is not None and confirmed(request, signing):
        adopt_key(request.trial, request.user)  # type: ignore[arg-type]
        return _taken(request, site)
    listed = identification_list(keyring(), access.state, site)
    before = list(access.state.events.of(IdentificationListExported))
    content = {
        "site": site,
        "n": len(listed),
        "unreadable": [one.one for one in listed if not one.readable],
        "taken": [(at, made) for at, made in reversed(before) if made.site == site],
        "signing": signing,
        "meaning": MEANINGS[IdentificationListExported],
        "now": now(),
    }
    status = 200 if sent is None else 422
    return render(request, "gradatim/identification.html", content, status=status)


def _taken(request: Request, site: str) -> HttpResponse:
    """Record that the list is taken, and give it.

    Raises:
        Http404: it could not be recorded.
    """
    trial = request.trial
    listed = identification_list(keyring(), trial.state, site)
    fields = {
        "participants": [one.one.id for one in listed if one.readable],
        "occurred_on": today_at(trial.state, site),
    }
    made = event_of(request, _ACT, site, fields)
    outcome = record(request, made, trial.state.position, uuid4().hex)
    if not isinstance(outcome, Recorded):
        raise Http404(_("There is no such page."))
    name = f"identification-{site}-{outcome.position}.csv"
    safe = "".join(one for one in name if one.isalnum() or one in "._-")
    return HttpResponse(
        "\ufeff" + as_csv(trial.state, listed),  # by which a spreadsheet knows that it is UTF-8
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{safe}"'},
    )
