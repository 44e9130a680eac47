"""What is wrong with a protocol document: the rules' linter and the designs, in one list.

A document is judged in one place, whoever asks: `gradatim protocol check`, a simulation, or the
act that puts it into force.
"""

from functools import lru_cache
from typing import NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.core.same import Same
from gradatim.dosefinding.protocol_design import design_faults
from gradatim.protocol.load import Document
from gradatim.protocol.references import Fault
from gradatim.protocol.study import Study
from gradatim.rules.lint import lint

MOST_FAULTS = 20
"""Faults that one message lists."""


class Placed(NamedTuple):
    """A fault with its place.

    Args:
        where: file and line.
        what: what is wrong there.
        warning: whether the document can be used all the same.
    """

    where: str
    what: str
    warning: bool

    def __str__(self) -> str:
        """As it is printed, one line."""
        return f"{self.where}: {'warning: ' * self.warning}{self.what}"


def faults(study: Study) -> tuple[Fault, ...]:
    """Return every fault of a protocol, warnings included."""
    return _faults(Same(study))


@lru_cache(maxsize=16)
def _faults(of: Same[Study]) -> tuple[Fault, ...]:
    return (*lint(of.it), *design_faults(of.it))


def placed(document: Document) -> list[Placed]:
    """Return every fault of a document with file and line, warnings included."""
    return [
        Placed(document.where(fault.path), fault.what, fault.warning)
        for fault in faults(document.study)
    ]


def refuse_faulty(document: Document) -> None:
    """Refuse a document with faults that are more than warnings.

    Raises:
        UnusableInput: there are some; the message lists them with file and line.
    """
    wrong = [str(fault) for fault in placed(document) if not fault.warning]
    if wrong:
        listed = "".join(f"\n  {fault}" for fault in wrong[:MOST_FAULTS])
        more = f"\n  ... and {len(wrong) - MOST_FAULTS} more" if len(wrong) > MOST_FAULTS else ""
        raise UnusableInput(
            f"this protocol has {len(wrong)} fault{'s' * (len(wrong) > 1)}",
            document.name,
            f"{listed}{more}\n",
            "mend them; `gradatim protocol check` lists them all",
        )
