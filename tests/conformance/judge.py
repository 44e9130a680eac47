"""Compare what an engine said with what is right."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.cases import Case


def differences(case: Case, person: Mapping[str, Any] | None, refused: str = "") -> list[str]:
    """Return what is wrong with an engine's answer to a case.

    Args:
        case: the case.
        person: what it said of the person, in the shape of `gradatim.screening/1`; none: refused.
        refused: the message with which the person was refused.
    """
    expected = case.expected
    if expected.unusable:
        right = person is None and re.search(expected.unusable, refused)
        said = refused or (person and person["status"])
        return [] if right else [f"must be refused with /{expected.unusable}/, said {said}"]
    if person is None:
        return [f"must be screened, was refused: {refused}"]
    return [*_verdicts(case, person), *_horizon(case, person), *_unused(case, person)]


def _verdicts(case: Case, person: Mapping[str, Any]) -> Iterator[str]:
    found = {one["id"]: one for one in person["criteria"]}
    for name, allowed in case.expected.criteria.items():
        if found[name]["truth"] not in allowed:
            why = found[name].get("because", "")
            yield f"{name} is {found[name]['truth']} ({why}), must be {' or '.join(allowed)}"
    if case.expected.status and person["status"] not in case.expected.status:
        open_ = [name for name, one in found.items() if not one["passes"]]
        yield (
            f"status is {person['status']} (not passing: {', '.join(open_)}), must be "
            f"{' or '.join(case.expected.status)}"
        )


def _horizon(case: Case, person: Mapping[str, Any]) -> Iterator[str]:
    found = {one["id"]: one for one in person["criteria"]}
    for name, right in case.expected.horizon.items():
        criterion, dot, which = name.partition(".")
        said = found[criterion][which] if dot else person[name]
        if said != right:
            yield f"{name} is {said}, must be {right}"


def _unused(case: Case, person: Mapping[str, Any]) -> Iterator[str]:
    for name, why in case.expected.not_used.items():
        said = [one["why"] for one in person["not_used"] if name in one["id"]]
        if not any(re.search(why, one) for one in said):
            yield f"{name} must be listed as not used with /{why}/, is with {said}"
