"""Protocols of earlier versions load, and are the documents that the ledgers name."""

from hashlib import sha256

import yaml

from gradatim.protocol.load import load
from gradatim.protocol.translation.load import load_translation
from tests.earlier.conftest import Earlier


def test_a_protocol_loads(earlier: Earlier) -> None:
    """Its identifier, its version and its criteria are those that stand in the document."""
    for name, digest in earlier.facts["protocols"].items():
        path = earlier.folder / "protocols" / name
        assert sha256(path.read_bytes()).hexdigest() == digest
        if path.name != "protocol.yaml":
            translation = load_translation(path)
            assert translation.study == load(path.with_name("protocol.yaml")).study.study.id
            assert translation.criteria
            continue
        document, written = load(path), yaml.safe_load(path.read_text("utf-8"))
        assert document.sha256 == digest
        study = document.study
        assert (study.study.id, study.study.version) == (
            written["study"]["id"],
            written["study"]["version"],
        )
        assert [one.id for one in study.criteria] == [
            one["id"] for one in written["eligibility"]["criteria"]
        ]
        assert set(study.elements) == set(written["elements"])


def test_the_ledgers_were_led_by_them(earlier: Earlier) -> None:
    """The first version of each is a protocol that is kept here."""
    kept = set(earlier.facts["protocols"].values())
    for one in earlier.facts["ledgers"].values():
        assert one["versions"][0][1] in kept
