"""The design that a protocol document configures."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from gradatim.core.dates import Duration
from gradatim.core.documents import Steps
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.simulate import TrialTiming
from gradatim.dosefinding.characteristics.soundness import soundness_fault
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.model import ModelSettings
from gradatim.dosefinding.designs.modifiers import layers
from gradatim.dosefinding.designs.registry import (
    DESIGN_KINDS,
    build,
    design_kind,
    designs_with,
    foreign,
    parse_setting,
    refuse_foreign,
    settings_for,
)
from gradatim.dosefinding.designs.settings import OFF, DesignSettings
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.recommended import RecommendationCriteria
from gradatim.protocol.questions import ruled_design
from gradatim.protocol.references import Fault
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import Escalation, EscalationDesign

_SETTINGS = "safety.escalation.settings"
"""Where a protocol says a design's settings, for messages."""


def settings_of(study: Study, name: str | None = None) -> DesignSettings:
    """Return the settings of a protocol's design.

    Args:
        study: the protocol.
        name: an alternative design of the document; else the one in force.

    Raises:
        UnusableInput: there is no such alternative, or a setting that the design cannot be told.
    """
    chosen = ruled_design(study) if name is None else _named(study, name)
    return _settings(study, chosen)


def _named(study: Study, name: str) -> EscalationDesign:
    first = study.safety.escalation
    known = {first.reading_name: first, **{other.name: other for other in first.alternatives}}
    if name not in known:
        raise UnusableInput(
            f"the protocol has no escalation design {name!r}",
            "--reading",
            todo=f"use one of {', '.join(known)}",
        )
    return known[name]


def _settings(study: Study, of: EscalationDesign) -> DesignSettings:
    """Map a protocol's `design:` block to the design's settings."""
    levels = study.treatment.dose_levels
    refuse_foreign(of.design, of.settings, _SETTINGS)
    given = {name: parse_setting(name, value, _SETTINGS) for name, value in of.settings.items()}
    planned = of.maximum_participants or of.maximum_per_level * len(levels)
    kind = design_kind(of.design)
    if kind.target != "none":
        given.setdefault("enough", of.maximum_per_level)
    if kind.has("amounts"):
        given.setdefault("amounts", tuple(level.dose for level in levels))
    return settings_for(
        of.design,
        len(levels),
        where=_SETTINGS,
        target=of.target_toxicity,
        cohort_size=of.cohort_size,
        cohorts=ceil(planned / of.cohort_size),
        start=of.start_level,
        maximum=planned,
        **given,
    )


def alternatives(study: Study) -> dict[str, DesignSettings]:
    """Return the settings of every design the protocol holds, by its name, the first one first."""
    first = study.safety.escalation
    return {
        first.reading_name: _settings(study, first),
        **{other.name: _settings(study, other) for other in first.alternatives},
    }


def trial_timing(study: Study, between_arrivals: float) -> TrialTiming:
    """Return how the protocol's trial passes in time.

    The window is that of the dose-limiting toxicity, counted from a participant's first dose.

    Args:
        study: the protocol.
        between_arrivals: mean days between arrivals, which no protocol states.
    """
    window, sentinel = study.safety.dose_limiting_toxicity.window, study.safety.sentinel
    wait, between = (sentinel.wait, sentinel.between_participants) if sentinel else (None, None)
    return TrialTiming(between_arrivals, _days(window.to), _days(wait), _days(between))


def _days(length: Duration | None) -> float:
    """Return a calendar length in days, a month being the mean of the Gregorian calendar."""
    return 0.0 if length is None else length.months * 146_097 / 4_800 + length.days


def recommendation_criteria(study: Study) -> RecommendationCriteria:
    """Return what calling a level recommended asks for."""
    asked = study.safety.escalation.recommended_level
    return (
        RecommendationCriteria()
        if asked is None
        else RecommendationCriteria(asked.evaluable, asked.at_most)
    )


def design_faults(study: Study) -> Iterator[Fault]:
    """Return the faults of a protocol's designs: what cannot be built, or can never escalate.

    Warnings are of model designs without a hard safety rule.
    """
    for steps, design in _designs(study.safety.escalation):
        here = ("safety", "escalation", *steps)
        if strange := foreign(design.design, design.settings):
            for name in strange:
                having = ", ".join(designs_with(name))
                yield Fault(
                    (*here, "settings", name),
                    f"{design.design} has no setting {name}: it is "
                    f"a setting of {having}; leave it out, or choose one of these designs",
                )
            continue
        try:
            settings = _settings(study, design)
            made = build(settings)
        except UnusableInput as error:
            yield Fault(here, str(error))
            continue
        if why := soundness_fault(made):
            yield Fault(
                here,
                f"the design {design.design} is not sound: {why}; change the setting or "
                "the table that keeps it from escalating",
            )
        yield from _per_level(here, design, made)
        if isinstance(settings, ModelSettings) and settings.hard_safety == OFF:
            yield Fault((*here, "settings", "safety"), NO_RULE, warning=True)


NO_RULE = (
    "no hard safety rule is on: the model may escalate to a level at which everybody had a "
    "dose-limiting toxicity"
)


def _designs(first: Escalation) -> Iterator[tuple[Steps, EscalationDesign]]:
    yield (), first
    for i, other in enumerate(first.alternatives):
        yield ("alternatives", i), other


def _per_level(here: Steps, of: EscalationDesign, made: Design) -> Iterator[Fault]:
    """3+3 has its own most participants at a level; the document cannot say another number."""
    inner = layers(made)[-1]
    own = inner.per_level if isinstance(inner, TableDesign) else None
    if own is not None and of.maximum_per_level != own:
        yield Fault(
            (*here, "maximum_per_level"),
            f"{of.design} treats up to {own} at a level, not "
            f"{of.maximum_per_level}; correct the number or the design",
        )


def as_before(study: Study) -> Study:
    """Return a protocol with its designs as documents were once read, for trials that run by one.

    A model design that said nothing of a hard safety rule had none, and settings without any effect
    were accepted. Such a trial keeps its design until it is amended.
    """
    first = study.safety.escalation
    if all(_before(design) == design.settings for design in (first, *first.alternatives)):
        return study
    others = [other.model_copy(update={"settings": _before(other)}) for other in first.alternatives]
    escalation = first.model_copy(update={"settings": _before(first), "alternatives": others})
    safety = study.safety.model_copy(update={"escalation": escalation})
    return study.model_copy(update={"safety": safety})


def _before(of: EscalationDesign) -> dict[str, Any]:
    kind = DESIGN_KINDS.get(of.design)
    if kind is None:
        return of.settings
    idle = kind.settings.idle(of.settings, of.cohort_size, of.target_toxicity)
    without = {name for name, _ in idle} | {*foreign(of.design, of.settings)}
    kept = {name: value for name, value in of.settings.items() if name not in without}
    return {"safety": OFF, **kept} if kind.has("safety") else kept
