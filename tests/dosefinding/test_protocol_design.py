"""Designs that protocol documents configure."""

from datetime import date
from typing import Any

import pytest

from gradatim.core.dates import Duration
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import compile_design
from gradatim.dosefinding.designs.blrm import BlrmSettings
from gradatim.dosefinding.designs.crm import CrmSettings
from gradatim.dosefinding.designs.model import ModelSettings
from gradatim.dosefinding.designs.registry import SETTABLE, build
from gradatim.dosefinding.protocol_design import (
    alternatives,
    as_before,
    design_faults,
    recommendation_criteria,
    settings_of,
    trial_timing,
)
from gradatim.protocol.load import load
from gradatim.protocol.references import Fault
from gradatim.protocol.study import Ruling, Study
from gradatim.protocol.treatment import RecommendedLevel

FIRST, SECOND = load("nct05962762").study, load("example_oncology_tablet").study


def changed(study: Study, **escalation: Any) -> Study:
    """Return a study with other settings of its escalation design."""
    other = study.safety.escalation.model_copy(update=escalation)
    return study.model_copy(
        update={"safety": study.safety.model_copy(update={"escalation": other})}
    )


def faults(study: Study) -> list[Fault]:
    """Return the faults of a study's designs."""
    return list(design_faults(study))


def hard_safety(study: Study) -> float | str:
    """Return the hard safety rule of a study's model design."""
    settings = settings_of(study)
    assert isinstance(settings, ModelSettings)
    return settings.hard_safety


def test_the_second_trial_is_boin_at_25_percent() -> None:
    """Five levels, threes, 30 in all; a level that would be next with twelve ends it."""
    design = build(settings_of(SECOND))
    assert (design.name, design.doses, design.cohort, design.maximum) == ("boin", 5, 3, 30)
    assert (design.target, design.start) == (0.25, 0)
    assert any("12 participants" in line for line in design.describe())
    compiled = compile_design(design)
    assert compiled.n.max() <= 12


def test_alternatives_are_named_and_the_first_comes_first() -> None:
    """Each can be asked for by its name, the first one too."""
    found = alternatives(FIRST)
    assert list(found) == [
        "three_plus_three",
        "three_per_group",
        "three_plus_three_with_de_escalation",
    ]
    for name, settings in found.items():
        assert settings_of(FIRST, name) == settings
    assert found["three_plus_three_with_de_escalation"].design == "three_plus_three_korn"
    assert list(alternatives(SECOND)) == ["default"]


def test_an_alternative_that_is_not_there_names_those_that_are() -> None:
    """What, where and what to do."""
    with pytest.raises(UnusableInput) as caught:
        settings_of(FIRST, "boin")
    assert "no escalation design 'boin'" in caught.value.what
    assert caught.value.where == "--reading"
    assert "three_per_group" in caught.value.todo


def test_a_ruling_chooses_the_design_and_a_name_goes_before_it() -> None:
    """In force is what the sponsor ruled; another can still be asked for."""
    ruling = Ruling(
        question="safety.escalation", answer="three_per_group", by="sponsor", on=date(2026, 11, 25)
    )
    ruled = FIRST.model_copy(update={"rulings": [ruling]})
    assert settings_of(FIRST).design == "three_plus_three"
    assert settings_of(ruled).design == "three_per_group"
    assert settings_of(ruled, "three_plus_three").design == "three_plus_three"


def test_what_a_recommended_level_takes() -> None:
    """As the protocol says, or six with at most one."""
    assert recommendation_criteria(SECOND) == (6, 1)
    asked = RecommendedLevel.model_validate({"evaluable": 9, "at_most": 2, "basis": "stated"})
    assert recommendation_criteria(changed(FIRST, recommended_level=asked)) == (9, 2)


def test_time_is_the_protocols() -> None:
    """The window to its end, the waits of the sentinel; none where there is no sentinel."""
    conduct = trial_timing(SECOND, 7.0)
    assert (conduct.between_arrivals, conduct.sentinel, conduct.stagger) == (7, 1, 0)
    window = SECOND.safety.dose_limiting_toxicity.window
    assert window.to == Duration(days=int(conduct.window))
    alone = SECOND.model_copy(
        update={"safety": SECOND.safety.model_copy(update={"sentinel": None})}
    )
    assert trial_timing(alone, 7.0).sentinel == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"cuttoff": 0.9}, "no setting 'cuttoff'"),
        (
            {"target": 0.3},
            "no setting 'target'",
        ),  # what the document says elsewhere is not a setting
        ({"cohorts": 9}, "no setting 'cohorts'"),
        ({"cutoff": 1.5}, "1.5 is not a rate"),
        ({"sizes": [3, 3]}, "2 values for 5 dose levels"),
    ],
)
def test_a_setting_that_cannot_be_is_a_fault_of_the_document(
    settings: dict[str, Any], says: str
) -> None:
    """With its place, as every other fault of a protocol."""
    (fault,) = faults(changed(SECOND, settings=settings))
    assert fault.path == ("safety", "escalation")
    assert says in fault.what


@pytest.mark.parametrize(
    "settings",
    [
        {"cutoff": "high"},
        {"safe": "0.1"},
        {"skeleton": 0.3},
        {"on_target": 0.2},
        {"sizes": 3},
        {"sizes": [3.5, 3, 3, 3, 3]},
        {"enough": 6.5},
        {"titration": "no"},
        {"committee": 3},
    ],
    ids=str,
)
def test_a_setting_of_another_kind_is_a_fault_of_the_document(settings: dict[str, Any]) -> None:
    """Neither a crash nor silently taken: `titration: "no"` is not a yes."""
    (fault,) = faults(changed(SECOND, settings=settings))
    assert next(iter(settings)) in fault.what


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"design": "bion"}, "no design 'bion'"),
        ({"target_toxicity": None}, "needs a target"),
        ({"start_level": 6}, "6 is not from 1 to 5"),
        ({"design": "three_plus_three", "cohort_size": 4}, "cohorts of 3, not of 4"),
        ({"maximum_participants": 2_000}, "2000 is not from 1 to 1000"),
        ({"design": "table"}, "the table is not given"),
    ],
)
def test_a_design_that_cannot_be_is_a_fault_of_the_document(
    change: dict[str, Any], says: str
) -> None:
    """Whatever makes it so; what to do is said by the one who refuses it."""
    (fault,) = faults(changed(SECOND, **change))
    assert says in fault.what


def test_a_faulty_alternative_is_named_by_its_place() -> None:
    """The first design is sound."""
    first, *_ = FIRST.safety.escalation.alternatives
    wrong = first.model_copy(update={"start_level": 4})
    (fault,) = faults(changed(FIRST, alternatives=[first, wrong]))
    assert fault.path == ("safety", "escalation", "alternatives", 1)


def test_settings_of_other_designs_are_faults_at_their_own_lines() -> None:
    """One each, naming the designs that have them; in alternatives too."""
    wrong = {"cutoff": 0.9, "stop_at": 9}
    found = faults(changed(SECOND, design="crm", settings=wrong))
    assert [one.path[2:] for one in found] == [("settings", "cutoff"), ("settings", "stop_at")]
    assert all("keyboard, i3_plus_3, table" in one.what for one in found)
    first, *_ = FIRST.safety.escalation.alternatives
    other = first.model_copy(update={"settings": {"skeleton": [0.1, 0.2, 0.3]}})
    (fault,) = faults(changed(FIRST, alternatives=[other]))
    assert fault.path == ("safety", "escalation", "alternatives", 0, "settings", "skeleton")
    with pytest.raises(UnusableInput, match="crm has no setting cutoff"):
        settings_of(changed(SECOND, design="crm", settings=wrong))


def test_a_design_that_can_never_escalate_is_a_fault_of_the_document() -> None:
    """Three without a DLT are stopped for."""
    (fault,) = faults(changed(SECOND, settings={"stop_too_toxic": 0.2}))
    assert fault.path == ("safety", "escalation")
    assert "is not sound" in fault.what
    assert not fault.warning


def test_the_participants_at_a_level_are_those_of_3_plus_3() -> None:
    """Six, whatever the document says; of a design with a limit of its own it is a fault."""
    (fault,) = faults(changed(FIRST, maximum_per_level=12))
    assert fault.path == ("safety", "escalation", "maximum_per_level")
    assert "up to 6 at a level, not 12" in fault.what


@pytest.mark.parametrize("design", ["crm", "blrm"])
def test_a_model_design_has_the_hard_safety_rule_unless_the_document_says_off(design: str) -> None:
    """Then it is a warning, for dfcrm's figures can be wanted."""
    silent = changed(SECOND, design=design)
    assert hard_safety(silent) == 0.95
    assert hard_safety(changed(SECOND, design=design, settings={"safety": "on"})) == 0.95
    assert faults(silent) == []
    for said in ("off", False):
        off = changed(SECOND, design=design, settings={"safety": said})
        assert hard_safety(off) == "off"
        (warning,) = faults(off)
        assert warning.warning
        assert "no hard safety rule" in warning.what


def test_documents_of_trials_under_way_are_read_as_before() -> None:
    """A model without the rule, and without settings that had no effect; others stay the same."""
    told = {"cutoff": 0.9, "prior_sd": 1.0, "middle": 2, "skeleton": [0.1, 0.2, 0.3, 0.4, 0.5]}
    old = as_before(changed(SECOND, design="crm", settings=told))
    assert old.safety.escalation.settings == {
        "safety": "off",
        "prior_sd": 1.0,
        "skeleton": [0.1, 0.2, 0.3, 0.4, 0.5],
    }
    assert hard_safety(old) == "off"
    on = as_before(changed(SECOND, design="crm", settings={"safety": 0.9}))
    assert hard_safety(on) == 0.9
    assert as_before(FIRST) is FIRST
    assert as_before(SECOND) is SECOND


def test_settings_are_told_and_lists_become_tuples() -> None:
    """BLRM takes the levels' own doses, CRM its guesses."""
    guess = [0.05, 0.1, 0.2, 0.3, 0.4]
    told = settings_of(changed(SECOND, design="crm", settings={"skeleton": guess, "enough": 9}))
    assert isinstance(told, CrmSettings)
    assert (told.skeleton, told.n_stop) == (tuple(guess), 9)
    of_levels = settings_of(changed(SECOND, design="blrm"))
    assert isinstance(of_levels, BlrmSettings)
    assert of_levels.dose_grid == (20, 40, 80, 120, 160)
    assert {"skeleton", "enough", "amounts"} <= SETTABLE
