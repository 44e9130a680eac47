"""Small releases in every format that is read, with codes made up for them.

A file is written as its name and its rows; the contents mean nothing but what the tests say.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[Sequence[object]]


def written(folder: Path, name: str, rows: Iterable[Sequence[object]], delimiter: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(delimiter.join(map(str, row)) + "\n" for row in rows))
    return path


CONCEPT = (
    *("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id"),
    *("standard_concept", "concept_code", "valid_start_date", "valid_end_date", "invalid_reason"),
)
RELATED = (
    *("concept_id_1", "concept_id_2", "relationship_id"),
    *("valid_start_date", "valid_end_date", "invalid_reason"),
)
ANCESTOR = (
    *("ancestor_concept_id", "descendant_concept_id"),
    *("min_levels_of_separation", "max_levels_of_separation"),
)


def concept(
    id: object, vocabulary: str, code: str, name: str, kind: str = "Clinical Finding", standard="S"
) -> tuple[object, ...]:
    gone = "U" if standard == "gone" else ""
    standard = "" if gone else standard
    return (id, name, "Condition", vocabulary, kind, standard, code, "19700101", "20991231", gone)


OMOP_CONCEPTS = [
    concept(1, "SNOMED", "1001", "Disease"),
    concept(2, "SNOMED", "1002", "Tumour"),
    concept(3, "SNOMED", "1003", 'Tumour of the "breast"'),
    concept(4, "SNOMED", "1004", "Heart disease"),
    concept(5, "SNOMED", "1005", "Old code", standard="gone"),
    concept(6, "SNOMED", "1006", "History of event", "Context-dependent"),
    concept(7, "ICD10CM", "C50", "Tumour of the breast, any", "3-char nonbill code", ""),
    concept(8, "ICD10CM", "C50.9", "Tumour", "4-char billing code", ""),
    concept(9, "ICD10CM", "Z85.3", "Personal history of tumour", "4-char billing code", ""),
    concept(20, "RxNorm", "2001", "alphamab", "Ingredient"),
    concept(21, "RxNorm", "2002", "betanol", "Ingredient"),
    concept(22, "RxNorm", "2003", "alphamab 10 MG Oral Tablet", "Clinical Drug"),
    concept(23, "RxNorm", "2004", "alphamab 10 MG / betanol 5 MG Oral Tablet", "Clinical Drug"),
    concept(24, "RxNorm", "2005", "alphamab hydrochloride", "Precise Ingredient", ""),
    concept(25, "RxNorm", "2006", "betanol 5 MG / gammaline 1 MG Oral Tablet", "Clinical Drug"),
    concept(30, "NDC", "00000-0001-01", "alphamab 10 MG Oral Tablet", "11-digit NDC", ""),
    concept(40, "ATC", "L04AB99", "alphamab", "ATC 5th", "C"),
    concept(41, "ATC", "L04AB", "inhibitors", "ATC 4th", "C"),
    concept(42, "ATC", "J01CA99", "betanol; systemic", "ATC 5th", "C"),
    concept(43, "ATC", "D06AX99", "betanol; topical", "ATC 5th", "C"),
    concept(50, "Hospital", "x1", "something local", "Local", ""),
    concept(60, "Domain", "Condition", "Condition", "Domain", ""),
]
OMOP_RELATED = [
    (7, 3, "Maps to"),
    (8, 2, "Maps to"),
    (9, 6, "Maps to"),
    (9, 3, "Maps to value"),
    (8, 7, "Is a"),
    (5, 3, "Concept replaced by"),
    (5, 3, "Maps to"),
    (30, 22, "Maps to"),
    (24, 20, "Form of"),
    (50, 4, "Maps to"),
    (50, 2, "Maps to"),
    (6, 6, "Maps to"),
]
OMOP_ANCESTORS = [
    *((n, n, 0) for n in (1, 2, 3, 4, 6, 20, 21, 22, 23, 25)),
    (1, 2, 1),
    (2, 3, 1),
    (1, 3, 2),
    (1, 4, 3),  # what lies between is not held
    (20, 22, 2),
    (20, 23, 2),
    (21, 23, 2),
    (21, 25, 2),
    (40, 20, 1),
    (41, 20, 2),
    (40, 22, 3),
    (42, 21, 1),
    (43, 21, 1),
]


def omop(
    folder: Path,
    concepts: Rows = OMOP_CONCEPTS,
    related: Rows = OMOP_RELATED,
    ancestors: Rows = OMOP_ANCESTORS,
) -> Path:
    """Write a vocabulary folder as Athena does."""
    written(folder, "CONCEPT.csv", [CONCEPT, *concepts], "\t")
    written(
        folder,
        "CONCEPT_RELATIONSHIP.csv",
        [RELATED, *((*row, "19700101", "20991231", "") for row in related)],
        "\t",
    )
    rows = [ANCESTOR, *((*row, row[2]) for row in ancestors)]
    written(folder, "CONCEPT_ANCESTOR.csv", rows, "\t")
    versions = [
        ("vocabulary_id", "vocabulary_name", "vocabulary_reference", "vocabulary_version"),
        ("None", "OMOP", "OMOP", "v5.0 made up"),
    ]
    written(folder, "VOCABULARY.csv", versions, "\t")
    return folder


def drug(rxcui: int, kind: str, name: str, suppress: str = "N") -> list[object]:
    return _conso(rxcui, "RXNORM", kind, str(rxcui), name, suppress)


def _conso(rxcui: int, sab: str, kind: str, code: str, name: str, suppress: str) -> list[object]:
    return [
        *(rxcui, "ENG", "", "", "", "", "", rxcui, "", "", ""),
        *(sab, kind, code, name, "", suppress, "", ""),
    ]


def atc_row(rxcui: int, code: str, name: str) -> list[object]:
    return _conso(rxcui, "ATC", "IN", code, name, "N")


def related(first: int, rela: str, second: int) -> list[object]:
    """Write that the second has the relation to the first."""
    return [
        *(first, "", "CUI", "RO", second, "", "CUI", rela, "", "", "RXNORM", "RXNORM"),
        *("", "", "N", "", ""),
    ]


RXNORM_DRUGS = [
    drug(301, "IN", "alphamab"),
    drug(302, "IN", "betanol"),
    drug(303, "PIN", "alphamab hydrochloride"),
    drug(304, "SCDC", "alphamab 10 MG"),
    drug(305, "SCDC", "betanol 5 MG"),
    drug(306, "SCD", "alphamab 10 MG Oral Tablet"),
    drug(307, "SCD", 'alphamab 10 MG / betanol 5 MG Oral Tablet, "both"'),
    drug(308, "SBD", "alphamab 10 MG Oral Tablet [Alphie]"),
    drug(309, "BN", "Alphie"),
    drug(310, "MIN", "alphamab / betanol"),
    drug(311, "GPCK", "{7 (alphamab 10 MG Oral Tablet) } Pack"),
    drug(312, "SCD", "withdrawn", "O"),
    drug(313, "DF", "Oral Tablet"),
    drug(306, "SY", "a synonym"),
    atc_row(301, "L04AB99", "alphamab"),
    atc_row(900, "L04AB", "inhibitors"),
]
RXNORM_RELATED = [
    related(301, "has_ingredient", 304),
    related(303, "has_precise_ingredient", 304),
    related(301, "form_of", 303),
    related(302, "has_ingredient", 305),
    related(304, "consists_of", 306),
    related(306, "constitutes", 304),
    related(307, "constitutes", 304),  # 304 is a part of 307
    related(305, "consists_of", 307),
    related(310, "has_ingredients", 307),
    related(301, "has_part", 310),
    related(302, "has_part", 310),
    related(306, "tradename_of", 308),
    related(309, "has_ingredient", 308),
    related(301, "tradename_of", 309),
    related(306, "contains", 311),
    related(313, "has_dose_form", 306),
]


def rxnorm(folder: Path, drugs: Rows = RXNORM_DRUGS, relations: Rows = RXNORM_RELATED) -> Path:
    """Write a release of RxNorm."""
    rrf = folder / "rrf"
    written(rrf, "RXNCONSO.RRF", drugs, "|")
    written(rrf, "RXNREL.RRF", relations, "|")
    ndc = [306, "", "", "", "AUI", "", "", "", "NDC", "RXNORM", "00000000101", "N", "", ""]
    written(rrf, "RXNSAT.RRF", [ndc], "|")
    written(rrf, "RXNCUI.RRF", [[299, "", "", "1", 301, ""], [301, "", "", "1", 301, ""]], "|")
    return folder


SNOMED_CONCEPTS = {
    "138875005": "SNOMED CT Concept",
    "1002": "Disease",
    "1003": "Tumour",
    "1004": "History of tumour",
    "1005": "Product containing alphamab",
    "1006": "alphamab",
    "1007": "Heart disease",
}
SNOMED_RELATED = [
    ("1002", "138875005", "116680003"),
    ("1003", "1002", "116680003"),
    ("1007", "1002", "116680003"),
    ("1004", "138875005", "116680003"),
    ("1005", "138875005", "116680003"),
    ("1006", "138875005", "116680003"),
    ("1005", "1006", "127489000"),
    ("1004", "1003", "246090004"),
]


def snomed(
    folder: Path,
    concepts: Mapping[str, str] = SNOMED_CONCEPTS,
    relations: Rows = SNOMED_RELATED,
    module: str = "INT",
) -> Path:
    """Write a snapshot of SNOMED CT; the concept 999 is inactive, and 998 was ambiguous."""
    terms, end = folder / "Snapshot" / "Terminology", f"{module}_20260101.txt"
    head: tuple[str, ...] = ("id", "effectiveTime", "active", "moduleId", "definitionStatusId")
    rows: list[Sequence[object]] = [(code, "", 1, "", "") for code in concepts]
    gone = [(code, "", 0, "", "") for code in ("998", "999")] if module == "INT" else []
    written(terms, f"sct2_Concept_Snapshot_{end}", [head, *rows, *gone], "\t")
    head = (
        *("id", "effectiveTime", "active", "moduleId", "conceptId", "languageCode", "typeId"),
        *("term", "caseSignificanceId"),
    )
    rows = [
        (n, "", active, "", code, "en", kind, name, "")
        for n, (code, name) in enumerate(concepts.items())
        for active, kind, name in (
            (1, "900000000000003001", f"{name} (made up)"),
            (1, "900000000000013009", 'A "synonym'),
            (0, "900000000000003001", "A former name"),
        )
    ]
    written(terms, f"sct2_Description_Snapshot-en_{end}", [head, *rows], "\t")
    head = (
        *("id", "effectiveTime", "active", "moduleId", "sourceId", "destinationId"),
        *("relationshipGroup", "typeId", "characteristicTypeId", "modifierId"),
    )
    rows = [
        (n, "", 1, "", source, target, 0, kind, "", "")
        for n, (source, target, kind) in enumerate(relations)
    ]
    rows.append((9, "", 0, "", "1003", "1007", 0, "116680003", "", ""))
    written(terms, f"sct2_Relationship_Snapshot_{end}", [head, *rows], "\t")
    head = (
        *("id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId"),
        "targetComponentId",
    )
    rows = [
        ("a", "", 1, "", "900000000000526001", "999", "1003"),
        ("b", "", 1, "", "900000000000523009", "998", "1003"),
        ("c", "", 1, "", "900000000000523009", "998", "1007"),
    ]
    written(
        folder / "Snapshot" / "Refset" / "Content",
        f"der2_cRefset_AssociationSnapshot_{end}",
        [head, *(rows if module == "INT" else [])],
        "\t",
    )
    return folder


LOCAL = "http://hospital.example/codes"


def code_system(**changes: Any) -> dict[str, Any]:
    nested = {
        "code": "a1",
        "display": "A one",
        "concept": [{"code": "a11", "display": "A one one"}],
    }
    listed = {"code": "b", "display": "B", "property": [{"code": "parent", "valueCode": "a"}]}
    retired = {
        "code": "old",
        "property": [
            {"code": "status", "valueCode": "retired"},
            {"code": "replacedBy", "valueCode": "b"},
        ],
    }
    return {
        "resourceType": "CodeSystem",
        "id": "local",
        "url": LOCAL,
        "version": "3",
        "content": "complete",
        "hierarchyMeaning": "is-a",
        "concept": [
            {"code": "a", "display": "A", "concept": [nested]},
            listed,
            retired,
            {"code": "c", "display": "C"},
        ],
        **changes,
    }


def value_set(**changes: Any) -> dict[str, Any]:
    asked = {"property": "concept", "op": "is-a", "value": "1002"}
    system = "http://snomed.info/sct"
    return {
        "resourceType": "ValueSet",
        "id": "tumours",
        "url": "http://hospital.example/tumours",
        "compose": {"include": [{"system": system, "filter": [asked]}]},
        "expansion": {
            "total": 2,
            "contains": [
                {"system": system, "code": "1002", "display": "Disease"},
                {"system": system, "code": "1003", "display": "Tumour"},
            ],
        },
        **changes,
    }


def as_json(path: Path, *resources: dict[str, Any]) -> Path:
    """Write one resource, or several in a Bundle."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
    path.write_text(json.dumps(resources[0] if len(resources) == 1 else bundle))
    return path
