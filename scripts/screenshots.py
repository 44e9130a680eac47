"""Pictures of the web application: of the demonstration, at three widths, light and dark.

python scripts/screenshots.py            into .cache/screenshots, to be looked at
python scripts/screenshots.py --docs     those of the documentation, into docs/images
"""

import os
import shutil
import signal
import sys
from datetime import date
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
WIDTHS, THEMES, HEIGHT = (390, 820, 1280), ("light", "dark"), 900
DOCS = {"web-overview": ("investigator", "/"), "web-doses": ("cell_lab", "doses"),
        "web-participant": ("investigator", "participant"),
        "web-review": ("safety_committee", "/review/?part=courses")}  # fmt: skip
PAGES = {
    "investigator": ("/", "/screening/", "/participants/", "participant", "visits", "laboratory",
                     "adverse-events", "eligibility", "emergency", "questionnaire", "/protocol/",
                     "/record/AdverseEventReported/?participant={one}", "/paper/"),
    "cell_lab": ("/dosing/", "doses", "/record/ProductReceived/"),
    "safety_committee": ("/review/", "/review/?part=events", "/review/?part=courses", "/design/"),
    "data_manager": ("/audit/", "/audit/proof/", "/audit/as-of/", "/people/"),
}  # fmt: skip


def serve_demonstration(folder: Path) -> tuple[int, str, list[Any], str]:
    """Serve the demonstration in a process of its own.

    Returns:
        The process, the address, who may sign in, and a treated participant.
    """
    from gradatim.web.serving.demonstration import made
    from gradatim.web.serving.server import listening, serve

    roles = made(folder, date.today())
    from gradatim.web.running import running

    one = next(p.id for p in running().trial.state.participants.values() if p.status == "treated")
    place = listening("127.0.0.1", 0)
    port = place.getsockname()[1]
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        serve(place, 2)
    place.close()
    return child, f"http://127.0.0.1:{port}", roles, one


def signed_in(browser: Browser, address: str, role: Any, width: int, theme: Any) -> Page:
    """Sign in as a role, at a width and in a theme."""
    page = browser.new_context(viewport={"width": width, "height": HEIGHT}, base_url=address,
                               color_scheme=theme).new_page()  # fmt: skip
    page.goto("/sign-in/")
    page.fill("[name=username]", role.user)
    page.fill("[name=password]", role.password)
    page.click("main button")
    return page


def taken(page: Page, where: str, one: str, file: Path, whole: bool) -> None:
    """Take the picture of a page."""
    path = where.format(one=one) if where.startswith("/") else f"/participants/{one}/{where}/"
    page.goto(path.replace("/participant/", "/"))
    page.wait_for_timeout(700)
    page.screenshot(path=file, full_page=whole)


def main() -> None:
    """Take them all."""
    docs = "--docs" in sys.argv
    target = ROOT / "docs" / "images" if docs else ROOT / ".cache" / "screenshots"
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        child, address, roles, one = serve_demonstration(Path(folder))
        try:
            photographed(address, roles, one, target, docs)
        finally:
            os.kill(child, signal.SIGTERM)


def photographed(address: str, roles: list[Any], one: str, target: Path, docs: bool) -> None:
    """Take the pictures of a demonstration that is served."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        known = {role.role: role for role in reversed(roles)}
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if docs:
            for name, (role, where) in DOCS.items():
                page = signed_in(browser, address, known[role], 1280, "light")
                taken(page, where, one, target / f"{name}.png", whole=False)
            return
        for role, width, theme in product(PAGES, WIDTHS, THEMES):
            page = signed_in(browser, address, known[role], width, theme)
            for n, where in enumerate(PAGES[role]):
                file = target / f"{role}-{n}-{width}-{theme}.png"
                taken(page, where, one, file, whole=True)


if __name__ == "__main__":
    main()
