"""Messages: what a sentence says, apart from the language that it is said in.

A message is a template and the values that fill its holes: numbers, days, quantities, labels of the
protocol, names of drugs, other messages. The English of a template stands once, in the catalogue of
the floor that makes the message; it is also what other languages translate. Nothing is rendered
before somebody asks for the text.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import NamedTuple, Protocol, Union

from gradatim.core.quantity import Quantity, plain_number


class Template(Enum):
    """A catalogue of templates: each member's name identifies it, its value is its English.

    A hole is a name in braces. A member called with the values of its holes gives the message.
    """

    @property
    def id(self) -> str:
        """The identifier: of the catalogue, and in it."""
        return f"{type(self).__name__}.{self.name}"

    def __call__(self, **arguments: "Argument") -> "Message":
        """Return the message of this template with its holes filled."""
        return Message(self, arguments)


class Message(NamedTuple):
    """What a sentence, or a part of one, says.

    Args:
        template: which sentence.
        arguments: what fills its holes, by name.
    """

    template: Template
    arguments: Mapping[str, "Argument"]

    def __str__(self) -> str:
        """The English text."""
        return ENGLISH.say(self)

    def __hash__(self) -> int:
        """A mapping has no hash, but equal messages have the same text."""
        return hash(str(self))


class Series(NamedTuple):
    """Several values one after another.

    Args:
        items: the values, one at least.
        pair: how a language writes one and what follows it.
        last: how it writes the last two; None: as all others.
        distinct: whether what reads the same is written once.
    """

    items: tuple["Argument", ...]
    pair: "Pair"
    last: "Pair | None" = None
    distinct: bool = False

    def __str__(self) -> str:
        """The English text."""
        return ENGLISH.say(self)


class Pair(Template):
    """How two things are written one after the other."""

    COMMA = "{first}, {rest}"
    OR = "{first} or {rest}"
    AND = "{first} and {rest}"
    SEMICOLON = "{first}; {rest}"
    SPACE = "{first} {rest}"


class Label(NamedTuple):
    """A label of the protocol, which a translation of the protocol may have in other words.

    Args:
        words: the label.
        name: of what: an element, a visit; empty where it does not matter.
    """

    words: str
    name: str = ""


class Term(NamedTuple):
    """A word of a record: a drug, a method, a coded result; written as it is if no language has it.

    The name of an element of the protocol stands for its label in languages other than English.
    """

    text: str


class Measure(NamedTuple):
    """A unit, or a number with its unit; a language may write the unit with other signs."""

    text: str


class Number(NamedTuple):
    """A number as it is shown.

    Args:
        value: the number.
        format: how many digits, in the words of Python's `format`; empty: without needless ones.
    """

    value: float
    format: str = ""

    def __str__(self) -> str:
        """Its digits."""
        return format(self.value, self.format) if self.format else plain_number(self.value)


class HasWording(Protocol):
    """A value that says itself what it is written as."""

    def wording(self) -> "Argument":
        """Return what it is written as."""
        ...


Argument = Union[  # noqa: UP007 (names of classes that follow)
    str, int, date, Number, Quantity, Label, Term, Measure, Message, Series, HasWording
]
"""What may fill a hole; a `str` is a text that is in nobody's catalogue, and stays as it is."""
Text = Message | Series | str
"""What may be said: of a `str` there is only what somebody wrote, in English; an empty one says
nothing."""


def join(
    items: Sequence[Argument], pair: Pair, last: Pair | None = None, distinct: bool = False
) -> Argument:
    """Return several values one after another; of one, that one (there is one at least)."""
    return items[0] if len(items) == 1 else Series(tuple(items), pair, last, distinct)


def clauses(*texts: Text) -> Text:
    """Return clauses that stand side by side, each once; nothing of those that say nothing."""
    said = tuple(one for one in texts if one)
    if len(said) > 1:
        return Series(said, Pair.SEMICOLON, distinct=True)
    return said[0] if said else ""


class Language:
    """How a language says things; this one is English, as the templates have it."""

    def template(self, template: Template) -> str:
        """Return the words of a template, with its holes."""
        words: str = template._value_  # `value` is a slow way to the same
        return words

    def label(self, label: Label) -> str:
        """Return the words of a label."""
        return label.words

    def term(self, term: Term) -> str:
        """Return the word for a term."""
        return term.text

    def measure(self, text: str) -> str:
        """Return a unit, or a number with its unit, as people write it."""
        return text

    def say(self, what: Argument) -> str:
        """Return the text of a message, or of a value in one."""
        if isinstance(what, Message):
            holes = {name: self.say(value) for name, value in what.arguments.items()}
            return self.template(what.template).format_map(holes)
        if isinstance(what, Label):
            return self.label(what)
        if isinstance(what, str | int | date | Number):
            return str(what)
        if isinstance(what, Term):
            return self.term(what)
        if isinstance(what, Quantity):
            return self.measure(str(what))
        if isinstance(what, Measure):
            return self.measure(what.text)
        if isinstance(what, Series):
            return self._series(what)
        return self.say(what.wording())

    def _series(self, what: Series) -> str:
        texts = [self.say(one) for one in what.items]
        shown: Iterable[str] = dict.fromkeys(texts) if what.distinct else texts
        *before, said = shown
        pair = what.last or what.pair
        for one in reversed(before):
            said = self.template(pair).format(first=one, rest=said)
            pair = what.pair
        return said


ENGLISH = Language()


def has_free_text(what: Argument) -> bool:
    """Whether a part of a text is in no catalogue, so that only English has it in whole."""
    if isinstance(what, Message):
        return any(map(has_free_text, what.arguments.values()))
    if isinstance(what, Series):
        return any(map(has_free_text, what.items))
    return isinstance(what, str)
