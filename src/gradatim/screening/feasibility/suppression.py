"""Small cells: what may be shared of counts of people.

Every published count is rounded down to a multiple of the threshold, so that no difference of
published numbers is a small cell, and a count below the threshold is not published at all (None:
"fewer than 5", perhaps none). What is left to infer:

- Counts that only contain one another (a funnel, a curve): each lies anywhere in its interval
  [p, p + t - 1]. Where p is monotone, both all lower and all upper ends are possible, and so is the
  upper end for every set that contains one set and the lower for the rest; so every difference
  takes at least t values and none is settled. Steps are therefore published only as differences of
  the published numbers, and not below 2t, where a step could be a small cell.
- Parts that add up to a known total: they are settled only if all stand at their upper end. Then
  the largest is rounded up instead, which other people could show just as well.

The brute-force tests of both are in tests/screening/test_verdicts_suppression.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mask:
    """How counts are published. A threshold of 0 or 1 publishes them as they are."""

    threshold: int = 5

    @property
    def active(self) -> bool:
        """Whether anything is suppressed."""
        return self.threshold > 1

    def count(self, people: float) -> int | float | None:
        """Publish one count; None where it is below the threshold."""
        if not self.active:
            return people
        return int(people // self.threshold) * self.threshold or None

    def whole(self, people: int) -> int | None:
        """Publish one count of whole people."""
        found = self.count(people)
        return None if found is None else int(found)

    def fall(self, before: int, after: int) -> int | None:
        """Publish how many fewer `after` is than `before`, from nothing but what is published."""
        if not self.active:
            return before - after
        step = (self.whole(before) or 0) - (self.whole(after) or 0)
        return step if step >= 2 * self.threshold else None

    def parts(self, cells: Sequence[int], total: int) -> list[int | None]:
        """Publish parts that add up to a total that may be known."""
        found = [self.whole(cell) for cell in cells]
        if self.active and len(cells) > 1:
            highest = sum((one or 0) + self.threshold - 1 for one in found)
            if highest == total:
                at = max(range(len(cells)), key=cells.__getitem__)
                found[at] = (found[at] or 0) + self.threshold
        return found

    def words(self) -> dict[str, int | str]:
        """Say in the document how to read its counts."""
        if not self.active:
            return {
                "threshold": 0,
                "meaning": "every count is exact: for internal use only, not for sharing",
            }
        t = self.threshold
        return {
            "threshold": t,
            "rounded_to": t,
            "meaning": f"counts are rounded down to multiples of {t}, so that sums may differ; "
            f"null is fewer than {t}, perhaps none; a null `removed` is fewer than {2 * t}; "
            "`suppressed` names what is null for this reason",
        }
