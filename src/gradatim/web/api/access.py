"""What a token sees and may record: what its user does, or one role of theirs alone."""

from gradatim.conduct.permissions import MAY
from gradatim.conduct.state import State
from gradatim.web.access import Access, access_of


class Held(Access):
    """Access by the roles that are held here, which may be fewer than the user has."""

    def may(self, event: str, site: str = "") -> bool:
        """See `Access.may`."""
        return any(
            role in MAY[event] and ("" in sites or site in sites)
            for role, sites in self.held.items()
        )


def held_by(state: State, user: str, role: str) -> Held:
    """Give the access of a user's token; `role` is the one it is limited to, "" for all."""
    held = {
        name: sites for name, sites in access_of(state, user).held.items() if role in ("", name)
    }
    return Held(user, state, held)
