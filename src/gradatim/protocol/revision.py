"""A document with the changes that rulings ask for: the next version, to be read and submitted.

Only what changes is written anew; every other line, and every comment, stays as it is.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from gradatim.core.documents import Steps, read_yaml
from gradatim.core.errors import UnusableInput
from gradatim.protocol.base import Basis
from gradatim.protocol.load import parse
from gradatim.protocol.questions import PROVENANCE, SourcedPart, ruled_value, sourced_parts
from gradatim.protocol.study import Study

_COLUMNS = 96


class RequestedChange(NamedTuple):
    """What a ruling puts in the place of a part.

    Args:
        question: the key of the part.
        value: what the part is to say, in YAML or JSON: all of its fields but where it comes from.
        source: who asked for it, and when.
    """

    question: str
    value: str
    source: str


def revise(document: str, changes: list[RequestedChange], version: str) -> str:
    """Return a document with changes made, as another version.

    A changed part is `proposed`, by the ruling: what is written is confirmed by another one.

    Args:
        document: the text that is changed.
        changes: the last one of each question.
        version: what the new document calls itself.

    Raises:
        UnusableInput: a value is not that of its part, or the new document is not a valid one.
    """
    document = document.removeprefix("\ufeff")  # the reader does not count it
    parts = sourced_by_question(_study(document))
    for change in changes:
        if change.question not in parts:
            raise UnusableInput(
                "this question is about no single part of the document",
                change.question,
                todo="say in words what is to be changed",
            )
        document = _with_part(document, parts[change.question], change)
    document = _with_fields(document, ("study",), {"version": version}, "study.version")
    made = sourced_by_question(_study(document))
    for change in changes:
        if change.question not in made:
            raise UnusableInput(
                "a part that is changed keeps its name and number",
                change.question,
                todo="say in words what is to be called otherwise",
            )
        _read_back(
            change.question, read_value(change), json.loads(ruled_value(made[change.question].part))
        )
    return document


def can_be_changed(study: Study, question: str) -> bool:
    """Whether a question is about one part of the document, which a ruling can replace."""
    return question in sourced_by_question(study)


def sourced_by_question(study: Study) -> dict[str, SourcedPart]:
    """Return every part that states its basis, by the key of the question about it."""
    return {one.question: one for one in sourced_parts(study)}


def value_in_lines(value: str) -> str:
    """Write what a part says, as `Question.value` has it, in lines as a document has them."""
    written: str = yaml.safe_dump(json.loads(value), sort_keys=False, allow_unicode=True)
    return written


def read_value(change: RequestedChange) -> dict[str, Any]:
    """Return the fields that a part is to have, read as strictly as a document.

    Raises:
        UnusableInput: the value is not YAML of a part.
    """
    value = read_yaml(change.value.encode(), change.question, {})
    if told := PROVENANCE & value.keys():
        raise UnusableInput(
            "a change does not say where it comes from: the ruling does",
            change.question,
            todo=f"leave out {', '.join(sorted(told))}",
        )
    return value


def _study(document: str) -> Study:
    return parse(document.encode(), "protocol.yaml").study


def _with_part(document: str, found: SourcedPart, change: RequestedChange) -> str:
    """Return a document in which a part says something else, and by whom."""
    value, was = read_value(change), json.loads(ruled_value(found.part))
    fields = {name: one for name, one in value.items() if name not in was or was[name] != one}
    by_whom = {"basis": str(Basis.PROPOSED), "source": change.source}
    steps = found.steps
    if _node(document, steps) is not None:
        left_out = ("note", *(name for name in was if name not in value))
        return _with_fields(document, steps, fields | by_whom, change.question, left_out)
    whole: Any = value | by_whom  # the document says nothing of it: what was assumed is written
    while _node(document, steps[:-1]) is None:
        steps, whole = steps[:-1], {steps[-1]: whole}
    return _with_fields(document, steps[:-1], {str(steps[-1]): whole}, change.question)


def _with_fields(
    document: str,
    steps: Steps,
    fields: Mapping[str, Any],
    where: str,
    left_out: tuple[str, ...] = (),
) -> str:
    """Return a document in which a mapping has other values of some fields, and lacks others.

    Raises:
        UnusableInput: read again, it would not say exactly that, and all else as before.
    """
    wanted = read_yaml(document.encode(), "protocol.yaml", {})
    part: Any = wanted
    for step in steps:
        part = part[step]
    lacks = [name for name in left_out if name in part]
    for name in lacks:
        del part[name]
    new = {name: value for name, value in fields.items() if part.get(name) != value}
    part.update(new)
    node = _node(document, steps)
    written = _rewritten(document, node, part, new, lacks)
    _read_back(where, wanted, read_yaml(written.encode(), "protocol.yaml", {}))
    return written


def _rewritten(
    document: str, node: Any, part: Mapping[str, Any], new: Mapping[str, Any], lacks: list[str]
) -> str:
    """Write the fields of a mapping that are new into it, and leave some out."""
    if node.flow_style or node.value[0][0].value in lacks:
        begin, end = node.start_mark.index, _end(document, node)
        return document[:begin] + json.dumps(part, ensure_ascii=False) + document[end:]
    indent = " " * node.start_mark.column
    there = {key.value for key, _ in node.value}
    end = _end(document, node)
    more = (f"\n{indent}{_field(name, new[name], indent)}" for name in new if name not in there)
    document = document[:end] + "".join(more) + document[end:]
    for key, value in reversed(node.value):
        begin, end = key.start_mark.index, _end(document, value)
        if key.value in lacks:
            document = document[: document.rindex("\n", 0, begin)] + document[end:]
        elif key.value in new:
            written = _field(key.value, new[key.value], indent)
            document = document[:begin] + written + document[end:]
    return document


def _field(name: str, value: Any, indent: str) -> str:
    """Write a field as a document has it; its first line stands where the mapping has its keys."""
    field, width = {name: value}, _COLUMNS - len(indent)
    written = yaml.safe_dump(field, sort_keys=False, allow_unicode=True, width=width)
    if read_yaml(written.encode(), name, {}) != field:  # such as the word 1e3, without quotes
        written = f"{name}: {json.dumps(value, ensure_ascii=False)}"
    return written.rstrip("\n").replace("\n", f"\n{indent}")


def _read_back(where: str, wanted: object, found: object) -> None:
    if wanted != found:
        raise UnusableInput(
            "this value does not read back as it is written",
            where,
            todo="write all of its fields in full, as the present value has them",
        )


def _end(document: str, node: Any) -> int:
    """Return where what a node says ends: before the blank lines and comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(document, last[1] if isinstance(node, yaml.MappingNode) else last)
    return len(document[: node.end_mark.index].rstrip())


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
