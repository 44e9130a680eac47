"""One pass over a prescreen's files: everything that is counted of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradatim.protocol.study import Study
from gradatim.screening.feasibility.chunk import Chunk, Truths
from gradatim.screening.feasibility.columns import alternatives
from gradatim.screening.feasibility.movable_limits import grid, movable
from gradatim.screening.feasibility.patterns import Collector, Patterns, Words, mask, ones, pack
from gradatim.screening.feasibility.question import FeasibilityQuestion
from gradatim.screening.feasibility.readings_effect import Effect, statuses
from gradatim.screening.feasibility.reasons import NUMBERS
from gradatim.screening.feasibility.relaxation import Curve, relaxed

_KINDS = 1 + max(NUMBERS.values())


@dataclass(frozen=True)
class Tally:
    """What was counted.

    Args:
        patterns: the people by what they fail and what is open.
        reasons: for each criterion the people by the number of the reason why it is unknown
            (`reasons.NUMBERS`).
        effects: what each other reading would change.
        curves: whom each limit lets pass as it moves.
        sites: for each site its people, those not excluded, and of these those with no
            warehouse-knowable criterion open; empty if the sites are not known.
    """

    patterns: Patterns
    reasons: Mapping[str, NDArray[np.int64]]
    effects: Sequence[Effect]
    curves: Sequence[Curve]
    sites: Mapping[str, tuple[int, int, int]]


class Counting:
    """Counts people who arrive in chunks, as a question asks."""

    def __init__(
        self,
        study: Study,
        run: Mapping[str, str],
        asked: FeasibilityQuestion,
        there: Mapping[str, Iterable[str]],
    ) -> None:
        """Begin with nobody.

        Args:
            study: the protocol.
            run: the readings the prescreen was run with.
            asked: what to count.
            there: the columns there are, by file; a reading without its column of verdicts, a
                limit without margins, and a criterion without reasons are left out.
        """
        self._asked, self._used = asked, asked.columns
        ids = [one.criterion.id for one in self._used]
        self._places = {id: place for place, id in enumerate(ids)}
        self._warehouse = mask([one.warehouse for one in self._used])[:, None]
        self._patterns = Collector(ids, [one.warehouse for one in self._used])
        verdicts, margins, reasons = (
            set(there.get(file, ())) for file in ("verdicts", "margins", "reasons")
        )
        self._reasons = {
            one.criterion.id: np.zeros(_KINDS, np.int64)
            for one in self._used
            if one.name in reasons
        }
        self._effects = list(self._all_effects(study, run, verdicts))
        self._curves = [
            Curve(limit, grid(limit))
            for one in self._used
            if one.name == one.criterion.id
            for limit in movable(one)
            if limit.column in margins
        ]
        self._sites: dict[str, Counter[str]] = {}

    def _all_effects(
        self, study: Study, run: Mapping[str, str], there: set[str]
    ) -> Iterable[Effect]:
        for own, changed in alternatives(study, run, self._asked.readings):
            counted = [
                (self._places[one.criterion.id], one)
                for one in changed
                if one.criterion.id in self._places
            ]
            if own.criterion.id in self._places and all(one.name in there for _, one in counted):
                yield Effect(own, counted)

    def columns(self) -> dict[str, list[str]]:
        """Name the columns that chunks must hold, by file."""
        verdicts = [one.name for one in self._used]
        verdicts += [one.name for effect in self._effects for _, one in effect.replaced]
        moved = [one.limit for one in self._asked.relaxed]
        margins = [one.limit.column for one in self._curves]
        margins += [name for limit in moved for name in (limit.column, *(limit.others or ()))]
        return {
            "verdicts": list(dict.fromkeys(verdicts)),
            "margins": list(dict.fromkeys(margins)),
            "reasons": [one.name for one in self._used],
        }

    def add(self, chunk: Chunk) -> None:
        """Count the people of a chunk."""
        truths = self._truths(chunk)
        failed = pack([t == one.fails for t, one in zip(truths, self._used, strict=True)])
        open = pack([truth == 1 for truth in truths])
        self._patterns.add(failed, open)
        self._add_reasons(chunk, truths)
        self._add_effects(chunk, truths, failed, open)
        alone = ones(failed) == 1
        moved = {one.limit.criterion for one in self._asked.relaxed}
        for curve in self._curves:
            id = curve.limit.criterion
            if id not in moved:
                place = self._places[id]
                fails = truths[place] == self._used[place].fails
                curve.add(fails, alone & fails, chunk.margins[curve.limit.column])
        if "site" in chunk.about:
            self._add_sites(chunk.about["site"], failed, open)

    def _truths(self, chunk: Chunk) -> list[Truths]:
        truths = [chunk.verdicts[one.name] for one in self._used]
        for limit, number in self._asked.relaxed:
            place = self._places[limit.criterion]
            move = number / limit.limit.number - 1
            truths[place] = relaxed(truths[place], self._used[place], limit, move, chunk.margins)
        return truths

    def _add_reasons(self, chunk: Chunk, truths: list[Truths]) -> None:
        for one, truth in zip(self._used, truths, strict=True):
            if one.name in chunk.reasons:
                why = chunk.reasons[one.name][truth == 1]
                self._reasons[one.criterion.id] += np.bincount(why, minlength=_KINDS)[:_KINDS]

    def _add_effects(self, chunk: Chunk, truths: list[Truths], failed: Words, open: Words) -> None:
        before = statuses(failed, open)
        for effect in self._effects:
            place = self._places[effect.column.criterion.id]
            new = {at: chunk.verdicts[column.name] for at, column in effect.replaced}
            effect.add(place, truths[place], new, failed, open, before)

    def _add_sites(self, sites: Any, failed: Words, open: Words) -> None:
        coded = sites.combine_chunks().dictionary_encode()
        names = [str(name) for name in coded.dictionary.to_pylist()]
        codes = coded.indices.fill_null(len(names)).to_numpy()
        stays = ~failed.any(axis=0)
        settled = stays & ~(open & self._warehouse).any(axis=0)
        counted = [
            np.bincount(codes[chosen], minlength=len(names) + 1)
            for chosen in (slice(None), stays, settled)
        ]
        for at, name in enumerate([*names, "not known"]):
            if counted[0][at]:
                self._sites.setdefault(name, Counter()).update(
                    people=int(counted[0][at]),
                    stays=int(counted[1][at]),
                    settled=int(counted[2][at]),
                )

    def tally(self) -> Tally:
        """Give what was counted so far."""
        moved = {one.limit.criterion for one in self._asked.relaxed}
        return Tally(
            self._patterns.patterns(),
            self._reasons,
            self._effects,
            [one for one in self._curves if one.limit.criterion not in moved],
            {
                name: (n["people"], n["stays"], n["settled"])
                for name, n in sorted(self._sites.items())
            },
        )
