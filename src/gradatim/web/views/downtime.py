"""What is kept while the ledger takes nothing: listed, asked for, merged by a second person."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.downtime.keeping import sealing_keys_of
from gradatim.conduct.downtime.lines import Journal
from gradatim.conduct.downtime.merging import MERGED_BY, ask_to_merge, merge, text_of, unmerged
from gradatim.conduct.event_store import CannotRecord
from gradatim.conduct.narrative import narrate_in_words
from gradatim.conduct.trial import Recorded, Trial
from gradatim.core.errors import UnusableInput
from gradatim.web.access import Request, page
from gradatim.web.clock import now_at
from gradatim.web.keyring import keyring
from gradatim.web.live_trial import running


class SiteDowntime(NamedTuple):
    """What waits of a site, as a user sees it.

    Args:
        site: which.
        rows: number, event and sentence of each fact that waits.
        last: the hash of the last of them, in hex.
        others: other people who have asked for them to be merged.
        asked: whether the user has asked.
        may_merge: whether the user may ask for them to be merged, and merge them.
    """

    site: str
    rows: list[Any]
    last: str
    others: list[str]
    asked: bool
    may_merge: bool


@page("participants")
def downtime(request: Request) -> HttpResponse:
    """List what is kept of the user's sites; ask for it to be merged, or merge it."""
    if request.method == "POST":
        _act(request)
        return HttpResponseRedirect(reverse("downtime"))
    access: Access = request.access
    journal = running().journal.read(sealing_keys_of(request.trial.state))
    sites = [
        one for site in sorted(access.sites("participants")) if (one := _of(request, journal, site))
    ]
    content = {"sites": sites, "sound": request.trial.standstill is None}
    return render(request, "gradatim/downtime.html", content)


def _of(request: Request, journal: Journal | None, site: str) -> SiteDowntime | None:
    access, state = request.access, request.trial.state
    waiting = unmerged(request.trial, journal, site)
    rows = [
        (one.said.number, one.event, narrate_in_words(state, one.event)) for one in waiting.facts
    ]
    others = sorted({*waiting.asked_by} - {access.user})
    may = access.has_any(MERGED_BY, site)
    asked = access.user in waiting.asked_by
    return SiteDowntime(site, rows, waiting.last, others, asked, may) if rows else None


def _act(request: Request) -> None:
    """Ask or merge, and say what came of it."""
    trial: Trial = request.trial
    access, journal = request.access, running().journal
    site, last = request.POST.get("site", ""), request.POST.get("last", "")
    at = now_at(trial.state, site)
    try:
        if "merge" not in request.POST:
            ask_to_merge(trial, journal, access, site, last, at)
            messages.success(request, _("Asked for: a second person merges these entries."))
            return
        done = merge(trial, journal, access, site, last, keyring, at)
    except CannotRecord:
        raise
    except UnusableInput as error:
        messages.error(request, str(error))
        return
    for one in done:
        if isinstance(one.outcome, Recorded):
            said = _("Entry %(n)d of the downtime journal is entry %(at)d of the ledger.")
            messages.success(request, said % {"n": one.number, "at": one.outcome.position})
        else:
            said = _("Entry %(n)d of the downtime journal was not merged: %(why)s")
            messages.error(request, said % {"n": one.number, "why": text_of(one.outcome)})


def waiting_for(access: Access, trial: Trial) -> tuple[int, str]:
    """Return how many facts wait of the sites that a user sees, and what is wrong with the journal.

    Of the second, nothing but that: every page goes on being shown.
    """
    try:
        if not running().journal.is_begun():  # the usual case: no entry is walked for the keys
            return 0, ""
        journal = running().journal.read(sealing_keys_of(trial.state))
        sites = access.sites("participants") if journal is not None else ()
        return sum(len(unmerged(trial, journal, site).facts) for site in sites), ""
    except UnusableInput as error:
        return 0, str(error)
