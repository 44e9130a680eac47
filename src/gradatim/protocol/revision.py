"""A document with the changes that rulings ask for: the next version, to be read and submitted.

Only what changes is written anew; every other line, and every comment, stays as it is.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from gradatim.core.documents import Steps, read_yaml
from gradatim.core.errors import Defect, UnusableInput
from gradatim.protocol.base import Basis, Model, Sourced
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.load import parse
from gradatim.protocol.questions import PROVENANCE, criterion_key, list_label, ruled_value
from gradatim.protocol.study import Study

_COLUMNS = 96


class Change(NamedTuple):
    """What a ruling puts in the place of a part.

    Args:
        question: the key of the part.
        value: what the part is to say, as JSON: all of its fields but where it comes from.
        source: who asked for it, and when.
    """

    question: str
    value: str
    source: str


class _Part(NamedTuple):
    steps: Steps
    part: Sourced


def revised(document: str, changes: list[Change], version: str) -> str:
    """Return a document with changes made, as another version.

    A changed part is `proposed`, by the ruling: what is written is confirmed by another one.

    Args:
        document: the text that is changed.
        changes: the last one of each question.
        version: what the new document calls itself.

    Raises:
        UnusableInput: a value is not JSON of a part, or the new document is not a valid one.
    """
    study = parse(document.encode(), "protocol.yaml").study
    parts = dict(_parts(study))
    for change in changes:
        if change.question not in parts:
            raise UnusableInput(
                "this question is about no single part of the document",
                change.question,
                todo="say in words what is to be changed",
            )
        document = _with_part(document, parts[change.question], change)
    document = _with_field(document, ("study",), {"version": version})
    made = parse(document.encode(), "protocol.yaml").study
    now_said = {key: ruled_value(part) for key, part in parts_by_question(made).items()}
    for change in changes:
        now = now_said.get(change.question)
        if now is None:
            raise UnusableInput(
                "a part that is changed keeps its name and number",
                change.question,
                todo="say in words what is to be called otherwise",
            )
        if _read(change) != json.loads(now):
            raise UnusableInput(
                "this value does not read back as it is written",
                change.question,
                f"it would say {now}",
                "write all of its fields in full, as the present value has them",
            )
    if made.study.version != version:
        raise Defect("the version of a revised document is not the one that was asked for")
    return document


def can_be_changed(study: Study, question: str) -> bool:
    """Whether a question is about one part of the document, which a ruling can replace."""
    return any(key == question for key, _ in _parts(study))


def parts_by_question(study: Study) -> dict[str, Sourced]:
    """Return every part that states its basis, by the key of the question about it."""
    return {key: found.part for key, found in _parts(study)}


def _read(change: Change) -> dict[str, Any]:
    try:
        value = json.loads(change.value)
    except ValueError as error:
        raise UnusableInput(
            "this value is not JSON", change.question, str(error), "copy the present one"
        ) from error
    if not isinstance(value, dict) or PROVENANCE & value.keys():
        raise UnusableInput(
            "this value is not that of a part",
            change.question,
            f"it is an object with what the part says, without {', '.join(sorted(PROVENANCE))}",
            "copy the present one",
        )
    return value


def _parts(part: object, key: str = "", steps: Steps = ()) -> Iterator[tuple[str, _Part]]:
    """Yield each part that states its basis: the key of its question, and its place."""
    if isinstance(part, Sourced):
        named = criterion_key(part) if isinstance(part, EligibilityCriterion) else key
        yield named, _Part(steps, part)
    if isinstance(part, Model):
        for name, field in type(part).model_fields.items():
            below = f"{key}.{name}".lstrip(".")
            yield from _parts(getattr(part, name), below, (*steps, field.alias or name))
    elif isinstance(part, dict):
        for name, item in part.items():
            yield from _parts(item, f"{key}.{name}", (*steps, name))
    elif isinstance(part, list):
        for at, item in enumerate(part):
            yield from _parts(item, f"{key}.{list_label(at, item)}", (*steps, at))


def _with_part(document: str, found: _Part, change: Change) -> str:
    """Return a document in which a part says something else, and by whom."""
    value, was = _read(change), json.loads(ruled_value(found.part))
    fields = {name: one for name, one in value.items() if name not in was or was[name] != one}
    by_whom = {"basis": str(Basis.PROPOSED), "source": change.source}
    steps = found.steps
    if _node(document, steps) is not None:
        left_out = [name for name in was if name not in value]
        return _with_field(document, steps, fields | by_whom, [*left_out, "note"])
    whole: Any = value | by_whom  # the document says nothing of it: what was assumed is written
    while _node(document, steps[:-1]) is None:
        steps, whole = steps[:-1], {steps[-1]: whole}
    return _with_field(document, steps[:-1], {str(steps[-1]): whole})


def _with_field(
    document: str, steps: Steps, fields: Mapping[str, Any], left_out: list[str] | None = None
) -> str:
    """Return a document in which a mapping has other values of some fields, and lacks others."""
    node = _node(document, steps)
    was = _plain(document, steps)
    lacks = [name for name in left_out or [] if name in was]
    new = {name: value for name, value in fields.items() if name not in was or was[name] != value}
    if node.flow_style or (lacks and _names(node)[0] in lacks):
        whole = {name: value for name, value in {**was, **fields}.items() if name not in lacks}
        return _put(document, node, json.dumps(whole, ensure_ascii=False))
    indent = " " * node.start_mark.column
    for key, value in reversed(node.value):
        begin, end = key.start_mark.index, _end(document, value)
        if key.value in lacks:
            begin = document.rindex("\n", 0, begin)
            document = document[:begin] + document[end:]
        elif key.value in new:
            document = document[:begin] + _block(key.value, new[key.value], indent) + document[end:]
    more = [_block(name, value, indent) for name, value in new.items() if name not in was]
    if more:
        end = _end(document, _node(document, steps))
        document = document[:end] + "".join(f"\n{indent}{one}" for one in more) + document[end:]
    return document


def _block(name: str, value: Any, indent: str) -> str:
    """Write a field as YAML; its first line stands where the mapping has its keys."""
    written = yaml.safe_dump(
        {name: value}, sort_keys=False, allow_unicode=True, width=_COLUMNS - len(indent)
    )
    return written.rstrip("\n").replace("\n", f"\n{indent}")


def _put(document: str, node: Any, text: str) -> str:
    return document[: node.start_mark.index] + text + document[_end(document, node) :]


def _end(document: str, node: Any) -> int:
    """Return where what a node says ends: before the blank lines and comments that follow it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(document, node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(document, node.value[-1])
    return len(document[: node.end_mark.index].rstrip())


def _names(node: Any) -> list[str]:
    return [key.value for key, _ in node.value]


def _node(document: str, steps: Steps) -> Any:
    """Return what stands at a place of a document, with where it is; None where nothing does."""
    node: Any = yaml.compose(document, Loader=yaml.CSafeLoader)
    for step in steps:
        if isinstance(step, int):
            node = node.value[step]
        else:
            node = next((value for key, value in node.value if key.value == step), None)
        if node is None:
            return None
    return node


def _plain(document: str, steps: Steps) -> dict[str, Any]:
    found: Any = read_yaml(document.encode(), "protocol.yaml", {})
    for step in steps:
        found = found[step]
    named: dict[str, Any] = found
    return named
