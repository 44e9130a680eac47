"""One's own account: tasks, password, sessions, tokens, and what was done with it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from gradatim.conduct.signers import identification_of, identified_by
from gradatim.conduct.views.delegation_log import trainings, versions_in_force
from gradatim.web.access import Request, public
from gradatim.web.accounts.attempts import Occasion
from gradatim.web.accounts.forms import ChangePasswordForm, TokenForm
from gradatim.web.accounts.identifying import forget_failures
from gradatim.web.accounts.models import What, note
from gradatim.web.accounts.second_factor import has_device, recovery_codes_left
from gradatim.web.accounts.sessions import end, end_all, sessions_of
from gradatim.web.accounts.signing import SignatureFields, confirmed
from gradatim.web.accounts.signing_keys import reseal_key
from gradatim.web.accounts.tokens import make_token, revoke_tokens
from gradatim.web.accounts.views.decorators import own
from gradatim.web.forms.labels import choice_words

LATEST = 20
OTHERS = "others"
"""In place of a session: all but the one that asks."""


@public
@own
def account(request: Request) -> HttpResponse:
    """Show one's account."""
    user: Any = request.user
    access = request.access
    return render(
        request,
        "accounts/account.html",
        {
            "one": {"identification": identification_of(access.state, user.username)},
            "identified": identified_by(access.state, user.username),
            "real": access.state.mode == "real",
            "held": sorted((role, sorted(sites)) for role, sites in access.held.items()),
            "trained": trainings(access.state).get(user.username, {}).values(),
            "in_force": versions_in_force(access.state),
            "sessions": sessions_of(request),
            "has_device": has_device(user),
            "codes_left": recovery_codes_left(user),
            "tokens": user.tokens.filter(revoked_at=None).order_by("-created_at"),
            "signing": SignatureFields(user),
            "acts": user.acts.order_by("-at", "-pk")[:LATEST],
        },
    )


@public
@own
def make_api_token(request: Request) -> HttpResponse:
    """Make a token for a program, after the user has identified themselves again; show it once."""
    user: Any = request.user
    data = request.POST or None
    roles = [(role, choice_words("role", role)) for role in sorted(request.access.held)]
    form, signing = TokenForm(roles, data), SignatureFields(user, data)
    made = ""
    if request.method == "POST" and form.is_valid() and confirmed(request, signing):
        made = make_token(user, form.cleaned_data["name"], form.cleaned_data["role"])
    return render(
        request,
        "accounts/token.html",
        {"form": form, "signing": signing, "made": made},
        status=422 if form.errors or signing.errors else 200,
    )


@public
@own
@require_POST
def end_session(request: Request, handle: str) -> HttpResponse:
    """End one of one's own sessions, or all others, having identified oneself again."""
    user: Any = request.user
    signing = SignatureFields(user, request.POST)
    if not confirmed(request, signing):
        messages.error(request, _("No session was ended.") + " " + _fault(signing))
    elif handle == OTHERS:
        end_all(user, but=request.session.session_key)
        note(user, What.SESSION_ENDED)
        messages.success(request, _("All other sessions have ended."))
    elif end(user, handle):
        note(user, What.SESSION_ENDED)
        messages.success(request, _("The session has ended."))
    return HttpResponseRedirect(reverse("account"))


def _fault(form: SignatureFields) -> str:
    """Give what is wrong with a form, in words that stand by themselves."""
    return " ".join(
        f"{form.fields[name].label}: {' '.join(map(str, said))}"
        for name, said in form.errors.items()
    )


@public
@own
@require_POST
def revoke_token(request: Request, id: int) -> HttpResponse:
    """Revoke one of one's own tokens."""
    user: Any = request.user
    if revoke_tokens(user, user.username, pk=id):
        messages.success(request, _("The token no longer counts."))
    return HttpResponseRedirect(reverse("account"))


@public
@own
@sensitive_post_parameters("present", "password", "again")
def password(request: Request) -> HttpResponse:
    """Change one's password; all other sessions and all tokens end."""
    user: Any = request.user
    form = ChangePasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user.choose_password(form.cleaned_data["password"])
            reseal_key(user, form.cleaned_data["present"], form.cleaned_data["password"])
        forget_failures(request, user.username, Occasion.SESSION)
        end_all(user, but=request.session.session_key)
        update_session_auth_hash(request, user)
        note(user, What.PASSWORD_CHANGED)
        revoke_tokens(user, user.username)
        messages.success(
            request, _("The password was changed; all other sessions and all tokens have ended.")
        )
        return HttpResponseRedirect(reverse("account"))
    return render(
        request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200
    )
