"""The questions a protocol leaves open: what the record does not state, or states ambiguously.

They are generated from the document: every part whose basis is not settled, and every criterion
that can be read in more than one way. A ruling (who, when, answer) settles one.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gradatim.protocol.base import Basis, Model, Sourced
from gradatim.protocol.elements import CodeGroup
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.study import Ruling, Study
from gradatim.protocol.treatment import Escalation, EscalationDesign

SAFETY_PARTS = ("safety", "treatment")
"""Parts whose open questions keep a real trial from going live."""

ESCALATION = "safety.escalation"
"""The key of the question which design is meant."""


class Question(NamedTuple):
    """One thing the sponsor must rule on.

    Args:
        number: its place in the list.
        key: stable name, used by a ruling.
        asks: the question.
        now: what the protocol does until there is a ruling, with its basis.
        choices: the readings to choose from, if it is a matter of reading.
        why: source or note.
        safety: whether a trial cannot go live before it is settled.
        ruling: the ruling that settles it, if there is one.
    """

    number: int
    key: str
    asks: str
    now: str
    choices: tuple[str, ...]
    why: str
    safety: bool
    ruling: Ruling | None


def questions(study: Study) -> list[Question]:
    """Give every question in the document's order, settled ones with their ruling."""
    ruled = {ruling.question: ruling for ruling in study.rulings}
    found = [*_unsettled(study), *_ambiguous(study)]
    return [Question(n, key, asks, now, choices, why, safety, ruled.get(key))
            for n, (key, asks, now, choices, why, safety) in enumerate(found, 1)]  # fmt: skip


def ruled_reading(study: Study, criterion: EligibilityCriterion) -> str | None:
    """Give the reading of a criterion that a ruling chose, if one did."""
    key = f"eligibility.{criterion.id}"
    return next((one.answer for one in study.rulings if one.question == key), None)


def ruled_design(study: Study) -> EscalationDesign:
    """Give the escalation design in force: the one a ruling chose, else the document's first."""
    first = study.safety.escalation
    answer = next((one.answer for one in study.rulings if one.question == ESCALATION), None)
    return next((one for one in first.alternatives if one.name == answer), first)


_Open = tuple[str, str, str, tuple[str, ...], str, bool]


def _unsettled(study: Study) -> Iterator[_Open]:
    yield from _codes(study)
    for path, part in _sourced(study):
        if isinstance(part, EligibilityCriterion | CodeGroup):
            continue
        if not part.basis.settled:
            safety = path.split(".")[0] in SAFETY_PARTS
            yield (path, f"{_title(path)}: is this so?", f"{_value(part)} ({part.basis})",
                   _designs(part), part.note or part.source, safety)  # fmt: skip


def _designs(part: Sourced) -> tuple[str, ...]:
    """Give the escalation designs to choose from; none for other parts."""
    if not isinstance(part, Escalation) or not part.alternatives:
        return ()
    return (f"{part.reading_name}: {part.reading}",
            *(f"{one.name}: {one.reading}" for one in part.alternatives))  # fmt: skip


def _codes(study: Study) -> Iterator[_Open]:
    """Ask about all code lists at once, naming those that nobody has checked."""
    groups = [(name, group) for name, element in study.elements.items() for group in element.codes]
    open_ = [(name, group) for name, group in groups if not group.basis.settled]
    if open_:
        unverified = dict.fromkeys(
            f"{name} ({group.system})" for name, group in open_ if group.basis is Basis.UNVERIFIED
        )
        now = f"{len(open_)} code lists of {len({name for name, _ in open_})} elements (proposed)"
        why = f"Not yet verified: {', '.join(unverified)}." if unverified else ""
        yield "elements.codes", "Which codes identify each element?", now, (), why, False


def _ambiguous(study: Study) -> Iterator[_Open]:
    for one in study.criteria:
        if not one.alternatives and one.basis.settled and not one.ambiguities:
            continue
        choices = (f"{one.reading_name}: {one.reading}",
                   *(f"{a.name}: {a.reading}" for a in one.alternatives))  # fmt: skip
        asks = f"How is {one.id} read: “{one.text}”" if one.text else f"Does {one.id} apply?"
        why = " ".join(one.ambiguities) or one.note
        yield (
            f"eligibility.{one.id}",
            asks,
            f"{one.reading_name} ({one.basis})",
            choices,
            why,
            False,
        )


def _sourced(part: object, path: str = "") -> Iterator[tuple[str, Sourced]]:
    """Give every part that states its basis, with its dotted path."""
    if isinstance(part, Sourced):
        yield path, part
    if isinstance(part, Model):
        for name in type(part).model_fields:
            yield from _sourced(getattr(part, name), f"{path}.{name}".lstrip("."))
    elif isinstance(part, dict):
        for name, item in part.items():
            yield from _sourced(item, f"{path}.{name}")
    elif isinstance(part, list):
        for i, item in enumerate(part):
            names = (getattr(item, key, None) for key in ("id", "number", "name", "label"))
            label = next((name for name in names if name is not None), i + 1)
            yield from _sourced(item, f"{path}.{label}")


def _title(path: str) -> str:
    return path.replace("_", " ").replace(".", " › ")


def _value(part: Sourced) -> str:
    for name in ("reading", "value", "label", "name"):
        if (text := getattr(part, name, "")) not in ("", None):
            return str(text)
    skip = {"basis", "source", "note"}
    shown = part.model_dump(exclude=skip, exclude_defaults=True, mode="json", by_alias=True)
    return ", ".join(f"{name} {value}" for name, value in shown.items())
