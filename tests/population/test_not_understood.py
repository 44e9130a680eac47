"""Screening and prescreening agree about records that are not understood."""

import pytest
from hypothesis import strategies as st

from gradatim.core.verdict import Reason
from tests.population.asking import Question, differences, specified, told
from tests.population.drawing import drawn
from tests.properties.records import ANCHORS, ON, STUDY, person, records

PEOPLE = 40


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_the_engine_answers_of_read_records_as_screening_does(engine):
    made = drawn(st.lists(records(), max_size=4), PEOPLE, 5)
    people = [person(some, f"p{n:05}") for n, some in enumerate(made)]
    questions = [Question(STUDY, one.rule, ANCHORS, ON) for one in STUDY.criteria]
    wanted = specified(questions, people)

    heard = told(engine, people, questions, STUDY.elements)

    assert [str(one) for one in differences(heard, questions, people, wanted)] == []
    reasons = {reason for given in wanted for _, reason in given}
    assert Reason.NOT_UNDERSTOOD in reasons
