"""What is exported to CQL, what is left out, and how the command fails."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.core.quantity import compare_bounded
from gradatim.core.truth import Truth
from gradatim.exports.cql.document import cql_library
from gradatim.exports.cql.functions import FUNCTIONS
from gradatim.exports.cql.library import decimal, name, string
from gradatim.protocol.load import load
from gradatim.screening.readings import plan
from gradatim.synthetic.fhir import bundle
from gradatim.synthetic.fhir_population import Population
from tests.exports.judging import export
from tests.trials.worked import Trial

TRIAL = Trial("nct05962762")
LIBRARY = export(TRIAL)


def test_most_criteria_are_exported() -> None:
    """Six are left out, each with its reason in the header."""
    assert len(LIBRARY.criteria) == 41
    assert set(LIBRARY.left_out) == {"I3", "I4", "E2a", "E2b", "E10a", "E10c"}
    head = LIBRARY.text[: LIBRARY.text.index("\nlibrary ")].replace("\n// ", " ")
    for id, why in LIBRARY.left_out.items():
        assert f"{id}: {why}" in head


def test_each_criterion_stands_under_its_words() -> None:
    """The definition is named by the id; verbatim text and reading stand above it."""
    plain = LIBRARY.text.replace("\n// ", " ")
    for criterion in (one for one in TRIAL.study.criteria if one.id in LIBRARY.criteria):
        text = criterion.text.strip() or "(not in the record)"
        words = f" {criterion.category} {criterion.id}: {text} Reading "
        assert words in plain
        assert f"{criterion.reading}\ndefine {name(criterion.id)}:" in plain


def test_it_says_from_which_document_it_was_made() -> None:
    """Library name and version, model, and the protocol's hash."""
    assert "library NCT05962762 version '1.0'" in LIBRARY.text
    assert "using FHIR version '4.0.1'" in LIBRARY.text
    assert TRIAL.document.sha256 in LIBRARY.text


def test_what_the_source_covers_is_a_parameter() -> None:
    """Open world by default; a declaration changes the default."""
    assert 'parameter "exhaustive conditions" Boolean default false' in LIBRARY.text
    readings = {id: (some[0].name, some[0].rule) for id, some in plan(TRIAL.study).items()}
    declared = cql_library(TRIAL.study, readings, sha256="", exhaustive=["condition"]).text
    assert 'parameter "exhaustive conditions" Boolean default true' in declared
    assert 'parameter "exhaustive exposures" Boolean default false' in declared


def test_the_second_trial_is_exported_too() -> None:
    """Nothing is written for one trial."""
    other = Trial("example_oncology_tablet")
    library = export(other)
    assert set(library.left_out) == {"E1", "E4", "E5", "E10"}


def test_a_name_is_quoted_and_a_comment_cannot_be_left() -> None:
    """Quotes and line breaks of a protocol do not become CQL."""
    assert name('a "b" \\') == '"a \\"b\\" \\\\"'
    assert string("it's \\") == "'it\\'s \\\\'"
    assert decimal(2.5) == "2.5"
    assert decimal(60) == "60.0"
    assert decimal(1 / 3) == "0.33333333"


@pytest.mark.parametrize(("title", "op"), [("Is above", ">"), ("Is at most", "<=")])
def test_a_comparison_is_the_table_of_the_specification(title: str, op: str) -> None:
    """Each bound and order has the truth that `compare_bounded` gives it."""
    for bound in ("", "<", "<=", ">", ">="):
        line = re.search(rf"when '{bound}' then (.*)", FUNCTIONS[title])
        assert line
        for order in (-1, 0, 1):
            says = re.search(
                rf"when order in {{ [-\d, ]*(?<!\d|-){order}(?!\d)[-\d, ]* }} "
                rf"then (true|false)",
                line[1],
            )
            wanted = compare_bounded(order, bound, op, 0)
            assert (says[1] if says else "unknown") == Truth(wanted).word


def test_the_population_is_the_same_for_the_same_seed() -> None:
    """And another one for another."""
    anchors = dict.fromkeys(TRIAL.study.schedule.anchors, date(2026, 11, 16))

    def people(seed: int) -> list[str]:
        return [
            json.dumps(bundle(one, TRIAL.study.elements))
            for one in Population(TRIAL.study, anchors, seed).people(5)
        ]

    assert people(1) == people(1) != people(2)


def test_a_criterion_that_cql_cannot_say() -> None:
    """Asked for by name it is an error, with the reason."""
    document = load("nct05962762")
    readings = {id: (some[0].name, some[0].rule) for id, some in plan(document.study).items()}
    with pytest.raises(UnusableInput, match="cannot be expressed in CQL") as caught:
        cql_library(document.study, readings, sha256="", only=["I3", "E11d"])
    assert "I3: a stable dose" in str(caught.value)
    assert "E11d" not in str(caught.value)


def test_the_command_prints_the_library(run: Callable[..., tuple[int, str, str]]) -> None:
    """Without -o on standard output, and nothing else there."""
    code, out, err = run("export", "cql", "nct05962762")
    assert (code, err) == (0, "")
    assert out == LIBRARY.text


def test_the_command_writes_a_file(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """One criterion under another reading."""
    path = tmp_path / "one.cql"
    code, out, _ = run(
        "export", "cql", "nct05962762", "-o", path, "--criterion", "E7c", "--reading", "E7c=B"
    )
    assert code == 0
    assert "1 criteria" in out
    text = path.read_text(encoding="utf-8")
    assert "Reading (B):" in text
    assert 'define "E11d"' not in text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuchtrial"], "nosuchtrial"),
        (["nct05962762", "--criterion", "X1"], "there is no criterion 'X1'"),
        (["nct05962762", "--criterion", "I3"], "cannot be expressed in CQL"),
        (["nct05962762", "--reading", "E7c=Z"], "has no reading 'Z'"),
        (["nct05962762", "--exhaustive", "answer"], "cannot be declared exhaustive"),
        (["nct05962762", "-o", "/nosuchfolder/x.cql"], "cannot be written"),
    ],
)
def test_bad_input(
    run: Callable[..., tuple[int, str, str]], arguments: list[str], words: str
) -> None:
    """Exit code 2 and one message."""
    code, out, err = run("export", "cql", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("gradatim: ")
    assert "Traceback" not in err
