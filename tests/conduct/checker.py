"""A second reading of the conduct's rules: slow, plain, and by none of the code that decides.

It asks of each entry of a ledger what had been recorded before it, and names what should not be
there.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from tests.conduct.reading import (
    Body,
    Case,
    as_they_stand,
    cases,
    closed_from,
    counted,
    day_of,
    doses,
    had_begun,
    level_of,
    moment_of,
    says,
)

CELLS_PER_KG = {1: 1e6, 2: 3e6, 3: 5e6}
FASTEST_ML_PER_MINUTE = 6.0
TOLERANCE = 0.1
OPENING = ("start", "escalate", "stay", "de_escalate")


class Violation(NamedTuple):
    """An entry that should not be there, or lacks what should stand beside it.

    Args:
        position: the entry's.
        rule: in plain words.
    """

    position: int
    rule: str


def _held(before: Sequence[Body], site: str, what: str) -> Iterator[str]:
    """Name what holds dosing or enrolment: a pause, the end, a rule that may have fired."""
    now = as_they_stand(before)
    over = {one["of"] for one in now if says(one, "UrgentSafetyMeasureEnded")}
    for position, one in enumerate(now, 1):
        measure = says(one, "UrgentSafetyMeasureTaken") and position not in over
        if measure and what in one.get("holds", ()) and one.get("site", "") in ("", site):
            yield "an urgent safety measure"
    last = {one["event"]: position for position, one in enumerate(now, 1)}
    resumed = last.get("TrialResumed", 0)
    if last.get("TrialPaused", 0) > resumed:
        yield "dosing is paused"
    if "TrialStopped" in last:
        yield "the trial has ended"
    for name, case in cases(now).items():
        if not doses(now, case.who) or not case.may_be_related:
            continue
        if case.fatal:
            yield "a death that may be related"
        elif case.of_grade_4 and case.since > resumed and not _knew(before[:resumed], name, case):
            yield "an event of grade 4 that may be related"


def _knew(before: Sequence[Body], name: str, case: Case) -> bool:
    """Whether an event was as bad already by what was known then, whatever was corrected since."""
    then = cases(as_they_stand(before)).get(name)
    return then is not None and then.may_be_related and then.of_grade_4 >= case.of_grade_4


_TURNS: Mapping[str, tuple[str, bool]] = {
    "InformedConsentObtained": ("consent is in force", True),
    "InformedConsentRenewed": ("consent is in force", True),
    "InformedConsentWithdrawn": ("consent is in force", False),
    "EligibilityConfirmed": ("eligibility is confirmed", True),
    "ParticipantEnrolled": ("a place is held", True),
    "ParticipantReplaced": ("a place is held", False),
    "ScreenFailed": ("a place is held", False),
    "Disposition": ("the participant is still in the trial", False),
    "ParticipantFound": ("the participant is still in the trial", True),
}
"""What an entry about a participant makes so, or no longer so."""


def _person(before: Sequence[Body], who: str, on: str) -> Iterator[str]:
    """Name what of a participant's own way forbids a dose of a day."""
    holds = {rule: rule == "the participant is still in the trial" for rule, _ in _TURNS.values()}
    for one in as_they_stand(before):
        if one.get("participant") == who and one["event"] in _TURNS:
            rule, so = _TURNS[one["event"]]
            holds[rule] = so
    yield from (rule for rule, so in holds.items() if not so)
    if any(had_begun(before, name, on) for name in counted(before).get(who, ())):
        yield "no toxicity of the participant's own is open"


def _results(now: Sequence[Body], who: str, day: date) -> Iterator[tuple[int, Body]]:
    """Yield somebody's results, each with how many days before a day it is of."""
    for one in now:
        on = one.get("collected_on") or one["occurred_on"]
        if one.get("participant") == who and len(on) == 10:
            for result in one.get("results") or ():
                yield (day - day_of(on)).days, result


def _latest(now: Sequence[Body], who: str, element: str, day: date, days: range) -> float | None:
    """Return the value recorded last of those so many days before a day."""
    found = [
        result.get("value")
        for ago, result in _results(now, who, day)
        if result["element"] == element and ago in days
    ]
    return found[-1] if found else None


TODAY, BASELINE = range(0, 1), range(1, 9)
"""Days before a dose: its own, and those of the baseline's window."""


def _records(now: Sequence[Body], who: str, day: date) -> Iterator[str]:
    """Name what the records of the days before a first dose say against it."""
    for ago, result in _results(now, who, day):
        value, high = result.get("value") or 0.0, result.get("high") or float("inf")
        known = result["element"] in ("alt", "ast") and ago in BASELINE
        if known and value > 2.5 * high * (1 + 1e-9):
            yield f"{result['element']} is above 2.5 times its limit"
    for one in now:
        if says(one, "FactRecorded") and one["participant"] == who and _malignancy(one, day):
            yield "a malignancy"
    celsius = _latest(now, who, "body_temperature", day, TODAY)
    if celsius is None or celsius >= 38:
        yield "no fever, as measured on the day"


def _malignancy(one: Body, day: date) -> bool:
    """Whether a fact surely is a malignancy of the five years before a day."""
    last = one.get("end") or ("" if one.get("ongoing") else one.get("start")) or str(day)
    return (
        one["fact"]["element"] == "malignancy"
        and len(last) == 10
        and day - timedelta(days=5 * 365) <= day_of(last) <= day
    )


def _weight(now: Sequence[Body], who: str, day: date) -> float | None:
    """Return the weight that counts: that of the baseline, unless it has changed by a tenth."""
    then = _latest(now, who, "body_weight", day, BASELINE)
    today = _latest(now, who, "body_weight", day, TODAY)
    if not then or not today:
        return None
    return today if abs(today / then - 1) > 0.1 + 1e-9 else then


def prepared(now: Sequence[Body], who: str, dose: int) -> tuple[Body | None, bool]:
    """Return the last preparation of a dose, and whether another person has verified it since."""
    last, verified = None, False
    for one in now:
        if one.get("participant") != who or one.get("dose") != dose:
            continue
        if says(one, "DosePrepared"):
            last, verified = one, False
        elif says(one, "PreparationVerified") and last:
            verified |= one["recorded_by"] != last["recorded_by"]
    return last, verified


def _unfit(now: Sequence[Body], lot: str, bag: str, event: Body) -> bool:
    """Whether a bag is not fit to be given when something was recorded."""
    at = moment_of(event["recorded_at"])
    status, expiry = "unknown", None
    for one in now:
        if one.get("lot") != lot:
            continue
        names = [each if isinstance(each, str) else each["id"] for each in one.get("bags") or ()]
        if bag not in names:
            continue
        if says(one, "ProductReceived"):
            expiry = next(each.get("expires_at") for each in one["bags"] if each["id"] == bag)
        elif not says(one, "ProductAssigned", "later", "entered in error"):
            status = one["event"]
    return status != "ProductReleased" or (expiry is not None and moment_of(expiry) <= at)


def _at(now: Sequence[Body], lot: str, bag: str) -> str | None:
    """Return the site where a bag is, by the entries about it; None on its way between two."""
    at: str | None = ""
    for one in now:
        if bag not in _bags_of(one) or one.get("lot") not in (None, lot):
            continue
        if says(one, "ProductShipped"):
            at = None
        elif says(one, *_IN_HAND):
            at = one.get("site", "")
    return at


_IN_HAND = (
    "ProductReceived",
    "ShipmentReceived",
    "ProductReturned",
    "ProductDestroyed",
    "DosePrepared",
)


def _bags_of(one: Body) -> list[str]:
    rows = (*(one.get("bags") or ()), *(one.get("drawn") or ()))
    return [row if isinstance(row, str) else row.get("id") or row["bag"] for row in rows]


def _was_then(one: Body, event: Body) -> bool:
    """Whether an entry is of before a dose, or of its day if it allows one.

    Of corrections, and of a pause that ended, any is.
    """
    otherwise = ("EntryCorrected", "EntryVoided", "VoidConfirmed", "TrialResumed")
    if says(one, *otherwise) or one["occurred_on"] < event["occurred_on"]:
        return True
    allows = any(so for name, (_, so) in _TURNS.items() if says(one, name))
    same_day = one["occurred_on"] == event["occurred_on"]
    return same_day and (allows or moment_of(one["recorded_at"]) <= moment_of(event["started_at"]))


def _later(one: Body, event: Body) -> Body:
    """Return an entry of after a dose; of its results, those of the day that tell no later time."""
    taken = one.get("taken_at")
    after = taken is not None and moment_of(taken) > moment_of(event["started_at"])
    return {**one, "event": "later", **({"results": ()} if after else {})}


def _dose(before: Sequence[Body], event: Body) -> Iterator[str]:
    """Name what forbids a dose: to authorise it, or to give it."""
    who, day = event["participant"], day_of(event["occurred_on"])
    if event.get("paper"):
        before = [one if _was_then(one, event) else _later(one, event) for one in before]
    now = as_they_stand(before)
    yield from _held(before, event["site"], "dosing")
    yield from _person(before, who, event["occurred_on"])
    level, closed = level_of(now, who), closed_from(before)
    if closed is not None and level is not None and level >= closed:
        yield f"level {closed} is closed, and all above it"
    last, verified = prepared(now, who, event["dose"])
    if last is None or not verified:
        yield "a second person has verified the preparation"
    else:
        drawn = _drawn(now, last)
        if any(_unfit(now, last["lot"], bag, event) for bag in drawn):
            yield "the product is fit"
        elif any(_at(now, last["lot"], bag) != event["site"] for bag in drawn):
            yield "the product is at the site"
    if event["dose"] == 1 and not doses(now, who):
        yield from _records(now, who, day)
        if last is not None and last["occurred_on"] == event["occurred_on"]:
            yield from _by_weight(last["planned"], _weight(now, who, day), level)


def _drawn(now: Sequence[Body], made: Body) -> list[str]:
    """Return the bags of a preparation; what is given of it once more is of bags nobody knows."""
    dose = made["participant"], made["dose"]
    given = (one for one in now if says(one, "DoseAdministered"))
    if any((one["participant"], one["dose"]) == dose for one in given):
        return []
    return [one["bag"] for one in made.get("drawn") or ()]


def _by_weight(planned: float, kg: float | None, level: int | None) -> Iterator[str]:
    """Name what is wrong with the planned dose of a level, by the weight that counts."""
    if kg is None:
        yield "the weights are known"
    elif level and abs(planned / (kg * CELLS_PER_KG[level]) - 1) > 0.005 + 1e-9:
        yield "the dose is that of the level for the weight"


def _authorised(before: Sequence[Body], event: Body) -> Iterator[str]:
    """Name what an authorisation should have been refused for."""
    if says(event, "PreDoseChecklistSigned"):
        yield from _dose(before, event)
    elif says(event, "ParticipantEnrolled"):
        yield from _held(before, event["site"], "enrolment")
        closed = closed_from(before)
        if closed is not None and event["level"] >= closed:
            yield f"level {closed} is closed, and all above it"
    elif says(event, "EntryVoided") and not event.get("bears_on"):
        yield from _voids_at_once(before, event)
    elif says(event, "DoseDecision") and event["action"] in OPENING:
        closed = closed_from(before)
        if closed is not None and event["level"] >= closed:
            yield f"level {closed} is closed, and all above it"
        if len(set(event["signers"])) < 2:
            yield "two members sign"


def _voids_at_once(before: Sequence[Body], event: Body) -> Iterator[str]:
    """Name why an entry may not be void before a second person has signed."""
    of = before[event["of"] - 1]
    if says(of, "EntryVoided"):
        return
    without = [{**one, "event": "left out"} if one is of else one for one in before]
    name = of.get("adverse_event")
    if says(of, "DoseAdministered"):
        yield "a dose counts until two have signed that there was none"
    elif name:
        now, then = (cases(as_they_stand(some)).get(name) for some in (before, without))
        dead = now is not None and now.fatal and not (then and then.fatal)
        if dead or (_counts(before, name) and not _counts(without, name)):
            yield "a toxicity or a death counts until two have signed that there was none"
    elif says(of, "Disposition", "InformedConsentWithdrawn"):
        who = of["participant"]
        barred, still = (
            set(_person(some, who, event["occurred_on"])) for some in (before, without)
        )
        if barred and not still:
            yield "who has left is not dosed again until two have signed that they have not"


def _counts(before: Sequence[Body], name: str) -> bool:
    return any(name in some for some in counted(before).values())


def _given(event: Body, planned: float | None) -> Iterator[str]:
    """Name the limits that a dose broke as it was given."""
    minutes = (moment_of(event["ended_at"]) - moment_of(event["started_at"])).total_seconds() / 60
    paused = sum(
        (moment_of(one["to"]) - moment_of(one["from_"])).total_seconds() / 60
        for one in event.get("interruptions") or ()
    )
    volume = event.get("volume_ml")
    if volume and (minutes <= paused or volume / (minutes - paused) > FASTEST_ML_PER_MINUTE + 1e-9):
        yield "an infusion is no faster than 6 mL a minute"
    if planned and abs(event["amount"] / planned - 1) > TOLERANCE + 1e-9:
        yield "the amount given is the planned one"


DEVIATION: Mapping[str, tuple[str, ...]] = {
    "an urgent safety measure": ("no urgent measure holds",),
    "dosing is paused": ("dosing is not paused",),
    "the trial has ended": ("the trial goes on",),
    "a death that may be related": ("no stopping rule has fired",),
    "an event of grade 4 that may be related": ("no stopping rule has fired",),
    "consent is in force": ("consent is in force",),
    "eligibility is confirmed": ("eligibility is confirmed",),
    "a place is held": ("a place is held",),
    "the participant is still in the trial": ("treatment goes on",),
    "no toxicity of the participant's own is open": ("no toxicity is open",),
    "a second person has verified the preparation": ("the preparation is verified",),
    "the product is fit": ("the product is still fit",),
    "the product is at the site": (
        "what is handled is here",
        "the product is still fit",
        "the bags are those of the dose",
    ),
    "a malignancy": ("the criteria hold",),
    "alt is above 2.5 times its limit": ("the criteria hold",),
    "ast is above 2.5 times its limit": ("the criteria hold",),
    "no fever, as measured on the day": ("the records show it in order",),
    "the weights are known": ("the planned dose is that of the level",),
    "the dose is that of the level for the weight": ("the planned dose is that of the level",),
}
"""By what a dose that was given all the same is to be flagged; any level that is closed by one of
`CLOSED`."""
CLOSED = ("no stopping rule has fired", "the level is tolerated")


def violations(entries: Sequence[Body], since: int = 0) -> Iterator[Violation]:
    """Yield what should not be in a ledger.

    Args:
        entries: all that was recorded.
        since: the position after which entries are looked at.
    """
    flagged: dict[int, set[str]] = {}
    for one in entries:
        if says(one, "ProtocolDeviation") and one.get("of"):
            flagged.setdefault(one["of"], set()).add(one["rule"])
    for position, one in enumerate(entries, 1):
        if position <= since:
            continue
        before = entries[: position - 1]
        for rule in _authorised(before, one):
            yield Violation(position, f"{one['event']} against: {rule}")
        if says(one, "DoseAdministered"):
            for rule in _dose(before, one):
                if flagged.get(position, set()).isdisjoint(DEVIATION.get(rule, CLOSED)):
                    yield Violation(position, f"given without a deviation, against: {rule}")
    yield from _unnoticed(entries, set(flagged), since)


def _unnoticed(entries: Sequence[Body], deviating: set[int], since: int) -> Iterator[Violation]:
    """Yield doses that broke a limit, as they stand now, and of which no deviation says so."""
    now = as_they_stand(entries)
    for position, one in enumerate(now, 1):
        if not says(one, "DoseAdministered") or position <= since:
            continue
        corrections = (
            at
            for at, each in enumerate(entries, 1)
            if each.get("fields") and each["of"] == position
        )
        last, _ = prepared(now[: position - 1], one["participant"], one["dose"])
        if deviating.isdisjoint((position, *corrections)):
            for rule in _given(one, last["planned"] if last else None):
                yield Violation(position, f"no deviation says that it broke: {rule}")


def differences(entries: Sequence[Body], whole: Body) -> Iterator[str]:
    """Yield where the state that the product tells differs from what the entries come to.

    Args:
        entries: all that was recorded.
        whole: what `gradatim ledger as-of --whole --json` says of their end.
    """
    now = as_they_stand(entries)
    yield from _of_toxicities(entries, whole)
    yield from _of_bags(whole)
    yield from _of_places(now, whole)
    standing = (one["rule"] for one in whole["stopping"] if one["state"] != "answered")
    holding = {rule.split(" ")[0].rstrip(":") for rule in standing}
    for name, case in cases(now).items():
        died = case.fatal and bool(doses(now, case.who))
        if died and case.may_be_related and "related_death" not in holding:
            yield f"nobody stops for {name}, of which {case.who} died"
        if died and case.may_be_related and not whole["participants"][case.who]["clocks"]:
            yield f"no clock runs for {name}, of which {case.who} died"


def _of_bags(whole: Body) -> Iterator[str]:
    """Yield bags that do not add up, where that is not said, or nobody is asked to explain it."""
    waiting = " ".join(one["what"] for one in whole["tasks"])
    for one in whole["product"]:
        places = ("used", "discarded", "returned", "left", "in_transit")
        parts = [one[name] or 0 for name in places]
        off = 0.0 if one["received"] is None else one["received"] - sum(parts)
        if abs(off - one["difference"]) > 1e-6:
            yield f"bag {one['lot']}/{one['bag']} received {one['received']}, and comes to {parts}"
        if abs(off) > 0.01 and abs(off - one["explained"]) > 0.01 and one["bag"] not in waiting:
            yield f"nobody explains where {off:.4g} of bag {one['lot']}/{one['bag']} are"


def _of_places(now: Sequence[Body], whole: Body) -> Iterator[str]:
    """Yield bags that are told to be where the entries do not have them, or at two places."""
    for one in whole["product"]:
        at, name = _at(now, one["lot"], one["bag"]), f"bag {one['lot']}/{one['bag']}"
        if one["left"] and one["in_transit"]:
            yield f"{name} is at a site and on its way"
        # Of a dose that names no bags it is not read here where they were in hand last.
        if one["left"] and not one["used"] and at != one["site"]:
            yield f"{name} is told to be at {one['site']}, and is at {at or 'no site'}"
        if one["in_transit"] and at is not None:
            yield f"{name} is told to be on its way, and is at {at}"


def _of_toxicities(entries: Sequence[Body], whole: Body) -> Iterator[str]:
    """Yield candidates and closed levels that the state does not know."""
    said = {
        one["candidate"]: one["dose_limiting"]
        for one in entries
        if says(one, "DoseLimitingToxicityAdjudicated")
    }
    for who, names in counted(entries).items():
        found = whole["participants"][who]
        known = {one["id"] for one in found["candidates"]}
        if names - known:
            yield f"{who} has no candidate {', '.join(sorted(names - known))}"
        least = "T" if any(said.get(name) for name in names) else "TC"
        counts = found["level"] is not None  # for the design; without a level nobody does
        if counts and (found["outcome"] or "-") not in least:
            yield f"{who} counts as {found['outcome']}, for all {', '.join(sorted(names))}"
    for who, found in whole["participants"].items():
        listed = [one["id"] for one in found["candidates"]]
        if len(set(listed)) < len(listed):
            yield f"{who} has two candidates of one name: {', '.join(sorted(listed))}"
    closed = closed_from(entries)
    for one in whole["levels"]:
        if closed is not None and one["number"] >= closed and one["open"]:
            yield f"level {one['number']} is open, and level {closed} is closed"
