"""Check every relative link and anchor of the documents, and of the built site where there is one.

Prints one line per broken link, as `file:line: what`, and ends with 1 if there is any.
Addresses with a scheme (https:, mailto:) are left alone: nothing is fetched.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
SITE = ROOT / "site"

FENCE = re.compile(r"^\s*(```+|~~~+)")
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
NAMED = re.compile(r"\{[^}]*#([\w-]+)[^}]*\}\s*$|(?:id|name)=\"([^\"]+)\"")
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?[^)]*\)"  # [text](target "title")
    r"|^\s*\[[^\]^]+\]:\s*(\S+)"  # [label]: target
    r"|\b(?:href|src)=\"([^\"]+)\""
)


class Link(NamedTuple):
    """A link as written, and where."""

    source: Path
    line: int
    target: str


class Page(HTMLParser):
    """The links and anchors of one HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[int, str]] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif name in ("href", "src"):
                self.links.append((self.getpos()[0], value))


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Give the numbered lines of a Markdown file that are not in a fenced block."""
    fence = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence:
            yield number, line


def slug(heading: str) -> str:
    """Give the anchor of a heading, as the site's table of contents and code hosts make it."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    plain = re.sub(r"[^\w\s-]", "", plain).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)


def markdown_links(path: Path) -> Iterator[Link]:
    """Give the links of a Markdown file."""
    for number, line in prose(path):
        for found in LINK.finditer(CODE.sub("", line)):
            yield Link(path, number, next(group for group in found.groups() if group))


def html_links(path: Path) -> Iterator[Link]:
    """Give the links of a built page."""
    for number, target in page(path).links:
        yield Link(path, number, target)


@cache
def page(path: Path) -> Page:
    """Read a built page once."""
    return Page(path.read_text(encoding="utf-8"))


@cache
def anchors(path: Path) -> frozenset[str]:
    """Give the names that a link into this file may end in."""
    if path.suffix == ".html":
        return frozenset(page(path).anchors)
    names: list[str] = []
    for _, line in prose(path):
        named = [a or b for a, b in NAMED.findall(line)]
        names += named
        if (heading := HEADING.match(line)) and not named:
            base = slug(heading[1])
            again = sum(1 for name in names if re.fullmatch(re.escape(base) + r"(_\d+)?", name))
            names.append(f"{base}_{again}" if again else base)
    return frozenset(names)


def fault(link: Link, top: Path) -> str | None:
    """Say what is wrong with a link, or nothing. `top` is where a leading slash starts."""
    scheme, host, path, _, fragment = urlsplit(link.target)
    if scheme or host:
        return None
    start = top if path.startswith("/") else link.source.parent
    target = (start / unquote(path).lstrip("/") if path else link.source).resolve()
    if target.is_dir() and top == SITE:
        target /= "index.html"
    if not target.exists():
        return f"{link.target} does not exist"
    if not target.is_relative_to(top):
        return f"{link.target} leads out of {top.name}/"
    if fragment and target.suffix in (".md", ".html") and unquote(fragment) not in anchors(target):
        return f"{link.target}: no heading or anchor of that name in {target.name}"
    return None


def all_links() -> Iterator[tuple[Link, Path]]:
    """Give every link of the project with the folder that bounds it."""
    documents = [ROOT / name for name in DOCUMENTS if (ROOT / name).exists()]
    for path in [*documents, *sorted((ROOT / "docs").rglob("*.md"))]:
        yield from ((link, ROOT) for link in markdown_links(path))
    for path in sorted(SITE.rglob("*.html")):
        if path.name != "404.html":  # served from any depth, so its links start at the site's root
            yield from ((link, SITE) for link in html_links(path))


def main() -> int:
    """Check all links; give the exit status."""
    checked = 0
    faults = []
    for link, top in all_links():
        checked += 1
        if found := fault(link, top):
            faults.append(f"{link.source.relative_to(ROOT)}:{link.line}: {found}")
    for line in sorted(set(faults)):
        print(line, file=sys.stderr)
    site = "with the built site" if SITE.exists() else "without the site, which is not built"
    print(f"{checked} links checked ({site}), {len(faults)} broken.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
