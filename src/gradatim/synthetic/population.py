"""A made-up population as an OMOP CDM 5.4 warehouse in Parquet: seeded, of any size, streamed.

Background people of every age with realistic gaps, and candidates for the bundled trial, many of
them at the very edge of a criterion. The same seed and size give the same files (with the same
release of numpy, whose distributions may change). Nothing is real.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.synthetic.omop.block import Columns, block
from gradatim.synthetic.omop.folder import Folder
from gradatim.synthetic.omop.people import SITES
from gradatim.synthetic.omop.schema import SCHEMAS
from gradatim.synthetic.omop.vocabulary import OmopVocabulary, vocabulary
from gradatim.synthetic.omop.writer import TableWriter, write_lists

AS_OF = date(2026, 11, 16)
BLOCK = 10_000
"""People made at a time, each block with a seed of its own: part of what a seed stands for."""
IDS_PER_PERSON = 10_000
"""Record ids kept for each person, so that populations with other person ids share none."""
STREAMED = (
    "person",
    "observation_period",
    "death",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
)


def write_population(
    directory: Path,
    people: int,
    seed: int,
    *,
    candidates: float = 0.01,
    start_id: int = 1,
    chunk: int = 20_000,
    rows_per_person: float = 66,
    as_of: date = AS_OF,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, int]:
    """Write a population; the folder appears whole or not at all.

    Args:
        directory: a folder that does not exist yet, or is empty.
        people: how many.
        seed: the same seed and arguments give the same files.
        candidates: share of people who are plausible candidates of the bundled trial, 0 to 1.
        start_id: id of the first person.
        chunk: how many people at most wait in memory to be written, in blocks of 10,000; changes
            nothing in the files.
        rows_per_person: mean number of rows a person, over all tables; a candidate has about 50
            more.
        as_of: day of the planned first dose; screening is 14 days before it.
        progress: is told how many people are done.

    Returns:
        The number of rows of each table.

    Raises:
        UnusableInput: a number is out of range, or the folder holds something or cannot be made.
    """
    _check(people, seed, candidates, start_id, chunk, rows_per_person)
    mean = max(rows_per_person - 2.1, 0.5)  # a person and about 1.1 observation periods
    words = vocabulary()
    blocks = _blocks(people, seed, start_id, candidates, mean, as_of, words)
    with Folder(directory) as folder:
        counts = _stream(folder, blocks, max(1, chunk // BLOCK), start_id, progress)
        return counts | _small_tables(folder, words, as_of)


def _check(
    people: int, seed: int, candidates: float, start_id: int, chunk: int, rows_per_person: float
) -> None:
    most = 2**31 - 1
    for name, value, low, high in (
        ("people", people, 1, most),
        ("seed", seed, 0, 2**64),
        ("candidates", candidates, 0, 1),
        ("start_id", start_id, 1, most),
        ("chunk", chunk, 1, most),
        ("rows_per_person", rows_per_person, 3, 1000),
    ):
        if not low <= value <= high:
            raise UnusableInput(
                f"{value} is not a possible value", name, todo=f"give a number from {low} to {high}"
            )


def _blocks(
    people: int,
    seed: int,
    start_id: int,
    candidates: float,
    mean: float,
    as_of: date,
    words: OmopVocabulary,
) -> Iterator[tuple[int, dict[str, Columns]]]:
    for n, first in enumerate(range(0, people, BLOCK)):
        # the nth child of the seed, as SeedSequence.spawn gives it, without keeping the others
        rng = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=(n,))))
        size = min(BLOCK, people - first)
        yield size, block(rng, size, start_id + first, candidates, mean, as_of, words)


def _stream(
    folder: Path,
    blocks: Iterator[tuple[int, dict[str, Columns]]],
    together: int,
    start_id: int,
    progress: Callable[[int], None],
) -> dict[str, int]:
    """Write blocks in a thread of their own while the next ones are made."""
    first_id = (start_id - 1) * IDS_PER_PERSON + 1
    writers = {table: TableWriter(folder, table, first_id) for table in STREAMED}
    waiting: list[Future[None]] = []
    done = 0
    with ThreadPoolExecutor(1) as pool:
        for size, tables in blocks:
            while len(waiting) >= together:
                waiting.pop(0).result()
            waiting.append(pool.submit(_write, writers, tables))
            done += size
            progress(done)
        for one in waiting:
            one.result()
        for writer in writers.values():
            writer.close()
    return {table: writer.rows for table, writer in writers.items()}


def _write(writers: dict[str, TableWriter], tables: dict[str, Columns]) -> None:
    for table, columns in tables.items():
        writers[table].add(columns)


def _small_tables(folder: Path, words: OmopVocabulary, as_of: date) -> dict[str, int]:
    sites = range(1, SITES + 1)
    source: dict[str, list[object]] = {
        "cdm_source_name": ["gradatim synthetic population"],
        "cdm_source_abbreviation": ["gradatim synthetic"],
        "cdm_holder": ["gradatim"],
        "source_description": ["Made-up people. Nothing in it is real."],
        "source_release_date": [as_of],
        "cdm_release_date": [as_of],
        "cdm_version": ["5.4"],
        "cdm_version_concept_id": [756265],
        "vocabulary_version": ["synthetic 1"],
    }
    tables: dict[str, dict[str, list[object]]] = {
        "concept": words.concepts.concept(),
        "concept_ancestor": words.concepts.concept_ancestor(),
        "drug_strength": words.concepts.drug_strength(),
        "cdm_source": source,
        "care_site": {
            "care_site_id": list(sites),
            "care_site_name": [f"Hospital {n}" for n in sites],
            "place_of_service_concept_id": [None] * SITES,
            "care_site_source_value": [f"H{n:02}" for n in sites],
        },
    }
    for table, columns in tables.items():
        write_lists(folder, table, columns)
    return {table: len(columns[SCHEMAS[table].names[0]]) for table, columns in tables.items()}
