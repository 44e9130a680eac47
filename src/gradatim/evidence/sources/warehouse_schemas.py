"""Which schema of a database the tables are in."""

from collections.abc import Iterable

from gradatim.core.errors import UnusableInput


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
        if asked in schemas:
            return asked
        raise UnusableInput(f"the schema {asked} has no tables that can be seen", source,
                            _list("tables are in", schemas), "name one of them")  # fmt: skip
    if usual in people or (usual in schemas and not people):
        return usual
    if len(people) == 1 or (not people and len(schemas) == 1):
        return (people or schemas)[0]
    raise _none(source, people or schemas)


def _none(source: str, schemas: list[str]) -> UnusableInput:
    if not schemas:
        todo = "give the database of the warehouse, and the right to read it"
        return UnusableInput("this database has no tables that can be seen", source, todo=todo)
    return UnusableInput("it is not clear which schema to read", source,
                         _list("tables are in", schemas), "add ?schema=NAME")  # fmt: skip


def _list(what: str, names: list[str]) -> str:
    return f"{what} {', '.join(names)}" if names else "there are no tables at all"
