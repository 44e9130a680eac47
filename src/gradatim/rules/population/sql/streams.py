"""The streams in which an element arrives; where it arrives in several, they are one."""

import ibis

from gradatim.evidence.relation import Key, Relation, Stream
from gradatim.rules.population.sql.rows import Value, column

_ALWAYS = ("person", "key", "id", "start")
_SPREAD = 64
"""Leaves room between keys, so that those of several streams can be told apart."""


def together(relation: Relation, *elements: str) -> Stream | None:
    """Give the stream of all records of some elements; None if there is none."""
    streams = [
        one for one in relation.streams if any(any(one.keys_of(element)) for element in elements)
    ]
    if len(streams) <= 1:
        return streams[0] if streams else None
    names = sorted({name for one in streams for name in one.table.columns} - set(_ALWAYS))
    tables, keys = [], dict[int, Key]()
    for place, one in enumerate(streams):
        keys |= {key * _SPREAD + place: means for key, means in one.keys.items()}
        columns = {name: _wide(column(one.table, name)) for name in names}
        tables.append(
            one.table.select(
                person=one.table["person"],
                key=one.table["key"].cast("int64") * _SPREAD + place,
                id=one.table["id"].cast("string"),
                start=one.table["start"],
                **columns,
            )
        )
    named = " and ".join(one.name for one in streams)
    return Stream(named, ibis.union(*tables, distinct=False), keys)


def _wide(value: Value) -> Value:
    """Give integers the same width in every table."""
    return value.cast("int64") if value.type().is_integer() else value
