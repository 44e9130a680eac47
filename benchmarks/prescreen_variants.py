"""Protocols that differ: variants of the bundled trial in limits and windows, and parts of it."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from gradatim.protocol.load import bundled

TRIAL = "nct05962762"
STEP = 17
"""Criteria are taken every 17th, so that few of them are already of every kind."""
_LIMIT = re.compile(r"^(\D+)(\d+(?:\.\d+)?)(.*)$")
_SPAN = re.compile(r"^-(\d+) (day|week|month|year)s?$")
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def variants(folder: Path, number: int) -> list[str]:
    """Write so many variants: the trial itself, then others with other limits and windows."""
    return [_written(folder, f"variant-{n}", _varied(_trial(), n)) for n in range(number)]


def with_criteria(folder: Path, number: int) -> str:
    """Write the trial with so many criteria; beyond those that it has, with other limits."""
    ids = [one["id"] for one in _trial()["eligibility"]["criteria"]]
    order = [ids[n * STEP % len(ids)] for n in range(len(ids))]
    document = _only(_trial(), set(order[:number]))
    more = [one for one in _varied(_trial(), 7)["eligibility"]["criteria"] if one["rule"] != {}]
    for one in sorted(more, key=lambda one: order.index(one["id"]))[: max(0, number - len(ids))]:
        copied = {key: value for key, value in one.items() if key not in _READINGS}
        document["eligibility"]["criteria"].append(copied | {"id": f"{one['id']}x"})
    return _written(folder, f"criteria-{number}", document)


def only(folder: Path, name: str, rules: dict[str, dict[str, Any]]) -> str:
    """Write the trial with some of its criteria alone, each with the rule given."""
    document = _only(_trial(), set(rules))
    for one in document["eligibility"]["criteria"]:
        for key in _READINGS:
            one.pop(key, None)
        one["rule"] = rules[one["id"]]
    return _written(folder, name, document)


_READINGS = ("alternatives", "ambiguities")


def _trial() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(
        bundled()[TRIAL].read_text(encoding="utf-8"), Loader=_Loader
    )
    return document


class _Loader(yaml.SafeLoader):
    """YAML 1.2 in one point: `on` is a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in some if tag != "tag:yaml.org,2002:bool"]
    for first, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


def _only(document: dict[str, Any], ids: set[str]) -> dict[str, Any]:
    """Keep some criteria, and of their readings those that change no other criterion."""
    kept = [one for one in document["eligibility"]["criteria"] if one["id"] in ids]
    for one in kept:
        others = [
            other for other in one.get("alternatives", ()) if set(other.get("also", ())) <= ids
        ]
        if others:
            one["alternatives"] = others
        else:
            one.pop("alternatives", None)
    document["eligibility"]["criteria"] = kept
    return document


def _varied(document: dict[str, Any], n: int) -> dict[str, Any]:
    for one in document["eligibility"]["criteria"]:
        for rule in _rules(one):
            _vary(rule, n)
    return document


def _rules(criterion: dict[str, Any]) -> Iterator[Any]:
    yield criterion["rule"]
    for other in criterion.get("alternatives", ()):
        yield other["rule"]
        yield from other.get("also", {}).values()


def _vary(node: Any, n: int) -> None:
    if isinstance(node, list):
        for one in node:
            _vary(one, n)
    elif isinstance(node, dict):
        if n and isinstance(node.get("is"), str):
            node["is"] = _limit(node["is"], n, whole="age" in node)
        if n and isinstance(node.get("within"), dict):
            node["within"] = _window(node["within"], n)
        for one in node.values():
            _vary(one, n)


def _limit(text: str, n: int, whole: bool) -> str:
    found = _LIMIT.match(text)
    if found is None or "{grade}" in text:
        return text
    before, number, after = found.groups()
    moved = float(number) + n % 6 if whole else float(number) * (1 + 0.01 * n)
    return f"{before}{moved:.6g}{after}"


def _window(window: dict[str, Any], n: int) -> dict[str, Any]:
    found = _SPAN.match(str(window.get("from", "")))
    if found is None:
        return window
    return window | {"from": f"-{int(found[1]) * _DAYS[found[2]] + n} days"}


def _written(folder: Path, name: str, document: dict[str, Any]) -> str:
    own = copy.deepcopy(document)
    own["study"]["id"] = f"{TRIAL.upper()}-{name}"
    path = folder / name / "protocol.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(own, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return str(path)
