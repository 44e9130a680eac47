"""Messages made below, said in the language of the page; a text in no catalogue stays as it is."""

from typing import NamedTuple

from django.utils.translation import pgettext

from gradatim.core.message import Label, Language, Template, Term, Text, has_free_text
from gradatim.core.quantity import shown_unit
from gradatim.protocol.study import Study
from gradatim.protocol.translation.document import Translation


class Localised(NamedTuple):
    """A text for the page, and whether it is still in the language it was made in."""

    text: str
    original: bool = False


class Localiser(Language):
    """Says the messages of one study in the language of the page.

    A template is a message of the translation files in the context `phrase`, a drug, a method or a
    result one in the context `word`; labels are those of the protocol's own translation.

    Args:
        study: whose labels stand in the messages.
        translation: of the study's own words; None: they stay as they are.
        active: whether the page is in another language at all.
    """

    def __init__(self, study: Study, translation: Translation | None, active: bool) -> None:
        self.study, self.translation, self.active = study, translation, active

    def localise(self, text: Text) -> Localised:
        """Return a text for the page; half a sentence is never said in another language."""
        if not self.active:
            return Localised(str(text))
        if has_free_text(text):
            return Localised(str(text), original=bool(text))
        return Localised(self.say(text))

    def template(self, template: Template) -> str:
        """Return the words of a template, with its holes."""
        english = super().template(template)
        return pgettext("phrase", english) if self.active else english

    def label(self, label: Label) -> str:
        """Return the words of a label."""
        return self.label_words(label.words)

    def label_words(self, words: str) -> str:
        """Return a label, given its words in the protocol."""
        return (self.translation.label(words) if self.translation else None) or words

    def term(self, term: Term) -> str:
        """Return the word for a drug, a method or a result; one nobody knows stays as it is."""
        if not self.active:
            return term.text
        element = self.study.elements.get(term.text)
        return self.label_words(element.label) if element else pgettext("word", term.text)

    def measure(self, text: str) -> str:
        """Return a unit, or a number with its unit, with the signs that people use."""
        # A bare 1 is a number here; as a unit it would be nothing.
        return shown_unit(text) if self.active and text != "1" else text
