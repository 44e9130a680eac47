"""A second person confirms a delegation in a browser; what they read is laid out for everybody."""

import pytest

from tests.conduct.delegated import LEAD, SECOND, SITE, SPONSOR
from tests.web.accounts.test_browser import clean
from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import PASSWORD, state
from tests.web.test_delegations import NEW, gives, real  # noqa: F401

pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)


def test_a_second_person_confirms(real, live_server, browser, signed_in):  # noqa: F811
    gives(signed_in(SPONSOR), "safety_committee")
    gives(signed_in(LEAD), "pharmacist", SITE, user="night.1", urgent="the dose is thawed")
    person = Person(browser, live_server.url, SECOND)
    assert "waits for a second person" in person.go("/")
    clean(person.page)
    log = person.go("/people/")
    assert "the dose is thawed" in log
    clean(person.page)
    person.page.get_by_role("link", name=f"Confirm: safety committee of {NEW}").click()
    clean(person.page)
    person.fill(password=PASSWORD)
    person.press("Sign and record")
    assert state(real).roles[NEW, ""] == {"safety_committee"}
    person.close()
    lead = Person(browser, live_server.url, LEAD)
    lead.go(f"/record/RoleGranted/?site={SITE}")
    clean(lead.page)
    lead.close()
