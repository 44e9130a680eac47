"""The funnel document of files, against judging the same people one by one."""

import json
from itertools import combinations
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import bundled, parse
from gradatim.screening.feasibility.columns import alternatives, columns
from gradatim.screening.feasibility.count import funnel
from gradatim.screening.feasibility.load import open_files
from gradatim.screening.feasibility.movable_limits import movable
from gradatim.screening.feasibility.question import question
from tests.screening import written

COUNT = {"type": ["integer", "null"], "minimum": 0}
SCHEMA = {
    "type": "object",
    "required": [
        "schema",
        "protocol",
        "question",
        "suppression",
        "people",
        "criteria",
        "sequential",
        "best_order",
        "tests",
        "readings",
        "relaxation",
        "sites",
    ],
    "properties": {
        "schema": {"const": "gradatim.funnel/1"},
        "people": {
            "required": ["screened", "excluded", "not_excluded", "open"],
            "properties": dict.fromkeys(["screened", "excluded", "not_excluded"], COUNT),
        },
        "criteria": {
            "minItems": 47,
            "items": {
                "properties": dict.fromkeys(
                    ["failed", "open", "passing", "only", "shapley", "open_not_excluded"], COUNT
                )
            },
        },
        "sequential": {
            "items": {
                "properties": dict.fromkeys(
                    ["remaining", "removed", "passing", "passing_warehouse"], COUNT
                )
            }
        },
    },
}
PEOPLE = 600


@pytest.fixture(scope="module")
def document():
    return written.trial()


@pytest.fixture(scope="module")
def verdicts(document):
    return written.truths(document, PEOPLE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, document, verdicts):
    return written.write(tmp_path_factory.mktemp("run"), document, verdicts, sites=7)


def judged(used, truths):
    """Give for each person the criteria failed and the criteria open."""
    people = range(len(next(iter(truths.values()))))
    return [
        (
            {one.criterion.id for one in used if truths[one.criterion.id][n] == one.fails},
            {one.criterion.id for one in used if truths[one.criterion.id][n] == 1},
        )
        for n in people
    ]


def exact(folder, document, asked=None):
    return funnel(open_files(folder), document, asked, suppress=0)


def assert_counts(found, used, truths):
    """Compare what the document says of everybody with people judged one by one."""
    people = judged(used, truths)
    warehouse = {one.criterion.id for one in used if one.warehouse}
    stays = [open & warehouse for failed, open in people if not failed]
    assert found["people"]["screened"] == len(people)
    assert found["people"]["not_excluded"] == len(stays)
    opens = [len(open) for open in stays]
    assert {row["open"]: row["people"] for row in found["people"]["open"]} == {
        k: opens.count(k) for k in set(opens)
    }
    for row in found["criteria"]:
        id = row["id"]
        assert row["failed"] == sum(id in failed for failed, _ in people)
        assert row["open"] == sum(id in open for _, open in people)
        assert row["only"] == sum(failed == {id} for failed, _ in people)
        share = sum(1 / len(failed) for failed, _ in people if id in failed)
        assert row["shapley"] == pytest.approx(share)
    assert found["sequential"][-1]["remaining"] == len(stays)


def test_the_run_as_it_was(folder, document, verdicts):
    found = exact(folder, document)
    used = columns(document.study, {})
    assert_counts(found, used, verdicts)
    assert "before" not in found
    people = judged(used, verdicts)
    sites = pq.read_table(folder / "verdicts.parquet", columns=["site"])["site"].to_pylist()
    assert {row["site"]: (row["people"], row["not_excluded"]) for row in found["sites"]} == {
        name: (
            sites.count(name),
            sum(
                site == name and not failed for site, (failed, _) in zip(sites, people, strict=True)
            ),
        )
        for name in set(sites)
    }


def test_the_status_column_agrees(folder, document):
    found = exact(folder, document)
    status = pq.read_table(folder / "verdicts.parquet", columns=["status"])["status"].to_pylist()
    assert found["people"]["excluded"] == status.count("ineligible")


def test_reasons_are_those_of_the_people_who_are_unknown(folder, document, verdicts):
    codes = pq.read_table(folder / "reasons.parquet")
    for row in exact(folder, document)["criteria"]:
        assert sum(row["reasons"].values()) == row["open"]
        listed = codes[row["id"]].to_pylist()
        assert row["reasons"].get("no record", 0) == listed.count(1)
        assert row["reasons"].get("judgement needed", 0) == listed.count(7)


def test_a_criterion_left_out(folder, document, verdicts):
    asked = question(document.study, {}, without=["E3", "E4"])
    found = exact(folder, document, asked)
    used = [one for one in columns(document.study, {}) if one.criterion.id not in ("E3", "E4")]
    assert_counts(found, used, verdicts)
    assert found["before"] == exact(folder, document)["people"]
    assert found["question"]["without"] == ["E3", "E4"]


@pytest.mark.parametrize(("id", "name"), [("E7c", "B"), ("E7c", "C"), ("E11a", "latest")])
def test_another_reading_with_all_that_it_replaces(folder, document, verdicts, id, name):
    used = columns(document.study, {}, {id: name})
    truths = {one.criterion.id: verdicts[one.name] for one in used}
    found = exact(folder, document, question(document.study, {}, readings={id: name}))
    assert_counts(found, used, truths)
    rows = exact(folder, document)["readings"]
    row = next(one for one in rows if (one["criterion"], one["reading"]) == (id, name))
    assert row["people"]["no_longer_excluded"] - row["people"]["newly_excluded"] == (
        found["people"]["not_excluded"] - found["before"]["not_excluded"]
    )
    assert len(row["also"]) == sum("@" in one.name for one in used) - 1


def test_every_other_reading_is_compared_person_by_person(folder, document, verdicts):
    used = {one.criterion.id: one for one in columns(document.study, {})}
    before = [bool(failed) for failed, _ in judged(used.values(), verdicts)]
    rows = {row["column"]: row for row in exact(folder, document)["readings"]}
    assert len(rows) == sum(len(one.alternatives) for one in document.study.criteria)
    for own, changed in alternatives(document.study, {}):
        new = {**used, **{one.criterion.id: one for one in changed}}
        truths = {id: verdicts[one.name] for id, one in new.items()}
        after = [bool(failed) for failed, _ in judged(new.values(), truths)]
        row = rows[own.name]
        pairs = list(zip(before, after, strict=True))
        assert row["people"]["newly_excluded"] == pairs.count((False, True))
        assert row["people"]["no_longer_excluded"] == pairs.count((True, False))
        old = verdicts[own.criterion.id]
        assert row["verdicts_changed"] == int((old != verdicts[own.name]).sum())
        assert row["changes"]["unknown -> true"] == int(
            ((old == 1) & (verdicts[own.name] == 2)).sum()
        )


def test_a_moved_limit_and_its_curve_agree(folder, document):
    plain = exact(folder, document)
    for curve in plain["relaxation"]:
        point = curve["points"][3] if len(curve["points"]) > 3 else curve["points"][-1]
        asked = question(document.study, {}, relax={curve["column"]: str(point["limit"])})
        found = exact(folder, document, asked)
        more = found["people"]["not_excluded"] - plain["people"]["not_excluded"]
        assert more == point["not_excluded"]
        rows = [{row["id"]: row for row in one["criteria"]} for one in (plain, found)]
        failed = [one[curve["criterion"]]["failed"] for one in rows]
        assert failed[0] - failed[1] == point["passing"]


def test_limits_moved_together_add_up_exactly(folder, document, verdicts):
    study = document.study
    margins = written.margins(document, verdicts)
    asked = question(study, {}, relax={"E11b1": "2.0", "E11b2": "50"}, without=["E3"])
    truths = dict(verdicts)
    for name, way in (("E11b1:creatinine", 1), ("E11b2:egfr", -1)):
        id = name.partition(":")[0]
        move = {"E11b1": 2 / 1.5 - 1, "E11b2": 50 / 60 - 1}[id]
        reached = way * margins[name] <= way * move + 1e-12
        truths[id] = np.where(
            (truths[id] == 2) & reached & np.isfinite(margins[name]), 0, truths[id]
        )
    used = [one for one in columns(study, {}) if one.criterion.id != "E3"]
    assert_counts(exact(folder, document, asked), used, truths)


def test_a_folder_of_parts_says_the_same(tmp_path, folder, document, verdicts):
    parts = written.write(tmp_path / "parts", document, verdicts, parts=4, sites=7)
    assert funnel(open_files(parts), document) == funnel(open_files(folder), document)


def test_what_is_shared_has_the_agreed_shape_and_no_small_difference(folder, document):
    found = funnel(open_files(folder), document)
    jsonschema.validate(json.loads(json.dumps(found)), SCHEMA)
    tables = [
        found["criteria"],
        found["sequential"],
        found["best_order"],
        found["sites"],
        found["people"]["open"],
        found["tests"],
        *(curve["points"] for curve in found["relaxation"]),
        [row["changes"] for row in found["readings"]],
        [row["people"] for row in found["readings"]],
    ]
    hidden = 0
    for table in tables:
        numbers = {
            n
            for row in table
            for name, n in row.items()
            if isinstance(n, int) and name not in ("open", "limit")
        }
        hidden += sum("suppressed" in row for row in table)
        assert not any(1 <= abs(a - b) < 5 for a, b in combinations(numbers | {0}, 2))
    assert hidden > 10
    small = [row["failed"] for row in exact(folder, document)["criteria"]]
    shown = [row["failed"] for row in found["criteria"]]
    assert any(0 < n < 5 for n in small)
    assert all(b is None or b >= 5 for a, b in zip(small, shown, strict=True) if a < 5)


def test_nobody_at_all(tmp_path, document, verdicts):
    nobody = {name: values[:0] for name, values in verdicts.items()}
    found = exact(written.write(tmp_path, document, nobody), document)
    assert found["people"] == {"screened": 0, "excluded": 0, "not_excluded": 0, "open": []}
    assert found["best_order"] == found["sites"] == []


def test_margins_reasons_and_other_readings_may_be_missing(tmp_path, document, verdicts):
    used = {one.criterion.id: verdicts[one.criterion.id] for one in columns(document.study, {})}
    path = written.write(tmp_path, document, used, with_margins=False)
    (path / "reasons.parquet").unlink()
    (path / "run.json").unlink()
    found = exact(path, document)
    assert found["relaxation"] == found["readings"] == []
    assert all(row["reasons"] == {} for row in found["criteria"])


def test_another_trial(tmp_path):
    content = bundled()["example_oncology_tablet"].read_bytes()
    document = parse(content, "example")
    verdicts = written.truths(document, 100)
    found = exact(written.write(tmp_path, document, verdicts), document)
    assert len(found["criteria"]) == len(document.study.criteria)
    assert {row["column"] for row in found["relaxation"]} == {
        limit.column for one in columns(document.study, {}) for limit in movable(one)
    }


def _drop(path, document, verdicts):
    table = pq.read_table(path / "verdicts.parquet")
    pq.write_table(table.drop_columns(["E3"]), path / "verdicts.parquet")


def _null(path, document, verdicts):
    table = pq.read_table(path / "verdicts.parquet")
    at = table.column_names.index("E3")
    empty = pa.nulls(table.num_rows, pa.int8())
    pq.write_table(table.set_column(at, "E3", empty), path / "verdicts.parquet")


def _shuffle(path, document, verdicts):
    table = pq.read_table(path / "margins.parquet")
    pq.write_table(table.slice(1), path / "margins.parquet")


def _cut(path, document, verdicts):
    content = (path / "verdicts.parquet").read_bytes()
    (path / "verdicts.parquet").write_bytes(content[: len(content) // 2])


def _no_json(path, document, verdicts):
    (path / "run.json").write_text("{")


DAMAGE = {
    "no column E3": _drop,
    "no verdict": _null,
    "same people": _shuffle,
    "as Parquet": _cut,
    "cannot be read": _no_json,
}


@pytest.mark.parametrize("words", DAMAGE)
def test_damaged_files_are_named(tmp_path, document, verdicts, words):
    path = written.write(tmp_path, document, verdicts)
    DAMAGE[words](path, document, verdicts)
    with pytest.raises(UnusableInput, match=words) as caught:
        exact(path, document)
    assert str(tmp_path) in str(caught.value)


WRONG: dict[str, dict[str, Any]] = {
    "no criterion 'E99'": {"without": ["E99"]},
    "no reading 'Z'": {"readings": {"E7c": "Z"}},
    "limit that can be moved": {"relax": {"E3": "2"}},
    "is not one limit": {"relax": {"I0": "70"}},
    "does not relax": {"relax": {"E11b1": "1.2"}},
    "is not a limit of": {"relax": {"E11b1": "2.0 x LLN"}},
    "two limits of E11a": {"relax": {"E11a:ast": "3", "E11a:alt": "3"}},
    "under another reading": {"relax": {"E11b2": "50"}, "readings": {"E11b2": "mdrd"}},
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_question_is_refused(document, words):
    with pytest.raises(UnusableInput, match=words):
        question(document.study, {}, **WRONG[words])


def test_every_criterion_left_out_is_refused(document):
    with pytest.raises(UnusableInput, match="no criterion is left"):
        question(document.study, {}, without=[one.id for one in document.study.criteria])
