"""Words and numbers of the feasibility page, shared with the table on the terminal."""

import re
from collections.abc import Mapping
from typing import Any

from gradatim.core.quantity import shown_unit

_Row = Mapping[str, Any]


def count_words(people: float) -> str:
    """Write a count with its thousands apart."""
    return f"{round(people):,}"


def published_count(people: float | None, threshold: int) -> str:
    """Write a published count; one that is suppressed as `<5`."""
    return f"<{threshold}" if people is None else count_words(people)


def share_words(part: float | None, whole: float | None) -> str:
    """Write a share; nothing where either is suppressed."""
    if part is None or not whole:
        return ""
    share = 100 * part / whole
    if share >= 10:
        return f"{share:.0f} %"
    return f"{share:.1f} %" if share >= 0.1 or not share else "under 0.1 %"


def headline(found: _Row) -> str:
    """Say in one sentence who could enter."""
    people, t = found["people"], int(found["suppression"]["threshold"])
    total, stay = (published_count(people[name], t) for name in ("screened", "not_excluded"))
    share = share_words(people["not_excluded"], people["screened"])
    settled = next((one["people"] for one in people["open"] if one["open"] == 0), 0)
    some = published_count(settled, t) if settled != 0 else "none"
    return (
        f"{stay} of {total} people{f' ({share})' if share else ''} "
        f"are not excluded; of these, {some} have no criterion open that a warehouse can know."
    )


def asked_words(found: _Row) -> list[str]:
    """Say what was changed against the run, and what that changed."""
    asked, t = found["question"], int(found["suppression"]["threshold"])
    words = []
    if asked["without"]:
        words.append(f"without {', '.join(asked['without'])}")
    words += [f"{id} read as {name}" for id, name in asked["readings"].items()]
    words += [
        f"{one['column']} moved from {limit_signs(one['from'])} to {limit_signs(one['to'])}"
        for one in asked["relaxed"]
    ]
    if not words:
        return []
    was = published_count(found["before"]["not_excluded"], t)
    return [f"Asked: {'; '.join(words)}. In the run as it was, {was} people are not excluded."]


def limit_signs(limit: str) -> str:
    """Write a limit with the signs of print, and without UCUM's braces: `≥ 4`, `> 1.5 × ULN`."""
    signs = limit.replace(">=", "≥").replace("<=", "≤").replace(" x ", " × ")
    bare = re.sub(r" \{[^}]*\}$", "", signs)
    return shown_unit(bare)
