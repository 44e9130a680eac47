"""Attrition, leverage and needed tests against counting people one by one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.screening.feasibility.attrition import best_order, open_counts, sequential, solo
from gradatim.screening.feasibility.leverage import shapley
from gradatim.screening.feasibility.missing_tests import needed_elements
from gradatim.screening.feasibility.patterns import Collector, Patterns, pack

PASS, OPEN, FAIL = 0, 1, 2


def patterns(people: list[list[int]], warehouse: list[bool], pieces: int = 1) -> Patterns:
    ids = [f"C{n}" for n in range(len(warehouse))]
    collector = Collector(ids, warehouse)
    for part in np.array_split(np.array(people).reshape(-1, len(ids)), pieces):
        collector.add(
            pack([column == FAIL for column in part.T]), pack([column == OPEN for column in part.T])
        )
    return collector.patterns()


@st.composite
def populations(draw, most=6):
    criteria = draw(st.integers(1, most))
    person = st.lists(st.sampled_from([PASS, OPEN, FAIL]), min_size=criteria, max_size=criteria)
    people = draw(st.lists(person, max_size=25))
    return people, draw(st.lists(st.booleans(), min_size=criteria, max_size=criteria))


@given(populations(), st.integers(1, 4))
def test_everybody_is_in_one_pattern_however_they_arrive(population, pieces):
    people, warehouse = population
    found = patterns(people, warehouse, pieces)
    assert found.people == len(people)
    assert len(found.counts) == len({tuple(one) for one in people})
    assert found.number(found.excluded) == sum(FAIL in one for one in people)


@given(populations())
def test_sequential_attrition_is_that_of_people_one_by_one(population):
    people, warehouse = population
    for place, step in enumerate(sequential(patterns(people, warehouse))):
        so_far = [one[: place + 1] for one in people]
        left = [one for one in so_far if FAIL not in one]
        assert step.remaining == len(left)
        assert step.passing == sum(set(one) <= {PASS} for one in so_far)
        known = [[t for t, here in zip(one, warehouse, strict=False) if here] for one in left]
        assert step.passing_warehouse == sum(OPEN not in one for one in known)


@given(populations())
def test_solo_attrition_is_that_of_people_one_by_one(population):
    people, warehouse = population
    for place, one in enumerate(solo(patterns(people, warehouse))):
        mine = [person[place] for person in people]
        assert (one.failed, one.open, one.passing) == tuple(map(mine.count, (FAIL, OPEN, PASS)))
        assert one.only == sum(p[place] == FAIL and p.count(FAIL) == 1 for p in people)
        assert one.open_not_excluded == sum(p[place] == OPEN and FAIL not in p for p in people)


@given(populations())
def test_only_is_how_many_more_are_not_excluded_without_the_criterion(population):
    people, warehouse = population
    stays = sum(FAIL not in one for one in people)
    for place, one in enumerate(solo(patterns(people, warehouse))):
        without = [person[:place] + person[place + 1 :] for person in people]
        assert one.only == sum(FAIL not in person for person in without) - stays


@given(populations(most=5))
def test_the_shapley_value_is_the_mean_over_all_orders(population):
    people, warehouse = population
    orders = list(permutations(range(len(warehouse))))
    values = dict.fromkeys(range(len(warehouse)), 0.0)
    for order in orders:
        for n, place in enumerate(order):
            earlier = order[:n]
            values[place] += sum(
                person[place] == FAIL and all(person[e] != FAIL for e in earlier)
                for person in people
            ) / len(orders)
    found = shapley(patterns(people, warehouse))
    assert list(found.values()) == pytest.approx(list(values.values()))
    assert sum(found.values()) == pytest.approx(sum(FAIL in one for one in people))


@given(populations())
def test_the_best_order_takes_what_excludes_most_first(population):
    people, warehouse = population
    left, waiting = people, list(range(len(warehouse)))
    for step in best_order(patterns(people, warehouse)):
        costs = {place: sum(p[place] == FAIL for p in left) for place in waiting}
        place = max(waiting, key=lambda one: (costs[one], -one))
        assert (step.criterion, costs[place] > 0) == (f"C{place}", True)
        waiting.remove(place)
        left = [p for p in left if p[place] != FAIL]
        assert step.remaining == len(left)
    assert not any(FAIL in p for p in left)


@given(populations())
def test_people_are_counted_by_what_a_warehouse_leaves_open(population):
    people, warehouse = population
    opens = [
        sum(t == OPEN and here for t, here in zip(p, warehouse, strict=True))
        for p in people
        if FAIL not in p
    ]
    assert open_counts(patterns(people, warehouse)) == {k: opens.count(k) for k in set(opens)}


@given(populations(), st.data())
def test_the_one_test_counts_people_who_lack_nothing_else(population, data):
    people, warehouse = population
    names = st.frozensets(st.sampled_from("xyz"), min_size=1)
    elements = {f"C{n}": data.draw(names) for n in range(len(warehouse))}
    found = {one.element: one for one in needed_elements(patterns(people, warehouse), elements)}
    for name in "xyz":
        waiting = [
            [f"C{n}" for n, t in enumerate(p) if t == OPEN and warehouse[n]]
            for p in people
            if FAIL not in p
        ]
        asked = [one for one in waiting if any(name in elements[id] for id in one)]
        only = [one for one in asked if all(name in elements[id] for id in one)]
        got = found.get(name)
        assert (got.asked, got.only) == (len(asked), len(only)) if got else not asked


def test_more_criteria_than_bits_in_a_word():
    rng = np.random.default_rng(1)
    people = rng.choice([PASS, OPEN, FAIL], (200, 150), p=[0.985, 0.01, 0.005])
    found = patterns(people.tolist(), [True] * 150)
    assert found.number(found.excluded) == int((people == FAIL).any(axis=1).sum())
    steps = sequential(found)
    assert steps[-1].remaining == int((people != FAIL).all(axis=1).sum())
    assert [one.failed for one in solo(found)] == (people == FAIL).sum(axis=0).tolist()
    assert (found.warehouse_open() * found.counts).sum() == (people == OPEN).sum()
