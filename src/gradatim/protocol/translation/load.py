"""Read the translation files that lie beside a protocol: `zh-Hans.yaml` beside `protocol.yaml`."""

from pathlib import Path

from pydantic import ValidationError

from gradatim.core.documents import Steps, read_yaml
from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import MAXIMUM_BYTES, bundled, faults_of, locate
from gradatim.protocol.study import Study
from gradatim.protocol.translation.check import differences
from gradatim.protocol.translation.document import Translation

SCHEMA = "gradatim.translation/1"


def told(protocol: str | Path, study: Study) -> list[tuple[str, str, bool]]:
    """Give what is wrong with the translations beside a protocol: where, what, only a warning."""
    found = []
    for path in beside(protocol):
        translation, lines = read_translation(path)
        for one in differences(translation, study):
            at = next(
                (lines[one.path[:n]] for n in range(len(one.path), 0, -1) if one.path[:n] in lines),
                1,
            )
            found.append((f"{path}:{at}", one.what, one.warning))
    return found


def beside(protocol: str | Path) -> list[Path]:
    """Give the translation files that lie beside a protocol, or beside a bundled one."""
    return translations_in(locate(str(protocol)).parent)


def translations_in(folder: Path) -> list[Path]:
    """Give the translation files of a folder: those that say so in their first lines."""
    return [path for path in sorted(folder.glob("*.yaml")) if _says_so(path)]


def _says_so(path: Path) -> bool:
    with path.open("rb") as file:
        lines = file.read(4096).decode("utf-8", "replace").splitlines()
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.startswith(f"schema: {SCHEMA.partition('/')[0]}/")


def load_translation(path: Path) -> Translation:
    """Read one translation file.

    Raises:
        UnusableInput: it cannot be read, or does not follow the schema; every fault is listed.
    """
    return read_translation(path)[0]


def read_translation(path: Path) -> tuple[Translation, dict[Steps, int]]:
    """Read one translation file, with the line of each of its parts; see `load_translation`."""
    content, name, lines = path.read_bytes(), str(path), dict[Steps, int]()
    if len(content) > MAXIMUM_BYTES:
        raise UnusableInput(
            "this translation is too large", name, f"{len(content):,} bytes", "check the file"
        )
    data = read_yaml(content, name, lines, SCHEMA)
    try:
        return Translation.model_validate(data), lines
    except ValidationError as error:
        todo = "compare with the bundled trial's zh-Hans.yaml"
        raise faults_of(error, name, lines, "this translation", todo) from error


def translation_of(study: str, language: str, folder: Path | None = None) -> Translation | None:
    """Give the translation of a study into a language, if there is one.

    Args:
        study: the protocol's id.
        language: BCP 47 tag, in any case: `zh-hans`.
        folder: where to look first; then beside the bundled protocols.
    """
    folders = [*([folder] if folder else []), *(path.parent for path in bundled().values())]
    for path in (path for one in folders for path in translations_in(one)):
        found = load_translation(path)
        if found.study == study and found.language.lower() == language.lower():
            return found
    return None
