"""The versions of MedDRA and WHODrug that the installation holds, each as a vocabulary file."""

import logging
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from gradatim.conduct.events.coding import Dictionary
from gradatim.conduct.state import State, plain_version
from gradatim.conduct.views.coding import same_version, versions_in_use
from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import MEDDRA, WHODRUG
from gradatim.vocabulary.graph import Vocabulary
from gradatim.web.configuration import vocabularies_in

LOG = logging.getLogger("gradatim.dictionaries")

DICTIONARY_SYSTEMS: Mapping[Dictionary, str] = {"MedDRA": MEDDRA, "WHODrug": WHODRUG}
"""The code system of each dictionary."""


def dictionary(name: Dictionary, version: str) -> Vocabulary | None:
    """Return a version of a dictionary; None where the installation holds none.

    A file that holds several versions of it is not used: no code of it is of one of them. Neither
    is one that cannot be read, such as one half copied: an adverse event is reported without it.

    Args:
        name: of the dictionary.
        version: as its publisher calls it; of MedDRA without the language.
    """
    folder: Path | None = settings.DICTIONARIES
    if folder is None or not folder.is_dir():
        return None
    for path in vocabularies_in(folder):
        try:
            found = _opened(path, path.stat().st_mtime_ns, os.getpid())
        except (UnusableInput, OSError) as error:
            LOG.warning("a dictionary cannot be read", extra={"file": str(path), "why": str(error)})
            continue
        if _is_version(found, name, version):
            return found
    return None


def meddra_in_use(state: State) -> Vocabulary | None:
    """Return MedDRA in the version that the trial codes with; None where it is not at hand."""
    used = versions_in_use(state).get("MedDRA")
    return dictionary("MedDRA", used.version) if used else None


def _is_version(found: Vocabulary, name: Dictionary, version: str) -> bool:
    held = {one.version for one in found.sources if one.kind.partition(" ")[0] == name}
    if len(held) != 1:
        return False
    (said,) = held
    if not plain_version(said):
        return False  # nobody can tell which version it is
    without_language = said.partition(" ")[0] if name == "MedDRA" else said
    return same_version(said, version) or same_version(without_language, version)


@lru_cache(maxsize=16)
def _opened(path: Path, stamp: int, process: int) -> Vocabulary:
    return Vocabulary.open(path)
