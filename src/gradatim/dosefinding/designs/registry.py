"""Every design by its name; what protocols and options say of one becomes its settings here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any, Literal, NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.blrm import BlrmSettings, blrm
from gradatim.dosefinding.designs.boin import BoinSettings, boin
from gradatim.dosefinding.designs.crm import CrmSettings, crm
from gradatim.dosefinding.designs.intervals import IntervalSettings, interval_design
from gradatim.dosefinding.designs.model import ModelDesign, ModelSettings
from gradatim.dosefinding.designs.modifiers import (
    AtMost,
    Coherent,
    CohortSizes,
    GivenOnly,
    HardSafety,
    NoSkipping,
    StopAt,
    StopTooToxic,
    layers,
)
from gradatim.dosefinding.designs.run_in import RunIn, Titration
from gradatim.dosefinding.designs.settings import (
    OFF,
    DesignSettings,
    SettingType,
    by_field,
    parse_value,
    public_settings,
    refuse_idle,
    type_of,
)
from gradatim.dosefinding.designs.table import TableDesign, UserTableSettings, user_table
from gradatim.dosefinding.designs.table_coverage import checked_for_coverage
from gradatim.dosefinding.designs.three_plus_three import (
    ThreePerGroupSettings,
    three_per_group,
    three_plus_three,
)


class DesignKind(NamedTuple):
    """A design, and what is so of it whatever it is told.

    Args:
        settings: the class of its settings.
        build: makes it from them, without modifiers.
        target: whether it aims at a DLT rate: it takes none, may be given one, or needs one.
        cohort_size: the only size its cohorts can have; None where it is free.
        cohorts_per_level: the most cohorts it takes at one level; None without such an end.
        titration: whether it can follow one participant a level: it comes back to such a level.
        label: what it is called where it is offered to be compared with a protocol's design while
            a slider moves; empty where enumerating it takes longer than that.
    """

    settings: type[DesignSettings]
    build: Callable[[Any], Design]
    target: Literal["none", "optional", "needed"] = "needed"
    cohort_size: int | None = None
    cohorts_per_level: int | None = None
    titration: bool = True
    label: str = ""

    def has(self, setting: str) -> bool:
        """Whether it has a setting of this public name."""
        return setting in public_settings(self.settings)


DESIGN_KINDS: Mapping[str, DesignKind] = {
    "three_plus_three": DesignKind(
        DesignSettings, three_plus_three, "none", 3, 2, titration=False, label="3+3"
    ),
    "three_plus_three_korn": DesignKind(
        DesignSettings,
        partial(three_plus_three, de_escalate=True),
        "none",
        3,
        2,
        label="3+3 with de-escalation",
    ),
    "three_per_group": DesignKind(
        ThreePerGroupSettings, three_per_group, "none", 3, 1, titration=False
    ),
    "boin": DesignKind(BoinSettings, boin, label="BOIN"),
    "boin_published": DesignKind(BoinSettings, partial(boin, published=True)),
    "mtpi": DesignKind(IntervalSettings, interval_design),
    "mtpi2": DesignKind(IntervalSettings, interval_design, label="mTPI-2"),
    "keyboard": DesignKind(IntervalSettings, interval_design, label="Keyboard"),
    "i3_plus_3": DesignKind(IntervalSettings, interval_design, label="i3+3"),
    "crm": DesignKind(CrmSettings, crm, label="CRM"),
    "blrm": DesignKind(BlrmSettings, blrm, "optional"),
    "table": DesignKind(UserTableSettings, user_table, "optional"),
}
"""Every design by the name that protocols and the command line have for it."""


# --- from public names to settings ----------------------------------------------------------------

SETTING_TYPES: Mapping[str, SettingType] = {
    name: type_of(own)
    for kind in DESIGN_KINDS.values()
    for name, own in public_settings(kind.settings).items()
}
"""What each setting takes, by its public name; of one name it is the same in every design."""
FRAME = frozenset({"design", "doses", "target", "cohort_size", "cohorts", "start", "table"})
"""Settings that protocols and the command line have other places for."""
SETTABLE = frozenset(SETTING_TYPES) - FRAME - {"maximum"}
"""Settings that a protocol's `settings` can hold; the command line also takes the maximum there."""


def designs_with(setting: str) -> tuple[str, ...]:
    """Return the designs that have a setting of this public name."""
    return tuple(name for name, kind in DESIGN_KINDS.items() if kind.has(setting))


def parse_setting(name: str, value: object, where: str, known: Iterable[str] = SETTABLE) -> Any:
    """Return a setting's value in its own type, from what a document or an option says.

    Args:
        name: its public name.
        value: as it is said.
        where: for the message.
        known: the settings that can be said there.

    Raises:
        UnusableInput: there is no such setting, or its value is of another kind.
    """
    if name not in known:
        raise UnusableInput(
            f"a design has no setting {name!r}",
            where,
            todo=f"use one of {', '.join(sorted(known))}",
        )
    return parse_value(name, SETTING_TYPES[name], value, where)


def design_kind(design: str) -> DesignKind:
    """Return what is so of a design.

    Raises:
        UnusableInput: there is none of this name.
    """
    kind = DESIGN_KINDS.get(design)
    if kind is None:
        raise UnusableInput(
            f"there is no design {design!r}",
            "--design",
            todo=f"use one of {', '.join(DESIGN_KINDS)}, or --table FILE",
        )
    return kind


def settings_for(
    design: str, doses: int, *, where: str = "--set {}", **given: Any
) -> DesignSettings:
    """Return a design's settings from values by their public names.

    Args:
        design: its name.
        doses: how many dose levels.
        where: where they are said, for messages, with the setting's name in braces.
        given: values in their own types; what is not given takes its default.

    Raises:
        UnusableInput: there is no such design, or it does not have one of these settings.
    """
    kind = design_kind(design)
    refuse_foreign(design, given, where)
    if kind.cohort_size is not None:
        given.setdefault("cohort_size", kind.cohort_size)
    return kind.settings(design, doses, **by_field(kind.settings, given))


def with_settings(settings: DesignSettings, given: Mapping[str, Any]) -> DesignSettings:
    """Return settings with some replaced, by their public names; the design has to have them."""
    return replace(settings, **by_field(type(settings), given))


def foreign(design: str, names: Iterable[str]) -> list[str]:
    """Return those settings that other designs have and this one has not; none of no design."""
    kind = DESIGN_KINDS.get(design)
    if kind is None:
        return []
    return [name for name in names if name in SETTING_TYPES and not kind.has(name)]


def refuse_foreign(design: str, names: Iterable[str], where: str) -> None:
    """Refuse settings that a design does not have: it would go on without them, and nobody know.

    Args:
        design: its name.
        names: the settings that it is told, by their public names.
        where: for the message, with the setting's name in braces.

    Raises:
        UnusableInput: one of them is not a setting of this design.
    """
    for name in foreign(design, names):
        raise UnusableInput(
            f"{design} has no setting {name}",
            where.format(name),
            f"it is a setting of {', '.join(designs_with(name))}",
            "leave it out, or choose one of these designs",
        )


def refuse_too_few_cohorts(settings: DesignSettings) -> None:
    """Refuse a number of cohorts that a design with cohorts at every level cannot keep to.

    Args:
        settings: the settings, whose number of cohorts was asked for.

    Raises:
        UnusableInput: the design may take more cohorts.
    """
    each = design_kind(settings.design).cohorts_per_level
    if each is not None and settings.cohorts < each * settings.doses:
        raise UnusableInput(
            f"{settings.design} cannot be kept to {settings.cohorts} cohorts",
            "--cohorts",
            f"it takes up to {each} at each of {settings.doses} levels",
            f"leave it out, or give --set maximum={settings.cohort_size * settings.cohorts}",
        )


# --- from settings to a design --------------------------------------------------------------------


def build(settings: DesignSettings) -> Design:
    """Return the design.

    Raises:
        UnusableInput: a setting that cannot be, or one that the design needs and was not given.
    """
    kind = design_kind(settings.design)
    settings.check()
    refuse_idle(settings)
    if kind.cohort_size is not None and settings.cohort_size != kind.cohort_size:
        raise UnusableInput(
            f"{settings.design} has cohorts of {kind.cohort_size}, not of {settings.cohort_size}",
            "--cohort-size",
            todo="leave it out",
        )
    if settings.titration and not kind.titration:
        raise UnusableInput(
            f"{settings.design} cannot follow a titration",
            "--set titration",
            "it never goes back to a level that had one participant",
            "use three_plus_three_korn",
        )
    return _modified(checked_for_coverage(kind.build(_long_enough(settings)), settings), settings)


def _long_enough(settings: DesignSettings) -> DesignSettings:
    """Return the settings with as many cohorts as the maximum asked for takes."""
    cohorts = max(settings.cohorts, ceil((settings.maximum or 0) / settings.cohort_size))
    return replace(settings, cohorts=cohorts)


def _modified(design: Design, settings: DesignSettings) -> Design:
    """Put the modifiers around: those of the models, then those asked for."""
    if settings.run_in:
        design = RunIn(design, settings.run_in)
    if isinstance(settings, ModelSettings):
        design = _kept_safe(design, settings)
    else:
        design = _stopping(design, settings)
    if settings.n_stop is not None:
        design = StopAt(design, settings.n_stop)
    if settings.cohort_sizes is not None:
        design = CohortSizes(design, settings.cohort_sizes)
    if settings.titration and settings.cohort_size > 1:
        fills = not isinstance(design, TableDesign) or design.selection is None
        design = Titration(design, fills)
    if settings.maximum is None or settings.maximum >= design.maximum:
        return design
    return AtMost(design, settings.maximum)


def _kept_safe(design: Design, settings: ModelSettings) -> Design:
    """Put the models' modifiers around: how far they go up, what is closed, what is chosen."""
    inner = layers(design)[-1]
    assert isinstance(inner, ModelDesign)
    design = NoSkipping(design, over=inner.no_skipping_over)
    design = _stopping(Coherent(design) if inner.coherent else design, settings)
    if settings.hard_safety != OFF:
        design = HardSafety(design, inner.too_toxic, float(settings.hard_safety))
    return design if settings.allow_untried else GivenOnly(design)


def _stopping(design: Design, settings: DesignSettings) -> Design:
    if settings.stop_too_toxic is None:
        return design
    return StopTooToxic(design, settings.required_target(), settings.stop_too_toxic)
