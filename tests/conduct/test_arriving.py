"""What a source knows of a person as entries: also what it tells, and nobody can read."""

import pytest

from gradatim.conduct.events.participants import RecordNotUnderstood
from gradatim.conduct.source_import import arriving
from tests.evidence.people import ELEMENTS, ICD10, concept, lab, read_one, resource, state


@pytest.mark.parametrize(
    ("when", "start", "end"),
    [
        ({}, "2026-10-01", None),
        ({"effectiveDateTime": "2026-03"}, "2026-03", None),
        ({"effectiveDateTime": "soon"}, None, None),
    ],
)
def test_a_result_that_cannot_be_read_arrives_with_its_days(
    when: dict[str, str], start: str | None, end: str | None
) -> None:
    facts = read_one(lab(valueQuantity={"value": "300"}, **when))
    (entry,) = arriving(facts, ELEMENTS, "upload")
    assert entry.kind is RecordNotUnderstood
    assert entry.fields["elements"] == ("ast",)
    assert (entry.fields["start"], entry.fields["end"]) == (start, end)


def test_a_contradictory_diagnosis_arrives_as_not_understood() -> None:
    """A ledger that took it for a diagnosis would have to choose when it ended."""
    one = resource(
        "Condition",
        "c1",
        code=concept(ICD10, "C50.9"),
        onsetDateTime="2010",
        abatementDateTime="2015",
        clinicalStatus=state("condition-clinical", "active"),
    )
    (entry,) = arriving(read_one(one), ELEMENTS, "upload")
    assert (entry.kind, entry.fields["elements"]) == (RecordNotUnderstood, ("cancer",))
