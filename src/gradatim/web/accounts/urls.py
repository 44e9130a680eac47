"""Addresses of the pages about accounts and people."""

from django.urls import path

from gradatim.web.accounts.views import account, entering, people

urlpatterns = [
    path("sign-in/", entering.sign_in, name="sign-in"),
    path("sign-out/", entering.sign_out, name="sign-out"),
    path("second-factor/", entering.second_factor, name="second-factor"),
    path("second-factor/set-up/", entering.second_factor_setup, name="second-factor-setup"),
    path("invitation/<str:token>/", entering.invitation, name="invitation"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/<str:handle>/end/", account.end_session, name="end-session"),
    path("account/tokens/<int:id>/revoke/", account.revoke_token, name="revoke-token"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<str:username>/<str:what>/", people.manage, name="manage-account"),
]
