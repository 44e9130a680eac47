"""Events of coding: the versions of dictionaries that the trial codes with."""

from typing import Annotated, Literal

from msgspec import Meta

from gradatim.conduct.events.base import Event, Text

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


EVENTS = (DictionaryVersionAdopted,)
