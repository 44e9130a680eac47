"""A folder that appears whole or not at all."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from gradatim.core.errors import UnusableInput


class Folder:
    """A folder that is filled beside its place, and moved there when it is complete.

    Args:
        directory: its place: nothing yet, or an empty folder.

    Raises:
        UnusableInput: there is something already, or it cannot be written to.
    """

    def __init__(self, directory: Path) -> None:
        self._place = directory.resolve()

    def __enter__(self) -> Path:
        """Give the folder to fill."""
        place = self._place
        try:
            if place.is_file() or (place.is_dir() and any(place.iterdir())):
                raise UnusableInput(
                    "there is something already",
                    str(place),
                    todo="give a folder that is new or empty",
                )
            place.parent.mkdir(parents=True, exist_ok=True)
            self._work = Path(mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        except OSError as error:
            raise self._unusable(error) from error
        return self._work

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """Move it to its place, or on any fault remove it."""
        try:
            if kind is None:
                self._work.chmod(0o755)
                if self._place.exists():
                    self._place.rmdir()
                self._work.rename(self._place)
        except OSError as fault:
            raise self._unusable(fault) from fault
        finally:
            shutil.rmtree(self._work, ignore_errors=True)
        if isinstance(error, OSError):
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> UnusableInput:
        return UnusableInput(
            "the folder cannot be written to",
            str(self._place),
            error.strerror or str(error),
            "choose another folder",
        )
