"""ASVS V5: what is uploaded is looked at and let go; no address leads out of its folder."""

import io
import json
import subprocess
import sys
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gradatim.web.live_trial import Running
from gradatim.web.views.screening.upload import MOST_BYTES
from tests.web.conftest import PASSWORD, state
from tests.web.security.attacks import treated
from tests.web.test_matrix import arguments, own_patterns  # noqa: F401


def zipped() -> bytes:
    """Give an archive that unpacks to a hundred times its size."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bundle.json", b" " * 3_000_000)
    return made.getvalue()


BUNDLE = b'{"resourceType": "Bundle", "type": "collection", "entry": '
WRONG = {
    "empty": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "an archive": zipped(),
    "markup": b"<html><script>alert(1)</script></html>",
    "not UTF-8": b"\xff\xfe{}",
    "no object": b"[1, 2]",
    "another object": b'{"resourceType": "Patient"}',
    "a deep nest": b"[" * 100_000 + b"]" * 100_000,
    "a deep nest in a Bundle": BUNDLE + b'[{"resource":' * 50_000 + b"1" + b"}]" * 50_000 + b"}",
    "a huge number": BUNDLE + b"1" + b"0" * 10_000 + b"}",
    "a number that is none": BUNDLE + b"NaN}",
    "wrong types": BUNDLE + b'{"a": [null, 1]}}',
    "YAML with aliases": b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]",
    "an external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
}


def file(content: bytes, name: str = "records.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/json")


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_bundle_is_refused(app: Running, signed_in, content: bytes):
    client, before = signed_in("investigator.S01.1"), state(app).position
    path = f"/participants/{treated(app).id}/records/"
    response = client.post(path, {"bundle": file(content), "source": "EHR"})
    assert response.status_code == 422
    assert "Traceback" not in response.content.decode()
    assert "root:" not in response.content.decode()
    assert state(app).position == before


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_checkpoint_is_refused(app: Running, signed_in, content: bytes):
    response = signed_in("data.1").post("/audit/proof/", {"checkpoint": file(content)})
    assert response.status_code == 422
    assert "Traceback" not in response.content.decode()


READABLE = {
    name: content
    for name, content in WRONG.items()
    if "nest" not in name and name != "a huge number"
}
BREAKING = {
    "a deep nest": "b'[' * 30_000 + b']' * 30_000",
    "a huge number": "b'schema: 1' + b'0' * 10_000",
}


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_what_is_no_protocol_is_refused(app: Running, signed_in, content: bytes):
    client, before = signed_in("sponsor.1"), state(app).position
    said = {
        "document": file(content, "protocol.yaml"),
        "occurred_on": "2026-09-21",
        "seen": before,
        "request": "p",
        "password": PASSWORD,
    }
    response = client.post("/record/ProtocolSubmitted/?site=", said)
    text = response.content.decode()
    assert response.status_code == 422
    assert "protocol.yaml" in text or "The submitted file is empty." in text
    assert "root:" not in text
    assert state(app).position == before


@pytest.mark.parametrize("content", BREAKING.values(), ids=BREAKING)
def test_what_breaks_the_reader_of_protocols_is_refused(content: str):
    """In a process of its own, for the reader may take it along."""
    told = f"from gradatim.protocol.load import parse; parse({content}, 'protocol.yaml')"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "gradatim.core.errors.UnusableInput: " in ran.stderr


def test_a_bundle_that_is_too_large_is_refused_with_its_size(app: Running, signed_in):
    content = BUNDLE + b'"' + b"x" * MOST_BYTES + b'"}'
    path = f"/participants/{treated(app).id}/records/"
    response = signed_in("investigator.S01.1").post(
        path, {"bundle": file(content), "source": "EHR"}
    )
    assert response.status_code == 422
    assert "at most 5 MB" in response.content.decode()


def test_a_checkpoint_that_is_too_large_is_refused(app: Running, signed_in):
    content = json.dumps({"schema": "gradatim.checkpoint/1", "x": "y" * 200_000}).encode()
    response = signed_in("data.1").post("/audit/proof/", {"checkpoint": file(content)})
    assert response.status_code == 422


def test_a_form_that_is_too_large_or_has_too_many_fields_is_refused(app: Running):
    for said in ("a=" + "x" * 10_000_001, "&".join(f"a{n}=1" for n in range(2_001))):
        kind = "application/x-www-form-urlencoded"
        assert Client().post("/sign-in/", said, content_type=kind).status_code == 400


def test_the_records_of_somebody_else_are_refused(app: Running, signed_in):
    one = treated(app)
    other = "male" if one.sex == "female" else "female"
    patient = {"resourceType": "Patient", "id": "p", "gender": other, "birthDate": "1990-01-01"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}
    path, before = f"/participants/{one.id}/records/", state(app).position
    said = {"bundle": file(json.dumps(bundle).encode()), "source": "EHR"}
    response = signed_in("investigator.S01.1").post(path, said)
    assert response.status_code == 422
    assert state(app).position == before


OUTSIDE = (
    "..",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "..%5c..%5cx",
    "%00",
    "a%00b",
    "%0d%0aSet-Cookie:x=y",
    "x" * 3_000,
    "9" * 400,
    "-1",
    "1e9",
    "%ff",
    "~root",
    "file:%2f%2f%2fetc%2fpasswd",
)


@pytest.mark.parametrize("said", OUTSIDE)
def test_no_address_leads_out(app: Running, signed_in, arguments, said: str):  # noqa: F811
    """Every argument of every path: not found, and nothing of it in a header."""
    clients = [signed_in(user) for user in ("sponsor.1", "data.1", "investigator.S01.1")]
    for one in own_patterns():
        if "<" not in str(one.pattern) or one.name in ("end-session", "revoke-token"):
            continue  # these are posted only; an unknown one ends nothing
        whole = "/" + str(one.pattern)
        for client in clients:
            for path in spoiled(whole, arguments.get(one.name, ["x"]), said):
                response = client.get(path)
                assert response.status_code in (302, 404), (path[:80], response.status_code)
                assert "Set-Cookie" not in str(response.headers)
                assert b"root:" not in response.content


def spoiled(pattern: str, args: list, said: str) -> list[str]:
    """Give a path with each of its arguments, one after the other, put as said."""
    parts = pattern.split("/")
    places = [at for at, part in enumerate(parts) if part.startswith("<")]
    good = dict(zip(places, map(str, args), strict=False))
    return [
        "/".join(said if at == bad else good.get(at, part) for at, part in enumerate(parts))
        for bad in places
    ]


PLACES = (
    "/static/../settings.py",
    "/static/%2e%2e/settings.py",
    "/static/",
    "/static/gradatim/",
    "/static//etc/passwd",
    "/.git/config",
    "/static/%00",
    "/static/..%5csettings.py",
    "/.env",
    "/static/gradatim/..%2f..%2fsettings.py",
)


@pytest.mark.parametrize("path", PLACES)
def test_files_come_from_their_folder_only(app: Running, path: str):
    response = Client().get(path)
    assert response.status_code in (302, 404)
    assert b"SECRET_KEY" not in response.content
