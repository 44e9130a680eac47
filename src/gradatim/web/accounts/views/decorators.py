"""Keeping a page to whoever is signed in, with a task or without."""

from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse

from gradatim.web.access import Page, Request


def own(view: Page) -> Page:
    """Ask whoever is not signed in to sign in."""

    @wraps(view)
    def kept(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return kept
