"""Write reports into a folder, beside whatever else is there."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from gradatim.evidence.facts import Facts
    from gradatim.protocol.load import Document
    from gradatim.screening.assess import Eligibility
    from gradatim.vocabulary.graph import Vocabulary

    Results = Sequence[tuple[Eligibility, Facts]]

OVERVIEW = "index.html"
_LONGEST = 80
_TAKEN = re.compile(r"index|con|prn|aux|nul|(com|lpt)\d", re.IGNORECASE)
"""Names that mean something else: the overview, and devices on some systems."""


def write_reports(
    folder: Path,
    document: "Document",
    results: "Results",
    vocabulary: "Vocabulary | None" = None,
) -> list[Path]:
    """Write one HTML report for each person; a report of the same person is written anew.

    Returns:
        The files, in the order of the people.

    Raises:
        UnusableInput: the folder cannot be made or written to.
    """
    from gradatim.reports.eligibility import eligibility_html

    names = report_names([one.person for one, _ in results])
    return [
        write_file(folder / name, eligibility_html(document, one, facts, vocabulary))
        for name, (one, facts) in zip(names, results, strict=True)
    ]


def write_overview(folder: Path, document: "Document", results: "Results") -> Path:
    """Write the page that lists everyone screened and links to the reports.

    Raises:
        UnusableInput: the folder cannot be made or written to.
    """
    from gradatim.reports.overview import overview_html

    names = report_names([one.person for one, _ in results])
    people = [(one, name) for name, (one, _) in zip(names, results, strict=True)]
    return write_file(folder / OVERVIEW, overview_html(document, people))


def report_names(people: Sequence[str]) -> list[str]:
    """Give each person the name of a file: safe on every system, and no two alike.

    A name that does not say the identifier in full, or that could be taken for another's (upper and
    lower case are one on some systems), ends in a digest of the identifier.
    """
    slugs = [_slug(person) for person in people]
    alike = Counter(slug.casefold() for slug in slugs)
    return [
        f"{_told_apart(person, slug, alike[slug.casefold()])}.html"
        for person, slug in zip(people, slugs, strict=True)
    ]


def _slug(person: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", person)[:_LONGEST].strip("-._") or "person"


def _told_apart(person: str, slug: str, alike: int) -> str:
    plain = slug == person and alike == 1 and not _TAKEN.fullmatch(slug.partition(".")[0])
    digest = hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return slug if plain else f"{slug}-{digest}" if slug[:1].isalnum() else f"person-{digest}"


def write_file(path: Path, text: str) -> Path:
    """Write a file as UTF-8, with the folders above it.

    Raises:
        UnusableInput: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="xmlcharrefreplace", newline="\n")
    except OSError as error:
        raise UnusableInput(
            "this file cannot be written",
            str(path),
            str(error.strerror or error),
            "give a folder that can be written to",
        ) from error
    return path
