"""A page as a browser reads it, so that no test depends on how templates are laid out."""

import re
from typing import Protocol

INLINE = (
    r"(?:a|abbr|b|br|button|code|em|i|img|input|label|mark|q|s|select|small|span|strong|svg|time)\b"
)
"""Elements beside which whitespace is seen."""


class Response(Protocol):
    """What a client of the tests was answered."""

    @property
    def content(self) -> bytes:
        """The bytes of the page."""


def markup(response: Response) -> str:
    """Return a page without the whitespace that nobody sees."""
    return tidied(response.content.decode())


def tidied(text: str) -> str:
    """Return markup with one space where whitespace is seen, and none elsewhere."""
    text = re.sub(r"[ \t\r\n\f]+", " ", text)
    text = re.sub(r"(<[^<>]*[^<> ]) >", r"\1>", text)
    return re.sub(rf" ?(</?(?!{INLINE})\w[^<>]*>) ?", r"\1", text)
