"""The timetable of the demonstration: every day of it, counted back from today."""

from datetime import date, timedelta
from typing import NamedTuple

from gradatim.conduct.simulate.entering import DAYS_OF_SCREENING
from gradatim.core.dates import Duration, step
from gradatim.dosefinding.protocol_design import settings_of
from gradatim.protocol.study import Study
from gradatim.synthetic.demonstration.cast import CastPart

SINCE_LAST_DOSE, SINCE_EVENT = 6, 3
"""Days for which the second participant of level 2 is watched, and the first one is ill, by now."""
WEEK = 7


class Timetable(NamedTuple):
    """When what happens.

    Args:
        opening: the trial begins.
        first_level, second_level: the first doses of each level, the earliest first.
        review: the committee escalates.
        fails, judgement, washing_out, laboratory, eligible: when those come who are not treated;
            see `parts`.
        event: the serious adverse event begins.
        last: the last day recorded: yesterday, so that nothing lies ahead of anybody's clock.
    """

    opening: date
    first_level: tuple[date, ...]
    review: date
    second_level: tuple[date, ...]
    fails: date
    judgement: date
    washing_out: date
    laboratory: date
    eligible: date
    event: date
    last: date

    @property
    def parts(self) -> dict[str, CastPart]:
        """Give who comes when, in that order, by the name of their part."""
        screening = timedelta(days=DAYS_OF_SCREENING)
        treated = (*self.first_level, *self.second_level)
        found = {f"treated {n}": CastPart(day - screening) for n, day in enumerate(treated, 1)}
        found |= {
            "fails": CastPart(self.fails, "fails"),
            "eligible": CastPart(self.eligible),
            "judgement": CastPart(self.judgement, lacks="judgement"),
            "washing out": CastPart(self.washing_out, "washing out"),
            "laboratory": CastPart(self.laboratory, lacks="laboratory"),
        }
        return dict(sorted(found.items(), key=lambda pair: pair[1].coming))


def timetable_of(study: Study, today: date) -> Timetable:
    """Lay out the days so that both levels keep the protocol's waits and windows.

    Args:
        study: the protocol.
        today: the day the demonstration is opened on.
    """
    ago = {n: today - timedelta(days=n) for n in range(60)}
    sentinel, window = study.safety.sentinel, study.safety.dose_limiting_toxicity.window
    wait = max(WEEK, _days(sentinel.wait if sentinel else None, today))
    between = max(3, _days(sentinel.between_participants if sentinel else None, today))
    second = (ago[SINCE_LAST_DOSE] - timedelta(days=wait), ago[SINCE_LAST_DOSE])
    review = second[0] - timedelta(days=2)
    treated = settings_of(study).cohort_size
    last_dose = review - timedelta(days=_days(window.to, today) + 1)
    first = [last_dose - timedelta(days=between * n) for n in range(treated - 1)]
    first.append(first[-1] - timedelta(days=wait))
    return Timetable(
        opening=first[-1] - timedelta(days=DAYS_OF_SCREENING + WEEK),
        first_level=tuple(reversed(first)),
        review=review,
        second_level=second,
        fails=ago[26],
        judgement=ago[9],
        washing_out=ago[5],
        laboratory=ago[4],
        eligible=ago[DAYS_OF_SCREENING - 2],
        event=ago[SINCE_EVENT],
        last=ago[1],
    )


def _days(length: Duration | None, near: date) -> int:
    return 0 if length is None else (step(near, length) - near).days
