"""Whom to ask again: everybody who is not excluded, in a stated order, in a harmless file."""

import csv
import io

import numpy as np
import pyarrow as pa
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.screening.feasibility.chunk import Chunk
from gradatim.screening.feasibility.columns import columns
from gradatim.screening.feasibility.recontact import HEADER, Candidates, allowed, csv_text
from tests.screening import written

HOSTILE = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1", 'a"b,c', "plain", "两个", "x\n=1"]


def chunk(verdicts, ids, part) -> Chunk:
    return Chunk(
        {name: values[part] for name, values in verdicts.items()},
        about={"person_id": pa.chunked_array([pa.array(ids).take(pa.array(part))])},
        people=len(part),
    )


@pytest.fixture(scope="module")
def ranked():
    document = written.trial()
    verdicts = written.truths(document, 400)
    used = columns(document.study, {})
    ids = [f"p{n:03}" for n in range(400)]
    candidates = Candidates(used)
    for part in np.array_split(np.arange(400), 3):
        candidates.add(chunk(verdicts, ids, part))
    return used, verdicts, candidates


def test_everybody_who_is_not_excluded_is_listed_once_in_order(ranked):
    used, verdicts, candidates = ranked
    expected = []
    for n in range(400):
        truths = [int(verdicts[one.name][n]) for one in used]
        if all(t != one.fails for t, one in zip(truths, used, strict=True)):
            open = [
                one.criterion.id
                for t, one in zip(truths, used, strict=True)
                if t == 1 and one.warehouse
            ]
            passing = sum(t == one.passes for t, one in zip(truths, used, strict=True))
            expected.append((len(open), -passing, f"p{n:03}", " ".join(open)))
    expected.sort()
    got = [(open, -passing, person, what) for _, person, open, what, passing in candidates.ranked()]
    assert got == expected
    assert [row[0] for row in candidates.ranked()] == list(range(1, len(expected) + 1))
    assert candidates.ranked(5) == candidates.ranked()[:5]


def test_where_everybody_is_excluded_nobody_is_listed(ranked):
    used, verdicts, _ = ranked
    failing = np.full(400, used[0].fails, np.int8)
    excluded = chunk({**verdicts, used[0].name: failing}, range(400), np.arange(200))
    left = chunk(verdicts, range(400), np.arange(400))
    alone, followed = Candidates(used), Candidates(used)
    alone.add(excluded)
    assert alone.ranked() == []
    for one in (excluded, left, excluded):
        followed.add(one)
    assert [row[2:] for row in followed.ranked()] == [row[2:] for row in ranked[2].ranked()]


def test_a_spreadsheet_sees_no_formula():
    rows = [(n, person, 0, "", 3) for n, person in enumerate(HOSTILE, 1)]
    read = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert tuple(read[0]) == HEADER
    assert len(read) == len(HOSTILE) + 1
    for (_, person, *_), given in zip(read[1:], HOSTILE, strict=True):
        assert not person.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
        assert person.removeprefix("'") == given


def test_numbers_stay_numbers():
    assert csv_text([(1, -7, 0, "", 3)]).splitlines()[1] == "1,-7,0,,3"


@pytest.mark.parametrize(
    ("role", "approval", "option"),
    [
        ("", "EC 2026-123", "--role"),
        ("  ", "EC 2026-123", "--role"),
        ("principal investigator", "", "--approval"),
        ("principal investigator", " ", "--approval"),
    ],
)
def test_nobody_is_listed_without_someone_who_answers_for_it(role, approval, option):
    with pytest.raises(UnusableInput, match="only with a role and an approval") as caught:
        allowed(role, approval)
    assert caught.value.where == option
    allowed("principal investigator", "EC 2026-123")
