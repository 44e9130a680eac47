"""Which schema of a database the tables are in."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gradatim.core.errors import UnusableInput

VOCABULARY = frozenset(
    {
        "concept",
        "concept_ancestor",
        "concept_class",
        "concept_relationship",
        "concept_synonym",
        "domain",
        "drug_strength",
        "relationship",
        "vocabulary",
    }
)
"""The tables of a vocabulary, which many warehouses share."""


class Chosen(NamedTuple):
    """Which tables are read.

    Args:
        tables: schema and name of each, by its name in lower case.
        notes: what to say of it.
    """

    tables: Mapping[str, tuple[str, str]]
    notes: tuple[str, ...] = ()


def choose_tables(
    source: str, places: Iterable[tuple[str, str]], asked: Mapping[str, str], usual: str
) -> Chosen:
    """Choose the schema of the records, and that of the vocabulary where another is named.

    Args:
        source: what to call the database in messages.
        places: schema and name of every table.
        asked: what the user named as `schema` and as `vocabulary`, if anything.
        usual: where the engine looks first.

    Raises:
        UnusableInput: as `choose_schema`; or the schema of the vocabulary has no table concept.
    """
    places = sorted(places)
    schema = choose_schema(source, places, asked.get("schema", ""), usual)
    with_words = sorted({place for place, name in places if name.lower() == "concept"})
    named = asked.get("vocabulary", "")
    words = _same(named, with_words) if named else schema
    if not words:
        raise UnusableInput(
            f"the schema {named} has no table concept that can be seen",
            source,
            _list("one is in", with_words),
            "name the schema of the vocabulary",
        )
    own = [(place, name) for place, name in places if place == schema]
    shared = [one for one in places if one[0] == words and one[1].lower() in VOCABULARY]
    # Of Person and person it is the latter.
    tables = {name.lower(): (place, name) for place, name in (*own, *shared)}
    others = [one for one in with_words if one != schema]
    notes = (
        f"the vocabulary is not read: there is no table concept in the schema {schema}, but in "
        f"{', '.join(others)}; add vocabulary={others[0]} to the source"
        if others and "concept" not in tables
        else ""
    )
    return Chosen(tables, (notes,) if notes else ())


def choose_schema(source: str, places: Iterable[tuple[str, str]], asked: str, usual: str) -> str:
    """Choose the schema: the one asked for, else the usual one, else the only one.

    A schema counts if it has a table `person`, which every OMOP database has.

    Args:
        source: what to call the database in messages.
        places: schema and name of every table.
        asked: the schema the user named, or empty.
        usual: where the engine looks first.

    Raises:
        UnusableInput: there is no such schema, no table at all, or several schemas to choose from.
    """
    places = list(places)
    schemas = sorted({schema for schema, _ in places})
    people = [schema for schema, name in places if name.lower() == "person"]
    if asked:
        if found := _same(asked, schemas):
            return found
        raise UnusableInput(
            f"the schema {asked} has no tables that can be seen",
            source,
            _list("tables are in", schemas),
            "name one of them",
        )
    if usual in people or (usual in schemas and not people):
        return usual
    if len(people) == 1 or (not people and len(schemas) == 1):
        return (people or schemas)[0]
    raise _none(source, people or schemas)


def _same(asked: str, schemas: list[str]) -> str:
    """Return the schema of that name, else the only one that is so called in another case."""
    alike = [one for one in schemas if one.lower() == asked.lower()]
    return asked if asked in schemas else (alike[0] if len(alike) == 1 else "")


def _none(source: str, schemas: list[str]) -> UnusableInput:
    if not schemas:
        todo = "give the database of the warehouse, and the right to read it"
        return UnusableInput("this database has no tables that can be seen", source, todo=todo)
    return UnusableInput(
        "it is not clear which schema to read",
        source,
        _list("tables are in", schemas),
        "add ?schema=NAME",
    )


def _list(what: str, names: list[str]) -> str:
    return f"{what} {', '.join(names)}" if names else "there are no tables at all"
