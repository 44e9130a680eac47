"""The site's list of who is who: what is in it, and that it holds whom it has to."""

import csv
import io
import secrets
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from gradatim.conduct.events import participants as p
from gradatim.conduct.identification import Listed, as_csv, identification_list, list_with
from gradatim.conduct.personal import sealed_anew
from gradatim.conduct.state import Participant, State
from tests.conduct.erasure_cases import DAY, LEAD, SITE, listing, treated, under_way
from tests.conduct.generated import FROM
from tests.conduct.test_met_again import ANA, OTHER, Kept
from tests.conduct.trials import event, recorded

FORMULAS = ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("http://x")']


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def rows(kept: Kept, site: str = SITE) -> dict[str, dict[str, str]]:
    """Return the list by number, read as a spreadsheet reads it."""
    listed = identification_list(kept.keyring, kept.trial.state, site)
    read = csv.DictReader(io.StringIO(as_csv(kept.trial.state, listed)))
    return {one["participant"]: one for one in read}


def test_it_tells_who_is_who_at_one_site_alone(kept: Kept) -> None:
    recorded(kept.register("N1", ANA, sex="female"))
    recorded(kept.register("N2", OTHER, "S02"))
    found = rows(kept)
    assert found["N1"] == {
        "participant": "N1",
        "name": "Ana Perez",
        "birth_date": "1990-05-14",
        "sex": "female",
        "registered_on": str(FROM),
        "status": "registered",
    }
    here = {one.id for one in kept.trial.state.participants.values() if one.site == SITE}
    assert set(found) == here
    assert "N2" not in found
    assert rows(kept, "S02")["N2"]["name"] == "Li Wei"


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_is_a_formula(kept: Kept, name: str) -> None:
    recorded(kept.register("N1", {"name": name, "birth_date": "1990-05-14"}))
    assert rows(kept)["N1"]["name"] == f"'{name}"


@given(st.text(min_size=1, max_size=30).filter(lambda one: "\0" not in one))
def test_whatever_somebody_is_called_is_one_value_of_one_line(name: str) -> None:
    one = Participant("N1", SITE, 1)
    state = State("t")
    state.events.put(1, p.ParticipantRegistered, _registration())
    listed = [identification_line(one, name)]
    ((_, told, *_),) = list(csv.reader(io.StringIO(as_csv(state, listed), newline="")))[1:]
    assert told in (name, f"'{name}")
    assert told[0] not in "=+-@\t\r\n"


def _registration() -> p.ParticipantRegistered:
    made = event(p.ParticipantRegistered, LEAD, SITE, participant="N1")
    assert isinstance(made, p.ParticipantRegistered)
    return made


def identification_line(one: Participant, name: str) -> Listed:
    return Listed(one, {"name": name, "birth_date": "1990-05-14"})


def test_who_was_erased_or_has_no_key_here_is_told_apart(kept: Kept) -> None:
    recorded(kept.register("N1", ANA))
    kept.erase("N1")
    recorded(kept.register("N2", OTHER))
    kept.keyring.erase("N2")
    listed = {one.one.id: one for one in identification_list(kept.keyring, kept.trial.state, SITE)}
    assert not listed["N1"].readable
    assert not listed["N2"].readable
    assert rows(kept)["N1"]["name"] == "erased"


def test_a_list_counts_for_whom_it_tells_as_they_are_where_they_are(kept: Kept) -> None:
    at = recorded(kept.register("N1", ANA)).position
    state = kept.trial.state
    one = state.participants["N1"]
    assert list_with(state, one) is None
    took = recorded(kept.trial.record(listing(state))).position
    assert list_with(state, one) == took
    recorded(kept.register("N2", OTHER))
    assert list_with(state, state.participants["N2"]) is None, "it was not registered by then"
    anew = sealed_anew(kept.keyring, state, one, {**ANA, "name": "Ana Pérez"}, secrets.token_bytes)
    corrects: dict[str, Any] = {"of": at, "fields": {"identity": to_builtins(anew)}}
    corrects["reason"] = "an accent"
    recorded(kept.trial.record(event(p.EntryCorrected, LEAD, SITE, on=FROM, **corrects)))
    assert list_with(state, one) is None, "it tells who they were said to be before"
    again = recorded(kept.trial.record(listing(state))).position
    assert list_with(state, one) == again
    one.site = "S02"
    assert list_with(state, one) is None, "another site has them now"


def test_nothing_of_the_list_stands_in_the_ledger_but_whom_it_tells() -> None:
    state = under_way()
    made = listing(state)
    said = set(to_builtins(made)) - {"event", "occurred_on", "recorded_at", "recorded_by", "site"}
    assert said == {"participants"}
    assert treated(state).id in made.participants
    assert made.occurred_on == DAY
