"""The questions a protocol leaves open: what the record does not state, or states ambiguously.

They are generated from the document: every part whose basis is not settled, and every criterion
that can be read in more than one way. A ruling that confirms the value that stands there settles
one; a wish for a change, or a decision put off, leaves it open.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from gradatim.core.documents import Steps
from gradatim.core.same import Same
from gradatim.protocol.base import Basis, Model, Sourced
from gradatim.protocol.elements import CodeGroup
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.study import Ruling, Study
from gradatim.protocol.treatment import Escalation, EscalationDesign

SAFETY_PARTS = ("safety", "treatment")
"""Parts whose open questions keep a real trial from going live."""

CODES = "elements.codes"
"""The key of the question whether the code lists are right."""

PROVENANCE = frozenset(Sourced.model_fields)
"""The fields that say where a part comes from, and not what it says."""

RULED_BY = "ruled by {who} on {day}"
_RULED_BY = re.compile(r"ruled by (?P<who>\S+) on (?P<day>\d{4}-\d{2}-\d{2})")
"""The source of a part that a ruling signed on the ledger has settled."""

ESCALATION = "safety.escalation"
"""The key of the question which design is meant."""


class Question(NamedTuple):
    """One thing the sponsor must rule on.

    Args:
        key: stable name, used by a ruling.
        asks: the question.
        now: what the protocol does until there is a ruling, with its basis.
        choices: the readings to choose from, if it is a matter of reading.
        why: source or note.
        safety: whether a trial cannot go live before it is settled.
        value: all that is ruled on, as JSON; a ruling holds for this value and no other.
        number: its place in the list.
        ruling: the last ruling on this value; without one, the last on an earlier value.
        settled: whether that ruling settles it.
    """

    key: str
    asks: str
    now: str
    choices: tuple[str, ...]
    why: str
    safety: bool
    value: str
    number: int = 0
    ruling: Ruling | None = None
    settled: bool = False

    @property
    def names(self) -> list[str]:
        """The names of the readings to choose from."""
        return [one.split(":")[0] for one in self.choices]


def questions(study: Study) -> tuple[Question, ...]:
    """Return every question in the document's order, settled ones with their ruling."""
    return _questions(Same(study))


@lru_cache(maxsize=16)
def _questions(of: Same[Study]) -> tuple[Question, ...]:
    study = of.it
    found = enumerate([*_unsettled(study), *_ambiguous(study)], 1)
    return ruled_on([one._replace(number=n) for n, one in found], study.rulings)


def ruled_on(asked: Iterable[Question], rulings: Sequence[Ruling]) -> tuple[Question, ...]:
    """Return questions with the last ruling on each, and whether it settles them."""
    found = []
    for one in asked:
        ruling = _last_ruling(rulings, one.key, one.value)
        settled = ruling is not None and settles(ruling, one)
        found.append(one._replace(ruling=ruling, settled=settled))
    return tuple(found)


def settles(ruling: Ruling, question: Question) -> bool:
    """Whether a ruling settles a question: it confirms the value that stands there now.

    A ruling without an outcome can be read as a refusal as well as a confirmation. It settles how
    a criterion is read, where it names a reading, and never an item of treatment or safety.
    """
    if question.choices and ruling.answer not in question.names:
        return False
    if not ruling.outcome:
        return bool(question.choices) and not question.safety
    return ruling.outcome == "confirmed" and ruling.value == question.value


def _last_ruling(rulings: Sequence[Ruling], key: str, value: str) -> Ruling | None:
    """Return the last ruling on this value of an item; without one, the last on another value."""
    about = [one for one in rulings if one.question == key]
    of_value = [one for one in about if one.value in ("", value)]
    return next(reversed(of_value or about), None)


def _chosen(study: Study, key: str, part: object, names: Iterable[str]) -> str | None:
    """Return the reading that is in force by a ruling: the last chosen and not only wished for.

    A change that is requested, or a decision that is deferred, alters nothing until the protocol
    is amended.
    """
    known = set(names)
    about = [
        one
        for one in study.rulings
        if one.question == key and one.answer in known and one.outcome in ("", "confirmed")
    ]
    if not about:  # as of nearly every part: what it holds need not be written out
        return None
    value = ruled_value(part)
    of_value = [one for one in about if one.value in ("", value)]
    return (of_value or about)[-1].answer


def ruled_reading(study: Study, criterion: EligibilityCriterion) -> str | None:
    """Return the reading of a criterion that a ruling chose, if one did."""
    names = (criterion.reading_name, *(one.name for one in criterion.alternatives))
    return _chosen(study, criterion_key(criterion), criterion, names)


def ruled_design(study: Study) -> EscalationDesign:
    """Return the escalation design in force: the one a ruling chose, else the document's first."""
    first = study.safety.escalation
    names = (first.reading_name, *(one.name for one in first.alternatives))
    answer = _chosen(study, ESCALATION, first, names)
    return next((one for one in first.alternatives if one.name == answer), first)


def criterion_key(criterion: EligibilityCriterion) -> str:
    """Return the key of the question how a criterion is read."""
    return f"eligibility.{criterion.id}"


def can_be_ruled_on(study: Study) -> frozenset[str]:
    """Return the key of every part that a ruling can be about, settled ones included."""
    parts = {
        path
        for path, _, part in sourced_parts(study)
        if not isinstance(part, EligibilityCriterion | CodeGroup)
    }
    return frozenset({CODES, *parts, *map(criterion_key, study.criteria)})


def ruled_value(part: object) -> str:
    """Return all that a ruling on a part confirms, as JSON in the document's order.

    Where it comes from is no part of it: a better source does not change what was confirmed.
    """
    return json.dumps(_plain(part), ensure_ascii=False)


def _plain(part: object) -> Any:
    if isinstance(part, Model):
        left_out = PROVENANCE if isinstance(part, Sourced) else ()
        found = {}
        for name, field in type(part).model_fields.items():
            value = getattr(part, name)
            default = object() if field.is_required() else field.get_default()
            if name not in left_out and value != default:
                found[field.alias or name] = _plain(value)
        return found
    if isinstance(part, dict):
        return {name: _plain(one) for name, one in part.items()}
    if isinstance(part, list):
        return [_plain(one) for one in part]
    return part if isinstance(part, bool | int | float | str) or part is None else str(part)


def as_ruled(study: Study, asked: Iterable[Question]) -> Study:
    """Return a protocol in which what a ruling has settled says so: `ruled`, by whom and when.

    Args:
        study: the protocol.
        asked: its questions, with the rulings on them.
    """
    settled = {one.key: one.ruling for one in asked if one.ruling and one.settled}
    return _as_ruled(study, "", settled) if settled else study


def basis_words(part: Sourced) -> str:
    """Return what a part rests on, in a word; of what a signed ruling settled, by whom and when."""
    signed = part.basis is Basis.RULED and parse_ruled_by(part.source)
    return part.source if signed else str(part.basis)


def parse_ruled_by(source: str) -> tuple[str, str] | None:
    """Return who settled a part by a signed ruling, and on which day; None if none did."""
    found = _RULED_BY.fullmatch(source)
    return (found["who"], found["day"]) if found else None


_Part = TypeVar("_Part")


def _as_ruled(part: _Part, path: str, settled: Mapping[str, Ruling]) -> _Part:
    """Return a part as it is ruled, each of its parts too; itself where nothing of it is ruled."""
    found: Any = part
    if isinstance(part, Model):
        key = criterion_key(part) if isinstance(part, EligibilityCriterion) else path
        fields = (
            (name, f"{path}.{name}".lstrip("."), getattr(part, name))
            for name in type(part).model_fields
        )
        changed = {
            name: now for name, at, was in fields if (now := _as_ruled(was, at, settled)) is not was
        }
        if isinstance(part, Sourced) and not part.basis.settled and (by := settled.get(key)):
            changed |= {
                "basis": Basis.RULED,
                "source": RULED_BY.format(who=by.by, day=by.on),
                "note": part.note or part.source,
            }
        found = part.model_copy(update=changed) if changed else part
    elif isinstance(part, dict):
        items = {name: _as_ruled(one, f"{path}.{name}", settled) for name, one in part.items()}
        found = items if any(items[name] is not one for name, one in part.items()) else part
    elif isinstance(part, list):
        some = [_as_ruled(one, f"{path}.{_label(i, one)}", settled) for i, one in enumerate(part)]
        found = some if any(now is not was for now, was in zip(some, part, strict=True)) else part
    result: _Part = found
    return result


def _is_open(study: Study, key: str, part: Sourced) -> bool:
    """Whether a part is asked about: its basis is not settled, or is by a ruling that is listed."""
    if part.basis is not Basis.RULED:
        return not part.basis.settled
    value = ruled_value(part)
    return any(one.question == key and one.outcome and one.value == value for one in study.rulings)


def _unsettled(study: Study) -> Iterator[Question]:
    yield from _codes(study)
    for path, _, part in sourced_parts(study):
        if isinstance(part, EligibilityCriterion | CodeGroup):
            continue
        if _is_open(study, path, part):
            safety = path.split(".")[0] in SAFETY_PARTS
            yield Question(
                path,
                f"{_title(path)}: is this so?",
                f"{_value(part)} ({part.basis})",
                _designs(part),
                part.note or part.source,
                safety,
                ruled_value(part),
            )


def _designs(part: Sourced) -> tuple[str, ...]:
    """Give the escalation designs to choose from; none for other parts."""
    if not isinstance(part, Escalation) or not part.alternatives:
        return ()
    return (
        f"{part.reading_name}: {part.reading}",
        *(f"{one.name}: {one.reading}" for one in part.alternatives),
    )


def _codes(study: Study) -> Iterator[Question]:
    """Ask about all code lists at once, naming those that nobody has checked."""
    groups = [(name, group) for name, element in study.elements.items() for group in element.codes]
    groups += [
        (f"{name}, perhaps", group)
        for name, element in study.elements.items()
        for group in element.perhaps
    ]
    open_ = [(name, group) for name, group in groups if not group.basis.settled]
    if open_:
        unverified = dict.fromkeys(
            f"{name} ({group.system})" for name, group in open_ if group.basis is Basis.UNVERIFIED
        )
        now = f"{len(open_)} code lists of {len({name for name, _ in open_})} elements (proposed)"
        why = f"Not yet verified: {', '.join(unverified)}." if unverified else ""
        value = json.dumps(
            {name: [_plain(one) for of, one in open_ if of == name] for name, _ in open_},
            ensure_ascii=False,
        )
        yield Question(CODES, "Which codes identify each element?", now, (), why, False, value)


def _ambiguous(study: Study) -> Iterator[Question]:
    for one in study.criteria:
        key = criterion_key(one)
        if not (one.alternatives or one.ambiguities or _is_open(study, key, one)):
            continue
        choices = (
            f"{one.reading_name}: {one.reading}",
            *(f"{a.name}: {a.reading}" for a in one.alternatives),
        )
        asks = f"How is {one.id} read: “{one.text}”" if one.text else f"Does {one.id} apply?"
        why = " ".join(one.ambiguities) or one.note
        yield Question(
            key, asks, f"{one.reading_name} ({one.basis})", choices, why, False, ruled_value(one)
        )


class SourcedPart(NamedTuple):
    """A part that states its basis, and where it is.

    Args:
        path: its dotted path; items of lists by their own name.
        steps: its place in the document.
        part: the part.
    """

    path: str
    steps: Steps
    part: Sourced

    @property
    def question(self) -> str:
        """The key of the question about it, if one is asked."""
        return (
            criterion_key(self.part) if isinstance(self.part, EligibilityCriterion) else self.path
        )


def sourced_parts(part: object, path: str = "", steps: Steps = ()) -> Iterator[SourcedPart]:
    """Yield every part of a protocol that states its basis, in the document's order."""
    if isinstance(part, Sourced):
        yield SourcedPart(path, steps, part)
    if isinstance(part, Model):
        for name, field in type(part).model_fields.items():
            below = f"{path}.{name}".lstrip(".")
            yield from sourced_parts(getattr(part, name), below, (*steps, field.alias or name))
    elif isinstance(part, dict):
        for name, item in part.items():
            yield from sourced_parts(item, f"{path}.{name}", (*steps, name))
    elif isinstance(part, list):
        for i, item in enumerate(part):
            yield from sourced_parts(item, f"{path}.{_label(i, item)}", (*steps, i))


def _label(place: int, item: object) -> object:
    """Return the name of an item of a list in a dotted path: its own, else its place from 1."""
    names = (getattr(item, key, None) for key in ("id", "number", "name", "label"))
    return next((name for name in names if name is not None), place + 1)


def _title(path: str) -> str:
    return path.replace("_", " ").replace(".", " › ")


def _value(part: Sourced) -> str:
    for name in ("reading", "value", "label", "name"):
        if (text := getattr(part, name, "")) not in ("", None):
            return str(text)
    shown = part.model_dump(
        exclude=set(PROVENANCE), exclude_defaults=True, mode="json", by_alias=True
    )
    return ", ".join(f"{name} {value}" for name, value in shown.items())
