"""Limits that hold at the preparation and again at the administration; each is one question.

UNKNOWN where something is missing; TRUE, with words that say so, where a protocol sets no limit.
"""

from datetime import datetime, timedelta

from gradatim.core.errors import UnusableInput
from gradatim.core.message import Message, Number, Term
from gradatim.core.quantity import compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, truth_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.dosing.inventory import Container
from gradatim.dosing.messages import Limit
from gradatim.dosing.product import Concentration, MeasuredAt

DMSO_DENSITY = 1.10
"""g/mL at 20 °C. Source: NTP Chemical Repository, CAS 67-68-5. The usual limit of 1 g/kg for an
infusion of cells: PMC12362920."""


WHEN: dict[MeasuredAt, Message] = {"release": Limit.AT_RELEASE(), "post-thaw": Limit.AFTER_THAW()}
"""When a count was made, in words."""


def thaw_clock(container: Container, end: datetime | None, hours: float | None) -> Verdict:
    """Say whether the infusion ends within so many hours of the thaw (the limit counts)."""
    if hours is None:
        return _no_limit("time from the thaw to the end")
    if container.thawed_at is None:
        return _missing(Limit.NO_THAW(hours=Number(hours, "g")))
    if end is None:
        latest = container.thawed_at + timedelta(hours=hours)
        return _missing(Limit.NO_END_SINCE_THAW(moment=Term(moment(latest))))
    taken = elapsed(container.thawed_at, end) / timedelta(hours=1)
    if taken < 0:
        text = Limit.ENDS_BEFORE_THAW(hours=Number(-taken, ".3g"))
        return Verdict(UNKNOWN, text, reason=Reason.CONFLICT)
    within = compare_numbers(taken, "<=", hours)
    told = Limit.ENDS_IN_TIME if within else Limit.ENDS_LATE
    return Verdict(truth_of(within), told(span=Term(span(taken)), hours=Number(hours, "g")))


def in_date(container: Container, end: datetime | None) -> Verdict:
    """Say whether the infusion ends before the container expires (the moment itself is in date)."""
    if container.expiry is None:
        return _missing(Limit.NO_EXPIRY())
    expiry = Term(moment(container.expiry))
    if end is None:
        return _missing(Limit.NO_END(moment=expiry))
    good = elapsed(end, container.expiry) >= timedelta()
    return Verdict(truth_of(good), (Limit.EXPIRES if good else Limit.EXPIRED)(moment=expiry))


def viability(
    one: Concentration | None, minimum: float | None, certified: float | None = None
) -> Verdict:
    """Say whether the viability is high enough; `certified` is the certificate's, if it has one.

    Of two values the lower counts.
    """
    counted = one.viability if one else None
    known = [value for value in (counted, certified) if value is not None]
    if minimum is None:
        return _no_limit("viability")
    if not known:
        return _missing(Limit.NO_VIABILITY(percent=Number(100 * minimum, "g")))
    enough = compare_numbers(min(known), ">=", minimum)
    of_count = one is not None and counted == min(known)
    told = (Limit.VIABLE if enough else Limit.NOT_VIABLE)(
        percent=Number(100 * min(known), ".4g"),
        counted=WHEN[one.measured] if one and of_count else Limit.ON_CERTIFICATE(),
        percent2=Number(100 * minimum, "g"),
    )
    return Verdict(truth_of(enough), told)


def rate(volume_ml: float | None, minutes: float | None, maximum: float | None) -> Verdict:
    """Say whether so many mL in so many minutes is slow enough; `maximum` is in mL/min."""
    if maximum is None:
        return _no_limit("rate of the infusion")
    if volume_ml is None:
        return _missing(Limit.NO_VOLUME())
    if minutes is None:
        least = Number(volume_ml / maximum, ".3g")
        return _missing(Limit.NO_DURATION(minutes=least, ml=Number(volume_ml, ".4g")))
    if not minutes > 0:
        raise UnusableInput(f"{minutes:g} min is not a duration", todo="give minutes above 0")
    slow = compare_numbers(volume_ml / minutes, "<=", maximum)
    told = Limit.SLOW if slow else Limit.FAST
    ran = Number(volume_ml / minutes, ".3g")
    return Verdict(truth_of(slow), told(rate=ran, limit=Number(maximum, "g")))


def dmso(grams_per_kg: float | None, maximum: float | None) -> Verdict:
    """Say whether an infusion brings at most so much dimethyl sulfoxide per kg of body weight."""
    if maximum is None:
        return _no_limit("dimethyl sulfoxide")
    if grams_per_kg is None:
        return _missing(Limit.DMSO_UNKNOWN(limit=Number(maximum, "g")))
    good = compare_numbers(grams_per_kg, "<=", maximum)
    told = Limit.LITTLE_DMSO if good else Limit.MUCH_DMSO
    amount = Number(grams_per_kg, ".3g")
    return Verdict(truth_of(good), told(amount=amount, limit=Number(maximum, "g")))


def two_people(prepared_by: str, verified_by: str) -> Verdict:
    """Say whether one person prepared the dose and another verified it."""
    first, second = (" ".join(name.split()) for name in (prepared_by, verified_by))
    if not (first and second):
        return _missing(Limit.NOT_VERIFIED() if first else Limit.NOT_PREPARED())
    if first.casefold() == second.casefold():
        return Verdict(FALSE, Limit.ONE_PERSON(person=Term(first)))
    return Verdict(TRUE, Limit.TWO_PEOPLE(person=Term(first), person2=Term(second)))


def end_before(container: Container, hours: float | None) -> datetime | None:
    """Return the moment by which a container must have been infused; None if none is known."""
    latest = [container.expiry] if container.expiry else []
    if container.thawed_at and hours is not None:
        latest.append(container.thawed_at + timedelta(hours=hours))
    if len(latest) == 2:
        elapsed(*latest)
    return min(latest, default=None)


def elapsed(start: datetime, end: datetime) -> timedelta:
    """Give the time from `start` to `end`.

    Raises:
        UnusableInput: only one of them has a time zone.
    """
    if (start.utcoffset() is None) != (end.utcoffset() is None):
        raise UnusableInput(
            f"{moment(start)} and {moment(end)} cannot be compared",
            why="only one of them has a time zone",
            todo="give all times with a time zone, or none",
        )
    return end - start


def moment(at: datetime) -> str:
    """Write a moment to the minute."""
    return at.isoformat(" ", "minutes")


def span(hours: float) -> str:
    """Write hours as hours, minutes and, where there are any, seconds."""
    minutes, seconds = divmod(round(hours * 3600), 60)
    return f"{minutes // 60} h {minutes % 60} min" + (f" {seconds} s" if seconds else "")


def _no_limit(what: str) -> Verdict:
    return Verdict(TRUE, f"the protocol sets no limit: {what}")


def _missing(text: Message) -> Verdict:
    return Verdict(UNKNOWN, text, reason=Reason.NO_RECORD)
