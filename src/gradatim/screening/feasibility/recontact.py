"""The list for asking people again: who is not excluded, the most promising first."""

import csv
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.screening.feasibility.chunk import Chunk
from gradatim.screening.feasibility.columns import CriterionColumn

HEADER = ("rank", "person_id", "open", "open_criteria", "known_to_pass")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def allowed(role: str, approval: str) -> None:
    """Refuse a list that nobody answers for.

    Raises:
        UnusableInput: the role or the reference of the approval is missing.
    """
    for option, value, example in (
        ("--role", role, "principal investigator"),
        ("--approval", approval, "EC 2026-123"),
    ):
        if not value.strip():
            raise UnusableInput(
                "a list of people is written only with a role and an approval",
                option,
                "they are recorded in run.json",
                f'name them, such as {option} "{example}"',
            )


class Candidates:
    """Collects the people who are not excluded, in chunks."""

    def __init__(self, columns: Sequence[CriterionColumn]) -> None:
        """Begin with nobody.

        Args:
            columns: the criteria under the readings the prescreen was run with.
        """
        self._columns = columns
        self._people: list[Any] = []
        self._open: list[Any] = []
        self._passing: list[Any] = []

    def add(self, chunk: Chunk) -> None:
        """Add the people of a chunk."""
        truths = [chunk.verdicts[one.name] for one in self._columns]
        pairs = list(zip(truths, self._columns, strict=True))
        stays = np.flatnonzero(~np.any([t == one.fails for t, one in pairs], axis=0))
        if not len(stays):
            return
        open = np.array([t[stays] == 1 for t, one in pairs if one.warehouse], bool)
        self._people += chunk.about["person_id"].take(stays).to_pylist()
        self._open.append(np.packbits(open.reshape(-1, len(stays)).T, axis=1))
        self._passing.append(np.sum([t[stays] == one.passes for t, one in pairs], axis=0))

    def ranked(self, most: int | None = None) -> list[tuple[Any, ...]]:
        """Give the rows of the list.

        The fewest open warehouse-knowable criteria come first, then the most criteria known to
        pass; among equals the order of the person ids.

        Args:
            most: how many at most; None for all.
        """
        ids = [one.criterion.id for one in self._columns if one.warehouse]
        bits = np.concatenate(self._open) if self._open else np.zeros((0, 0), np.uint8)
        passing = np.concatenate(self._passing) if self._passing else np.zeros(0, np.int64)
        number = np.bitwise_count(bits).sum(axis=1)
        order = sorted(
            range(len(self._people)), key=lambda n: (number[n], -passing[n], self._people[n])
        )
        rows = []
        for rank, n in enumerate(order[:most], 1):
            flags = np.unpackbits(bits[n], count=len(ids))
            what = " ".join(id for id, flag in zip(ids, flags, strict=True) if flag)
            rows.append((rank, self._people[n], int(number[n]), what, int(passing[n])))
        return rows


def csv_text(rows: Sequence[tuple[Any, ...]]) -> str:
    """Write rows as CSV that no spreadsheet takes for formulas."""
    lines: list[str] = []
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return "".join(lines)


def _safe(cell: object) -> object:
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return cell
