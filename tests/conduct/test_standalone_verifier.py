"""The verifier that an inspector copies out agrees with gradatim's own on every export."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.ledger import (
    Checkpoint,
    chain,
    checkpoint_text,
    export_lines,
    genesis,
    parse_checkpoint,
    sign,
    verify,
)
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, body
from tests.conduct.sealed import ALTERATIONS, adoption, altered, many_appends, resealed

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_ledger.py"
KEY, FORGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
ENTRIES = list(
    chain(genesis(TRIAL), TRIAL, 0, [(body(n), f"r{n}" if n % 3 else "") for n in range(1, 9)])
)
LINES = [line.encode() for line in export_lines(ENTRIES, TRIAL)]
EARLY, LATE = (
    sign(Checkpoint(TRIAL, at, ENTRIES[at - 1].hash, "2026-11-02T09:30:00Z"), "site", KEY)
    for at in (3, 8)
)
FIRST_BAD = re.compile(r"WRONG: event (\d+):")


@pytest.fixture(scope="module")
def script():
    spec: Any = importlib.util.spec_from_file_location("verify_ledger", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def theirs(script, arguments, capsys, monkeypatch):
    """The exit code of the standalone verifier, and the first bad event that it names."""
    monkeypatch.setattr(sys, "argv", ["verify_ledger.py", *map(str, arguments)])
    code = script.main()
    named = FIRST_BAD.search(capsys.readouterr().out)
    return code, int(named[1]) if named else None


def ours(export, against, keys):
    try:
        marks = [parse_checkpoint(one.read_bytes().decode("utf-8", "replace")) for one in against]
        store = open_store(str(export), StoreMode.READ)
        (trial,) = store.trials()
        entries, seals = store.contents(trial)
        found = verify(entries, trial, marks, keys, seals)
    except UnusableInput:
        return 2, None
    return (0 if found.ok else 1), found.first_bad


class Both:
    """Both verifiers over the same files."""

    def __init__(self, script, folder, capsys, monkeypatch):
        self.script, self.folder = script, folder
        self.capsys, self.monkeypatch = capsys, monkeypatch
        self.key = folder / "public.pem"
        pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.key.write_bytes(pem)

    def __call__(self, export, *checkpoints, trusted=False):
        """What both say: the exit code and the first bad event."""
        path = self.folder / "export.jsonl"
        path.write_bytes(export)
        against = []
        for number, text in enumerate(checkpoints):
            against.append(self.folder / f"checkpoint-{number}.json")
            against[-1].write_bytes(text)
        arguments = [path, *(word for one in against for word in ("--against", one))]
        arguments += ["--key", self.key] if trusted else []
        said = theirs(self.script, arguments, self.capsys, self.monkeypatch)
        assert said == ours(path, against, [KEY.public_key().public_bytes_raw()] if trusted else [])
        return said


@pytest.fixture
def both(script, tmp_path, capsys, monkeypatch):
    return Both(script, tmp_path, capsys, monkeypatch)


def text(checkpoint):
    return checkpoint_text(checkpoint).encode()


def changed(event, /, **columns):
    """The export with columns of one event altered."""
    lines = list(LINES)
    lines[event] = json.dumps(json.loads(lines[event]) | columns).encode() + b"\n"
    return b"".join(lines)


def without(*positions):
    return b"".join(line for at, line in enumerate(LINES) if at not in positions)


def rewritten():
    bodies = [(b"{}", "")] + [(one.body, one.request) for one in ENTRIES[1:]]
    made = chain(genesis(TRIAL), TRIAL, 0, bodies)
    return "".join(export_lines(made, TRIAL)).encode()


SWAPPED = b"".join([*LINES[:4], LINES[5], LINES[4], *LINES[6:]])
ALTERED = text(EARLY._replace(position=4))
FORGED = text(sign(EARLY._replace(signatures=(), head=bytes(32)), "site", FORGER))
HEADER = b'{"schema": "gradatim.ledger/1", "trial": "T"}\n'


@pytest.mark.parametrize(
    ("export", "checkpoints", "trusted", "said"),
    [
        (b"".join(LINES), [], False, (0, None)),
        (b"".join(LINES), [text(LATE), text(EARLY)], True, (0, None)),
        (b"".join(LINES).replace(b"\n", b"\r\n"), [text(LATE)], True, (0, None)),
        (LINES[0], [], False, (0, None)),
        (changed(4, body="{}"), [], False, (1, 4)),
        (changed(4, request="x"), [], False, (1, 4)),
        (changed(4, request="\ud800"), [], False, (1, 4)),
        (changed(4, body="\udcff"), [], False, (1, 4)),
        (changed(4, hash="00" * 32), [text(EARLY)], False, (1, 4)),
        (changed(4, hash=ENTRIES[3].hash.hex().upper()), [], False, (1, 4)),
        (changed(4, hash="no hash"), [], False, (1, 4)),
        (changed(4, position=99), [], False, (1, 4)),
        (changed(4, position=10**30), [], False, (1, 4)),
        (changed(4, position=-4), [], False, (1, 4)),
        (changed(8, body="{}"), [text(EARLY)], True, (1, 8)),
        (without(4), [], False, (1, 4)),
        (without(1), [], False, (1, 1)),
        (SWAPPED, [], False, (1, 4)),
        (b"".join([*LINES[:5], LINES[4], *LINES[5:]]), [], False, (1, 5)),
        (HEADER + b"".join(LINES[1:]), [], False, (1, 1)),
        (without(7, 8), [], False, (0, None)),
        (without(7, 8), [text(LATE)], True, (1, 7)),
        (without(7, 8), [text(EARLY)], True, (0, None)),
        (rewritten(), [], False, (0, None)),
        (rewritten(), [text(LATE)], True, (1, 8)),
        (rewritten(), [text(LATE), text(EARLY)], True, (1, 3)),
        (b"".join(LINES), [ALTERED], False, (1, None)),
        (b"".join(LINES), [FORGED], False, (1, 3)),
        (b"".join(LINES), [FORGED], True, (1, None)),
        (b"".join(LINES), [text(EARLY._replace(signatures=()))], False, (0, None)),
        (b"".join(LINES), [text(EARLY._replace(signatures=()))], True, (1, None)),
        (HEADER, [text(EARLY)], False, (2, None)),
        (b"".join(LINES), [b"{}"], False, (2, None)),
        (b"".join(LINES), [text(EARLY).replace(b'"key"', b'"keys"')], False, (2, None)),
        (b"", [], False, (2, None)),
        (b"{}\n", [], False, (2, None)),
        (without(0), [], False, (2, None)),
        (changed(4, position=4.0), [], False, (2, None)),
        (changed(4, position=True), [], False, (2, None)),
        (changed(4, body=None), [], False, (2, None)),
        (changed(4, body="\ud800"), [], False, (2, None)),
        (changed(4, more=1), [], False, (2, None)),
        (b"".join(LINES)[:-20], [], False, (2, None)),
        (b"".join([*LINES[:4], b"\n", *LINES[4:]]), [], False, (2, None)),
    ],
)
def test_both_verifiers_say_the_same(both, export, checkpoints, trusted, said):
    assert both(export, *checkpoints, trusted=trusted) == said


def exported(rows):
    return "".join(export_lines(rows[0], TRIAL, rows[1])).encode()


def test_both_say_the_same_of_whatever_is_done_to_a_sealed_ledger(both, tmp_path):
    rows = many_appends(tmp_path)
    assert both(exported(rows)) == (0, None)
    said = set()

    @settings(max_examples=300)
    @given(
        st.lists(st.sampled_from(ALTERATIONS), min_size=1, max_size=3),
        st.randoms(use_true_random=False),
        st.booleans(),
    )
    def agreed(alterations, rng, fitting):
        said.add(both(exported(altered(rows, alterations, rng, fitting))))

    agreed()
    assert len({at for code, at in said if code == 1}) > 8


SEALED = b'"seal": {"link": '


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (SEALED, b'"seal": {"more": 1, "link": ', (2, None)),
        (SEALED, b'"seal": {"link": 5, "other": ', (2, None)),
        (SEALED, b'"seal": {"link": "", "other": ', (2, None)),
        (b'"seal": {', b'"seal": [], "other": {', (2, None)),
        (b'"position": 3, ', b"", (2, None)),
        (b'"seal": {', b'"seals": {', (2, None)),
        (b'"signature": "', b'"signature": "A', (1, 1)),
        (SEALED + b'"', SEALED + b'"A', (1, 1)),
        (b"public_key", b"public_kez", (1, 3)),
    ],
)
def test_both_say_the_same_of_a_line_with_a_seal(both, tmp_path, old, new, said):
    whole = exported(many_appends(tmp_path))
    assert old in whole
    assert both(whole.replace(old, new, 1)) == said


def test_both_agree_on_any_altered_byte(both, tmp_path):
    """Bytes replaced, removed or added anywhere in an export or a checkpoint."""
    rows = many_appends(tmp_path)
    seen = Checkpoint(TRIAL, 8, rows[0][7].hash, "2026-11-02T09:30:00Z")
    whole, mark = exported(rows), text(sign(seen, "site", KEY))
    codes = set()

    @settings(max_examples=300)
    @given(st.integers(0, len(whole) + len(mark)), st.integers(0, 2), st.binary(max_size=2))
    def tried(at, taken, put):
        export, checkpoint = whole, mark
        if at < len(whole):
            export = whole[:at] + put + whole[at + taken :]
        else:
            at -= len(whole)
            checkpoint = mark[:at] + put + mark[at + taken :]
        codes.add(both(export, checkpoint)[0])

    tried()
    assert codes == {0, 1, 2}


def test_it_is_one_short_file_that_needs_nothing_of_gradatim():
    source = SCRIPT.read_text()
    assert len(source.splitlines()) < 400
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported - {"cryptography"} <= sys.stdlib_module_names


def test_it_runs_copied_out_and_by_itself(tmp_path):
    shutil.copy(SCRIPT, tmp_path)
    (tmp_path / "export.jsonl").write_bytes(changed(4, body="{}"))
    ran = subprocess.run(
        [sys.executable, "-I", "verify_ledger.py", "export.jsonl"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "8 events" in ran.stdout
    assert "WRONG: event 4: it does not fit its hash" in ran.stdout
    assert "without a checkpoint" in ran.stdout


def test_both_want_somebodys_word_for_a_key_that_nothing_endorsed(both, tmp_path):
    """A checkpoint of a trusted key after the entry, and no other."""
    entries, seals = many_appends(tmp_path)
    public = FORGER.public_key().public_bytes_raw()
    bodies = [(one.body, one.request) for one in entries[:13]] + [
        (adoption(public), ""),
        (b"{}", ""),
    ]
    made = list(chain(genesis(TRIAL), TRIAL, 0, bodies))
    export = exported((made, [*seals[:7], *resealed(made, [14, 15], FORGER, seals[6])]))
    assert both(export) == (1, 14)

    def at(position):
        return Checkpoint(TRIAL, position, made[position - 1].hash, "2026-11-02T09:30:00Z")

    assert both(export, text(sign(at(14), "site", KEY)), trusted=True) == (0, None)
    assert both(export, text(sign(at(15), "site", KEY)), trusted=True) == (0, None)
    assert both(export, text(sign(at(13), "site", KEY)), trusted=True) == (1, 14)
    assert both(export, text(sign(at(15), "site", KEY))) == (1, 14)
    assert both(export, text(at(15))) == (1, 14)
