"""Events of terms: the lists they are picked from, the dictionaries that they are coded with."""

from typing import Annotated, Literal

from msgspec import Meta

from gradatim.conduct.events.base import Event, Id, Text

Dictionary = Literal["MedDRA", "WHODrug"]


class DictionaryVersionAdopted(Event, frozen=True):
    """From now on the trial codes with this version of a dictionary.

    The codes of another version stay as they are, each under its version, until each is coded anew.

    Args:
        dictionary: which.
        version: as its publisher calls it.
        comment: why, such as the plan that foresees it.
    """

    dictionary: Dictionary
    version: Annotated[str, Meta(min_length=1, max_length=40)]
    comment: Text = ""


class TermListLoaded(Event, frozen=True):
    """Adverse events are picked from this list too, beside the terms of CTCAE; it is kept here.

    It is of a site, or of the whole trial. A later version stands in the place of the earlier one,
    for what is reported from then on: what was reported before is read by the list of then.

    Args:
        name: of the list.
        version: of the list.
        sha256: of the document.
        document: the table, as `clinical.term_lists` reads it.
    """

    name: Id
    version: Annotated[str, Meta(min_length=1, max_length=40)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    document: Annotated[str, Meta(max_length=900_000)]


EVENTS = (DictionaryVersionAdopted, TermListLoaded)
