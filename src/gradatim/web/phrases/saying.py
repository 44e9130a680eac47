"""Say a text made in English in the language of the page; one not recognised stays as it is."""

import re
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import pgettext

from gradatim.protocol.study import Study
from gradatim.protocol.translation.check import scheduled_labels
from gradatim.protocol.translation.document import Translation
from gradatim.web.phrases.parsing import Grammar, Phrase
from gradatim.web.units import unit_in_words

_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z\d])")


class Said(NamedTuple):
    """A text for the page, and whether it is still in the language it was made in."""

    text: str
    original: bool = False


class Speaker:
    """Says the texts of one study.

    Args:
        study: whose labels stand in the texts.
        translation: of the study's own words; None: they stay as they are.
        active: whether the page is in another language at all.
    """

    def __init__(self, study: Study, translation: Translation | None, active: bool) -> None:
        self.study, self.translation, self.active = study, translation, active
        self._grammar = _grammar(labels_of(study))

    def label(self, words: str) -> str:
        """Say a label."""
        return (self.translation.label(words) if self.translation else None) or words

    def clauses(self, text: str) -> Said:
        """Say why a verdict is as it is: clauses with semicolons between them."""
        return self._each("clauses", text, "；")

    def sentences(self, text: str) -> Said:
        """Say sentences that stand after one another."""
        return self._each("sentences", text)

    def phrase(self, kind: str, text: str) -> Said:
        """Say a text of one kind of pattern."""
        return self._each(kind, text)

    def _each(self, kind: str, text: str, between: str = "") -> Said:
        if not text or not self.active:
            return Said(text)
        found = [self._grammar.recognise(*part) for part in parts_of(kind, text)]
        said = [self._say(one) for one in found if one is not None]
        return Said(between.join(said)) if len(said) == len(found) else Said(text, True)

    def _say(self, one: Phrase) -> str:
        if not one.pattern:
            return self._word(one)
        holes = {name: self._say(inside) for name, inside in one.holes.items()}
        return pgettext("phrase", one.pattern).format_map(holes)

    def _word(self, one: Phrase) -> str:
        if one.kind in ("label", "visit"):
            return self.label(one.text)
        if one.kind in ("quantity", "amount", "unit"):
            return unit_in_words(one.text)
        return self._named(one.text)

    def _named(self, text: str) -> str:
        """Say a result, a method or a drug; one nobody knows stays as the record writes it."""
        element = self.study.elements.get(text)
        return self.label(element.label) if element else pgettext("word", text)


def parts_of(kind: str, text: str) -> list[tuple[str, str]]:
    """Give the parts of a text that are said one by one, each with its kind."""
    if kind == "clauses":
        return [("clause", part) for part in text.split("; ")]
    if kind == "sentences":
        return [("sentence", part) for part in _SENTENCES.split(text)]
    return [(kind, text)]


def labels_of(study: Study) -> tuple[str, ...]:
    """Give every label that can stand in a text, and the names of elements without one."""
    labels = [one.label for one in study.elements.values()]
    return tuple(dict.fromkeys([*labels, *scheduled_labels(study), *study.elements]))


@lru_cache(maxsize=8)
def _grammar(labels: tuple[str, ...]) -> Grammar:
    return Grammar(labels)
