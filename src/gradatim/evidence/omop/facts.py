"""A warehouse's people one by one: their rows, fetched and read in plain Python.

It is the slow and obvious reading, by which the expressions of `mapping` are verified on a sample.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from gradatim.clinical import omop
from gradatim.evidence.facts import Coding, Fact, Facts, NotUsed
from gradatim.evidence.omop import read_records, read_values
from gradatim.evidence.omop.concepts import Concepts
from gradatim.evidence.omop.options import Options, Warehouse
from gradatim.evidence.omop.person_rows import Fetched, RecordRow
from gradatim.evidence.omop.read_people import born, coverage, died
from gradatim.evidence.omop.tables import SOURCES, VALUES
from gradatim.evidence.omop.vocabulary import concepts, with_results
from gradatim.protocol.study import Study


def facts(
    warehouse: Warehouse,
    study: Study,
    options: Options,
    person_ids: Sequence[Any],
    known_: Concepts | None = None,
) -> Iterator[Facts]:
    """Read some people, in the order given.

    Args:
        warehouse: the open warehouse.
        study: the protocol that asks.
        options: how the warehouse is to be read.
        person_ids: the people; who is not in the warehouse is left out.
        known_: what concepts mean, where that has been looked up already.

    Raises:
        UnusableInput: a table or column that everything depends on is missing or unusable.
    """
    meaning = known_ or concepts(warehouse, study, options.coverage)
    options = options.without(meaning.understood.unheld)
    unseen = tuple(
        NotUsed("vocabulary", why, (name,), (Coding(why),))
        for name, why in meaning.understood.unrecognised.items()
    )
    fetched = Fetched(warehouse, person_ids)
    by_person: dict[Any, list[Fact | NotUsed]] = defaultdict(list)
    read: dict[Any, int] = defaultdict(int)
    people = {row["person"]: row for row in fetched.people()}
    strengths = fetched.strengths()
    rows = {source: fetched.records(source) for source in SOURCES}
    meaning = with_results(
        warehouse,
        meaning,
        {row["result"] for source in VALUES for row in rows[source] if row["result"]},
    )
    for source, records in rows.items():
        for row in records:
            person = people.get(row["person"])
            if person is None:
                continue
            read[row["person"]] += 1
            if source in VALUES:
                found = read_values.facts_of_row(source, row, person, meaning, options)
            else:
                found = read_records.facts_of_row(source, row, meaning, strengths)
            found += read_records.not_understood(source, row, meaning)
            by_person[row["person"]] += found
    deaths, periods = fetched.deaths(), fetched.periods()
    for id in person_ids:
        if id in people:
            yield _facts(
                people[id],
                [*by_person[id], *unseen],
                read[id],
                deaths.get(id, []),
                periods.get(id, []),
                options,
            )


def _facts(
    person: RecordRow,
    found: list[Fact | NotUsed],
    read: int,
    deaths: list[date | None],
    periods: list[tuple[date, date]],
    options: Options,
) -> Facts:
    by_element: dict[str, list[Fact]] = defaultdict(list)
    for one in found:
        if isinstance(one, Fact):
            by_element[one.element].append(one)
    return Facts(
        str(person["person"]),
        born(person, options),
        omop.SEXES.get(person["gender"] or 0, ""),
        {name: tuple(some) for name, some in by_element.items()},
        coverage(periods, options),
        tuple(one for one in found if isinstance(one, NotUsed)),
        read,
        died(deaths, options.on),
    )
