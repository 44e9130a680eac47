"""Words and symbols for verdicts: never colour alone."""

from rich.text import Text

_STATUS = {
    "eligible": ("✔", "eligible", "bold green"),
    "ineligible": ("✘", "not eligible", "bold red"),
    "undetermined": ("?", "undetermined", "bold yellow"),
}
PASSES = {
    True: ("✔", "passes", "green"),
    False: ("✘", "fails", "bold red"),
    None: ("?", "unknown", "yellow"),
}


def status_text(status: str) -> Text:
    """Give a status as symbol and words."""
    symbol, word, style = _STATUS[status]
    return Text(f"{symbol} {word}", style)


def passes_text(passes: bool | None) -> Text:
    """Give a criterion's outcome as symbol and word."""
    symbol, word, style = PASSES[passes]
    return Text(f"{symbol} {word}", style)
