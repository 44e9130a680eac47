"""The whole way of an account in a browser: invited, secured, signed out and in, managed."""

import re
from base64 import b32decode

import pytest
from axe_playwright_python.sync_playwright import Axe

from gradatim.web.accounts.models import AppDevice, What
from tests.web.accounts.people import account, code_of, fresh
from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import PASSWORD

pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NEW = "gravel moth piano cirrus"


def clean(page) -> None:
    """See that axe finds nothing on a page."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    told = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"]]
    assert not told, f"{page.url}: {told}"


def pressed(page, button: str) -> None:
    """Press a button of the page itself."""
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state()


def invitation(browser, address: str) -> str:
    """Let the sponsor invite somebody; give the path of the link."""
    sponsor = Person(browser, address, "sponsor.1")
    sponsor.go("/people/invite/")
    sponsor.page.get_by_label("User").fill("monitor.2")
    sponsor.page.get_by_label("Name as printed in signatures").fill("Another monitor")
    pressed(sponsor.page, "Make the account")
    clean(sponsor.page)
    link = re.search(r"/invitation/[\w-]+/", sponsor.text())
    assert link
    sponsor.close()
    return link[0]


def choose_password(page, link: str) -> None:
    """Follow the link, and choose a password, having had a look at it."""
    page.goto(link)
    clean(page)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password, again").fill(NEW)
    page.get_by_label("Show the password").check()
    assert page.get_by_label("New password", exact=True).get_attribute("type") == "text"
    pressed(page, "Set the password")


def set_up_second_factor(page) -> tuple[AppDevice, str, str]:
    """Scan the code, confirm it, keep the recovery codes; give the device and two of them."""
    assert page.get_by_role("img", name="Code to scan").bounding_box()["width"] > 100
    clean(page)
    secret = page.locator("main .mono").inner_text().replace(" ", "")
    shown = AppDevice(key=b32decode(secret).hex())
    page.get_by_label("One-time code").fill(code_of(shown))
    pressed(page, "Confirm")
    device = AppDevice.objects.get(user=account("monitor.2"))
    assert device.bin_key == shown.bin_key
    assert page.locator("main li").count() == 10
    clean(page)
    first, second = page.locator("main li").all_inner_texts()[:2]
    page.get_by_role("link", name="Go on").click()
    return device, first, second


def sign_in_again(page, code: str) -> None:
    """Sign out, and in again with a code, the first of which was wrong."""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User").fill("monitor.2")
    page.get_by_label("Password", exact=True).fill(NEW)
    clean(page)
    pressed(page, "Sign in")
    page.get_by_label("One-time code").fill("not a code")
    pressed(page, "Go on")
    clean(page)
    page.get_by_label("One-time code").fill(code)
    pressed(page, "Go on")


def open_what_others_locked(page, code: str) -> None:
    """Sign out, be locked by wrong passwords, and sign in with password and code together."""
    page.get_by_role("button", name="Sign out").click()
    for _n in range(5):
        page.goto("/sign-in/")
        page.get_by_label("User").fill("monitor.2")
        page.get_by_label("Password", exact=True).fill("quite another password")
        pressed(page, "Sign in")
    assert "Wait 15 minutes." in page.locator("main").inner_text()
    clean(page)
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_label("One-time code").fill("000 000")
    pressed(page, "Sign in")
    assert "User, password or code is wrong" in page.locator("main").inner_text()
    clean(page)
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_label("One-time code").fill(code)
    pressed(page, "Sign in")


def test_from_invitation_to_signing_in_again(app, transactional_db, browser, live_server, settings):
    """What a person sees, who is invited, on the way to the first page and the second time."""
    link = invitation(browser, live_server.url)
    settings.SECOND_FACTOR_REQUIRED = True
    context = browser.new_context(base_url=live_server.url)
    page, said = context.new_page(), []
    page.on("console", lambda one: said.append(one.text))
    choose_password(page, link)
    device, recovery, another = set_up_second_factor(page)
    assert "No task has been given to you yet." in page.locator("main").inner_text()
    clean(page)
    sign_in_again(page, code_of(fresh(device)))
    sign_in_again(page, recovery)
    page.goto("/account/")
    assert "9 recovery codes left" in page.locator("main").inner_text()
    open_what_others_locked(page, another)
    page.goto("/account/")
    assert "8 recovery codes left" in page.locator("main").inner_text()
    assert not [one for one in said if "status of 4" not in one], said
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(app, transactional_db, browser, live_server, theme):
    """No page of accounts, in no theme, has a fault that axe knows."""
    nurse = account("nurse.S01.1")
    nurse.acts.create(what=What.LOCKED, by="gradatim")
    person = Person(browser, live_server.url, "sponsor.1", color_scheme=theme)
    for path in (
        "/account/",
        "/account/password/",
        "/account/tokens/",
        "/second-factor/set-up/",
        "/people/",
        "/people/invite/",
        "/people/accounts/nurse.S01.1/",
        "/people/accounts/nurse.S01.1/invite-anew/",
    ):
        person.go(path)
        clean(person.page)
    person.page.get_by_label("Password", exact=True).fill("wrong")
    pressed(person.page, "Invite anew")
    assert "This is not your password." in person.text()
    clean(person.page)
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    pressed(person.page, "Invite anew")
    assert "/invitation/" in person.text()
    clean(person.page)
    person.close()
