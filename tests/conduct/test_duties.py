"""Which duties are kept apart is the protocol's; without a table the cautious one holds."""

from itertools import combinations
from typing import Any

import pytest

from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import apply
from gradatim.conduct.policies import dosing, review
from gradatim.conduct.policies.protocol import the_tasks_go_together
from gradatim.conduct.roles import ROLES, SITE_STAFF
from gradatim.conduct.state import State
from gradatim.core.truth import TRUE
from gradatim.protocol.base import Basis
from gradatim.protocol.duties import SILENT_DUTIES, Duties, TasksApart
from gradatim.protocol.load import bundled, parse
from tests.conduct.test_policies import CASES
from tests.conduct.trials import copied, event, state_until

WATCHING = {"monitor", "auditor", "data_manager"}


def asking(duties: Duties | None) -> State:
    """A trial on its first day whose protocol has this table."""
    state = copied(state_until())
    version = state.versions[-1]
    study = version.study.model_copy(update={"duties": duties})
    state.versions[-1] = version._replace(study=study)
    return state


def both(state: State, first: str, second: str) -> bool:
    """Whether somebody with one task may be given the other."""
    state.roles[("somebody", "S01")] = {first}
    given: Any = event(t.RoleGranted, "sponsor.1", "S01", user="somebody", role=second)
    return the_tasks_go_together(state, given).truth is TRUE


@pytest.mark.parametrize(("first", "second"), [*combinations(ROLES, 2)])
def test_a_protocol_that_is_silent_keeps_apart_what_was_kept_apart(first: str, second: str) -> None:
    """Who watches treats nobody; the committee treats nobody, and is not the sponsor."""
    pair, site = {first, second}, {*SITE_STAFF}
    treats = bool(pair & site)
    apart = (treats and pair & (WATCHING | {"safety_committee"})) or (
        pair == {"safety_committee", "sponsor"}
    )
    state = asking(None)
    assert both(state, first, second) is not bool(apart)
    assert both(state, second, first) is not bool(apart)


def test_a_protocol_may_keep_other_tasks_apart() -> None:
    stricter = TasksApart(
        basis=Basis.STATED,
        source="charter",
        tasks=["safety_committee"],
        never_with=["statistician"],
    )
    state = asking(Duties(tasks=[stricter], acts=SILENT_DUTIES.acts))
    assert not both(state, "safety_committee", "statistician")
    assert both(state, "monitor", "nurse"), "it says all that is kept apart"
    assert both(asking(None), "safety_committee", "statistician")


def queried() -> tuple[Event, Any]:
    asked = event(r.QueryOpened, "monitor.1", query="Q-x", of=1, question="is it so?")
    answer: Any = event(r.QueryAnswered, "monitor.1", query="Q-x", answer="it is so")
    return asked, answer


def test_what_takes_a_second_person_is_the_protocols() -> None:
    for acts, holds in ((SILENT_DUTIES.acts, False), ([], True)):
        state = asking(Duties(tasks=SILENT_DUTIES.tasks, acts=acts))
        asked, answer = queried()
        apply(state, state.position + 1, asked)
        assert (review.who_answers_did_not_ask(state, answer).truth is TRUE) is holds
        own: Any = event(r.SourceDataVerified, "sponsor.1", entries=(1,))
        assert (review.who_verifies_did_not_record(state, own).truth is TRUE) is holds


@pytest.mark.parametrize("asked", [True, False])
def test_who_prepared_verifies_only_where_the_protocol_lets_them(asked: bool) -> None:
    state, made = CASES[dosing.a_second_person_verifies]()
    assert isinstance(made, x.PreparationVerified)
    version = state.versions[-1]
    acts = SILENT_DUTIES.acts if asked else []
    table = Duties(tasks=SILENT_DUTIES.tasks, acts=acts)
    study = version.study.model_copy(update={"duties": table})
    state.versions[-1] = version._replace(study=study)
    assert (dosing.a_second_person_verifies(state, made).truth is TRUE) is not asked


def test_a_document_says_its_table_and_what_is_unknown_is_refused() -> None:
    text = bundled()["nct05962762"].read_text(encoding="utf-8")
    table = """
duties:
  tasks:
    - tasks: [safety_committee]
      never_with: [sponsor, statistician]
      basis: proposed
      source: the charter
  acts:
    - {act: verify a preparation, basis: proposed, source: the charter}
"""
    held = parse((text + table).encode(), "protocol.yaml")
    assert held.study.duties_apart.tasks[0].never_with == ["sponsor", "statistician"]
    assert parse(text.encode(), "protocol.yaml").study.duties_apart is SILENT_DUTIES
