"""Everybody is looked at once: the parts of a population hold each person in exactly one."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.errors import Defect, UnusableInput
from gradatim.evidence.omop.mapping import OmopRecords
from gradatim.evidence.relation import Relation, Stream
from gradatim.protocol.load import load
from gradatim.screening.prescreen import chunks
from gradatim.screening.prescreen.chunks import (
    Range,
    check_count,
    check_part,
    everybody,
    ranges,
)
from gradatim.screening.prescreen.run import prescreen
from gradatim.screening.prescreen.warehouse import OmopPopulation
from tests.engines import Engine, PostgresSchema
from tests.population.drawing import drawn
from tests.population.warehouses import (
    OPTIONS,
    assert_equal,
    loaded,
    opened,
    people,
    request,
    run,
    written,
)

TEXT_IDS = st.text(st.sampled_from("abAB01_- .äÄöÖß王李Z"), min_size=1, max_size=6).filter(
    lambda one: one == one.strip()
)
IDS = st.one_of(
    st.lists(TEXT_IDS, unique=True, max_size=40),
    st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=40),
)
SHUFFLED = [
    "ä-7",
    "A_12",
    "a12",
    "B 3",
    "b3",
    "王芳",
    "Z",
    "z",
    "10",
    "9",
    "-1",
    "Ö2",
    "o2",
    "Straße",
]
"""Ids whose order by code points and in a dictionary differ."""


def _sorted(ids: list[Any]) -> Any:
    return np.sort(np.array(ids, object if ids and isinstance(ids[0], str) else np.int64))


@given(IDS, st.integers(1, 9))
def test_parts_are_everybody_each_once(ids: list[Any], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SMALLEST", most)
        parts = ranges(_sorted(ids), 1)

    assert sum(part.people for part in parts) == len(ids)
    if ids:
        assert all(part.people <= most for part in parts)
        inside = Counter(id for id in ids for part in parts if part.first <= id <= part.last)
        assert inside == Counter(ids)


@given(IDS.filter(lambda ids: len(ids) > 1), st.data())
def test_a_part_that_lacks_doubles_or_borrows_somebody_is_found(
    ids: list[Any], data: st.DataObject
) -> None:
    every = _sorted(ids)
    cut = data.draw(st.integers(1, len(ids) - 1))
    part = Range(every[0], every[cut - 1], cut)
    check_part(every[:cut], part)

    n = data.draw(st.integers(0, cut - 1))
    for wrong in (
        np.delete(every[:cut], n),
        np.sort(np.append(every[:cut], every[n])),
        np.sort(np.append(np.delete(every[:cut], n), every[cut])),
    ):
        with pytest.raises(Defect, match=f"{cut} people were to be screened"):
            check_part(wrong, part)


def test_numbers_out_and_in() -> None:
    check_count(7, 7, 7)
    for different, rows in ((6, 7), (7, 8), (8, 8)):
        with pytest.raises(Defect, match="Nothing was written"):
            check_count(different, 7, rows)


# --- on every engine ------------------------------------------------------------------------------


class Ids:
    """A population of nothing but ids."""

    def __init__(self, engine: Engine, ids: list[str]) -> None:
        engine.load("persons", pa.table({"person": ids}))
        engine.load("facts", pa.table({"person": ids * 2}))
        self.warehouse = engine.open()
        tables = {name: self.warehouse.table(name) for name in ("persons", "facts")}
        facts = Stream("facts", tables["facts"], {})
        self.relation = Relation(tables["persons"], (facts,))

    def fetch(self, expr: Any) -> pa.Table:
        """As `Population.fetch`."""
        return self.warehouse.fetch(expr)

    def of(self, relation: Relation) -> tuple[list[str], list[str]]:
        """Return the people of a part, and those of whom it has records."""
        records = relation.streams[0].table
        return (
            self.fetch(relation.persons)["person"].to_pylist(),
            self.fetch(records)["person"].to_pylist(),
        )


def _whole(population: Ids, ids: list[str]) -> None:
    parts = ranges(everybody(population, population.relation), 1)  # type: ignore[arg-type]
    assert len(parts) > 3
    found, records = Counter[str](), Counter[str]()
    for part in parts:
        own, recorded = population.of(part.of(population.relation))
        check_part(_sorted(own), part)
        assert set(own) == set(recorded)
        found.update(own)
        records.update(recorded)
    assert found == Counter(ids)
    assert records == Counter(ids * 2)


def _text_ids() -> list[str]:
    return sorted({*SHUFFLED, *drawn(TEXT_IDS, 150, 3)}, key=str.casefold)


def test_text_ids_are_in_one_part_each(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SMALLEST", 12)
    ids = _text_ids()
    _whole(Ids(engine, ids), ids)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_so_are_those_in_a_linguistic_collation(
    linguistic_postgres: PostgresSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SMALLEST", 12)
    ids = _text_ids()
    population = Ids(linguistic_postgres, ids)
    person = population.relation.persons
    by_server = population.fetch(person.order_by("person"))["person"].to_pylist()
    assert by_server != sorted(ids), "the collation orders as code points do: nothing is tested"
    _whole(population, ids)


# --- a whole run ----------------------------------------------------------------------------------

PROTOCOL = load("example_oncology_tablet")
"""The shorter one: who is counted does not depend on what is asked."""
SMALLEST = 90
ABOUT_PEOPLE = (
    "person",
    "death",
    "observation_period",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
)


def _as_text(folder: Path, aside: Path) -> Path:
    """Give everybody an id of text, of which dictionaries make another order."""
    aside.mkdir()
    for file in folder.glob("*.parquet"):
        table = pq.read_table(file)
        if file.stem in ABOUT_PEOPLE:
            texts = [_named(id) for id in table["person_id"].to_pylist()]
            place = table.column_names.index("person_id")
            table = table.set_column(place, "person_id", pa.array(texts))
        pq.write_table(table, aside / file.name)
    return aside


def _named(id: int) -> str:
    return f"{('p', 'P', 'ä', 'Z', '-', '王')[id % 6]}{id // 6:x}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = people(tmp_path_factory.mktemp("omop") / "people", 250)
    return _as_text(made, made.parent / "texts")


@pytest.fixture(scope="module")
def reference(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, dict[str, list[Any]]]:
    out = tmp_path_factory.mktemp("reference") / "run"
    with opened(folder) as warehouse:
        run(warehouse, out, PROTOCOL)
    return written(out)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_a_linguistic_collation_changes_nothing(
    linguistic_postgres: PostgresSchema,
    folder: Path,
    reference: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "SMALLEST", SMALLEST)
    warehouse = loaded(linguistic_postgres, folder)
    parts: list[int] = []
    outcome = prescreen(
        request(PROTOCOL, memory=1),
        OmopPopulation(warehouse, OPTIONS),
        tmp_path / "run",
        lambda _, of: parts.append(of),
    )

    assert parts[-1] > 2
    (told,) = outcome.run.values()
    assert told["people"]["screened"] == len(reference["verdicts"]["person_id"])
    assert_equal(written(tmp_path / "run"), reference)


class InEngine(OmopPopulation):
    """As on Spark: the engine combines the answers and writes the files."""

    many_machines = True


@pytest.mark.parametrize("population", [OmopPopulation, InEngine])
@pytest.mark.parametrize("spoil", ["doubled", "lost"])
def test_a_run_that_would_count_somebody_twice_or_not_at_all_writes_nothing(
    population: type[OmopPopulation],
    spoil: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetch_everybody = chunks.everybody

    def fewer(*given: Any) -> Any:
        """As if the source had more people, or fewer, than those whom the engine answers about."""
        found = fetch_everybody(*given)
        return found[:-1] if spoil == "doubled" else np.append(found, "王王")

    monkeypatch.setattr("gradatim.screening.prescreen.run.everybody", fewer)
    with opened(folder) as warehouse, pytest.raises(Defect, match="people were to be screened"):
        run(warehouse, tmp_path / "run", PROTOCOL, population)
    assert not list(tmp_path.iterdir())


def test_parts_that_overlap_stop_the_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happened where ids were compared in another order than they were sorted in."""
    monkeypatch.setattr(chunks, "SMALLEST", SMALLEST)

    def folded(relation: Relation, first: str, last: str) -> Relation:
        person = relation.persons["person"].lower()
        own = relation.persons.filter((person >= first.lower()) & (person <= last.lower()))
        assert isinstance(relation.records, OmopRecords)
        return Relation(own, relation.streams, covered=relation.covered, records=relation.records)

    monkeypatch.setattr(Relation, "among", folded)
    with opened(folder) as warehouse, pytest.raises(Defect, match="people were to be screened"):
        run(warehouse, tmp_path / "run", PROTOCOL, memory=1)
    assert not list(tmp_path.iterdir())


def test_somebody_who_is_in_the_source_twice_is_told() -> None:
    class Twice:
        def fetch(self, expr: Any) -> pa.Table:
            return pa.table({"person": [3, 1, 3]})

    relation = Relation(ibis.table({"person": "int64"}, name="persons"), ())
    with pytest.raises(UnusableInput, match="1 people of this source are in it twice"):
        everybody(Twice(), relation)  # type: ignore[arg-type]


def test_a_row_of_person_without_an_id_is_nobody(folder: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    for file in folder.glob("*.parquet"):
        pq.write_table(pq.read_table(file), aside / file.name)
    table = pq.read_table(folder / "person.parquet")
    row = table.slice(0, 1).to_pylist()[0] | {"person_id": None}
    pq.write_table(
        pa.concat_tables([table, pa.Table.from_pylist([row], table.schema)]),
        aside / "person.parquet",
    )
    with opened(aside) as warehouse:
        run(warehouse, tmp_path / "run", PROTOCOL)
    assert None not in written(tmp_path / "run")["verdicts"]["person_id"]
