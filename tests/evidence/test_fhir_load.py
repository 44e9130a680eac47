"""From bytes to a Bundle: every way a file can be no Bundle has a message with its place."""

import json

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.evidence.fhir.load import decode, load_bundle
from tests.evidence.people import good_bundle, read_bundle

GOOD = json.dumps(good_bundle()).encode()

BAD = [
    (b"", "p.json: this file is empty"),
    (b" \n", "p.json: this file is empty"),
    (b"hello", "p.json:1: this file is not JSON: invalid character"),
    (b'{"resourceType":\n "Bundle",\n "x": NaN}', "p.json:3: this file is not JSON"),
    (b'{"x": Infinity}', "p.json:1: this file is not JSON"),
    (b'{"resourceType": "Bundle",\n', "p.json:2: this file is not JSON: it ends too early"),
    (b"{}\n{}", "p.json:2: this file is not JSON: trailing characters"),
    (b'{"x":\n "\xff"}', "p.json:2: this file is not JSON: it is not text in UTF-8"),
    (b'{"x": 1e999}', "p.json: this file cannot be decoded: number out of range"),
    (b"[" * 200_000, "p.json: this file is nested too deeply"),
    (b'{"x":' * 100_000 + b"1" + b"}" * 100_000, "p.json: this file is nested too deeply"),
    (b"[]", "p.json: this is not a FHIR Bundle: it is a list"),
    (b'"Bundle"', "p.json: this is not a FHIR Bundle: it is text"),
    (
        b'{"resourceType": "Patient"}',
        "p.json: this is not a FHIR Bundle: its resourceType is 'Patient'",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD)
def test_what_is_no_bundle(content, message):
    with pytest.raises(UnusableInput) as caught:
        decode(content, "p.json")
    assert str(caught.value).startswith(message)
    assert caught.value.todo


def test_a_bundle():
    assert decode(GOOD, "p.json") == good_bundle()
    assert decode(b"\xef\xbb\xbf" + GOOD, "p.json") == good_bundle()


def test_a_bundle_that_is_too_large(tmp_path):
    path = tmp_path / "p.json"
    path.write_bytes(b" " * 3_000_000 + GOOD)
    for read in (
        lambda: load_bundle(path, 2_000_000),
        lambda: decode(b" " * 3_000_000, "p", 2_000_000),
    ):
        with pytest.raises(UnusableInput, match="is 3 MB: at most 2 MB are read at once"):
            read()
    assert read_bundle(load_bundle(path)).read == 16


def test_fifty_megabytes_are_too_much():
    with pytest.raises(UnusableInput, match="is 50 MB: at most 25 MB are read at once"):
        decode(b" " * 50_000_000, "p.json")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(
        UnusableInput, match=r"nothing\.json: this file cannot be read: No such file"
    ):
        load_bundle(tmp_path / "nothing.json")
    with pytest.raises(UnusableInput, match="this file cannot be read"):
        load_bundle(tmp_path)
