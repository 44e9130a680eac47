"""What the concepts of an OMOP vocabulary have to do with each other.

Drugs of RxNorm and its extension are *made of* what stands above them: a product with two
ingredients stands below both, and is neither. A mapping to one standard concept leads to the same
or to a broader one; of a mapping to several, none is the concept.

Source: OHDSI, Vocabulary wiki, "Relationships" and "Standard Classification and Source Concepts";
Book of OHDSI, section 5.2.
"""

from collections.abc import Callable, Iterator

import duckdb

from gradatim.vocabulary.concepts import Code, Link
from gradatim.vocabulary.sources import atc, tables
from gradatim.vocabulary.stores.writing import Writer

_MADE_OF = (
    *("RxNorm has ing", "RxNorm is a", "Consists of", "Tradename of", "Contains", "Form of"),
    *("Has precise ing", "Has brand name", "Quantified form of", "Box of", "Marketed form of"),
)
_SPEAKS_OF = (
    *("Maps to value", "Has asso finding", "Has asso proc", "Has due to", "Due to", "Occurs after"),
    *("Has focus", "Followed by", "Has temporal context", "Has relat to", "Concept poss_eq to"),
    *("Concept alt_to to", "Concept was_a to", "During", "Has associated with"),
)
_REPLACED = ("Concept replaced by", "Concept same_as to")
_TO_ATC = ("RxNorm - ATC", "RxNorm - ATC name", "RxNorm - ATC pr lat")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{one}'" for one in names)


_RELATED = f"""
CREATE TABLE related AS
SELECT DISTINCT source.id AS source, target.id AS target, relationship_id AS kind
FROM concept_relationship
JOIN held AS source ON source.id = CAST(CAST(concept_id_1 AS DOUBLE) AS BIGINT)
JOIN held AS target ON target.id = CAST(CAST(concept_id_2 AS DOUBLE) AS BIGINT)
WHERE coalesce(concept_relationship.invalid_reason, '') IN ('', 'false') AND source.id <> target.id
    AND relationship_id IN ('Maps to', 'Is a',
        {_listed((*_MADE_OF, *_SPEAKS_OF, *_REPLACED, *_TO_ATC))})
"""
_ANCESTORS = """
CREATE TABLE ancestors AS
SELECT DISTINCT above.id AS above, below.id AS below,
    CAST(CAST(min_levels_of_separation AS DOUBLE) AS INTEGER) AS levels
FROM concept_ancestor
JOIN held AS above ON above.id = CAST(CAST(ancestor_concept_id AS DOUBLE) AS BIGINT)
JOIN held AS below ON below.id = CAST(CAST(descendant_concept_id AS DOUBLE) AS BIGINT);
CREATE TABLE in_hierarchy AS SELECT DISTINCT below AS id FROM ancestors;
DELETE FROM ancestors WHERE above = below
"""
# A longer pair is explained by a direct parent that is below the ancestor; where a part of a
# release lacks parents, by any concept between the two.
_EDGES = """
CREATE TABLE unexplained AS
SELECT above, below FROM ancestors AS far WHERE levels > 1 AND NOT EXISTS (
    SELECT 1 FROM ancestors AS near JOIN ancestors AS rest ON rest.below = near.above
    WHERE near.levels = 1 AND near.below = far.below AND rest.above = far.above);
CREATE TABLE edges AS
SELECT below AS source, above AS target FROM ancestors WHERE levels = 1
UNION
SELECT below, above FROM unexplained AS far WHERE NOT EXISTS (
    SELECT 1 FROM ancestors AS near JOIN ancestors AS rest ON rest.below = near.above
    WHERE near.below = far.below AND near.above <> far.above AND rest.above = far.above)
"""
_SUBSTANCES = f"""
CREATE TABLE substances AS
WITH found AS (
    SELECT below AS ingredient, above AS class FROM ancestors
    UNION SELECT source, target FROM related WHERE kind IN ({_listed(_TO_ATC)})
    UNION SELECT target, source FROM related WHERE kind = 'Maps to'
)
SELECT ingredient, found.class FROM found
JOIN held AS drug ON drug.id = ingredient AND drug.is_drug AND drug.class = 'Ingredient'
JOIN held AS code ON code.id = found.class AND code.vocabulary = 'ATC' AND length(code.code) = 7
"""
_PAIRS = f"""
CREATE TABLE pairs AS
SELECT edges.source, target, 'made of' AS kind FROM edges
JOIN held AS below ON below.id = edges.source JOIN held AS above ON above.id = target
WHERE below.is_drug AND above.is_drug
UNION
SELECT edges.source, target, 'is a' FROM edges
JOIN held AS below ON below.id = edges.source JOIN held AS above ON above.id = target
WHERE NOT (below.is_drug AND above.is_drug)
    AND NOT (above.vocabulary = 'ATC' AND (below.vocabulary = 'ATC' OR below.class = 'Ingredient'
        OR edges.source IN (SELECT below FROM ancestors JOIN substances
                            ON substances.ingredient = ancestors.above
                            WHERE substances.class = edges.target)))
UNION
SELECT source, target, 'is a' FROM related WHERE kind = 'Is a'
    AND source NOT IN (FROM in_hierarchy)
UNION
SELECT related.source, target, 'made of' FROM related
JOIN held AS below ON below.id = related.source JOIN held AS above ON above.id = target
WHERE kind IN ({_listed(_MADE_OF)}) AND below.is_drug AND above.is_drug
UNION
SELECT source, target, 'may be' FROM related WHERE kind IN ({_listed(_SPEAKS_OF)})
"""
_MAPPED = f"""
CREATE TABLE mapped AS
SELECT source, target, kind = 'Maps to' AS maps,
    count(DISTINCT target) OVER (PARTITION BY source, kind = 'Maps to') AS targets
FROM related WHERE kind = 'Maps to' OR kind IN ({_listed(_REPLACED)});
INSERT INTO pairs
SELECT DISTINCT mapped.source, target, CASE WHEN targets > 1 THEN 'may be'
    WHEN NOT below.active THEN 'replaced by' ELSE 'is a' END
FROM mapped JOIN held AS below ON below.id = mapped.source
WHERE (maps OR NOT below.active)
    AND NOT (below.vocabulary = 'ATC' AND mapped.source IN (SELECT class FROM substances));
INSERT INTO pairs
SELECT DISTINCT target, mapped.source, 'is a' FROM mapped
JOIN held AS below ON below.id = mapped.source JOIN held AS above ON above.id = target
WHERE maps AND targets = 1 AND below.active AND above.active AND NOT below.is_drug
    AND NOT above.is_drug AND lower(below.name) = lower(above.name)
"""
# RxNorm names every ingredient, with " / " between them. A product of which a part of a release
# holds fewer than it names has one more that is not known.
_NOT_HELD = """
INSERT INTO held SELECT DISTINCT -id, system, 'unknown ingredient of ' || code, '', vocabulary,
    'Ingredient', '', true, true
FROM held WHERE is_drug AND class NOT LIKE '%Pack%' AND class <> 'Ingredient'
    AND name LIKE '% / %' AND id IN (FROM in_hierarchy) AND
    (SELECT count(*) FROM ancestors JOIN held AS above ON above.id = ancestors.above
        AND above.is_drug AND above.class = 'Ingredient' WHERE below = held.id)
    < len(string_split(name, ' / '));
INSERT INTO pairs SELECT -id, id, 'made of' FROM held WHERE id < 0
"""
_STEPS = {
    "relationships": _RELATED,
    "ancestors": _ANCESTORS,
    "the hierarchy": _EDGES,
    "ingredients": _SUBSTANCES,
    "links": _PAIRS,
    "mappings": _MAPPED,
    "what is not held": _NOT_HELD,
}
_KINDS = {
    "is a": Link.IS_A,
    "made of": Link.MADE_OF,
    "replaced by": Link.REPLACED_BY,
    "may be": Link.MAY_BE,
}


def prepare_links(database: duckdb.DuckDBPyConnection, tell: Callable[[str], None]) -> None:
    """Work out the links in the working database, from its table `held` and the two views.

    Args:
        database: with the views `concept_relationship` and `concept_ancestor`.
        tell: told what is done.
    """
    for what, script in _STEPS.items():
        tell(what)
        database.execute(script)


def put(database: duckdb.DuckDBPyConnection, writer: Writer) -> None:
    """Put the links that were worked out into a vocabulary."""
    for kind, link in _KINDS.items():
        writer.links(link, _ends(database, f"(FROM pairs WHERE kind = '{kind}')"))
    pairs = _ends(database, "(SELECT ingredient AS source, class AS target FROM substances)")
    atc.substances(writer, ((ingredient, code) for ingredient, (_, code) in pairs))


def _ends(database: duckdb.DuckDBPyConnection, pairs: str) -> Iterator[tuple[Code, Code]]:
    query = (
        "SELECT below.system, below.code, above.system, above.code "
        f"FROM {pairs} AS pair JOIN held AS below ON below.id = pair.source "
        "JOIN held AS above ON above.id = pair.target"
    )
    for system, code, to_system, to_code in tables.query_rows(database, query):
        yield (system, code), (to_system, to_code)
