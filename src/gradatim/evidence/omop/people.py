"""The people of a warehouse, and the days they were observed, as expressions of its engine."""

from typing import TYPE_CHECKING

import ibis

from gradatim.clinical import omop
from gradatim.core.errors import UnusableInput
from gradatim.evidence.facts import Observed
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.columns import a_day, case_when
from gradatim.evidence.omop.options import Options, Warehouse
from gradatim.evidence.relation import FIRST_DAY, LAST_DAY

if TYPE_CHECKING:
    from ibis.expr import types as ir


def persons(warehouse: Warehouse, options: Options) -> "ir.Table":
    """Give the living, with birth, sex, site and the days observed of each declared kind.

    Raises:
        UnusableInput: there is no table `person`, or none of the observation periods asked for.
    """
    t = with_birth(required_table(warehouse, "person", "nobody is known without it"), options)
    people = t.select(
        person=person_of(t),
        birth_first=t["birth_first"],
        birth_last=t["birth_last"],
        sex=sex_column(t),
        **_site(warehouse, t),
    )
    people = people.filter(people["person"].notnull())
    dead = _dead(warehouse, options)
    if dead is not None:
        people = people.anti_join(dead, "person")
    return _covered(warehouse, options, people)


def required_table(warehouse: Warehouse, name: str, why: str) -> "ir.Table":
    """Give a table that must be there.

    Raises:
        UnusableInput: it is not.
    """
    table = warehouse.table(name)
    if table is None:
        raise UnusableInput(f"there is no table {name}", name, why, "add it to the warehouse")
    return table


def person_of(t: "ir.Table") -> "ir.Value":
    """Give the person of a row; identifiers that an export wrote as floats are whole again.

    Raises:
        UnusableInput: the column is absent, or neither whole numbers nor text.
    """
    if "person_id" in t.columns and t["person_id"].type().is_string():
        return t["person_id"]
    found = columns.whole(t, "person_id")
    if found is None:
        raise UnusableInput(
            "there is no person_id", "person_id", "it tells whose record a row is", "add the column"
        )
    return found


def sex_column(t: "ir.Table") -> "ir.Value":
    """Give the sex: female, male, or empty."""
    gender = columns.whole(t, "gender_concept_id")
    if gender is None:
        return ibis.literal("")
    return case_when([(gender == id, word) for id, word in omop.SEXES.items()], "")


def with_birth(t: "ir.Table", options: Options) -> "ir.Table":
    """Add `birth_first` and `birth_last`, the first and last day a person can have been born on.

    The date-time goes before the parts, but for a placeholder: the first of January (of a month)
    of someone whose month (day) is not known. A birth after the day of the evaluation is none.
    Step by step, each on columns of the step before, so that no expression is written twice.
    """
    exact = columns.day(t, "birth_datetime")
    t = t.mutate(
        birth_year=_within(columns.whole(t, "year_of_birth"), 1, 9999),
        birth_month=_within(columns.whole(t, "month_of_birth"), 1, 12),
        birth_exact=ibis.null("date") if exact is None else exact,
    )
    t = t.mutate(birth_day=_day(t))
    year, month, day = (t[f"birth_{part}"] for part in ("year", "month", "day"))
    last = ibis.date(year, month.coalesce(12), day.coalesce(_days(year, month.coalesce(12))))
    t = t.mutate(birth_first=ibis.date(year, month.coalesce(1), day.coalesce(1)), birth_last=last)
    exact, first, last = (t[f"birth_{part}"] for part in ("exact", "first", "last"))
    placeholder = (exact == first) & (first < last)
    by_parts = exact.isnull() | placeholder.fill_null(False)
    t = t.mutate(
        **{name: ibis.ifelse(by_parts, t[name], exact) for name in ("birth_first", "birth_last")}
    )
    known = t["birth_first"] <= a_day(options.on)
    ends = {"birth_first": a_day(FIRST_DAY), "birth_last": a_day(LAST_DAY)}
    t = t.mutate(
        **{name: ibis.ifelse(known, t[name], end).coalesce(end) for name, end in ends.items()}
    )
    return t.drop("birth_year", "birth_month", "birth_day", "birth_exact")


def _day(t: "ir.Table") -> "ir.Value":
    """Give the day of birth; NULL for one that no calendar has, and for one without a month."""
    day, year, month = columns.whole(t, "day_of_birth"), t["birth_year"], t["birth_month"]
    if day is None:
        return ibis.null("int64")
    real = month.notnull() & (day >= 1) & (day <= _days(year, month))
    return ibis.ifelse(real, day, ibis.null("int64"))


def _within(column: "ir.Value | None", low: int, high: int) -> "ir.Value":
    if column is None:
        return ibis.null("int64")
    return ibis.ifelse((column >= low) & (column <= high), column, ibis.null("int64"))


def _days(year: "ir.Value", month: "ir.Value") -> "ir.Value":
    """Give how many days a month has."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return case_when(
        [(month.isin([4, 6, 9, 11]), 30), ((month == 2) & leap, 29), (month == 2, 28)], 31
    )


def _site(warehouse: Warehouse, t: "ir.Table") -> "dict[str, ir.Value]":
    """Give the name of the care site, or else its number as text."""
    own = columns.whole(t, "care_site_id")
    if own is None:
        return {}
    named = own.cast("string")
    sites = warehouse.table("care_site")
    if sites is not None and (name := columns.text(sites, "care_site_name")) is not None:
        id = columns.whole(sites, "care_site_id")
        assert id is not None
        known = warehouse.fetch(sites.select(id=id, name=name)).to_pydict()
        branches = [
            (own == id, name)
            for id, name in zip(known["id"], known["name"], strict=True)
            if id is not None and name
        ]
        named = case_when(branches, named) if len(branches) <= MOST_SITES else named
    return {"site": named}


MOST_SITES = 500
"""Above so many, care sites go by their numbers."""


def _dead(warehouse: Warehouse, options: Options) -> "ir.Table | None":
    """Give who died up to the day of the evaluation, or on a day that is not recorded."""
    t = warehouse.table("death")
    if t is None:
        return None
    at = columns.day(t, "death_date")
    if at is not None:
        t = t.filter(at.isnull() | (at <= a_day(options.on)))
    return t.select(person=person_of(t)).distinct()


def _covered(warehouse: Warehouse, options: Options, people: "ir.Table") -> "ir.Table":
    """Add the days observed of each kind; of who was not observed, an empty span."""
    if not options.coverage:
        return people
    if not options.observation_period:
        days = {}
        for kind, seen in options.coverage.items():
            days[f"since_{kind}"] = a_day(seen.since or FIRST_DAY)
            days[f"until_{kind}"] = a_day(seen.until or LAST_DAY)
        return people.mutate(**days)
    joined = people.left_join(periods(warehouse, options), "person")
    days = {}
    for kind, seen in options.coverage.items():
        days[f"since_{kind}"], days[f"until_{kind}"] = _span(joined, seen)
    return joined.select(*people.columns, **days)


def _span(joined: "ir.Table", seen: Observed) -> "tuple[ir.Value, ir.Value]":
    since, until = joined["since"], joined["until"]
    if seen.since is not None:
        since = ibis.ifelse(since < a_day(seen.since), a_day(seen.since), since)
    if seen.until is not None:
        until = ibis.ifelse(until > a_day(seen.until), a_day(seen.until), until)
    some = (since <= until).fill_null(False)
    return (ibis.ifelse(some, since, a_day(LAST_DAY)), ibis.ifelse(some, until, a_day(FIRST_DAY)))


def periods(warehouse: Warehouse, options: Options) -> "ir.Table":
    """Give of each person the last time under observation that began by the day of the evaluation.

    Periods that overlap, or follow each other from one day to the next, are one.

    Raises:
        UnusableInput: there is no table `observation_period`.
    """
    t = required_table(warehouse, "observation_period", "coverage is to be tied to it")
    t = t.select(
        person=person_of(t),
        start=columns.day(t, "observation_period_start_date"),
        end=columns.day(t, "observation_period_end_date"),
    )
    t = t.filter((t["start"] <= t["end"]) & (t["start"] <= a_day(options.on)))
    before = ibis.window(group_by="person", order_by=["start", "end"], preceding=(None, 1))
    t = t.mutate(reached=t["end"].max().over(before))
    begins = t["reached"].isnull() | (t["start"].delta(t["reached"], unit="day") > 1)
    t = t.mutate(begins=ibis.ifelse(begins, t["start"], ibis.null("date")))
    return t.group_by("person").aggregate(since=t["begins"].max(), until=t["end"].max())
