"""The tables in a folder of Parquet files: `measurement.parquet`, or a folder of its parts."""

from pathlib import Path

from gradatim.core.errors import UnusableInput

_FORM = (
    "give a folder with person.parquet, measurement.parquet and so on, or a folder of parts each"
)


def tables_in(folder: str, source: str) -> dict[str, list[Path]]:
    """Find the tables of a folder.

    Args:
        folder: to look into. `person.parquet`, `person/` and `person.parquet/` all name the table
            `person`, in any case; parts are sought in subfolders too.
        source: what to call it in messages.

    Returns:
        for each table, by its name in lower case, its files in order of their names.

    Raises:
        UnusableInput: there is no such folder, no table in it, or one table twice.
    """
    found: dict[str, list[Path]] = {}
    for entry in _entries(Path(folder), source):
        files = _parts(entry) if entry.is_dir() else [entry] if _is_parquet(entry) else []
        name = entry.name.lower().removesuffix(".parquet")
        if files and name in found:
            raise UnusableInput(
                f"the table {name} is there twice",
                source,
                f"{entry.name} and {found[name][0]}",
                "remove one",
            )
        if files:
            found[name] = files
    if not found:
        raise UnusableInput("this folder has no Parquet files", source, todo=_FORM)
    return found


def _entries(folder: Path, source: str) -> list[Path]:
    if not folder.exists():
        raise UnusableInput("there is no such folder", source, todo=_FORM)
    if not folder.is_dir():
        raise UnusableInput("this is a file, not a folder", source, todo=_FORM)
    return sorted(entry for entry in folder.iterdir() if not _hidden(entry))


def _parts(folder: Path) -> list[Path]:
    inside = sorted(folder.rglob("*"))
    return [file for file in inside if _is_parquet(file) and not _within_hidden(file, folder)]


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() == ".parquet" and file.is_file()


def _within_hidden(file: Path, folder: Path) -> bool:
    return any(part[0] in "._" for part in file.relative_to(folder).parts)


def _hidden(entry: Path) -> bool:
    """What engines leave beside data: `_SUCCESS`, `_temporary`, `.crc`."""
    return entry.name[0] in "._"
