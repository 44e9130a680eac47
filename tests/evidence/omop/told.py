"""What each of the two readings of a warehouse tells, in one form that can be compared."""

from collections import defaultdict
from typing import Any

from gradatim.core.dates import ANY_DAY
from gradatim.evidence.facts import Facts, NotUsed
from gradatim.evidence.omop.concepts import ANOTHER, MEASURED
from gradatim.evidence.omop.protocol_codes import wanted_units
from gradatim.evidence.omop.value_parts import KNOWN_WORDS, known_unit
from gradatim.evidence.relation import BOUNDS, FIRST_DAY, LAST_DAY, Relation, Stream
from gradatim.protocol.study import Study

Told = dict[Any, set[tuple[Any, ...]]]


def by_relation(relation: Relation, study: Study) -> tuple[Told, dict[Any, tuple[Any, ...]]]:
    """Give the facts of everybody, and the people."""
    facts: Told = defaultdict(set)
    for stream in relation.streams:
        for row in stream.table.to_pyarrow().to_pylist():
            for one in stream.keys[row["key"]].meanings if row["key"] in stream.keys else ():
                facts[row["person"]].add(_of_row(stream, row, one, relation, study))
    for stream in relation.unclear:
        for row in stream.table.to_pyarrow().to_pylist():
            assert row["unreadable"]
            for one in stream.keys[row["key"]].meanings:
                facts[row["person"]].add((one.element, "not understood"))
    people = {}
    for row in relation.persons.to_pyarrow().to_pylist():
        days = [(kind, row[f"since_{kind}"], row[f"until_{kind}"]) for kind in relation.covered]
        people[row["person"]] = (
            row["birth_first"],
            row["birth_last"],
            row["sex"],
            frozenset(one for one in days if one[1:] != (LAST_DAY, FIRST_DAY)),
        )
    for person in people:
        facts[person] |= {(name, "not recognised") for name in relation.unrecognised}
    return facts, people


def _of_row(
    stream: Stream, row: dict[str, Any], one: Any, relation: Relation, study: Study
) -> tuple[Any, ...]:
    table = stream.name.split(" ")[0]
    id = f"{table}/{row['id']}"
    if row.get("unreadable"):
        return (one.element, id, "unreadable")
    kind = study.elements[one.element].kind
    start, end = row["start"], row.get("end", row["start"])
    assert None not in (start, end)
    days = start, row.get("start_last", start), end, row.get("end_last", end)
    word = relation.words[row.get("word", 0)]
    if kind in MEASURED and "value" in row:
        unit = relation.units[row["unit"]]
        low, high = row.get("low"), row.get("high")
        return (
            one.element,
            id,
            *days,
            _rounded(row["value"]),
            unit,
            BOUNDS[row.get("bound", 0)],
            _rounded(low),
            _rounded(high),
            word,
        )
    doubtful = bool(row.get("doubtful"))
    if kind == "answer":
        return (one.element, id, *days, word, bool(row.get("derived")), doubtful)
    assert bool(row.get("denies")) == (word == "false")
    said = word if "denies" in row and word in ("true", "false") else one.code
    dose = row.get("value") if table == "drug_exposure" else None
    return (one.element, id, *days, _rounded(dose), said, doubtful)


def by_facts(facts: Facts, study: Study, words: frozenset[str]) -> set[tuple[Any, ...]]:
    """Give the facts of one person."""
    found: set[tuple[Any, ...]] = set()
    known = KNOWN_WORDS | words
    names = {n for n, one in study.elements.items() if one.kind == "measurement"}
    wanted = wanted_units(study, names)
    for name, some in facts.by_element.items():
        kind = study.elements[name].kind
        for f in some:
            days = *f.start, *f.end
            if kind in MEASURED and f.id.split("/")[0] in ("measurement", "observation"):
                unit = f.unit and known_unit(study.elements, f.unit, wanted)
                low, high = (None if q is None else _rounded(q.value) for q in (f.low, f.high))
                code = f.code if f.code in known or not f.code else ANOTHER
                if f.code.startswith("concept "):
                    code = f.code
                found.add((name, f.id, *days, _rounded(f.value), unit, f.bound, low, high, code))
            elif kind == "answer":
                found.add((name, f.id, *days, f.code, f.derived, bool(f.doubtful)))
            else:
                found.add((name, f.id, *days, _rounded(f.value), f.code, bool(f.doubtful)))
    found |= {(name, *_why(one)) for one in facts.not_used for name in one.elements}
    return found


def _why(one: NotUsed) -> tuple[str, ...]:
    """Say why a record is not used, as the relation does: of those not understood in all."""
    if one.id == "vocabulary":
        return ("not recognised",)
    return ("not understood",) if one.codes else (one.id, "unreadable")


def person(facts: Facts) -> tuple[Any, ...]:
    """Give what is known of the person."""
    birth = facts.birth or ANY_DAY
    days = {
        (kind, seen.since or FIRST_DAY, seen.until or LAST_DAY)
        for kind, seen in facts.coverage.items()
    }
    return (*birth, facts.sex, frozenset(days))


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.9g}")
