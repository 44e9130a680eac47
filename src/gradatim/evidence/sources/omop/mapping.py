"""A warehouse as the fact relation: expressions that its engine evaluates, nothing fetched.

Only small look-ups are executed: the vocabulary, and the different units, results and unmapped
source values that occur.
"""

from gradatim.evidence.relation import Relation, Stream
from gradatim.evidence.sources.omop.asked import dosed
from gradatim.evidence.sources.omop.concepts import Concepts
from gradatim.evidence.sources.omop.exposures import exposures
from gradatim.evidence.sources.omop.numbers import Numbers
from gradatim.evidence.sources.omop.occurrences import occurrences
from gradatim.evidence.sources.omop.options import Options, Warehouse
from gradatim.evidence.sources.omop.persons import persons
from gradatim.evidence.sources.omop.tables import (
    CONDITIONS,
    MEASUREMENTS,
    OBSERVATIONS,
    PROCEDURES,
)
from gradatim.evidence.sources.omop.values import Texts, values
from gradatim.evidence.sources.omop.vocabulary import concepts
from gradatim.protocol.study import Study


def relation(warehouse: Warehouse, study: Study, options: Options,
             known: Concepts | None = None) -> Relation:  # fmt: skip
    """Give all that a warehouse knows of its people.

    Args:
        warehouse: the open warehouse.
        study: the protocol that asks.
        options: how the warehouse is to be read.
        known: what concepts mean, where that has been looked up already.

    Raises:
        UnusableInput: a table or column that everything depends on is missing or unusable.
    """
    meaning = known or concepts(warehouse, study)
    texts = Texts(Numbers(), Numbers())
    streams: list[Stream] = []
    for source in (CONDITIONS, PROCEDURES):
        streams += occurrences(warehouse, source, meaning, texts.words)
    streams += exposures(warehouse, meaning, texts.words, dosed(study))
    for source in (MEASUREMENTS, OBSERVATIONS):
        streams += values(warehouse, source, study, meaning, options, texts)
    return Relation(persons(warehouse, options), tuple(streams), texts.units.texts,
                    texts.words.texts, covered=frozenset(options.coverage))  # fmt: skip
