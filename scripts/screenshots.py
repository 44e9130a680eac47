"""Pictures of the web application: of the demonstration, at three widths, light and dark.

python scripts/screenshots.py            into .cache/screenshots, to be looked at
python scripts/screenshots.py 390 dark   only at these widths, in these themes
python scripts/screenshots.py --docs     those of the documentation, into docs/images
"""

import os
import re
import shutil
import signal
import sys
from datetime import date
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from scripts.web_pages import PAGES, prescreened, speaks_of, spoken_of  # noqa: E402

WIDTHS, THEMES, HEIGHT = (390, 820, 1280), ("light", "dark"), 900
DRAWN = 700  # milliseconds until the charts of a page are drawn
DOCS = {
    "web-overview": ("investigator.S01.1", "/"),
    "web-doses": ("cell_lab.S01.1", "/participants/{treated}/doses/"),
    "web-participant": ("investigator.S01.1", "/participants/{treated}/"),
    "web-review": ("committee.1", "/review/?part=courses"),
}
PRINTED = {
    "investigator.S01.1": (
        "/participants/{screening}/eligibility/",
        "/participants/{treated}/emergency/",
        "/participants/{treated}/doses/",
        "/paper/DosePrepared/",
    )
}


class Served(NamedTuple):
    """A demonstration that is served: process, address, passwords, whom its addresses speak of."""

    child: int
    address: str
    passwords: dict[str, str]
    names: dict[str, Any]


def serve_demonstration(folder: Path) -> Served:
    """Serve the demonstration in a process of its own."""
    from gradatim.web.operations.demonstration import make_demonstration
    from gradatim.web.operations.server import listening, serve

    os.environ["GRADATIM_PRESCREEN"] = str(prescreened(folder))
    roles = make_demonstration(folder, date.today())
    from gradatim.web.live_trial import running

    names = {**spoken_of(running().trial.state), "invitation": invitation("nurse.S01.1")}
    place = listening("127.0.0.1", 0)
    port = place.getsockname()[1]
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        serve(place, 2)
    place.close()
    return Served(
        child, f"http://127.0.0.1:{port}", {one.user: one.password for one in roles}, names
    )


def invitation(name: str) -> str:
    """Invite somebody anew; give the secret of the link."""
    from django.db import connections

    from gradatim.web.accounts.invitations import invite
    from gradatim.web.accounts.models import User

    secret = invite(User.objects.get(username=name), "sponsor.1")
    connections.close_all()
    return secret


def at_browser(browser: Browser, served: Served, user: str, width: int, theme: Any) -> Page:
    """Open a browser of a width and in a theme; sign in, unless as nobody."""
    page = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, base_url=served.address, color_scheme=theme
    ).new_page()
    if user:
        page.goto("/sign-in/")
        page.fill("[name=username]", user)
        page.fill("[name=password]", served.passwords[user])
        page.click("main button")
    return page


def taken(page: Page, path: str, file: Path, whole: bool) -> None:
    """Take the picture of a page."""
    page.goto(path)
    page.wait_for_timeout(DRAWN)
    page.screenshot(path=file, full_page=whole)


def for_documentation(browser: Browser, served: Served, target: Path) -> None:
    """Take the pictures of the documentation."""
    for name, (user, path) in DOCS.items():
        page = at_browser(browser, served, user, 1280, "light")
        taken(page, path.format(**served.names), target / f"{name}.png", whole=False)


def to_be_looked_at(browser: Browser, served: Served, target: Path, wanted: list[str]) -> None:
    """Take pictures of every page, and print those that are printed."""
    widths = [one for one in WIDTHS if str(one) in wanted] or WIDTHS
    themes = [one for one in THEMES if one in wanted] or THEMES
    pages = {
        user: [path for path in paths if speaks_of(path) <= served.names.keys()]
        for user, paths in PAGES.items()
    }
    for path in {one for paths in PAGES.values() for one in paths}.difference(*pages.values()):
        print(f"not taken: {path}, of which there is none in the demonstration")
    for user, width, theme in product(PAGES, widths, themes):
        page = at_browser(browser, served, user, width, theme)
        for path in pages[user]:
            taken(
                page,
                path.format(**served.names),
                target / f"{named(user, path)}-{width}-{theme}.png",
                whole=True,
            )
        page.context.close()
    for user, paths in PRINTED.items():
        page = at_browser(browser, served, user, 1280, "light")
        for path in paths:
            page.goto(path.format(**served.names))
            page.pdf(path=target / f"{named(user, path)}.pdf", format="A4")


def named(user: str, path: str) -> str:
    """Name a picture by who looks at which page."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", path.replace("{", "").replace("}", "")).strip("-")
    return f"{user.split('.')[0] or 'nobody'}-{words or 'overview'}"


def main() -> None:
    """Take them all."""
    docs = "--docs" in sys.argv
    target = ROOT / "docs" / "images" if docs else ROOT / ".cache" / "screenshots"
    target.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with TemporaryDirectory() as folder:
        served = serve_demonstration(Path(folder))
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                if docs:
                    for_documentation(browser, served, target)
                else:
                    to_be_looked_at(browser, served, target, sys.argv[1:])
        finally:
            os.kill(served.child, signal.SIGTERM)


if __name__ == "__main__":
    main()
