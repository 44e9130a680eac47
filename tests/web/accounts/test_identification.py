"""Who a person is: checked by another, recorded before they sign, shown beside their tasks."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.trial import PersonIdentified, RoleGranted, TrialCreated
from gradatim.conduct.signers import IDENTIFIED_WITHIN, identification_of
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.tasks import Task, tasks
from gradatim.web.accounts.models import User
from gradatim.web.live_trial import Running, forget_running, running
from tests.conduct.trials import event
from tests.markup import markup
from tests.web.accounts.people import entered
from tests.web.conftest import NOW, PASSWORD, state

ANN, BEN = "sponsor.1", "sponsor.2"
WAITS = "to be identified"


@pytest.fixture
def real(tmp_path: Path, settings, db, at) -> Iterator[Running]:
    """A real trial that two people act for the sponsor of; nobody has signed in yet."""
    settings.LEDGER_URL = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    settings.LEDGER_TRIAL, settings.KEYS_FOLDER = "", tmp_path / "keys"
    store = open_store(settings.LEDGER_URL, StoreMode.CREATE)
    trial = Trial(store, "tablet")
    trial.record(event(TrialCreated, ANN, mode="real"))
    for user in (ANN, BEN):
        give_task(trial, user, "sponsor")
        User.objects.create_user(user, f"Sponsor {user[-1]}", PASSWORD)
    store.close()
    forget_running()
    yield running()
    forget_running()
    shutil.rmtree(tmp_path / "keys", ignore_errors=True)


def give_task(trial: Trial, user: str, role: str) -> None:
    task = event(RoleGranted, SYSTEM, user=user, role=role)  # as the server begins a trial
    trial.record_own(lambda _head: task)


def identify(client, app: Running, user: str):
    """Fill in the form by which one person says who another is."""
    path = f"/record/PersonIdentified/?user={user}&site="
    said = {"occurred_on": "2026-09-21", "identity_document": "passport", "password": PASSWORD}
    now = state(app).position
    return client.post(path, {**said, "seen": now, "request": f"r{now}"})


def delegate(client, app: Running):
    """Sign something."""
    said = {"occurred_on": "2026-09-21", "user": "auditor.1", "role": "auditor"}
    now = state(app).position
    more = {"password": PASSWORD, "seen": now, "request": f"r{now}"}
    return client.post("/record/RoleGranted/?site=", {**said, **more})


def test_a_person_page_says_until_when_somebody_is_to_be_identified(real: Running):
    ann, ben = entered(ANN), entered(BEN)
    theirs = markup(ben.get(f"/people/accounts/{ANN}/"))
    assert WAITS in theirs
    assert "Record who this person is" in theirs
    assert "Record who this person is" not in markup(ann.get(f"/people/accounts/{ANN}/")), (
        "not oneself"
    )
    assert "not identified" in markup(ann.get("/people/"))
    assert WAITS in markup(ann.get("/account/"))


def test_another_person_says_who_somebody_is(real: Running):
    ann, ben = entered(ANN), entered(BEN)
    shown = state(real).signing_keys[ANN][-1].public_key[:16]
    assert shown in markup(ann.get("/account/"))
    assert shown in markup(ben.get(f"/record/PersonIdentified/?user={ANN}&site="))
    assert identify(ann, real, ANN).status_code == 409
    assert identify(ben, real, ANN).status_code == 302
    said = state(real).events[state(real).position]
    assert isinstance(said, PersonIdentified)
    assert said.public_key == state(real).signing_keys[ANN][-1].public_key
    page = markup(ben.get(f"/people/accounts/{ANN}/"))
    assert "passport" in page
    assert WAITS not in page
    assert identify(ann, real, BEN).status_code == 302
    assert "not identified" not in markup(ann.get("/people/"))


def test_nobody_is_identified_before_they_signed_in(real: Running):
    assert identify(entered(ANN), real, BEN).status_code == 422
    assert "not signed in yet" in markup(entered(ANN).get(f"/people/accounts/{BEN}/"))


def test_after_thirty_days_whoever_is_not_identified_signs_nothing(real: Running, at):
    ann, ben = entered(ANN), entered(BEN)
    assert delegate(ann, real).status_code == 302
    until = identification_of(state(real), ANN).until
    assert until == NOW + IDENTIFIED_WITHIN
    at(until + timedelta(hours=1))
    late = delegate(ann, real)
    assert late.status_code in (403, 422)
    assert "is not identified" in markup(late)
    at(NOW)
    assert identify(ben, real, ANN).status_code == 302
    at(until + timedelta(hours=1))
    assert "is not identified" not in markup(delegate(ann, real))


def test_it_is_a_task_of_whoever_may_do_it_in_a_real_trial(app: Running):
    entered("nurse.S01.1")

    def waiting() -> list[Task]:
        found = tasks(state(app), NOW, NOW.date())
        return [one for one in found if one.kind == "identification"]

    assert not waiting(), "the people of this trial are made up"
    state(app).mode = "real"
    (one,) = waiting()
    assert one.given == {"user": "nurse.S01.1"}
    assert one.site == "S01"
    assert set(one.roles) == {"sponsor", "investigator"}


def test_whoever_has_no_right_to_delegate_identifies_nobody(real: Running):
    """The matrix of permissions walks every role; here the page."""
    entered(ANN)
    User.objects.create_user("auditor.1", "Auditor", PASSWORD)
    give_task(real.trial, "auditor.1", "auditor")
    page = entered("auditor.1").get(f"/record/PersonIdentified/?user={ANN}&site=")
    assert page.status_code in (403, 404)
