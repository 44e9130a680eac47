"""Read a protocol document: YAML to a typed Study, with the line of every fault."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from gradatim.core.documents import Steps, place, read_yaml
from gradatim.core.errors import UnusableInput
from gradatim.protocol.references import cycle, dangling
from gradatim.protocol.study import Study

MAXIMUM_BYTES = 1_000_000


class Document(NamedTuple):
    """A protocol with its fingerprint and the line of each of its parts."""

    study: Study
    sha256: str
    name: str
    lines: dict[Steps, int]

    def where(self, path: Steps) -> str:
        """Give `file:line` of a part; of the nearest part above it that has a line."""
        return place(self.name, self.lines, path)


def load(protocol: str | Path) -> Document:
    """Load a protocol from a path, or a bundled one by its name.

    Raises:
        UnusableInput: there is no such protocol, or it is not a valid one.
    """
    document = read_document(protocol)
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


def read_document(protocol: str | Path) -> Document:
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
    lines: dict[Steps, int] = {}
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


def faults_of(
    error: ValidationError, name: str, lines: dict[Steps, int], what: str, todo: str
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


def _nearest(path: Steps, lines: dict[Steps, int]) -> Steps:
    """Drop the first step that is not of the document (a rule's tag), else the last."""
    for i in range(len(path)):
        if path[: i + 1] not in lines:
            shorter = (*path[:i], *path[i + 1 :])
            return shorter if i < len(path) - 1 else path[:i]
    return path[:-1]
