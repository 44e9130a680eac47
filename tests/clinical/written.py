"""Terms as people and their input methods write them: other widths, cases, unseen characters."""

from hypothesis import strategies as st

UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\ufe0f"
SPACES = (" ", "  ", "\u00a0", "\u3000", "\t", "\u2009")


def disguised(term: str) -> st.SearchStrategy[tuple[str, str]]:
    """Return a term with the same term written otherwise."""
    letters = st.tuples(*(_written(one) for one in term))
    around = st.sampled_from(("", *SPACES, *UNSEEN))
    return st.tuples(around, letters, around).map(
        lambda parts: (term, parts[0] + "".join(parts[1]) + parts[2])
    )


def _written(letter: str) -> st.SearchStrategy[str]:
    if letter == " ":
        return st.sampled_from(SPACES)
    wide = chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter
    ways = (letter, letter.upper(), letter.lower(), wide)
    return st.tuples(st.sampled_from(ways), st.sampled_from(("", "", "", *UNSEEN))).map("".join)
