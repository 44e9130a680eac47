"""Read a protocol document: YAML to a typed Study, with the line of every fault.

YAML 1.2 scalars only (`on` and `no` are words, not booleans); aliases are refused, since a few
lines of them can expand to gigabytes and a reader cannot see what a rule says.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from gradatim.core.errors import UnusableInput
from gradatim.protocol.references import cycle, dangling
from gradatim.protocol.study import Study

Path_ = tuple[str | int, ...]
MAXIMUM_BYTES = 5_000_000
DEEPEST = 100
"""Levels of nesting."""


class Document(NamedTuple):
    """A protocol with its fingerprint and the line of each of its parts."""

    study: Study
    sha256: str
    name: str
    lines: dict[Path_, int]

    def where(self, path: Path_) -> str:
        """Give `file:line` of a part; of the nearest part above it that has a line."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def load(protocol: str | Path) -> Document:
    """Load a protocol from a path, or a bundled one by its name.

    Raises:
        UnusableInput: there is no such protocol, or it is not a valid one.
    """
    document = read(protocol)
    faults = list(dangling(document.study))
    if faults:
        listed = "".join(f"\n  {document.where(one.path)}: {one.what}" for one in faults)
        raise UnusableInput(
            "names in this protocol refer to nothing",
            document.name,
            listed + "\n",
            "define or correct them",
        )
    return document


def read(protocol: str | Path) -> Document:
    """Read a protocol that may still refer to things it does not define; for linting.

    Raises:
        UnusableInput: there is no such protocol, or it does not follow the schema.
    """
    path = locate(str(protocol))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusableInput(
            "this protocol cannot be read", str(path), str(error.strerror)
        ) from error
    is_name = not Path(str(protocol)).exists()
    return parse(content, f"{protocol}/protocol.yaml" if is_name else str(path))


def bundled() -> dict[str, Path]:
    """Give the bundled trials: name and path of the protocol document."""
    package = Path(__file__).parent.parent
    for folder in (package / "_trials", package.parent.parent / "trials"):
        if folder.is_dir():
            return {path.parent.name: path for path in sorted(folder.glob("*/protocol.yaml"))}
    return {}


def locate(protocol: str) -> Path:
    """Give the path of a protocol document: itself, in a folder, or bundled under that name.

    Raises:
        UnusableInput: there is no such protocol.
    """
    path = Path(protocol)
    if path.is_dir() and (path / "protocol.yaml").is_file():
        return path / "protocol.yaml"
    if path.is_file():
        return path
    known = bundled()
    if protocol.lower() in known:
        return known[protocol.lower()]
    raise UnusableInput(
        "there is no such protocol",
        protocol,
        "it is neither a file nor a bundled trial",
        f"give the path of a protocol.yaml, or one of: {', '.join(known) or 'none bundled'}",
    )


def parse(content: bytes, name: str) -> Document:
    """Read a protocol document from its bytes; `name` is used in messages.

    Raises:
        UnusableInput: it is not YAML, or does not follow the schema; every fault is listed.
    """
    if len(content) > MAXIMUM_BYTES:
        why = f"a protocol has at most {MAXIMUM_BYTES:,}"
        raise UnusableInput(
            f"this document has {len(content):,} bytes", name, why, "check the file"
        )
    lines: dict[Path_, int] = {}
    data = read_yaml(content, name, lines, "gradatim.protocol/1")
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        todo = "compare with `gradatim protocol schema`"
        raise faults_of(error, name, lines, "this protocol", todo) from error
    if circle := cycle(study):
        where = f"{name}:{lines.get(('elements', circle[0]), 1)}"
        raise UnusableInput(
            "derived elements go round in a circle",
            where,
            " -> ".join(circle),
            "derive one of them from something recorded",
        )
    return Document(study, hashlib.sha256(content).hexdigest(), name, lines)


def read_yaml(content: bytes, name: str, lines: dict[Path_, int], schema: str) -> Any:
    """Read a mapping from YAML, and note the line of each of its parts in `lines`.

    Raises:
        UnusableInput: it is not such YAML; `schema` is what the document should begin with.
    """
    try:
        text = content.decode("utf-8")
        _check_tokens(text, name)
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
        what = schema.partition("/")[0].removeprefix("gradatim.")
        raise UnusableInput(f"this is not a {what}", name, why, f"begin with `schema: {schema}`")
    return _plain(root, (), lines, name)


def _check_tokens(text: str, name: str) -> None:
    """Refuse aliases, and nesting so deep that the reader would run out of its stack."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise UnusableInput(
                "YAML anchors and aliases are not allowed",
                f"{name}:{token.start_mark.line + 1}",
                "a reader must see what each rule says",
                "write the part out where it is used",
            )
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > DEEPEST:
            raise UnusableInput(
                "this is nested too deeply",
                f"{name}:{token.start_mark.line + 1}",
                f"a protocol has at most {DEEPEST} levels",
                "mend the line",
            )


_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"(?:~|null|)\Z"), lambda text: None),
    (re.compile(r"(?:true|false)\Z"), lambda text: text == "true"),
    (re.compile(r"[-+]?\d{1,300}\Z"), int),
    (re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?\Z"), float),
)


def _plain(node: Any, path: Path_, lines: dict[Path_, int], name: str) -> Any:
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


def faults_of(
    error: ValidationError, name: str, lines: dict[Path_, int], what: str, todo: str
) -> UnusableInput:
    """Give every way in which a document does not follow its schema, each with its line."""
    found = []
    for fault in error.errors():
        path = tuple(fault["loc"])
        line_path = path
        while line_path not in lines and line_path:
            line_path = _nearest(line_path, lines)
        why = fault["msg"].removeprefix("Value error, ")
        found.append((lines.get(line_path, 1), ".".join(map(str, line_path)) or "document", why))
    found = list(dict.fromkeys(sorted(found)))
    text = "".join(f"\n  {name}:{line}: {path}: {why}" for line, path, why in found[:20])
    more = f"\n  ... and {len(found) - 20} more" if len(found) > 20 else ""
    return UnusableInput(
        f"{what} does not follow the schema ({len(found)} fault{'s' if len(found) > 1 else ''})",
        f"{name}:{found[0][0]}",
        text + more + "\n",
        todo,
    )


def _nearest(path: Path_, lines: dict[Path_, int]) -> Path_:
    """Drop the first step that is not of the document (a rule's tag), else the last."""
    for i in range(len(path)):
        if path[: i + 1] not in lines:
            shorter = (*path[:i], *path[i + 1 :])
            return shorter if i < len(path) - 1 else path[:i]
    return path[:-1]
