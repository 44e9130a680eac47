"""Recognise a sentence by its patterns: which it is, and what fills its holes.

No text is guessed at: labels are those of the protocol, numbers and days have their form, and a
text of which any part fits no pattern is not recognised at all.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from gradatim.web.phrases.patterns import PATTERNS

_NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)"
WORDS: Mapping[str, str] = {
    "n": _NUMBER,
    "date": r"\d{4}(?:-\d{2}(?:-\d{2})?)?",
    "quantity": rf"[<>]?=?{_NUMBER}(?: [^\s;,][^;,]*?)?",
    "amount": rf"(?:[<>]=? )?{_NUMBER}(?: [^\s;,][^;,]*?)?",
    "limit": rf"[<>]?=? ?{_NUMBER}(?: [^;,]+?)?",
    "unit": r"[^;]*?",
    "code": r"[^\s;:(][^;:]*?",
    "drug": r"[^\s;:(),][^;:(),]*?",
    "method": r"[^\s;:][^;:]*?",
    "status": r"[a-z]+(?:-[a-z]+)*",
    "records": r"[^;]+",
}
"""What fills a hole whose kind has no patterns; labels and visits are those of the protocol."""
_NESTED = {
    "clause": r"[^;]+",
    "labels": r"{label}(?:(?:, | or ){label})*",
    "visits": r"{label}(?: and {label})*",
    "drugs": r"[^;:()]+",
    "doses": r"[^;:]+",
    "doubts": r"[^;:]+",
    "years": r"\d+(?: or \d+)*",
}
"""What a kind that may contain itself looks like from outside."""
_HOLE = re.compile(r"\{([a-z]+)\d?\}")


class Phrase(NamedTuple):
    """A recognised text: the pattern (empty for a word) and what fills its holes, or the word."""

    kind: str
    pattern: str
    holes: Mapping[str, "Phrase"]
    text: str

    def patterns(self) -> Iterator[tuple[str, str]]:
        """Give every pattern of the text with its kind."""
        if self.pattern:
            yield self.kind, self.pattern
        for hole in self.holes.values():
            yield from hole.patterns()


class Grammar:
    """The patterns, for the labels of one protocol."""

    def __init__(self, labels: Iterable[str]) -> None:
        longest_first = sorted({one for one in labels if one}, key=lambda one: (-len(one), one))
        known = "|".join(map(re.escape, longest_first)) or r"(?!)"
        self._words = {**WORDS, "label": f"(?:{known})", "visit": f"(?:{known})"}

    def recognise(self, kind: str, text: str) -> Phrase | None:
        """Give what a text of that kind is; None if it fits no pattern."""
        if kind in self._words:
            fits = re.fullmatch(self._words[kind], text)
            return Phrase(kind, "", {}, text) if fits else None
        for pattern, regex in self._compiled[kind]:
            found = regex.fullmatch(text)
            holes = found and self._holes(found.groupdict())
            if holes is not None:
                return Phrase(kind, pattern, holes, text)
        return None

    def _holes(self, filled: Mapping[str, str]) -> dict[str, Phrase] | None:
        holes: dict[str, Phrase] = {}
        for name, text in filled.items():
            found = self.recognise(name.rstrip("0123456789"), text)
            if found is None:
                return None
            holes[name] = found
        return holes

    @cached_property
    def _compiled(self) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
        return {
            kind: [(one, re.compile(self._regex(one, named=True))) for one in patterns]
            for kind, patterns in PATTERNS.items()
        }

    def _regex(self, pattern: str, named: bool) -> str:
        parts, at = [], 0
        for hole in _HOLE.finditer(pattern):
            inside = self._outside(hole[1])
            parts += [
                re.escape(pattern[at : hole.start()]),
                f"(?P<{hole[0][1:-1]}>{inside})" if named else f"(?:{inside})",
            ]
            at = hole.end()
        return "".join([*parts, re.escape(pattern[at:])])

    def _outside(self, kind: str) -> str:
        """Give what a hole of a kind looks like, whatever is in it."""
        if kind in _NESTED:
            return _NESTED[kind].replace("{label}", self._words["label"])
        if kind in self._words:
            return self._words[kind]
        return "|".join(self._regex(one, named=False) for one in PATTERNS[kind])
