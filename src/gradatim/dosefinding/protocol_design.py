"""The design that a protocol document configures."""

from collections.abc import Iterator
from dataclasses import fields
from math import ceil
from typing import Any

from gradatim.core.dates import Duration
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs import build
from gradatim.dosefinding.recommended import Needed
from gradatim.dosefinding.settings import Settings, typed
from gradatim.dosefinding.simulate import Conduct
from gradatim.protocol.questions import ruled_design
from gradatim.protocol.references import Fault
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import EscalationDesign

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
        raise UnusableInput(f"the protocol has no escalation design {name!r}", "--reading",
                            todo=f"use one of {', '.join(known)}")  # fmt: skip
    return known[name]


def _settings(study: Study, of: EscalationDesign) -> Settings:
    levels = study.treatment.dose_levels
    more: dict[str, Any] = {}
    for name, value in of.settings.items():
        if name not in SETTABLE:
            raise UnusableInput(f"a design has no setting {name!r}", "safety.escalation.settings",
                                todo=f"use one of {', '.join(sorted(SETTABLE))}")  # fmt: skip
        more[name] = typed(name, value, "safety.escalation.settings")
    fixed = of.design.startswith("three_")
    planned = of.maximum_participants or of.maximum_per_level * len(levels)
    if not fixed:
        more.setdefault("enough", of.maximum_per_level)
    if of.design == "blrm":
        more.setdefault("amounts", tuple(one.dose for one in levels))
    return Settings(
        of.design, len(levels), of.target_toxicity, of.cohort_size, ceil(planned / of.cohort_size),
        of.start_level, maximum=planned, **more,
    )  # fmt: skip


def alternatives(study: Study) -> dict[str, Settings]:
    """Give the settings of every design the protocol holds, by its name, the first one first."""
    first = study.safety.escalation
    return {first.reading_name: _settings(study, first),
            **{one.name: _settings(study, one) for one in first.alternatives}}  # fmt: skip


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
    """Give the faults of a protocol's designs, one for each that cannot be built."""
    first = study.safety.escalation
    for steps, one in (((), first), *((("alternatives", i), one)
                                      for i, one in enumerate(first.alternatives))):  # fmt: skip
        try:
            build(_settings(study, one))
        except UnusableInput as error:
            yield Fault(("safety", "escalation", *steps), str(error))
