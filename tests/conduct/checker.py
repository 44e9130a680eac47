"""A second reading of the conduct's rules: slow, plain, and by none of the code that decides.

It reads the ledger's entries as JSON, asks of each what had been recorded before it, and names what
should not be there. It is written from the protocol's text, for the bundled trial alone: its
numbers stand here once more. Where the records leave two readings, it says nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

Body = Mapping[str, Any]
WINDOW = timedelta(days=28)
EXCLUDED = ("unrelated", "unlikely")
NOT_EXCLUDED = ("possible", "probable", "definite", "related")
ANY_GRADE = {"Anaphylaxis": 1, "Thromboembolic event": 2}
"""Watched terms that are dose-limiting from a grade on, whoever caused them."""
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


@dataclass
class Case:
    """An adverse event as it stands; what nobody has said is empty."""

    who: str
    term: str
    onset: str
    grade: int | None = None
    relation: str = ""
    by_sponsor: str = ""
    fatal: bool = False
    worst: int = 0
    since: int = 0
    wordings: set[str] = field(default_factory=set)

    @property
    def severity(self) -> int:
        """The grade that has to be reckoned with: one that nobody has given is the worst."""
        return 5 if self.fatal or self.grade is None else self.grade

    @property
    def may_be_related(self) -> bool:
        """Whether somebody does not exclude it, or the investigator has not judged."""
        return self.relation not in EXCLUDED or self.by_sponsor in NOT_EXCLUDED

    @property
    def of_grade_4(self) -> int:
        """How surely it is an event of grade 4 that may be related: 0 not, 1 perhaps, 2 surely."""
        if self.grade is None or self.grade < 4 or not self.may_be_related:
            return 0
        return 1 if {self.relation, self.by_sponsor}.isdisjoint(NOT_EXCLUDED) else 2

    @property
    def limiting(self) -> bool:
        """Whether the protocol's definition may hold."""
        least = ANY_GRADE.get(self.term)
        named = least is not None and self.severity >= least
        return named or (self.severity >= 3 and self.may_be_related)


def bodies(lines: Iterable[bytes]) -> list[Body]:
    """Return the entries as they were recorded, the first at index 0."""
    return [json.loads(line) for line in lines]


def as_they_stand(before: Sequence[Body]) -> list[dict[str, Any]]:
    """Return entries with what was corrected since; what surely is void says nothing any more."""
    found = [dict(one) for one in before]
    for one in before:
        if one["event"] == "EntryCorrected":
            of = found[one["of"] - 1]
            of.update(one["fields"])
            if "relation" in one["fields"]:
                of["relation_by"] = one["recorded_by"]
    for position in void(before):
        found[position - 1]["event"] = "entered in error"
    return found


def void(before: Sequence[Body]) -> set[int]:
    """Return the positions of entries made in error; weighty ones once a second person signed."""
    made: dict[int, Body] = {}
    confirmed: set[int] = set()
    for position, one in enumerate(before, 1):
        if _is(one, "EntryVoided") and one["of"] in made and not one.get("bears_on"):
            del made[one["of"]]  # taken back
        elif _is(one, "EntryVoided"):
            made[position] = one
        elif _is(one, "VoidConfirmed") and one["of"] in made:
            said = made[one["of"]]
            if one["recorded_by"] == said["recorded_by"]:
                continue
            if said["of"] in made:  # taken back by two
                del made[said["of"]], made[one["of"]]
            else:
                confirmed.add(one["of"])
    return {one["of"] for at, one in made.items() if at in confirmed or not one.get("bears_on", ())}


def role_of(user: str) -> str:
    """Return the task of a user of a simulated trial, which their name begins with."""
    return user.split(".")[0]


def _is(one: Body, *kinds: str) -> bool:
    return one["event"] in kinds


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def doses(now: Sequence[Body], who: str) -> list[date]:
    """Return the days on which somebody was given some of the product."""
    return sorted(
        _day(one["occurred_on"])
        for one in now
        if _is(one, "DoseAdministered") and one["participant"] == who and one["amount"] > 0
    )


def cases(now: Sequence[Body]) -> dict[str, Case]:
    """Return the adverse events; only an investigator's word is the investigator's causality."""
    found: dict[str, Case] = {}
    for position, one in enumerate(now, 1):
        if _is(one, "AdverseEventReported"):
            found[one["adverse_event"]] = Case(one["participant"], one["term"], one["onset"])
        about = found.get(one.get("adverse_event", ""))
        if about is None:
            continue
        if _is(one, "AdverseEventReported", "AdverseEventUpdated"):
            about.grade = one.get("grade") or about.grade
            if role_of(one.get("relation_by", one["recorded_by"])) == "investigator":
                about.relation = one.get("relation") or about.relation
            about.fatal |= "death" in (one.get("serious") or ()) or one.get("grade") == 5
        elif _is(one, "AdverseEventAssessed"):
            about.by_sponsor = one["relation"]
        elif _is(one, "AdverseEventResolved"):
            about.fatal |= one["outcome"] == "fatal"
        elif _is(one, "Disposition"):
            about.fatal |= one["status"] == "died"
        if about.of_grade_4 > about.worst:
            about.worst, about.since = about.of_grade_4, position
    return found


def _in_window(case: Case, days: Sequence[date]) -> bool:
    return bool(days) and len(case.onset) == 10 and days[0] <= _day(case.onset) <= days[-1] + WINDOW


def candidates(before: Sequence[Body]) -> dict[str, Case]:
    """Return every adverse event that was a candidate at any time, as it was then at its worst."""
    found: dict[str, Case] = {}
    for end, last in enumerate(before, 1):
        if not _bears_on_candidates(last):
            continue
        now = as_they_stand(before[:end])
        for name, case in cases(now).items():
            if case.limiting and _in_window(case, doses(now, case.who)):
                worst = found.get(name)
                if worst is None or case.severity >= worst.severity:
                    found[name] = case
    known = cases(as_they_stand(before))
    return {name: case for name, case in found.items() if name in known}


def _bears_on_candidates(one: Body) -> bool:
    return "adverse_event" in one or _is(one, "DoseAdministered", "EntryCorrected")


def counted(before: Sequence[Body]) -> dict[str, set[str]]:
    """Return, of each participant, the candidates that surely count as dose-limiting."""
    said: dict[str, tuple[int, bool]] = {}
    for position, one in enumerate(before, 1):
        if _is(one, "DoseLimitingToxicityAdjudicated"):
            said[one["candidate"]] = position, one["dose_limiting"]
    found: dict[str, set[str]] = {}
    for name, case in candidates(before).items():
        at, limiting = said.get(name, (0, True))
        raised = _severity(before, name) > _severity(before[:at], name) if at else False
        if limiting or raised:
            found.setdefault(case.who, set()).add(name)
    return found


def _severity(before: Sequence[Body], name: str) -> int:
    case = cases(as_they_stand(before)).get(name)
    return case.severity if case else 0


def level_of(now: Sequence[Body], who: str) -> int | None:
    """Return the dose level at which somebody was enrolled."""
    levels = [
        one["level"] for one in now if _is(one, "ParticipantEnrolled") and one["participant"] == who
    ]
    return levels[-1] if levels else None


def closed_from(before: Sequence[Body]) -> int | None:
    """Return the lowest level at which two participants have what counts; it closes all above."""
    now = as_they_stand(before)
    found: dict[int, int] = {}
    for who in counted(before):
        level = level_of(now, who)
        if level is not None:
            found[level] = found.get(level, 0) + 1
    return min((level for level, number in found.items() if number > 1), default=None)


def _held(before: Sequence[Body], site: str, what: str) -> Iterator[str]:
    """Name what holds dosing or enrolment: a pause, the end, a rule that may have fired."""
    now = as_they_stand(before)
    over = {one["of"] for one in now if _is(one, "UrgentSafetyMeasureEnded")}
    for position, one in enumerate(now, 1):
        measure = _is(one, "UrgentSafetyMeasureTaken") and position not in over
        if measure and what in one.get("holds", ()) and one.get("site", "") in ("", site):
            yield "an urgent safety measure"
    last = {one["event"]: position for position, one in enumerate(now, 1)}
    resumed = last.get("TrialResumed", 0)
    if last.get("TrialPaused", 0) > resumed:
        yield "dosing is paused"
    if "TrialStopped" in last:
        yield "the trial has ended"
    for case in cases(now).values():
        if not doses(now, case.who) or not case.may_be_related:
            continue
        if case.fatal:
            yield "a death that may be related"
        elif case.of_grade_4 and case.since > resumed:
            yield "an event of grade 4 that may be related"


_TURNS: Mapping[str, tuple[str, bool]] = {
    "InformedConsentObtained": ("consent is in force", True),
    "InformedConsentRenewed": ("consent is in force", True),
    "InformedConsentWithdrawn": ("consent is in force", False),
    "EligibilityConfirmed": ("eligibility is confirmed", True),
    "ParticipantEnrolled": ("a place is held", True),
    "ParticipantReplaced": ("a place is held", False),
    "ScreenFailed": ("a place is held", False),
    "Disposition": ("the participant is still in the trial", False),
}
"""What an entry about a participant makes so, or no longer so."""


def _person(before: Sequence[Body], who: str) -> Iterator[str]:
    """Name what of a participant's own way forbids a dose."""
    holds = {rule: rule == "the participant is still in the trial" for rule, _ in _TURNS.values()}
    for one in as_they_stand(before):
        if one.get("participant") == who and one["event"] in _TURNS:
            rule, so = _TURNS[one["event"]]
            holds[rule] = so
    yield from (rule for rule, so in holds.items() if not so)
    if who in counted(before):
        yield "no toxicity of the participant's own is open"


def _results(now: Sequence[Body], who: str, day: date) -> Iterator[tuple[int, Body]]:
    """Yield somebody's results, each with how many days before a day it is of."""
    for one in now:
        on = one.get("collected_on") or one["occurred_on"]
        if one.get("participant") == who and len(on) == 10:
            for result in one.get("results") or ():
                yield (day - _day(on)).days, result


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
        if _is(one, "FactRecorded") and one["participant"] == who and _malignancy(one, day):
            yield "a malignancy"
    celsius = _latest(now, who, "body_temperature", day, TODAY)
    if celsius is None or celsius >= 38:
        yield "no fever, as measured on the day"
    if _weight(now, who, day) is None:
        yield "the weights are known"


def _malignancy(one: Body, day: date) -> bool:
    """Whether a fact surely is a malignancy of the five years before a day."""
    last = one.get("end") or ("" if one.get("ongoing") else one.get("start")) or str(day)
    return (
        one["fact"]["element"] == "malignancy"
        and len(last) == 10
        and day - timedelta(days=5 * 365) <= _day(last) <= day
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
        if _is(one, "DosePrepared"):
            last, verified = one, False
        elif _is(one, "PreparationVerified") and last:
            verified |= one["recorded_by"] != last["recorded_by"]
    return last, verified


def _unfit(now: Sequence[Body], lot: str, bag: str, at: datetime) -> bool:
    """Whether a bag is not fit to be given at a time."""
    status, expiry = "unknown", None
    for one in now:
        if one.get("lot") != lot:
            continue
        names = [each if isinstance(each, str) else each["id"] for each in one.get("bags") or ()]
        if bag not in names:
            continue
        if _is(one, "ProductReceived"):
            expiry = next(each.get("expires_at") for each in one["bags"] if each["id"] == bag)
        elif not _is(one, "ProductAssigned"):
            status = one["event"]
    return status != "ProductReleased" or (expiry is not None and _moment(expiry) <= at)


def _dose(before: Sequence[Body], event: Body) -> Iterator[str]:
    """Name what forbids a dose: to authorise it, or to give it."""
    who, day = event["participant"], _day(event["occurred_on"])
    now = as_they_stand(before)
    yield from _held(before, event["site"], "dosing")
    yield from _person(before, who)
    level, closed = level_of(now, who), closed_from(before)
    if closed is not None and level is not None and level >= closed:
        yield f"level {closed} is closed, and all above it"
    last, verified = prepared(now, who, event["dose"])
    if last is None or not verified:
        yield "a second person has verified the preparation"
    else:
        at = _moment(event["recorded_at"])
        for drawn in last.get("drawn") or ():
            if _unfit(now, last["lot"], drawn["bag"], at):
                yield "the product is fit"
    if event["dose"] == 1 and not doses(now, who):
        yield from _records(now, who, day)
        kg = _weight(now, who, day)
        if kg and last and level:
            wanted = kg * CELLS_PER_KG[level]
            if abs(last["planned"] / wanted - 1) > 0.005 + 1e-9:
                yield "the dose is that of the level for the weight"


def _authorised(before: Sequence[Body], event: Body) -> Iterator[str]:
    """Name what an authorisation should have been refused for."""
    if _is(event, "PreDoseChecklistSigned"):
        yield from _dose(before, event)
    elif _is(event, "ParticipantEnrolled"):
        yield from _held(before, event["site"], "enrolment")
        closed = closed_from(before)
        if closed is not None and event["level"] >= closed:
            yield f"level {closed} is closed, and all above it"
    elif _is(event, "EntryVoided") and not event.get("bears_on"):
        yield from _voids_at_once(before, event)
    elif _is(event, "DoseDecision") and event["action"] in OPENING:
        closed = closed_from(before)
        if closed is not None and event["level"] >= closed:
            yield f"level {closed} is closed, and all above it"
        if len(set(event["signers"])) < 2:
            yield "two members sign"


def _voids_at_once(before: Sequence[Body], event: Body) -> Iterator[str]:
    """Name why an entry may not be void before a second person has signed."""
    of = before[event["of"] - 1]
    name = of.get("adverse_event")
    case = cases(as_they_stand(before)).get(name) if name else None
    if _is(of, "DoseAdministered"):
        yield "a dose counts until two have signed that there was none"
    elif case is not None and (name in candidates(before) or case.fatal):
        yield "a toxicity or a death counts until two have signed that there was none"


def _given(event: Body, planned: float | None) -> Iterator[str]:
    """Name the limits that a dose broke as it was given."""
    minutes = (_moment(event["ended_at"]) - _moment(event["started_at"])).total_seconds() / 60
    paused = sum(
        (_moment(one["to"]) - _moment(one["from_"])).total_seconds() / 60
        for one in event.get("interruptions") or ()
    )
    volume = event.get("volume_ml")
    if volume and (minutes <= paused or volume / (minutes - paused) > FASTEST_ML_PER_MINUTE + 1e-9):
        yield "an infusion is no faster than 6 mL a minute"
    if planned and abs(event["amount"] / planned - 1) > TOLERANCE + 1e-9:
        yield "the amount given is the planned one"


def violations(entries: Sequence[Body], since: int = 0) -> Iterator[Violation]:
    """Yield what should not be in a ledger.

    Args:
        entries: all that was recorded.
        since: the position after which entries are looked at.
    """
    deviating = {one["of"] for one in entries if _is(one, "ProtocolDeviation") and one.get("of")}
    for position, one in enumerate(entries, 1):
        if position <= since:
            continue
        before = entries[: position - 1]
        for rule in _authorised(before, one):
            yield Violation(position, f"{one['event']} against: {rule}")
        if _is(one, "DoseAdministered") and position not in deviating:
            for rule in _dose(before, one):
                yield Violation(position, f"given without a deviation, against: {rule}")
    yield from _unnoticed(entries, deviating, since)


def _unnoticed(entries: Sequence[Body], deviating: set[int], since: int) -> Iterator[Violation]:
    """Yield doses that broke a limit, as they stand now, and of which no deviation says so."""
    now = as_they_stand(entries)
    for position, one in enumerate(now, 1):
        if not _is(one, "DoseAdministered") or position <= since:
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
        parts = [one[name] or 0 for name in ("used", "discarded", "returned", "left")]
        off = 0.0 if one["received"] is None else one["received"] - sum(parts)
        if abs(off - one["difference"]) > 1e-6:
            yield f"bag {one['lot']}/{one['bag']} received {one['received']}, and comes to {parts}"
        if abs(off) > 0.01 and abs(off - one["explained"]) > 0.01 and one["bag"] not in waiting:
            yield f"nobody explains where {off:.4g} of bag {one['lot']}/{one['bag']} are"


def _of_toxicities(entries: Sequence[Body], whole: Body) -> Iterator[str]:
    """Yield candidates and closed levels that the state does not know."""
    said = {
        one["candidate"]: one["dose_limiting"]
        for one in entries
        if _is(one, "DoseLimitingToxicityAdjudicated")
    }
    for who, names in counted(entries).items():
        found = whole["participants"][who]
        known = {one["id"] for one in found["candidates"]}
        if names - known:
            yield f"{who} has no candidate {', '.join(sorted(names - known))}"
        least = "T" if any(said.get(name) for name in names) else "TC"
        if (found["outcome"] or "-") not in least:
            yield f"{who} counts as {found['outcome']}, for all {', '.join(sorted(names))}"
    for who, found in whole["participants"].items():
        listed = [one["id"] for one in found["candidates"]]
        if len(set(listed)) < len(listed):
            yield f"{who} has two candidates of one name: {', '.join(sorted(listed))}"
    closed = closed_from(entries)
    for one in whole["levels"]:
        if closed is not None and one["number"] >= closed and one["open"]:
            yield f"level {one['number']} is open, and level {closed} is closed"
