"""What happens after too many attempts: a page for whoever tried, a line in the log."""

import logging
from datetime import timedelta
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gradatim.conduct.events.base import SYSTEM
from gradatim.web.accounts.attempts import LONGEST_WAIT, locked_names
from gradatim.web.accounts.forms import BothForm
from gradatim.web.accounts.identifying import wait_in_words
from gradatim.web.accounts.models import User, What, note

LOG = logging.getLogger("gradatim.accounts")


def asking_both(request: HttpRequest, username: str) -> BothForm:
    """Return the form for password and second factor together, with the name filled in."""
    return BothForm(request, initial={"username": username})


def have_wait(request: HttpRequest, wait: timedelta, form: BothForm, wanted: str) -> HttpResponse:
    """Say that it was tried too often, and ask for password and second factor together.

    It is the same for users there are and users there are not, with a second factor or without.

    Args:
        request: of whoever tried.
        wait: how long it takes until the password alone is compared again.
        form: for both together, perhaps as it was sent.
        wanted: the page to go on to.
    """
    response = render(
        request,
        "accounts/locked.html",
        {"form": form, "wait": wait_in_words(wait), "next": wanted},
        status=429,
    )
    response["Retry-After"] = str(ceil(wait.total_seconds()))
    return response


def locked_out(request: HttpRequest, original: Any = None, credentials: Any = None) -> HttpResponse:
    """Answer where axes itself refuses a request; no page of ours leaves that to it."""
    return have_wait(request, LONGEST_WAIT, asking_both(request, ""), "")


def note_lockout(sender: Any, request: Any, username: str, **more: Any) -> None:
    """Write a lockout down when it begins: attempts at a signature or an account are seen at once.

    Source: 21 CFR 11.300(d).
    """
    if request.axes_failures_since_start is None:
        return  # tried while it was locked: nothing new
    user = User.objects.filter(username=username or "").first()
    if user is None:
        LOG.warning("lockout of a name that no account has")
    elif user.username in locked_names():
        note(user, What.LOCKED, by=SYSTEM)
        LOG.warning("lockout", extra={"user": user.username})
    else:
        LOG.warning("lockout of an address")
