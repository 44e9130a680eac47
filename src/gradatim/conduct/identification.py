"""The list of a site that tells which number is whom: what is in it, and whether the site has it.

Source: ICH E6(R3), 2.12 and appendix C (the investigator keeps the confidential list of names).
"""

from collections.abc import Mapping
from typing import NamedTuple

from gradatim.conduct.events.participants import EntryCorrected, IdentificationListExported
from gradatim.conduct.identity import BIRTH_DATE, ERASED
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import open_identity
from gradatim.conduct.state import Participant, State

COLUMNS = ("participant", "name", "birth_date", "sex", "registered_on", "status")
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Listed(NamedTuple):
    """A line of the list: a participant, and who they are."""

    one: Participant
    who: Mapping[str, str]

    @property
    def readable(self) -> bool:
        """Whether it tells who they are: their data were not erased, and their key is here."""
        return bool(self.who) and ERASED not in (self.who.get("name"), self.who.get(BIRTH_DATE))


def identification_list(keyring: Keyring, state: State, site: str) -> list[Listed]:
    """Return who is who at a site, in the order of registration; entries made in error stay.

    Raises:
        UnusableInput: a key does not open a value.
    """
    return [
        Listed(one, open_identity(keyring, state, one))
        for one in state.participants.values()
        if one.site == site
    ]


def as_csv(state: State, listed: list[Listed]) -> str:
    """Return the list as CSV (RFC 4180), in which no value is a formula to a spreadsheet.

    Source: OWASP, CSV Injection.
    """
    lines = [COLUMNS]
    for one, who in listed:
        name, born = who.get("name", ""), who.get(BIRTH_DATE, "")
        registered = str(state.events[one.position].occurred_on)
        lines.append((one.id, name, born, one.sex, registered, one.status))
    return "".join(",".join(map(_value, line)) + "\r\n" for line in lines)


def _value(text: str) -> str:
    """Return a value in quotes, with a mark before it where a spreadsheet would work it out."""
    plain = f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text
    return '"' + plain.replace('"', '""') + '"'


def list_with(state: State, one: Participant) -> int | None:
    """Return the entry by which the site of a participant took the list that tells who they are.

    One that was taken before they were registered, before who they are was corrected, or by another
    site that had them before, is not it. None where the site has none.
    """
    if not one.identity:
        return None
    corrected = state.corrected_by.get(one.position, ())
    since = max([one.position, *(at for at in corrected if _of_identity(state, at))])
    for at, made in reversed(list(state.events.of(IdentificationListExported))):
        if at > since and made.site == one.site and one.id in made.participants:
            return at
    return None


def _of_identity(state: State, position: int) -> bool:
    made = state.events[position]
    return isinstance(made, EntryCorrected) and "identity" in made.fields
