"""Addresses of the pages about accounts and people."""

from django.urls import path

from gradatim.web.accounts.views import account, people, second_factor
from gradatim.web.accounts.views import session_status as staying
from gradatim.web.accounts.views import sign_in as entering

urlpatterns = [
    path("sign-in/", entering.sign_in, name="sign-in"),
    path("sign-out/", entering.sign_out, name="sign-out"),
    path("session/", staying.session, name="session"),
    path("second-factor/", second_factor.second_factor, name="second-factor"),
    path("second-factor/set-up/", second_factor.set_up, name="second-factor-setup"),
    path("invitation/<str:token>/", entering.invitation, name="invitation"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/recovery-codes/", second_factor.recovery_codes, name="recovery-codes"),
    path("account/second-factor/", second_factor.remove, name="second-factor-remove"),
    path("account/sessions/<str:handle>/end/", account.end_session, name="end-session"),
    path("account/tokens/", account.make_api_token, name="make-token"),
    path("account/tokens/<int:id>/revoke/", account.revoke_token, name="revoke-token"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/accounts/<str:username>/", people.person, name="person"),
    path("people/accounts/<str:username>/<str:what>/", people.manage, name="manage-account"),
]
