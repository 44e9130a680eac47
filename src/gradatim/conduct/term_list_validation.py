"""A list of terms that cannot be meant: it cannot be read, or its version is there already."""

from hashlib import sha256

from gradatim.clinical.term_lists import read_term_list
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.coding import TermListLoaded
from gradatim.conduct.state import State, plain_version
from gradatim.core.errors import UnusableInput


def validate_term_list(state: State, event: Event) -> None:
    """A list can be read, has its hash, and one version of it is one list.

    Raises:
        UnusableInput: it is not so; of a list that cannot be read, with its line.
    """
    if not isinstance(event, TermListLoaded):
        return
    read_term_list(event.document, f"the list {event.name}")
    if sha256(event.document.encode()).hexdigest() != event.sha256:
        raise UnusableInput(
            f"the hash of the list {event.name} is another one",
            type(event).__name__,
            todo="give the SHA-256 of the document as it is",
        )
    for position, known in state.events.of(TermListLoaded):
        same = (known.site, known.name) == (event.site, event.name)
        if same and plain_version(known.version) == plain_version(event.version):
            raise UnusableInput(
                f"there is a version {event.version} of the list {event.name}",
                type(event).__name__,
                f"entry {position} holds it",
                f"give this one another version, or first mark entry {position} as made in error",
            )
