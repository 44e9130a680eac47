"""Whatever is wrong with a Bundle, no resource is lost and nothing but UnusableInput is raised."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.fhir.bundles import bundle_entries
from gradatim.evidence.fhir.reader import read_facts
from gradatim.evidence.fhir.record_resolution import received
from tests.evidence.people import ELEMENTS, ON, facts_of, good_bundle, read_bundle

GOOD = good_bundle()
RUBBISH: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**400,
        float("nan"),
        float("-inf"),
        "",
        "x",
        "2026",
        "2026-02-30",
        "9999-12-31",
        "0000",
        "entered-in-error",
        [],
        [None],
        ["x"],
        [[]],
        {},
        {"x": 1},
        {"value": "1"},
        [{}],
        {"reference": 7},
        {"reference": "Patient/p2"},
        {"coding": [None]},
        {"coding": {}},
        {"value": 1e308, "code": "a"},
        {"start": "9999", "end": "0001"},
        "<",
        "\ud800",
    ]
)


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the path of every value below a JSON value."""
    below = part.items() if isinstance(part, dict) else enumerate(part)
    found = []
    for key, value in below:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


# Not the first entry alone: most damage should hit what is read after the whole-bundle checks.
PLACES = [path for path in places(GOOD) if path[:1] == ("entry",) and len(path) > 2]
ANYWHERE = places(GOOD)


def damaged(changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    bundle = deepcopy(GOOD)
    for path, rubbish in changes:
        part = bundle
        try:
            for key in path[:-1]:
                part = part[key]
            if rubbish == "delete":
                del part[path[-1]]
            elif isinstance(rubbish, tuple):
                part[rubbish[0]] = deepcopy(rubbish[1])
            else:
                part[path[-1]] = deepcopy(rubbish)  # one that is damaged again may hold itself
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    return bundle


SHAPES: list[Any] = [None, "x", 7, True, [], {}, [{}], [7], "delete"]
ADDED = [
    "subject",
    "code",
    "status",
    "valueString",
    "onsetAge",
    "component",
    "dosage",
    "onsetString",
    "focus",
    "provision",
]
CHANGES = st.one_of(
    RUBBISH, st.just("delete"), st.tuples(st.sampled_from(ADDED), RUBBISH), st.text(max_size=8)
)


def check_nothing_is_lost(bundle: Any) -> None:
    try:
        facts = read_bundle(bundle)
    except UnusableInput:
        return
    ids = {entry.id for entry in bundle_entries(bundle)}  # a damaged id may hold a "#" of its own
    whole = [one.id for one in facts.not_used if one.id in ids]
    used = {
        id_ if id_ in ids else id_.rsplit("#", 1)[0]
        for id_ in (fact.id for fact in facts_of(facts))
    }
    assert facts.read == len(bundle["entry"])
    assert facts.read == 1 + len(used) + len(whole)
    assert not used & set(whole)
    assert all(one.why for one in facts.not_used)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), CHANGES), min_size=1, max_size=6))
def test_damaged_resources_are_reported_not_lost(changes):
    check_nothing_is_lost(damaged(changes))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ANYWHERE), CHANGES), min_size=1, max_size=3))
def test_damaged_bundles_are_refused_or_read(changes):
    check_nothing_is_lost(damaged(changes))


def read_twice(bundle: Any, codebook: Codebook) -> Any:
    """Read a Bundle, and how each record of it was understood; then all of it again."""
    found = []
    for _ in range(2):
        facts = read_facts(bundle, codebook, ELEMENTS, on=ON)
        found.append((facts, list(received(bundle, facts, codebook, ELEMENTS, on=ON))))
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), CHANGES), max_size=4))
def test_what_a_codebook_has_read_before_changes_no_answer(changes):
    """What is remembered of a drug is what the protocol says of it, whoever asks and when."""
    bundle = damaged(changes)
    try:
        first, again = read_twice(bundle, Codebook(ELEMENTS))
    except UnusableInput:
        return
    facts, told = first
    cold = list(received(bundle, facts, Codebook(ELEMENTS), ELEMENTS, on=ON))
    assert repr(cold) == repr(told)  # by their text: a value that is no number equals none
    assert repr(again) == repr(first)


def test_every_single_field_replaced_by_each_shape():
    for path in PLACES:
        for shape in SHAPES:
            check_nothing_is_lost(damaged([(path, shape)]))


def test_the_bundle_that_is_damaged_is_json():
    assert json.loads(json.dumps(GOOD)) == GOOD
