"""Count a prescreen's files for a question: the one call behind `funnel.json`, page and table."""

from collections.abc import Callable, Iterable

from gradatim.protocol.load import Document
from gradatim.screening.feasibility.chunk import Chunk
from gradatim.screening.feasibility.count_pass import Counting, Tally
from gradatim.screening.feasibility.funnel import FunnelRow, funnel_document
from gradatim.screening.feasibility.load import Files
from gradatim.screening.feasibility.question import FeasibilityQuestion, question
from gradatim.screening.feasibility.suppression import Mask

_Watch = Callable[[Iterable[Chunk]], Iterable[Chunk]]


def funnel(
    files: Files,
    document: Document,
    asked: FeasibilityQuestion | None = None,
    suppress: int = 5,
    watch: _Watch = iter,
) -> FunnelRow:
    """Give the funnel document of a prescreen.

    Args:
        files: what the prescreen wrote.
        document: the protocol it was run with.
        asked: what to leave out, read otherwise or relax; nothing by default.
        suppress: counts below it are not published; 0 publishes everything, for internal use.
        watch: what the chunks pass through on their way, such as a progress bar.

    Raises:
        UnusableInput: the files are damaged, or not of this protocol.
    """
    plain = question(document.study, files.readings)
    asked = asked or plain
    before = count_people(files, document, plain, watch) if asked.changes else None
    now = count_people(files, document, asked, watch)
    return funnel_document(document, asked, now, Mask(suppress), before)


def count_people(
    files: Files, document: Document, asked: FeasibilityQuestion, watch: _Watch = iter
) -> Tally:
    """Count people for a question, in one pass over the files.

    Raises:
        UnusableInput: the files are damaged, or not of this protocol.
    """
    there = files.names
    counting = Counting(document.study, files.readings, asked, there)
    about = [name for name in ("site",) if name in there["verdicts"]]
    for chunk in watch(files.chunks(**counting.columns(), about=about)):
        counting.add(chunk)
    return counting.tally()
