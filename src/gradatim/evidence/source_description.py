"""What a user says of a source in a file: what it holds completely, and its laboratory's limits.

exhaustive: {condition: 2015-01-01.., exposure: .., procedure: 2015-01-01..2026-06-30}
observation_period: true
reference_ranges: ranges.csv
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from gradatim.core.errors import UnusableInput
from gradatim.evidence.coverage import declare
from gradatim.evidence.facts import Observed

KEYS = ("exhaustive", "observation_period", "reference_ranges")


@dataclass(frozen=True)
class Described:
    """What is said of a source.

    Args:
        coverage: for each kind of which no record means that it did not happen, the days observed.
        observation_period: whether people are observed only in their `observation_period`.
        reference_ranges: the file with the laboratory's limits; None if there is none.
    """

    coverage: Mapping[str, Observed] = field(default_factory=dict)
    observation_period: bool = False
    reference_ranges: Path | None = None


def read_description(path: Path) -> Described:
    """Read the description of a source.

    Raises:
        UnusableInput: it cannot be read, or says something that is not known here.
    """
    found = _mapping(path)
    unknown = sorted(set(found) - set(KEYS))
    if unknown:
        raise UnusableInput(
            f"{unknown[0]!r} is not known here", str(path), todo=f"use {', '.join(KEYS)}"
        )
    tied = found.get("observation_period", False)
    if not isinstance(tied, bool):
        raise UnusableInput("observation_period is neither true nor false", str(path))
    try:
        coverage = _coverage(found.get("exhaustive") or {}, path)
    except UnusableInput as error:
        raise error.inside(str(path)) from error
    ranges = found.get("reference_ranges")
    if ranges is not None and not (isinstance(ranges, str) and ranges):
        raise UnusableInput("reference_ranges is not the name of a file", str(path))
    return Described(coverage, tied, path.parent / ranges if ranges else None)


class _Once(yaml.BaseLoader):
    """Reads every value as text, and refuses what is said twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Give a mapping whose keys differ."""
        keys = [key.value for key, _ in node.value]
        twice = next((key for n, key in enumerate(keys) if key in keys[:n]), None)
        if twice is not None:
            raise yaml.YAMLError(f"{twice} is said twice")
        return super().construct_mapping(node, deep)


def _mapping(path: Path) -> dict[str, Any]:
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Once)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UnusableInput("the description of the source cannot be read", where, why) from error
    if not isinstance(found, dict):
        raise UnusableInput(
            "this does not describe a source",
            str(path),
            "it is not a mapping",
            f"give {', '.join(KEYS)}",
        )
    if "observation_period" in found:
        said = found["observation_period"]
        found["observation_period"] = {"true": True, "false": False}.get(str(said).lower(), said)
    return found


def _coverage(given: Any, path: Path) -> dict[str, Observed]:
    if isinstance(given, list):
        given = {str(kind): ".." for kind in given}
    if not isinstance(given, dict):
        raise UnusableInput(
            "exhaustive is neither a list of kinds nor kinds with days",
            str(path),
            todo="write {condition: 2015-01-01.., exposure: ..}",
        )
    found: dict[str, Observed] = {}
    for kind, days in given.items():
        try:
            found |= declare([kind], *_days(str(days)))
        except UnusableInput as error:
            raise UnusableInput(error.what, "exhaustive", error.why, error.todo) from error
    return found


def _days(text: str) -> tuple[date | None, date | None]:
    """Read FROM..TO, either of which may be left out."""
    since, dots, until = text.partition("..")
    try:
        if not dots:
            raise ValueError
        return (
            date.fromisoformat(since) if since else None,
            date.fromisoformat(until) if until else None,
        )
    except ValueError as error:
        raise UnusableInput(
            f"{text!r} is not FROM..TO",
            "exhaustive",
            todo="write 2015-01-01..2026-06-30, 2015-01-01.. or ..",
        ) from error
