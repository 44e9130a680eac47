"""What happens after too many attempts: a page for whoever tried, a line in the log."""

import logging
from typing import Any

from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from gradatim.conduct.events.base import SYSTEM
from gradatim.web.accounts.identifying import wait
from gradatim.web.accounts.models import User, What, note
from gradatim.web.views.faults import fault

LOG = logging.getLogger("gradatim.accounts")


def locked_out(request: HttpRequest, original: Any = None, credentials: Any = None) -> HttpResponse:
    """Say that it was tried too often; the same for users there are and users there are not."""
    response = fault(request, 429, _("Too many attempts"), wait())
    if (cool_off := get_cool_off()) is not None:
        response["Retry-After"] = str(int(cool_off.total_seconds()))
    return response


def note_lockout(sender: Any, username: str, **more: Any) -> None:
    """Write a lockout down, once: attempts at a signature or an account are to be seen at once.

    Source: 21 CFR 11.300(d).
    """
    user = User.objects.filter(username=username or "").first()
    if user is None:
        LOG.warning("lockout of a name that no account has")
        return
    cool_off = get_cool_off()
    since = timezone.now() - cool_off if cool_off else user.created_at
    if not user.acts.filter(what=What.LOCKED, at__gt=since).exists():
        note(user, What.LOCKED, by=SYSTEM)
        LOG.warning("lockout", extra={"user": user.username})
