"""ohdsi-circepy on a DuckDB database: `prescreen_circe.py FILE JSON`, in a Python that has it.

It is no dependency of gradatim, and nothing of gradatim is imported but the meter. The JSON names
three windows of dates with the concepts that must not occur in them. Everybody with an observation
period enters the cohort; each of the three is an inclusion rule that lets at most zero records
pass. Prints one line of JSON, with the people who pass all three written as Parquet.
"""

import importlib.metadata
import json
import sys
import warnings
from typing import Any

from benchmarks.prescreen_cost import Cost

WHENEVER = {"Start": {"Coeff": -1}, "End": {"Coeff": 1}, "UseIndexEnd": False, "UseEventEnd": False}


def cohort(excluded: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the cohort definition: nobody with a record of these concepts in these windows."""
    first = {"Type": "First"}
    return {
        "ConceptSets": [_concepts(n, one) for n, one in enumerate(excluded)],
        "PrimaryCriteria": {
            "CriteriaList": [{"ObservationPeriod": {}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": first,
        },
        "QualifiedLimit": first,
        "ExpressionLimit": first,
        "InclusionRules": [_rule(n, one) for n, one in enumerate(excluded)],
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
        "cdmVersionRange": ">=5.0.0",
    }


def _concepts(n: int, one: dict[str, Any]) -> dict[str, Any]:
    items = [
        {
            "concept": {"CONCEPT_ID": id, "CONCEPT_NAME": str(id)},
            "isExcluded": False,
            "includeDescendants": False,
            "includeMapped": False,
        }
        for id in one["concepts"]
    ]
    return {"id": n, "name": one["name"], "expression": {"items": items}}


def _rule(n: int, one: dict[str, Any]) -> dict[str, Any]:
    """At most zero records that began by the last day and ended on or after the first."""
    record: dict[str, Any] = {
        "CodesetId": n,
        "OccurrenceStartDate": {"Value": one["until"], "Op": "lte"},
        "OccurrenceEndDate": {"Value": one["since"], "Op": "gte"},
    }
    if one["table"] == "ProcedureOccurrence":
        del record["OccurrenceEndDate"]
        record["OccurrenceStartDate"] = {"Value": one["since"], "Extent": one["until"], "Op": "bt"}
    counted = {
        "Criteria": {one["table"]: record},
        "StartWindow": WHENEVER,
        "Occurrence": {"Type": 1, "Count": 0},
        "IgnoreObservationPeriod": True,
    }
    group = {"Type": "ALL", "CriteriaList": [counted], "DemographicCriteriaList": [], "Groups": []}
    return {"name": one["name"], "expression": group}


def main(file: str, given: dict[str, Any]) -> dict[str, Any]:
    """Build the cohort, and take its people out."""
    import ibis
    import pyarrow.parquet as pq
    from circe.api import cohort_expression_from_json
    from circe.execution import build_cohort

    con = ibis.duckdb.connect(file)
    con.raw_sql("CREATE SCHEMA IF NOT EXISTS results")
    expression = cohort_expression_from_json(json.dumps(cohort(given["excluded"])))
    with Cost() as cost:
        found = build_cohort(
            expression, backend=con, cdm_schema="main", results_schema="results", cohort_id=1
        )
        people = found.to_pyarrow()
    pq.write_table(people, given["keep"])
    con.raw_sql("DROP SCHEMA results CASCADE")
    versions = {
        name: importlib.metadata.version(name)
        for name in ("ohdsi-circepy", "duckdb", "ibis-framework")
    }
    return {
        **cost.figures(),
        "people": people.num_rows,
        "versions": versions,
        "columns": people.column_names,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]))))
