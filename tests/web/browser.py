"""A person at a browser: signs in, fills in forms by their fields, and reads what comes."""

import shutil
from collections.abc import Iterator

import pytest

from tests.web.conftest import PASSWORD

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this system"),
]


def launched() -> Iterator:
    """Start the system's Chromium."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Stranger:
    """Somebody in a browser of their own, who has not signed in.

    Args:
        browser: the browser.
        address: where the application is.
        user: who.
        options: of the browser's context, such as its size.
    """

    def __init__(self, browser, address: str, user: str = "", **options) -> None:
        self.context = browser.new_context(base_url=address, **options)
        self.page = self.context.new_page()
        self.user = user
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda one: self.said.append(one.text))
        self.page.on("pageerror", lambda one: self.said.append(str(one)))
        self.page.on("request", lambda one: self.asked.append(one.url))

    def go(self, path: str) -> str:
        """Open a page; give what it says."""
        self.page.goto(path)
        return self.text()

    def text(self) -> str:
        """Give what the page says."""
        return self.page.inner_text("main")

    def fill(self, **fields) -> None:
        """Fill in fields by name: text, a choice, several choices, or a file."""
        for name, value in fields.items():
            place = self.page.locator(f"main [name='{name}']").first
            kind = place.get_attribute("type")
            if kind in ("radio", "checkbox"):
                for one in value if isinstance(value, list | tuple) else [value]:
                    self.page.check(f"main [name='{name}'][value='{one}']")
            elif kind == "file":
                place.set_input_files(value)
            elif place.evaluate("one => one.tagName") == "SELECT":
                place.select_option(str(value))
            else:
                place.fill(str(value))

    def press(self, words: str) -> str:
        """Press a button of the page; give what the next page says."""
        self.page.locator("main button", has_text=words).last.click()
        self.page.wait_for_load_state()
        return self.text()

    def record(self, event: str, query: str = "", signed: bool = False, **fields) -> str:
        """Fill in the form of an act and send it."""
        self.page.goto(f"/record/{event}/?{query}")
        self.fill(**fields)
        if signed:
            self.fill(password=PASSWORD)
        return self.press("Sign and record" if signed else "Record")

    def close(self) -> None:
        """Leave; the pages broke no policy and asked no other host for anything."""
        self.context.close()
        origin = "/".join(self.asked[0].split("/")[:3])
        elsewhere = [one for one in self.asked if not one.startswith((origin, "data:"))]
        assert not elsewhere, elsewhere
        said = [one for one in self.said if "status of 4" not in one]
        assert not said, said


class Person(Stranger):
    """Somebody signed in, in a browser of their own."""

    def __init__(self, browser, address: str, user: str, **options) -> None:
        super().__init__(browser, address, user, **options)
        self.page.goto("/sign-in/")
        self.fill(username=user, password=PASSWORD)
        self.press("Sign in")
