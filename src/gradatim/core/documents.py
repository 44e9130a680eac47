"""Documents in YAML, read strictly: what would be lost or misread is refused, with its line.

A key that stands twice is refused, since one of the two would be lost. Scalars are those of YAML
1.2: `on` and `no` are words, not booleans. Bytes come in; whoever has them read the file.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from gradatim.core.errors import UnusableInput

Steps = tuple[str | int, ...]
"""The path of a part in a document: keys, and places in lists from 0."""
DEEPEST = 100
"""Levels of nesting."""
MOST_PARTS = 30_000
"""Scalars, lists and mappings; the bundled trials have up to 9,100."""


def place(name: str, lines: Mapping[Steps, int], path: Steps) -> str:
    """Return `file:line` of a part; of the nearest part above it that has a line."""
    while path and path not in lines:
        path = path[:-1]
    return f"{name}:{lines.get(path, 1)}"


def read_yaml(
    content: bytes, name: str, lines: dict[Steps, int], schema: str = "", *, aliases: bool = False
) -> dict[str, Any]:
    """Read a mapping from YAML: text keys, none of them twice, and YAML 1.2 scalars.

    Args:
        content: the bytes of the document, UTF-8.
        name: of the document, for messages.
        lines: takes the line of each part of the document, by its path; begins empty.
        schema: what the document should begin with; empty where it names no schema.
        aliases: whether a part may be written once and used in several places. Not in what comes
            from outside: a few lines of them can expand to gigabytes.

    Raises:
        UnusableInput: it is not such YAML; the message says at which line.
    """
    what = schema.partition("/")[0].removeprefix("gradatim.") or "document"
    try:
        text = content.decode("utf-8")
        _check_tokens(text, name, what, aliases)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        raise UnusableInput(
            "this file is not UTF-8 text", name, str(error), "save it as UTF-8"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error)
        raise UnusableInput("this is not YAML", where, problem, "mend the line") from error
    if not isinstance(root, yaml.MappingNode):
        why = "it is empty" if root is None else "it is not a mapping"
        todo = f"begin with `schema: {schema}`" if schema else "write `name: value`"
        raise UnusableInput(f"this is not a {what}", name, why, todo)
    found: dict[str, Any] = _plain(root, (), lines, name)
    return found


def _check_tokens(text: str, name: str, what: str, aliases: bool) -> None:
    """Refuse aliases, what is nested too deeply for the reader's stack, and what takes seconds."""
    depth = parts = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken) and not aliases:
            raise UnusableInput(
                "YAML anchors and aliases are not allowed",
                f"{name}:{token.start_mark.line + 1}",
                "a reader must see what each rule says",
                "write the part out where it is used",
            )
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        parts += isinstance(token, _PARTS)
        if parts > MOST_PARTS:
            raise UnusableInput(
                "this document is too long",
                f"{name}:{token.start_mark.line + 1}",
                f"a {what} has at most {MOST_PARTS:,} names, values and lists",
                "check the file",
            )
        if depth > DEEPEST:
            raise UnusableInput(
                "this is nested too deeply",
                f"{name}:{token.start_mark.line + 1}",
                f"a {what} has at most {DEEPEST} levels",
                "mend the line",
            )


_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_PARTS = (yaml.ScalarToken, *_OPENING)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"(?:~|null|)\Z"), lambda text: None),
    (re.compile(r"(?:true|false)\Z"), lambda text: text == "true"),
    (re.compile(r"[-+]?\d{1,300}\Z"), int),
    (re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?\Z"), float),
)


def _plain(node: Any, path: Steps, lines: dict[Steps, int], name: str) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        if not node.style:
            for pattern, make in _SCALARS:
                if pattern.match(node.value):
                    return make(node.value)
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), lines, name) for i, item in enumerate(node.value)]
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value
        if key in result:
            raise UnusableInput(
                f"the key {key!r} stands twice",
                f"{name}:{key_node.start_mark.line + 1}",
                "one would be lost",
                "remove or rename one",
            )
        result[key] = _plain(value_node, (*path, key), lines, name)
        lines[(*path, key)] = key_node.start_mark.line + 1
    return result
