"""Does every name in a protocol refer to something? Without that, nothing can be evaluated."""

from collections.abc import Container, Iterator
from typing import NamedTuple

from gradatim.core.documents import Steps
from gradatim.protocol.nodes import Measured, Node, Rule
from gradatim.protocol.study import Study


class Fault(NamedTuple):
    """Something wrong with a protocol: where, what, and whether it is only a warning."""

    path: Steps
    what: str
    warning: bool = False


def rules_of(study: Study) -> Iterator[tuple[Steps, Rule]]:
    """Give every rule of the document with its path."""
    for i, criterion in enumerate(study.criteria):
        here = ("eligibility", "criteria", i)
        yield (*here, "rule"), criterion.rule
        for j, alternative in enumerate(criterion.alternatives):
            yield (*here, "alternatives", j, "rule"), alternative.rule
            for id, rule in alternative.also.items():
                yield (*here, "alternatives", j, "also", id), rule
    for i, item in enumerate(study.treatment.checklist):
        if item.rule is not None:
            yield ("treatment", "checklist", i, "rule"), item.rule
    safety = ("safety",)
    yield (
        (*safety, "dose_limiting_toxicity", "definition"),
        study.safety.dose_limiting_toxicity.definition,
    )
    for i, stopping in enumerate(study.safety.stopping_rules):
        yield (*safety, "stopping_rules", i, "rule"), stopping.rule
    for i, check in enumerate(study.checks):
        yield ("checks", i, "rule"), check.rule


def dangling(study: Study) -> Iterator[Fault]:
    """Find names that refer to nothing, ids used twice, and leaves that ask the wrong kind."""
    yield from _twice(study)
    for path, rule in rules_of(study):
        for leaf in rule.leaves():
            yield from _leaf(study, path, leaf)
    for name, encounter in study.schedule.encounters.items():
        here = ("schedule", "encounters", name, "window")
        windows = [encounter.window, encounter.valid_within]
        yield from (
            _no(here, "anchor", w.anchor)
            for w in windows
            if w and w.anchor not in study.schedule.anchors
        )
    for name, activity in study.schedule.activities.items():
        at = ("schedule", "activities", name)
        yield from (
            _no((*at, "encounters"), "encounter", one)
            for one in activity.encounters
            if one not in study.schedule.encounters
        )
        yield from (
            _no((*at, "elements"), "element", one)
            for one in activity.elements
            if one not in study.elements
        )
    watched = study.safety.special_interest
    yield from (
        _no(("safety", "special_interest", "elements"), "element", one)
        for one in (watched.elements if watched else ())
        if one not in study.elements
    )
    yield from (
        _no(("treatment", "prohibited", i, "elements"), "element", one)
        for i, rule in enumerate(study.treatment.prohibited)
        for one in rule.elements
        if one not in study.elements
    )
    yield from _endpoints(study)
    for name, element in study.elements.items():
        given = element.derived.inputs.values() if element.derived else ()
        yield from (
            _no(("elements", name, "derived"), "element", one)
            for one in given
            if one not in study.elements
        )


def _endpoints(study: Study) -> Iterator[Fault]:
    for i, endpoint in enumerate(study.endpoints):
        named = endpoint.response.inputs.values() if endpoint.response else ()
        for field, names in (("elements", endpoint.elements), ("response", named)):
            for name in names:
                if name not in study.elements:
                    yield _no(("endpoints", i, field), "element", name)


def _twice(study: Study) -> Iterator[Fault]:
    seen: set[str] = set()
    for i, criterion in enumerate(study.criteria):
        here = ("eligibility", "criteria", i)
        if criterion.id in seen:
            yield Fault(here, f"the criterion id {criterion.id} is used twice")
        seen.add(criterion.id)
        names = [criterion.reading_name, *(one.name for one in criterion.alternatives)]
        for name in {name for name in names if names.count(name) > 1}:
            yield Fault(here, f"criterion {criterion.id} has two readings named {name}")
        for alternative in criterion.alternatives:
            for id in alternative.also:
                if study.criterion(id) is None:
                    yield _no((*here, "alternatives"), "criterion", id)
    ids = [check.id for check in study.checks]
    for i, check in enumerate(study.checks):
        if ids.index(check.id) != i:
            yield Fault(("checks", i), f"the check id {check.id} is used twice")
    if "first_dose" not in study.schedule.anchors:
        yield _no(("schedule", "anchors"), "anchor", "first_dose")


def _leaf(study: Study, path: Steps, leaf: Node) -> Iterator[Fault]:
    defined: dict[str, Container[str]] = {
        "element": study.elements,
        "anchor": study.schedule.anchors,
        "encounter": study.schedule.encounters,
    }
    for name, (what, kinds) in leaf.references():
        if name not in defined[what]:
            yield _no(path, what, name)
        elif what == "element" and study.elements[name].kind not in kinds:
            yield Fault(
                path,
                f"{type(leaf).__name__} asks about {name}, which is of kind "
                f"{study.elements[name].kind}; it needs {' or '.join(kinds)}",
            )
    if isinstance(leaf, Measured) and leaf.at and leaf.within:
        yield Fault(path, "give visits (`at`) or a window (`within`), not both")


def _no(path: Steps, what: str, name: str) -> Fault:
    return Fault(path, f"there is no {what} named {name!r}")


def cycle(study: Study) -> list[str] | None:
    """Give a circle of derived elements, if there is one."""
    state: dict[str, bool] = {}

    def visit(name: str, trail: list[str]) -> list[str] | None:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if state.get(name) or name not in study.elements:
            return None
        rule = study.elements[name].derived
        for source in rule.inputs.values() if rule else ():
            if found := visit(source, [*trail, name]):
                return found
        state[name] = True
        return None

    return next((found for name in study.elements if (found := visit(name, []))), None)
