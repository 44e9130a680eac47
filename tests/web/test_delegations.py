"""A second person confirms a delegation on the pages; nobody who gave it or is given it does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from gradatim.conduct.confirming_on_server import confirm_on_server
from gradatim.conduct.delegations import URGENT_FOR, delegation_of
from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.events import trial as t
from gradatim.conduct.stores import open_store
from gradatim.web.accounts.models import User
from gradatim.web.live_trial import Running, forget_running, running
from tests.conduct.delegated import LEAD, SECOND, SITE, SPONSOR, confirmed, two_sponsors
from tests.conduct.trials import event, recorded
from tests.markup import markup
from tests.web.conftest import NOW, PASSWORD, state
from tests.web.test_going_live import post

NEW = "new.1"


@pytest.fixture
def real(tmp_path: Path, settings, db, at) -> Iterator[Running]:
    """A real trial with two sponsors, and a site with its investigator."""
    settings.LEDGER_URL = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    settings.LEDGER_TRIAL, settings.KEYS_FOLDER = "", tmp_path / "keys"
    store = open_store(settings.LEDGER_URL, StoreMode.CREATE)
    trial = two_sponsors(store)
    recorded(trial.record(event(t.RoleGranted, SPONSOR, user="auditor.1", role="auditor")))
    confirmed(trial, LEAD, "investigator", SITE)
    opened = event(t.SiteOpened, SPONSOR, SITE, name="First", principal_investigator=LEAD)
    trial.record_own(lambda head: opened)
    store.close()
    forget_running()
    for name in (SPONSOR, SECOND, LEAD, NEW, "auditor.1"):
        User.objects.create_user(name, f"Printed {name}", PASSWORD)
    yield running()
    forget_running()


def gives(client: Client, role: str, site: str = "", user: str = NEW, **more: str) -> str:
    """Give a task on its page; return what the page says then."""
    path = f"/record/RoleGranted/?site={site}&next=/people/"
    status, told = post(client, path, user=user, role=role, **more)
    assert status == 302, told
    return markup(client.get("/people/"))


def row_of(page: str, role: str = "pharmacist", user: str = NEW) -> str:
    """Return the line of the delegation log of a task."""
    log = page.split("Delegation log</h2>")[1]
    return next(
        row for row in log.split("<tr>") if f">{user}<" in row and f">{role}<" in row.casefold()
    )


def confirm_path(app: Running) -> str:
    """Return the address of the form that confirms what waits."""
    (of,) = state(app).unconfirmed
    site = state(app).events[of].site
    return f"/record/DelegationConfirmed/?of={of}&site={site}"


def test_a_second_person_confirms_what_the_first_gives(real: Running, signed_in):
    first, second, new = signed_in(SPONSOR), signed_in(SECOND), signed_in(NEW)
    page = gives(first, "pharmacist")
    assert "This delegation waits for a second person" in page
    assert "waits for a second person" in row_of(page)
    assert "Confirm:" not in row_of(page)
    assert "Take back:" in row_of(page)
    assert new.get("/people/").status_code == 404
    assert new.get("/dosing/").status_code == 404
    path = confirm_path(real)
    for client in (first, new, signed_in(LEAD), signed_in("auditor.1")):
        answer = post(client, path)
        assert answer[0] in (403, 404, 409), answer
        assert state(real).unconfirmed
    assert "Confirm: pharmacist of new.1" in row_of(markup(second.get("/people/")))
    assert "gives new.1 the task pharmacist" in markup(second.get("/"))
    form = markup(second.get(path))
    assert "I know who this person is" in form
    assert NEW in form, "what is confirmed stands beside the signature"
    refused = post(second, path, password="another")
    assert refused[0] == 422
    assert post(second, path)[0] == 302
    assert "waits" not in row_of(markup(second.get("/people/")))
    assert f'class="meta">{SECOND}<' in row_of(markup(second.get("/people/")))
    assert new.get("/").status_code == 200
    assert state(real).roles[NEW, ""] == {"pharmacist"}


def test_what_waits_is_taken_back_on_the_page(real: Running, signed_in):
    first = signed_in(SPONSOR)
    gives(first, "sponsor")
    path = f"/record/RoleRevoked/?user={NEW}&role=sponsor&site="
    assert post(first, path, reason="a slip", password="")[0] == 422, "it is signed"
    assert post(first, path, reason="a slip")[0] == 302
    assert not state(real).unconfirmed
    assert "Confirm:" not in markup(signed_in(SECOND).get("/people/"))


def test_only_an_investigator_is_asked_whether_it_is_urgent(real: Running, signed_in):
    asks = "Why it is to work at once"
    for user, site, asked in ((LEAD, SITE, True), (SPONSOR, SITE, False), (SPONSOR, "", False)):
        page = markup(signed_in(user).get(f"/record/RoleGranted/?site={site}"))
        assert (asks in page) is asked
    by_hand = {"user": NEW, "role": "pharmacist", "urgent": "it is night"}
    assert post(signed_in(SPONSOR), f"/record/RoleGranted/?site={SITE}", **by_hand)[0] == 302
    (of,) = state(real).unconfirmed
    assert delegation_of(state(real), of).urgent == "", "the form does not ask, and takes no answer"


def test_what_is_urgent_works_until_it_lapses(real: Running, signed_in, at):
    page = gives(signed_in(LEAD), "pharmacist", SITE, urgent="the dose is thawed, it is night")
    assert "the dose is thawed, it is night" in row_of(page)
    assert "Urgent, works until 2026-09-24" in row_of(page)
    new = signed_in(NEW)
    assert new.get("/dosing/").status_code == 200
    assert new.get("/people/").status_code == 404
    at(NOW + URGENT_FOR + timedelta(minutes=1))
    assert new.get("/dosing/").status_code == 404
    assert "lapsed: waits for a second person" in row_of(markup(signed_in(LEAD).get("/people/")))
    assert "and no longer works" in markup(signed_in(SECOND).get("/"))
    later = {"occurred_on": (NOW + URGENT_FOR).date().isoformat()}
    assert post(signed_in(SECOND), confirm_path(real), **later)[0] == 302
    assert new.get("/dosing/").status_code == 200


def test_what_the_server_confirmed_is_seen_to_be(real: Running, signed_in):
    gives(signed_in(SPONSOR), "sponsor")
    (of,) = state(real).unconfirmed
    confirm_on_server(real.trial, of, "Anna of IT", "the second sponsor has left", NOW)
    for user, sees in ((SPONSOR, True), ("auditor.1", True)):
        first_page = markup(signed_in(user).get("/"))
        assert ("Confirmed on the server, outside the application" in first_page) is sees
        row = row_of(markup(signed_in(user).get("/people/")), "sponsor")
        assert "on the server" in row
        assert "Anna of IT: the second sponsor has left" in row
    assert state(real).roles[NEW, ""] == {"sponsor"}


def test_the_log_has_its_words_in_chinese(real: Running, signed_in):
    gives(signed_in(SPONSOR), "pharmacist", SITE)
    with translation.override("zh-hans"):
        page = markup(signed_in(SECOND).get("/people/"))
    assert "等待第二人确认" in page
    assert ">确认</a>" in page
