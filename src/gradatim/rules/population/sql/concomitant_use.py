"""Values of days on which a drug was taken do not satisfy (`not_while`)."""

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Relation, Stream
from gradatim.rules.population.sql.counts import happenings
from gradatim.rules.population.sql.portable import day_number
from gradatim.rules.population.sql.records import (
    ColumnValue,
    TableStep,
    column,
    dimension,
    has,
    joined,
    joint_stream,
)
from gradatim.rules.population.states import JUDGEMENT, NO, NO_RECORD, NOT_UNDERSTOOD, PARTIAL, YES

_DAY = ["person", "start", "start_last"]


def not_while(
    relation: Relation, rows: ir.Table, name: str, kind: str, on: int, step: TableStep
) -> ir.Table:
    """Let records of days on which a drug was (perhaps) taken not satisfy.

    Args:
        relation: the population.
        rows: records with `person`, `start`, perhaps `start_last`, and `state`.
        name: the drug's element.
        kind: its kind.
        on: the day of the question, as a day number.
        step: materialises a step.

    Returns:
        The rows with the `state` that is left.
    """
    columns = rows.columns
    rows = rows.mutate(start_last=column(rows, "start_last"))
    days = _taken(relation, step(rows.select(_DAY).distinct()), name, kind, on, step)
    both = rows.inner_join(days, _DAY)
    says, found = both["state"], both["taken"]
    left = ibis.cases(
        ((says == NO) | (found == YES), ibis.literal(NO)),
        (found == NO, says),
        (says == YES, found),
        else_=says,
    )
    return both.mutate(state=left.cast("int64")).select(columns)


def _taken(
    relation: Relation, days: ir.Table, name: str, kind: str, on: int, step: TableStep
) -> ir.Table:
    """Give the state "was taken" of each day."""
    days = _observed(relation, days, kind, on)
    unrecognised = name in relation.unrecognised
    stream = joint_stream(relation, name)
    not_read = [_of(one, name) for one in relation.unclear if any(one.keys_of(name))]
    if stream is None:
        return _known(_not_understood(days, not_read), unrecognised)
    records = _of(stream, name)
    days = step(days)
    days = _with(days, _overlap(days, _named(happenings(records))), "says")
    if stream.has("denies"):
        days = step(days)
        days = _with(days, _later(days, _named(records.filter(records["denies"]))), "denied")
    if stream.has("unreadable"):
        not_read.append(records.filter(records["unreadable"]))
    return _known(_not_understood(days, not_read), unrecognised)


def _of(stream: Stream, name: str) -> ir.Table:
    """Return the records of an element."""
    asked = dimension([{"key": key} for key, _ in stream.keys_of(name)], {"key": pa.int64()})
    return joined(stream, asked)


def _not_understood(days: ir.Table, records: list[ir.Table]) -> ir.Table:
    """Add whether a record that may be about the drug is not understood."""
    people = [one.select("person") for one in records]
    if not people:
        return days
    every = (ibis.union(*people, distinct=False) if len(people) > 1 else people[0]).distinct()
    return days.left_join(every.mutate(unreadable=ibis.literal(1)), "person").drop("person_right")


def _observed(relation: Relation, days: ir.Table, kind: str, on: int) -> ir.Table:
    """Add whether the source observed each day."""
    if kind not in relation.covered:
        return days.mutate(observed=ibis.literal(False))
    persons = relation.persons
    table = days.inner_join(
        persons.select("person", since=persons[f"since_{kind}"], until=persons[f"until_{kind}"]),
        "person",
    )
    until = day_number(table["until"])
    lasted = (until >= on) | (table["until"] >= table["start_last"])
    return table.select(*_DAY, observed=(table["since"] <= table["start"]) & lasted)


def _known(days: ir.Table, unrecognised: bool) -> ir.Table:
    """Settle what records and their absence say."""
    nothing = ibis.null("int64")
    denied, unreadable, says = (
        days[name] if has(days, name) else nothing for name in ("denied", "unreadable", "says")
    )
    understood = ibis.literal(False) if unrecognised else unreadable.isnull()
    taken = ibis.cases(
        (says.notnull(), says),
        (denied.notnull(), ibis.literal(NO)),
        (days["observed"] & understood, ibis.literal(NO)),
        (days["observed"], ibis.literal(NOT_UNDERSTOOD)),
        else_=ibis.literal(NO_RECORD),
    )
    return days.select(*_DAY, taken=taken.cast("int64"))


def _with(days: ir.Table, told: ir.Table, name: str) -> ir.Table:
    found = told.group_by(_DAY).agg(**{name: told[name].max()})
    return days.left_join(found, _DAY).drop([f"{one}_right" for one in _DAY])


def _named(records: ir.Table) -> ir.Table:
    return records.select(
        o_person=records["person"],
        o_start=records["start"],
        o_start_last=column(records, "start_last"),
        o_end=column(records, "end"),
        o_end_last=column(records, "end_last"),
        o_doubtful=column(records, "doubtful"),
    )


def _overlap(days: ir.Table, records: ir.Table) -> ir.Table:
    """Say what each record of the drug that may be of a day says of it."""
    pairs = days.inner_join(
        records,
        [
            days["person"] == records["o_person"],
            records["o_start"] <= days["start_last"],
            records["o_end_last"] >= days["start"],
        ],
    )
    exact = pairs["start"] == pairs["start_last"]
    surely = (pairs["o_start_last"] <= pairs["start_last"]) & (pairs["o_end"] >= pairs["start"])
    says: ColumnValue = ibis.cases(
        (pairs["o_doubtful"], ibis.literal(JUDGEMENT)),
        (surely & exact, ibis.literal(YES)),
        else_=ibis.literal(PARTIAL),
    )
    return pairs.mutate(says=says.cast("int64"))


def _later(days: ir.Table, denials: ir.Table) -> ir.Table:
    """Give the days up to which a record says that it did not happen."""
    pairs = days.inner_join(
        denials, [days["person"] == denials["o_person"], denials["o_end"] >= days["start"]]
    )
    return pairs.mutate(denied=ibis.literal(1).cast("int64"))
