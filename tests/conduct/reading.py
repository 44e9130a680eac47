"""What a ledger's entries say, read a second time: slowly, plainly, by none of the product's code.

Entries are JSON values; it is written from the protocol's text, for the bundled trial alone: its
numbers stand here once more. Where the records leave two readings, it says nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Body = Mapping[str, Any]
WINDOW = timedelta(days=28)
EXCLUDED = ("unrelated", "unlikely")
NOT_EXCLUDED = ("possible", "probable", "definite", "related")
ANY_GRADE = {"Anaphylaxis": 1, "Thromboembolic event": 2}
"""Watched terms that are dose-limiting from a grade on, whoever caused them."""


WATCHED = {"anaphylaxis": "Anaphylaxis", "thromboembolic_event": "Thromboembolic event"}
"""Those terms by the element that an investigator says an event is of."""
STAYS = (
    "ParticipantRegistered",
    "InformedConsentObtained",
    "InformedConsentRenewed",
    "InformedConsentWithdrawn",
    "EligibilityConfirmed",
    "ParticipantEnrolled",
    "PlacedOnWaitingList",
    "ScreenFailed",
    "Disposition",
    "ParticipantFound",
    "ParticipantsMerged",
)
"""What stays under a number that is given up: how each was screened, and left."""


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
    renamed: bool = False
    is_also: set[str] = field(default_factory=set)

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
        least = [ANY_GRADE[one] for one in (self.term, *self.is_also) if one in ANY_GRADE]
        named = bool(least) and self.severity >= min(least)
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
            of["renamed"] = of.get("renamed", False) or "term" in one["fields"]
    for position in void(before):
        found[position - 1]["event"] = "entered in error"
    for end, one in enumerate(before):
        if one["event"] == "ParticipantsMerged":
            for each in found[:end]:
                if each.get("participant") == one["participant"] and each["event"] not in STAYS:
                    each["participant"] = one["into"]
    return found


def void(before: Sequence[Body]) -> set[int]:
    """Return the positions of entries made in error; weighty ones once a second person signed."""
    made: dict[int, Body] = {}
    confirmed: set[int] = set()
    for position, one in enumerate(before, 1):
        if says(one, "EntryVoided") and one["of"] in made and not one.get("bears_on"):
            del made[one["of"]]  # taken back
        elif says(one, "EntryVoided"):
            made[position] = one
        elif says(one, "VoidConfirmed") and one["of"] in made:
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


def says(one: Body, *kinds: str) -> bool:
    """Whether an entry is of one of some types."""
    return one["event"] in kinds


def day_of(text: str) -> date:
    """Return the day that a text begins with."""
    return date.fromisoformat(text[:10])


def moment_of(text: str) -> datetime:
    """Return the moment that a text names."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def doses(now: Sequence[Body], who: str) -> list[date]:
    """Return the days on which somebody was given some of the product."""
    return sorted(
        day_of(one["occurred_on"])
        for one in now
        if says(one, "DoseAdministered") and one["participant"] == who and one["amount"] > 0
    )


def _told(about: Case, one: Body) -> None:
    """Let an entry say what it says of an adverse event."""
    if says(one, "AdverseEventReported", "AdverseEventUpdated"):
        about.grade = one.get("grade") or about.grade
        if role_of(one.get("relation_by", one["recorded_by"])) == "investigator":
            about.relation = one.get("relation") or about.relation
        about.fatal |= "death" in (one.get("serious") or ()) or one.get("grade") == 5
    elif says(one, "AdverseEventClassified"):
        yes = (WATCHED.get(name, "") for name, said in one["answers"].items() if said == "yes")
        about.is_also |= set() if about.renamed else set(yes)
    elif says(one, "AdverseEventAssessed"):
        about.by_sponsor = one["relation"]
    elif says(one, "AdverseEventResolved"):
        about.fatal |= one["outcome"] == "fatal"
    elif says(one, "Disposition"):
        about.fatal |= one["status"] == "died"


def cases(now: Sequence[Body]) -> dict[str, Case]:
    """Return the adverse events; only an investigator's word is the investigator's causality."""
    found: dict[str, Case] = {}
    for position, one in enumerate(now, 1):
        if says(one, "AdverseEventReported"):
            renamed = one.get("renamed", False)
            found[one["adverse_event"]] = Case(
                one["participant"], one["term"], one["onset"], renamed=renamed
            )
        about = found.get(one.get("adverse_event", ""))
        if about is None:
            continue
        _told(about, one)
        if about.of_grade_4 > about.worst:
            about.worst, about.since = about.of_grade_4, position
    return found


def _in_window(case: Case, days: Sequence[date]) -> bool:
    return (
        bool(days) and len(case.onset) == 10 and days[0] <= day_of(case.onset) <= days[-1] + WINDOW
    )


def candidates(before: Sequence[Body]) -> dict[str, Case]:
    """Return every adverse event that was a candidate at any time, as it was then at its worst.

    What is void now was none at any time.
    """
    found: dict[str, Case] = {}
    gone = void(before)
    for end, last in enumerate(before, 1):
        if not _bears_on_candidates(last):
            continue
        now = as_they_stand(before[:end])
        for position in gone:
            if position <= end:
                now[position - 1]["event"] = "entered in error"
        for name, case in cases(now).items():
            if case.limiting and _in_window(case, doses(now, case.who)):
                worst = found.get(name)
                if worst is None or case.severity >= worst.severity:
                    found[name] = case
    known = cases(as_they_stand(before))
    return {name: case for name, case in found.items() if name in known}


def _bears_on_candidates(one: Body) -> bool:
    others = ("DoseAdministered", "EntryCorrected", "ParticipantsMerged")
    return "adverse_event" in one or says(one, *others)


def counted(before: Sequence[Body]) -> dict[str, set[str]]:
    """Return, of each participant, the candidates that surely count as dose-limiting."""
    said: dict[str, tuple[int, bool]] = {}
    for position, one in enumerate(before, 1):
        if says(one, "DoseLimitingToxicityAdjudicated"):
            said[one["candidate"]] = position, one["dose_limiting"]
    now, taken = as_they_stand(before), _taken_along(before)
    sure, found = candidates(before), dict[str, set[str]]()
    for name, case in cases(now).items():
        at, limiting = said.get(name, (0, name in sure))
        if name not in sure and taken.get(name, 0) > at:
            continue  # two people have signed that it goes along with what was made in error
        raised = _severity(before, name) > _severity(before[:at], name) if at else False
        if limiting or (raised and name in sure):
            found.setdefault(case.who, set()).add(name)
    return found


def _taken_along(before: Sequence[Body]) -> dict[str, int]:
    """Return the candidates that go along with an entry made in error, and who says so where."""
    gone, begins = void(before), "the candidate "
    return {
        told.removeprefix(begins): position
        for position, one in enumerate(before, 1)
        if says(one, "EntryVoided") and one["of"] in gone
        for told in one.get("bears_on") or ()
        if told.startswith(begins)
    }


def had_begun(before: Sequence[Body], name: str, on: str) -> bool:
    """Whether an adverse event may have begun by a day, as it stands and as it was at its worst."""
    told = (cases(as_they_stand(before)).get(name), candidates(before).get(name))
    return all(case.onset <= on[: len(case.onset)] for case in told if case is not None)


def _severity(before: Sequence[Body], name: str) -> int:
    case = cases(as_they_stand(before)).get(name)
    return case.severity if case else 0


def level_of(now: Sequence[Body], who: str) -> int | None:
    """Return the dose level at which somebody was enrolled."""
    levels = [
        one["level"]
        for one in now
        if says(one, "ParticipantEnrolled") and one["participant"] == who
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
