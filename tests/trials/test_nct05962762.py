"""The first trial: a sound document, and the expected verdicts for every worked participant."""

import pytest

from gradatim.core.truth import FALSE, TRUE
from gradatim.rules.lint import lint
from gradatim.synthetic.cases import Case
from tests.trials.worked import Trial

TRIAL = Trial("nct05962762")


def test_the_document_has_no_fault() -> None:
    """Lint finds nothing, not even a warning."""
    assert lint(TRIAL.study) == []


def test_every_entry_of_the_record_is_there() -> None:
    """47 criteria have verdicts; the note on CT and the laboratory header belong to others."""
    ids = [one.id for one in TRIAL.study.criteria]
    assert len(ids) == len(set(ids)) == 47
    notes = {note.id: note.belongs_to for note in TRIAL.study.eligibility.notes}
    assert notes["I1c"] == ["I1a"]
    assert set(notes["E11"]) == {"E11a", "E11b1", "E11b2", "E11c1", "E11c2", "E11d"}
    levels = [(level.dose, level.unit) for level in TRIAL.study.treatment.dose_levels]
    assert levels == [(1e6, "{cells}/kg"), (3e6, "{cells}/kg"), (5e6, "{cells}/kg")]


@pytest.mark.parametrize("case", TRIAL.cases.cases, ids=lambda case: case.id)
def test_a_worked_participant(case: Case) -> None:
    """The verdicts are those worked out by hand."""
    assert list(TRIAL.differences(case)) == []


def test_every_criterion_is_worked_on_both_sides() -> None:
    """Each criterion has a participant for whom it is true and one for whom it is false."""
    seen = {(id, truth) for case in TRIAL.cases.cases for id, truth in case.expect.truth.items()}
    wanted = {(one.id, truth) for one in TRIAL.study.criteria for truth in (TRUE, FALSE)}
    assert wanted - seen == set()


def test_every_alternative_reading_changes_a_verdict() -> None:
    """Each alternative has a participant who is judged otherwise under it."""
    changed = set()
    for case in TRIAL.cases.cases:
        if case.default is None:
            continue
        under, usual = TRIAL.assess(case), TRIAL.assess(case, {})
        pairs = zip(under.findings, usual.findings, strict=True)
        if any(a.verdict.truth is not b.verdict.truth for a, b in pairs):
            changed |= set(case.readings.items())
    alternatives = {
        (one.id, other.name) for one in TRIAL.study.criteria for other in one.alternatives
    }
    assert alternatives - changed == set()
