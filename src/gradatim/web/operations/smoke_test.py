"""The check of the demonstration: signs in over HTTP as a person would, and looks at the pages."""

import re
import time
from html import unescape
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

from gradatim.core.errors import Defect

STARTS_WITHIN = 60.0  # seconds
ANSWERS_WITHIN = 30.0  # seconds
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Answer(NamedTuple):
    """What came: the status, the address it came from in the end, and the text."""

    status: int
    address: str
    text: str


class Links(HTMLParser):
    """The links of a page: those of its navigation, those of its content, and its files."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.areas: list[str] = []
        self.content: list[str] = []
        self.files: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link by where it stands."""
        given = dict(attrs)
        if tag in ("nav", "main"):
            self.inside.append(tag)
        address = given.get("href") or given.get("src") or ""
        if not address.startswith("/"):
            return
        if tag in ("link", "script", "img"):
            self.files.append(address)
        elif tag == "a" and self.inside:
            (self.areas if "nav" in self.inside else self.content).append(address)

    def handle_endtag(self, tag: str) -> None:
        """Leave a part of the page."""
        if tag in self.inside:
            self.inside.remove(tag)


class Visitor:
    """Somebody with a browser of their own.

    Args:
        address: where the application is.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))

    def ask(self, path: str, said: dict[str, str] | None = None) -> Answer:
        """Ask for a page, or send a form.

        Raises:
            Defect: nothing came.
        """
        data = urlencode(said).encode() if said is not None else None
        try:
            with self.opener.open(self.address + path, data, ANSWERS_WITHIN) as came:
                return _answer(came)
        except HTTPError as error:
            with error:
                return _answer(error)
        except (URLError, OSError) as error:
            raise Defect(f"{path} was not answered: {error}") from error

    def page(self, path: str) -> str:
        """Give a page that has to be there.

        Raises:
            Defect: it is not, or there was a fault.
        """
        came = self.ask(path)
        if came.status != 200:
            raise Defect(f"{path} was answered with {came.status}")
        return came.text

    def send(self, path: str, form: str, **said: str) -> Answer:
        """Fill in a form of a page and send it."""
        found = TOKEN.search(form)
        token = {"csrfmiddlewaretoken": unescape(found[1])} if found else {}
        return self.ask(path, {**token, **said})

    def sign_in(self, user: str, password: str) -> str:
        """Sign in; give the first page.

        Raises:
            Defect: it did not work.
        """
        form = self.page("/sign-in/")
        came = self.send("/sign-in/", form, username=user, password=password)
        if came.status != 200 or "/sign-in/" in came.address:
            raise Defect(f"{user} could not sign in: {came.status} at {came.address}")
        return came.text

    def sign_out(self) -> None:
        """Sign out.

        Raises:
            Defect: it did not work.
        """
        came = self.send("/sign-out/", self.page("/"))
        if "/sign-in/" not in came.address:
            raise Defect(f"signing out led to {came.address}")


def _answer(came: Any) -> Answer:
    return Answer(came.status, came.url, came.read().decode("utf-8", "replace"))


def wait_until_up(address: str) -> None:
    """Wait until the application says that it is well.

    Raises:
        Defect: it does not.
    """
    until, visitor = time.monotonic() + STARTS_WITHIN, Visitor(address)
    while True:
        try:
            visitor.page("/healthz")
        except Defect as error:
            if time.monotonic() > until:
                raise Defect(f"the server did not start: {error}") from error
            time.sleep(0.1)
        else:
            return


def visit(address: str, user: str, password: str) -> int:
    """Sign in, look at every page of the navigation and at what the first page links to, sign out.

    Returns:
        How many pages were looked at.

    Raises:
        Defect: one of them is not as it should be.
    """
    visitor = Visitor(address)
    links = Links(visitor.sign_in(user, password))
    if not links.areas:
        raise Defect(f"{user} is shown no navigation")
    paths = dict.fromkeys([*links.areas, *links.content, *links.files])
    for path in paths:
        visitor.page(path.partition("#")[0])
    visitor.sign_out()
    return len(paths) - len(set(links.files))
