"""Numbers for texts, so that an engine compares integers."""


class Numbers:
    """Gives each text a number, the empty one 0."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {"": 0}

    def of(self, text: str) -> int:
        """Give the number of a text, a new one if it has none."""
        return self._known.setdefault(text, len(self._known))

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, by number."""
        return tuple(self._known)
