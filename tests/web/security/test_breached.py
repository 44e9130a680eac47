"""ASVS V6.2.4 and V6.2.12: passwords that were stolen elsewhere, looked up in a file."""

from hashlib import sha1
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.web.accounts import breached
from gradatim.web.accounts.breached import seen
from gradatim.web.configuration import configuration
from gradatim.web.live_trial import Running
from tests.web.accounts.people import entered
from tests.web.conftest import PASSWORD
from tests.web.security.test_data import GOOD

STOLEN = ("gravel moth piano cirrus", "correct horse battery staple", "lantern oxide plume 7")


def listed(path: Path, passwords, end: str = "\r\n", last: str = "\r\n") -> Path:
    """Write a list as it is downloaded."""
    lines = sorted(
        f"{sha1(one.encode()).hexdigest().upper()}:{3 ** (n % 12)}"
        for n, one in enumerate(passwords)
    )
    path.write_bytes((end.join(lines) + (last if lines else "")).encode())
    return path


@given(
    known=st.sets(st.text(max_size=8), max_size=40),
    other=st.text(max_size=8),
    ends=st.sampled_from([("\r\n", "\r\n"), ("\n", "\n"), ("\n", "")]),
)
def test_what_is_in_the_list_is_found_and_nothing_else(tmp_path_factory, known, other, ends):
    path = listed(tmp_path_factory.mktemp("list") / "list", known, *ends)
    assert [one for one in known if not seen(path, one)] == []
    assert seen(path, other) is (other in known)


def test_a_large_list_is_searched_and_not_read(tmp_path: Path, monkeypatch):
    """In some tens of looks, for twenty thousand lines as for a thousand millions."""
    path = listed(tmp_path / "list", map(str, range(20_000)))
    looks, look = [], breached._line

    def counted(*given):
        looks.append(1)
        return look(*given)

    monkeypatch.setattr(breached, "_line", counted)
    assert seen(path, "777")
    assert not seen(path, "not there")
    assert len(looks) < 2 * 30


def test_a_stolen_password_is_refused(app: Running, settings, tmp_path: Path):
    """However good it looks, also with capitals; where there is no list it passes."""
    for password in (*STOLEN, STOLEN[0].title()):
        validate_password(password)
    settings.BREACHED_PASSWORDS = listed(tmp_path / "list", STOLEN)
    for password in (*STOLEN, STOLEN[0].title()):
        with pytest.raises(ValidationError, match="stolen elsewhere"):
            validate_password(password)
    validate_password("violet harbour unwinds at dusk")


def test_it_is_refused_by_the_form(app: Running, settings, tmp_path: Path):
    settings.BREACHED_PASSWORDS = listed(tmp_path / "list", STOLEN)
    said = {"present": PASSWORD, "password": STOLEN[1], "again": STOLEN[1]}
    answer = entered("nurse.S01.1").post("/account/password/", said)
    assert answer.status_code == 422
    assert "stolen elsewhere" in answer.content.decode()


@pytest.mark.parametrize("content", [None, b"hunter2\n", b"\x00" * 300, b"AB12:3\n", "é".encode()])
def test_what_is_no_list_does_not_begin(tmp_path: Path, content: bytes | None):
    """Said at the start, and not when somebody chooses a password."""
    path = tmp_path / "list"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableInput) as found:
        configuration(GOOD | {"GRADATIM_BREACHED_PASSWORDS": str(path)})
    assert found.value.where == "GRADATIM_BREACHED_PASSWORDS"
    assert "hunter2" not in str(found.value)


def test_a_list_is_taken(tmp_path: Path):
    path = listed(tmp_path / "list", STOLEN)
    found = configuration(GOOD | {"GRADATIM_BREACHED_PASSWORDS": str(path)})
    assert found.breached == path
