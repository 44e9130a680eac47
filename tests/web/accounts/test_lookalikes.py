"""Nobody is invited under a name that could be taken for another's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.web.accounts.forms import InviteForm
from gradatim.web.accounts.lookalikes import appearance, unseen
from gradatim.web.accounts.models import User

NAME = "Dr Irina Moss"
LOOK_LIKE_IT = [
    NAME,
    "dr irina  moss",
    "DR IRINA MOSS",
    "Dr Іrina Mоss",  # Cyrillic
    "Dr lrina Moss",
    "Dr Irina M0ss",
    "Dr Irína Möss",
    "Ｄｒ Irina Moss",
    "Dr Irina Μoss",  # Greek
]
UNSEEN = ["\u202e", "\u200b", "\u200f", "\u2066", "\u00ad", "\ufeff", "\u2028", "\x07"]


@pytest.fixture
def known(db: None) -> None:
    User.objects.create_user("investigator.S01.1", NAME)


def errors(username: str = "nurse.S01.7", printed: str = "Somebody Else") -> dict[str, list[str]]:
    found = InviteForm({"username": username, "printed_name": printed}).errors
    return {name: [str(one) for one in why] for name, why in found.items()}


@pytest.mark.parametrize("name", LOOK_LIKE_IT)
def test_nobody_signs_by_a_name_that_looks_like_another_s(known: None, name: str) -> None:
    (why,) = errors(printed=name)["printed_name"]
    assert why.startswith("Somebody signs by this name, or one that looks like it")


@pytest.mark.parametrize("name", ["Dr Irina Moss, ICU", "Dr I. Moss", "Dr Iris Moss", "陈伟"])
def test_what_tells_them_apart_is_enough(known: None, name: str) -> None:
    assert errors(printed=name) == {}


@pytest.mark.parametrize("sign", UNSEEN)
def test_no_name_has_signs_that_nobody_sees(known: None, sign: str) -> None:
    (why,) = errors(printed=f"Dr Ada{sign}Lov")["printed_name"]
    assert why.startswith("This name has signs that are not seen")


@pytest.mark.parametrize(
    "username",
    ["investigator.S01.l", "lnvestigator.S01.1", "investigator.SO1.1", "INVESTIGATOR.s01.1"],
)
def test_no_account_has_a_name_that_looks_like_another_s(known: None, username: str) -> None:
    assert "username" in errors(username)
    assert errors("investigator.S01.2") == {}


@given(st.text(max_size=40), st.sampled_from(UNSEEN), st.integers(0, 40))
def test_a_sign_that_is_not_seen_makes_no_other_name(name: str, sign: str, at: int) -> None:
    if not unseen(name):
        assert appearance(name[:at] + sign + name[at:]) == appearance(name)
        assert unseen(name[:at] + sign + name[at:])


@given(st.text(max_size=40))
def test_a_name_looks_like_itself_in_capitals(name: str) -> None:
    assert appearance(appearance(name)) == appearance(name)
    assert appearance(name.upper().lower()) == appearance(name.lower())
