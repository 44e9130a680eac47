"""Signing in and out: what it says, what it never says, and when it is refused."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django.utils import timezone

from gradatim.web import settings as production
from gradatim.web.accounts.models import User, What
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.accounts.people import account, entered, sign_in
from tests.web.conftest import PASSWORD

WRONG = "quite another password"
GENERIC = "User or password is wrong, or the account is not active."


def test_a_person_signs_in_and_out(app: Running):
    client = entered("nurse.S01.1")
    assert client.get("/participants/").status_code == 200
    assert client.get("/sign-out/").status_code == 405, "a link must not sign anybody out"
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/participants/")["Location"].startswith("/sign-in/")
    assert [one.what for one in account("nurse.S01.1").acts.all()] == [
        What.SIGNED_IN,
        What.SIGNED_OUT,
    ]
    client.post("/sign-out/")
    assert account("nurse.S01.1").acts.filter(what=What.SIGNED_OUT).count() == 1, "nobody was in"


def test_whoever_signs_in_where_another_was_signed_in_signs_them_out(app: Running):
    client = entered("nurse.S01.1")
    sign_in("nurse.S02.1", client=client)
    assert [one.what for one in account("nurse.S01.1").acts.all()] == [
        What.SIGNED_IN,
        What.SIGNED_OUT,
    ]
    assert [one.what for one in account("nurse.S02.1").acts.all()] == [What.SIGNED_IN]


def test_no_answer_tells_whether_there_is_such_a_user(app: Running):
    User.objects.filter(username="nurse.S02.1").update(is_active=False)
    User.objects.create_user("invited.1", "Somebody invited")
    answers = {}
    for name in ("nurse.S01.1", "nurse.S02.1", "invited.1", "nobody.1"):
        _client, page = sign_in(name, WRONG)
        assert page.status_code == 422
        text = markup(page).replace(name, "NAME")
        assert GENERIC in text
        answers[name] = text.partition("<main")[2].partition("csrfmiddlewaretoken")[0]
    assert len(set(answers.values())) == 1


def test_a_deactivated_user_is_refused_and_put_out(app: Running):
    client = entered("nurse.S01.1")
    User.objects.filter(username="nurse.S01.1").update(is_active=False)
    assert client.get("/participants/")["Location"].startswith("/sign-in/")
    _client, page = sign_in("nurse.S01.1")
    assert GENERIC in markup(page)


def test_an_unknown_user_takes_as_much_work_as_a_wrong_password(
    app: Running, settings, monkeypatch: pytest.MonkeyPatch
):
    """One hash of the same cost is worked out for nobody, too; the rest is nothing beside it."""
    settings.PASSWORD_HASHERS = production.PASSWORD_HASHERS
    user = account("nurse.S01.1")
    user.set_password(PASSWORD)
    user.save()
    assert not Argon2PasswordHasher().must_update(user.password)
    hashes: list[str] = []
    for name in ("encode", "verify"):
        method = getattr(Argon2PasswordHasher, name)

        def counted(self, *given, method=method):
            hashes.append(method.__name__)
            return method(self, *given)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)

    sign_in("nurse.S01.1", WRONG)
    assert hashes == ["verify"]
    sign_in("nobody.1", WRONG)
    assert hashes == ["verify", "encode"]


def test_five_failures_lock_for_a_quarter_of_an_hour(app: Running):
    for _n in range(4):
        assert sign_in("nurse.S01.1", WRONG)[1].status_code == 422
    _client, page = sign_in("nurse.S01.1", WRONG)
    assert page.status_code == 429
    assert "Wait 15 minutes." in markup(page)
    assert page["Retry-After"] == "900"
    client, right = sign_in("nurse.S01.1")
    assert right.status_code == 429, "the right password does not help while it is locked"
    assert client.get("/participants/")["Location"].startswith("/sign-in/")
    assert entered("nurse.S02.1").get("/").status_code == 200, "nobody else is locked"
    assert account("nurse.S01.1").acts.filter(what=What.LOCKED).count() == 1
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert entered("nurse.S01.1").get("/participants/").status_code == 200


def test_a_name_without_an_account_is_locked_as_well(app: Running):
    statuses = [sign_in("nobody.1", WRONG)[1].status_code for _n in range(6)]
    assert statuses == [422] * 4 + [429] * 2


def test_signing_in_forgets_earlier_failures(app: Running):
    for _n in range(2):
        for _m in range(4):
            sign_in("nurse.S01.1", WRONG)
        entered("nurse.S01.1")


def test_what_was_typed_is_kept_nowhere(app: Running):
    client = Client()
    said = {"username": "nurse.S01.1", "password": WRONG, "next": "/participants/S01-001/"}
    client.post("/sign-in/?next=/participants/S01-001/", said)
    (kept,) = AccessAttempt.objects.all()
    assert kept.username == "nurse.S01.1"
    assert (kept.get_data, kept.post_data) == ("", "")
    client.force_login(account("nurse.S01.1"), backend="django.contrib.auth.backends.ModelBackend")
    said = {"present": WRONG, "password": "gravel moth piano", "again": "gravel moth piano"}
    assert client.post("/account/password/", said).status_code == 422
    rows = str(list(AccessAttempt.objects.values()))
    assert rows.count("failures_since_start': 1") == 2
    assert "participants" not in rows
    assert WRONG not in rows
    assert "gravel" not in rows


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/participants/?x=1", "/participants/?x=1"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///elsewhere.example", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_elsewhere(app: Running, wanted: str, goes: str):
    assert sign_in("nurse.S01.1", next=wanted)[1]["Location"] == goes
    assert Client().get("/sign-in/", {"next": wanted}).status_code == 200


def test_what_was_wanted_survives_a_wrong_password(app: Running):
    _client, page = sign_in("nurse.S01.1", WRONG, next="/dosing/")
    assert 'name="next" value="/dosing/"' in markup(page)


def test_a_form_of_another_site_signs_nobody_in(app: Running):
    client = Client(enforce_csrf_checks=True)
    said = {"username": "nurse.S01.1", "password": PASSWORD}
    assert client.post("/sign-in/", said).status_code == 403
    client.get("/sign-in/")
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert client.post("/sign-in/", said | token).status_code == 302
    for path in (
        "/sign-out/",
        "/account/password/",
        "/account/sessions/abc/end/",
        "/account/tokens/1/revoke/",
        "/people/invite/",
    ):
        assert client.post(path, {}).status_code == 403, path


def test_whoever_has_no_task_is_told_so(app: Running):
    User.objects.create_user("newcomer.1", "Somebody new", PASSWORD)
    client, response = sign_in("newcomer.1", next="/participants/")
    assert response["Location"] == "/account/"
    assert "No task has been given to you yet." in markup(client.get("/account/"))
    for path in ("/", "/participants/", "/people/", "/audit/"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/password/",
        "/account/tokens/",
        "/account/recovery-codes/",
        "/second-factor/",
        "/second-factor/set-up/",
        "/account/second-factor/",
        "/people/",
        "/people/invite/",
    ],
)
def test_nothing_is_shown_to_whoever_is_not_signed_in(app: Running, path: str):
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={path}"
