"""What a password must be, rule by rule of NIST SP 800-63B-4, section 3.1.1.2."""

import unicodedata

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from gradatim.web import settings as production
from gradatim.web.accounts.forms import NewPasswordForm
from gradatim.web.accounts.models import User
from gradatim.web.accounts.passwords import LONGEST, SHORTEST, LongEnough, repeats
from gradatim.web.live_trial import Running
from tests.web.accounts.people import account, entered, sign_in

WHO = User(username="nurse.S01.1", printed_name="Printed Name of Nurse", email="n@ward.example")
ACCEPTED = {
    "fifteen characters": "umbrella zeugma",
    "words without signs or digits": "violet harbour unwinds at noon",
    "the longest": ("kettle moss ribbon 7 " * 20)[:250] + "quartz",
    "spaces all around": "  lantern oxide plume  ",
    "Chinese": "晨光穿过江边的老桥照在渡船和行人身上",
    "fifteen emoji": "😀🚀🌵🎈🐙🍋🎻🧊🦉🪁🌋🛶🧵🍄🔭",
    "Arabic": "نافذة تطل على بستان بعيد",
    "decomposed letters": unicodedata.normalize("NFD", "näive façade über señor"),
    "lower case only": "gravelmothpianocirrus",
}
REFUSED = {
    "fourteen characters": ("umbrella zephy", "14 characters"),
    "fourteen emoji": ("😀🚀🌵🎈🐙🍋🎻🧊🦉🪁🌋🛶🧵🍄", "14 characters"),
    "longer than is kept": ("kettle moss ribbon 7 " * 20, "more than 256"),
    "a control sign": ("umbrella\x07zephyr moth", "keyboard"),
    "a code point without a normal form": ("umbrella\U000e0080zephyr moth", "keyboard"),
    "a common one twice": ("dragonfly1dragonfly1", "repeats"),
    "a common one and digits": ("iloveyouforever 2026", "guessed first"),
    "two common ones": ("sunshinebaseball", "guessed first"),
    "two common ones, decorated": ("Sunshine-B@seball!", "guessed first"),
    "lookalikes of common ones": ("p@ssw0rd.5unsh1ne", "guessed first"),
    "one sign": ("a" * 20, "repeats or runs"),
    "two signs": ("abababababababab", "repeats or runs"),
    "an own word again and again": ("xk9!vxk9!vxk9!vxk9", "repeats"),
    "the alphabet": ("abcdefghijklmnop", "repeats or runs"),
    "digits in a row": ("123456789012345678", "repeats or runs"),
    "digits backwards": ("98765432109876543", "repeats or runs"),
    "keys in a row": ("qwertyuiopasdfgh", "repeats or runs"),
    "keys in columns": ("1qaz2wsx3edc4rfv", "repeats or runs"),
    "the service": ("gradatim-gradatim!", "names that others know"),
    "the user": ("nurse.S01.1-nurse.S01", "names that others know"),
    "the printed name": ("Printed Name of Nurse", "names that others know"),
    "the trial": ("NCT05962762 nurse 7", "names that others know"),
    "the address": ("n@ward.example ward", "names that others know"),
}


@pytest.mark.parametrize("password", ACCEPTED.values(), ids=ACCEPTED)
def test_a_good_password_is_accepted(password: str, app: Running):
    assert SHORTEST <= len(unicodedata.normalize("NFC", password)) <= LONGEST
    form = NewPasswordForm(WHO, {"password": password, "again": password})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["password"] == password, "nothing is cut off, spaces included"


@pytest.mark.parametrize(("password", "why"), REFUSED.values(), ids=REFUSED)
def test_a_bad_password_is_refused_and_says_why(password: str, why: str, app: Running):
    with pytest.raises(ValidationError) as refused:
        validate_password(password, WHO)
    assert why in " ".join(refused.value.messages)


@given(st.text(max_size=14))
def test_whatever_is_shorter_is_refused(password: str):
    if len(unicodedata.normalize("NFC", password)) < SHORTEST:
        with pytest.raises(ValidationError):
            LongEnough().validate(password)


@given(st.text(min_size=1, max_size=14), st.integers(min_value=2, max_value=12))
def test_repeating_something_short_makes_nothing_long(unit: str, times: int):
    assert repeats(unit * times)


@given(st.text(min_size=15, max_size=60, alphabet=st.characters(categories=["L", "N"])))
def test_a_text_repeats_only_what_stands_in_it_twice(text: str):
    if repeats(text):
        assert any(text.count(text[:n]) >= 2 for n in range(1, SHORTEST))


def test_the_two_must_be_the_same():
    form = NewPasswordForm(WHO, {"password": "umbrella zephyr moth", "again": "umbrella zephyr"})
    assert not form.is_valid()
    assert "not the same" in str(form.errors["again"])


def test_each_keyboard_gives_the_same_password(app: Running):
    """Composed and decomposed letters are one password, at signing in and at signing."""
    user = account("nurse.S01.1")
    user.set_password(unicodedata.normalize("NFD", "façade über señor"))
    user.save()
    entered("nurse.S01.1", unicodedata.normalize("NFC", "façade über señor"))
    entered("nurse.S01.1", unicodedata.normalize("NFD", "façade über señor"))


def test_a_password_is_kept_by_argon2(app: Running, settings):
    settings.PASSWORD_HASHERS = production.PASSWORD_HASHERS
    user = account("nurse.S01.1")
    user.set_password("violet harbour unwinds at noon")
    user.save()
    assert identify_hasher(account("nurse.S01.1").password).algorithm == "argon2"
    assert account("nurse.S01.1").check_password("violet harbour unwinds at noon")


def test_a_password_may_be_pasted_managed_and_shown(app: Running):
    _client, page = sign_in("nurse.S01.1", "wrong password here")
    text = page.content.decode()
    assert 'autocomplete="current-password"' in text
    assert "data-show-password" in text
    assert "onpaste" not in text
    assert "wrong password here" not in text


def test_a_password_is_changed_only_with_the_present_one(app: Running):
    client = entered("nurse.S01.1")
    new = "gravel moth piano cirrus"
    said = {"present": "not the present one", "password": new, "again": new}
    page = client.post("/account/password/", said)
    assert page.status_code == 422
    assert "not your password" in page.content.decode()
    assert not account("nurse.S01.1").check_password(new)
    same = client.post(
        "/account/password/",
        {
            "present": "violet harbour unwinds at noon",
            "password": "violet harbour unwinds at noon",
            "again": "violet harbour unwinds at noon",
        },
    )
    assert "present password" in same.content.decode()
    done = client.post("/account/password/", said | {"present": "violet harbour unwinds at noon"})
    assert done.status_code == 302
    assert account("nurse.S01.1").check_password(new)


def test_a_password_never_expires_by_itself(app: Running):
    user = account("nurse.S01.1")
    user.created_at = user.created_at.replace(year=2001)
    user.save()
    assert entered("nurse.S01.1").get("/").status_code == 200


def test_a_known_password_has_to_be_changed_first(app: Running):
    User.objects.filter(username="nurse.S01.1").update(must_change_password=True)
    client = entered("nurse.S01.1")
    assert client.get("/participants/")["Location"].startswith("/account/password/")
    assert client.get("/account/")["Location"].startswith("/account/password/")
    new = "gravel moth piano cirrus"
    client.post(
        "/account/password/",
        {"present": "violet harbour unwinds at noon", "password": new, "again": new},
    )
    assert client.get("/participants/").status_code == 200
