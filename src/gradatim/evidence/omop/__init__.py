"""People in an OMOP CDM 5.3 or 5.4 warehouse: as a relation for its engine, and as facts.

`mapping.relation` and `facts.facts` say the same of the same people, one as expressions that an
engine evaluates, the other row by row in Python; they share the meaning of concepts
(`concepts.Concepts`) and nothing else. `check.check` looks for faults of the data first.

Source: OHDSI Common Data Model 5.3 and 5.4, ohdsi.github.io/CommonDataModel.
"""
