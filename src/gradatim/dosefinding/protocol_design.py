"""The design that a protocol document configures."""

from collections.abc import Iterator
from dataclasses import fields
from math import ceil
from typing import Any

from gradatim.core.dates import Duration
from gradatim.core.documents import Steps
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.simulate import Conduct
from gradatim.dosefinding.characteristics.soundness import unsound
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.modifiers import layers
from gradatim.dosefinding.designs.registry import build
from gradatim.dosefinding.designs.settings import (
    DESIGN_KINDS,
    OF,
    OFF,
    Settings,
    foreign,
    idle,
    refuse_foreign,
    typed,
)
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.recommended import Needed
from gradatim.protocol.questions import ruled_design
from gradatim.protocol.references import Fault
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import Escalation, EscalationDesign

_OWN = {"design", "doses", "table", "cohort_size", "cohorts", "start", "target", "maximum"}
SETTABLE = {one.name for one in fields(Settings)} - _OWN


def settings_of(study: Study, name: str | None = None) -> Settings:
    """Give the settings of a protocol's design.

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
    known = {first.reading_name: first, **{one.name: one for one in first.alternatives}}
    if name not in known:
        raise UnusableInput(
            f"the protocol has no escalation design {name!r}",
            "--reading",
            todo=f"use one of {', '.join(known)}",
        )
    return known[name]


def _settings(study: Study, of: EscalationDesign) -> Settings:
    levels = study.treatment.dose_levels
    refuse_foreign(of.design, of.settings, "safety.escalation.settings")
    more: dict[str, Any] = {}
    for name, value in of.settings.items():
        if name not in SETTABLE:
            raise UnusableInput(
                f"a design has no setting {name!r}",
                "safety.escalation.settings",
                todo=f"use one of {', '.join(sorted(SETTABLE))}",
            )
        more[name] = typed(name, value, "safety.escalation.settings")
    planned = of.maximum_participants or of.maximum_per_level * len(levels)
    kind = DESIGN_KINDS.get(of.design)
    if kind is None or kind.target != "none":
        more.setdefault("enough", of.maximum_per_level)
    if of.design == "blrm":
        more.setdefault("amounts", tuple(one.dose for one in levels))
    return Settings(
        of.design,
        len(levels),
        of.target_toxicity,
        of.cohort_size,
        ceil(planned / of.cohort_size),
        of.start_level,
        maximum=planned,
        **more,
    )


def alternatives(study: Study) -> dict[str, Settings]:
    """Give the settings of every design the protocol holds, by its name, the first one first."""
    first = study.safety.escalation
    return {
        first.reading_name: _settings(study, first),
        **{one.name: _settings(study, one) for one in first.alternatives},
    }


def conduct_of(study: Study, between_arrivals: float) -> Conduct:
    """Give how the protocol's trial passes in time.

    The window is that of the dose-limiting toxicity, counted from a participant's first dose.

    Args:
        study: the protocol.
        between_arrivals: mean days between arrivals, which no protocol states.
    """
    window, sentinel = study.safety.dose_limiting_toxicity.window, study.safety.sentinel
    wait, between = (sentinel.wait, sentinel.between_participants) if sentinel else (None, None)
    return Conduct(between_arrivals, _days(window.to), _days(wait), _days(between))


def _days(length: Duration | None) -> float:
    """Give a calendar length in days, a month being the mean of the Gregorian calendar."""
    return 0.0 if length is None else length.months * 146_097 / 4_800 + length.days


def needed_of(study: Study) -> Needed:
    """Give what calling a level recommended asks for."""
    asked = study.safety.escalation.recommended_level
    return Needed() if asked is None else Needed(asked.evaluable, asked.at_most)


def design_faults(study: Study) -> Iterator[Fault]:
    """Give the faults of a protocol's designs: what cannot be built, or can never escalate.

    Warnings are of model designs without a hard safety rule.
    """
    for steps, one in _designs(study.safety.escalation):
        here = ("safety", "escalation", *steps)
        if strange := foreign(one.design, one.settings):
            for name in strange:
                having = ", ".join(OF[name])
                yield Fault(
                    (*here, "settings", name),
                    f"{one.design} has no setting {name}: it is "
                    f"a setting of {having}; leave it out, or choose one of these designs",
                )
            continue
        try:
            settings = _settings(study, one)
            made = build(settings)
        except UnusableInput as error:
            yield Fault(here, str(error))
            continue
        if why := unsound(made):
            yield Fault(
                here,
                f"the design {one.design} is not sound: {why}; change the setting or "
                "the table that keeps it from escalating",
            )
        yield from _per_level(here, one, made)
        if one.design in OF["safety"] and settings.safety == OFF:
            yield Fault((*here, "settings", "safety"), NO_RULE, warning=True)


NO_RULE = (
    "no hard safety rule is on: the model may escalate to a level at which everybody had a "
    "dose-limiting toxicity"
)


def _designs(first: Escalation) -> Iterator[tuple[Steps, EscalationDesign]]:
    yield (), first
    for i, one in enumerate(first.alternatives):
        yield ("alternatives", i), one


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
    """Give a protocol with its designs as documents were once read, for trials that run by one.

    A model design that said nothing of a hard safety rule had none, and settings without any effect
    were accepted. Such a trial keeps its design until it is amended.
    """
    first = study.safety.escalation
    if all(_before(one) == one.settings for one in (first, *first.alternatives)):
        return study
    others = [one.model_copy(update={"settings": _before(one)}) for one in first.alternatives]
    escalation = first.model_copy(update={"settings": _before(first), "alternatives": others})
    safety = study.safety.model_copy(update={"escalation": escalation})
    return study.model_copy(update={"safety": safety})


def _before(of: EscalationDesign) -> dict[str, Any]:
    without = {name for name, _ in idle(of.design, of.settings, of.cohort_size, of.target_toxicity)}
    without |= {*foreign(of.design, of.settings)}
    told = {name: value for name, value in of.settings.items() if name not in without}
    return {"safety": OFF, **told} if of.design in OF["safety"] else told
