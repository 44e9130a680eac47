"""Messages as the ledger keeps them, and messages again when they are read back."""

from datetime import date
from functools import lru_cache
from string import Formatter

import msgspec

from gradatim.conduct.events.messages import (
    StoredDay,
    StoredLabel,
    StoredMeasure,
    StoredMessage,
    StoredNumber,
    StoredQuantity,
    StoredSeries,
    StoredTerm,
    StoredText,
)
from gradatim.conduct.messages import Breach, Standing
from gradatim.conduct.state import Deviation
from gradatim.core.dates import Calendar
from gradatim.core.message import (
    Argument,
    Label,
    Measure,
    Message,
    Number,
    Pair,
    Series,
    Template,
    Term,
    Text,
)
from gradatim.core.quantity import Quantity
from gradatim.dosing.messages import Limit
from gradatim.evidence.doubts import Doubt
from gradatim.rules.messages import CATALOGUES

KNOWN: tuple[type[Template], ...] = (Breach, Standing, Limit, Doubt, Pair, Calendar, *CATALOGUES)
"""The catalogues of which a deviation may say something."""


MOST_NESTED = 40
"""Messages in messages: more than any rule says, and few enough to be read."""


def stored(text: Text) -> StoredText | None:
    """Return a text as the ledger keeps it, if it says the same when it is read back.

    Returns:
        None of one that somebody wrote, that is empty, or that cannot be kept, such as a number
        that is none: it is for other languages, and no entry waits for it.
    """
    if isinstance(text, str):
        return None
    try:
        kept = _stored(text)
        back = read_back(msgspec.json.decode(msgspec.json.encode(kept), type=StoredText))
    except (msgspec.MsgspecError, OverflowError, ValueError, RecursionError):
        return None
    return kept if str(back) == str(text) else None


def _stored(what: Argument) -> StoredText:
    match what:
        case Message():
            arguments = {name: _stored(value) for name, value in what.arguments.items()}
            return StoredMessage(id=what.template.id, arguments=arguments)
        case Series():
            return StoredSeries(
                items=tuple(map(_stored, what.items)),
                pair=what.pair.id,
                last=what.last.id if what.last else None,
                distinct=what.distinct,
            )
        case Label():
            return StoredLabel(words=what.words, name=what.name)
        case Term():
            return StoredTerm(text=what.text)
        case Measure():
            return StoredMeasure(text=what.text)
        case Number():
            return StoredNumber(value=what.value, format=what.format)
        case Quantity():
            return StoredQuantity(value=what.value, unit=what.unit, bound=what.bound)
        case date():
            return StoredDay(on=what)
        case str() | int():
            return what
    return _stored(what.wording())


def description_of(deviation: Deviation) -> Text:
    """Return why a rule was broken: its message, if that says what was recorded; else the text.

    A ledger of another version may name a sentence that is not known here, or has other words now.
    """
    found = None if deviation.message is None else read_back(deviation.message)
    return found if found and str(found) == deviation.description else deviation.description


def read_back(kept: StoredText) -> Text | None:
    """Return the message that the ledger keeps; None where it is of no sentence known here."""
    try:
        text = _read(kept, MOST_NESTED)
    except _UnknownSentenceError:
        return None
    return text if isinstance(text, Message | Series) else None


class _UnknownSentenceError(Exception):
    """A stored message names a template, or holes, that are not known here, or nests too deep."""


@lru_cache(maxsize=1)
def _templates() -> dict[str, Template]:
    return {one.id: one for catalogue in KNOWN for one in catalogue}


def _template(id: str) -> Template:
    found = _templates().get(id)
    if found is None:
        raise _UnknownSentenceError(id)
    return found


def _pair(id: str) -> Pair:
    found = _template(id)
    if not isinstance(found, Pair):
        raise _UnknownSentenceError(id)
    return found


def _nested(what: StoredText, depth: int) -> Argument:
    if not depth:
        raise _UnknownSentenceError
    return _read(what, depth - 1)


def _read(what: StoredText, depth: int) -> Argument:
    match what:
        case StoredMessage():
            return _message(what, depth)
        case StoredSeries() if what.items:
            last = _pair(what.last) if what.last else None
            items = tuple(_nested(one, depth) for one in what.items)
            return Series(items, _pair(what.pair), last, what.distinct)
        case StoredLabel():
            return Label(what.words, what.name)
        case StoredTerm():
            return Term(what.text)
        case StoredMeasure():
            return Measure(what.text)
        case StoredNumber():
            return Number(what.value, what.format)
        case StoredQuantity():
            return Quantity(what.value, what.unit, what.bound)
        case StoredDay():
            return what.on
        case str() | int():
            return what
    raise _UnknownSentenceError


def _message(what: StoredMessage, depth: int) -> Message:
    template = _template(what.id)
    holes = {name for _, name, _, _ in Formatter().parse(template.value) if name}
    if holes != what.arguments.keys():
        raise _UnknownSentenceError(what.id)
    arguments = {name: _nested(value, depth) for name, value in what.arguments.items()}
    return Message(template, arguments)
