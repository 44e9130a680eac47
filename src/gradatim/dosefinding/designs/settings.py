"""What a design can be told: its name and settings, checked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from math import inf, isfinite
from typing import Literal, NamedTuple

from gradatim.core.errors import Defect, UnusableInput, shortened
from gradatim.dosefinding.decision_table import Table
from gradatim.dosefinding.designs.crm import PRIOR_SD
from gradatim.dosefinding.designs.three_plus_three import COMMITTEES

MOST_DOSES, MOST_PARTICIPANTS = 20, 1_000
SAFETY = 0.95
"""P(rate > target) from a level's own counts above which the hard safety rule closes it."""
OFF: Literal["off"] = "off"
MOST_CORRELATION = 0.99
"""Beyond it the grid over both parameters is too coarse: at 0.999 probabilities are off by 0.01."""
NARROWEST, WIDEST = 0.001, 10.0
"""Prior standard deviations that the grids over the models' parameters are made for."""
FARTHEST_MEAN = 50.0
"""The prior mean farthest from 0, of a logit or of a logarithm, that the grid is made for."""


@dataclass(frozen=True)
class Settings:
    """Everything that a design can be told; what is None takes the design's own default.

    Args:
        design: a name of `DESIGNS`; `table` needs `table`.
        doses: how many dose levels.
        target: the DLT rate aimed at.
        cohort_size, cohorts: participants per decision, and decisions.
        start: the first level, from 1.
        table: a decision table of the user's.
        maximum: participants in all; it goes before cohorts x cohort size.
        cutoff: eliminate a dose where P(rate > target) is above it.
        safe, toxic: BOIN's rates deemed too low and too high.
        below, over: reach of the interval of equivalence of mTPI, mTPI-2, Keyboard and i3+3.
        stop_at: participants at which staying at a level ends the trial.
        safer: BOIN's stricter rule for the lowest dose; offset: how much stricter.
        bound: BOIN selects no dose with a fitted rate above lambda_d.
        model: of CRM: empiric, logistic or logistic2.
        skeleton: prior guesses of the DLT rates; else spread by half_width around level `middle`.
        prior_sd: of the one-parameter models.
        amounts: the doses themselves, for BLRM; reference: its reference dose.
        prior_mean, prior_sds, correlation: of the two-parameter models.
        on_target: BLRM's interval; overdose: the greatest P(rate above it) a dose may have.
        committee: what the committee is taken to do on hold, stop or escalate.
        titration: one participant a level until the first DLT.
        run_in: participants at each level until the first DLT.
        sizes: cohort sizes by level.
        enough: end when the level that would be next has had so many participants.
        stop_too_toxic: stop when P(rate of the lowest dose > target) is above this.
        safety: of CRM and BLRM, the hard safety rule: never again a dose, or one above it, where
            P(rate > target) from its own counts is above this; `off` for none, as dfcrm has it.
        untried: CRM and BLRM may select a level that nobody was given, as dfcrm does.
    """

    design: str
    doses: int
    target: float | None = None
    cohort_size: int = 3
    cohorts: int = 10
    start: int = 1
    table: Table | None = None
    maximum: int | None = None
    cutoff: float = 0.95
    safe: float | None = None
    toxic: float | None = None
    below: float = 0.05
    over: float = 0.05
    stop_at: int | None = None
    safer: bool = False
    offset: float = 0.05
    bound: bool = False
    model: str = "empiric"
    skeleton: tuple[float, ...] | None = None
    half_width: float | None = None
    middle: int | None = None
    prior_sd: float = PRIOR_SD
    amounts: tuple[float, ...] | None = None
    reference: float | None = None
    prior_mean: tuple[float, float] | None = None
    prior_sds: tuple[float, float] = (2.0, 1.0)
    correlation: float = 0.0
    on_target: tuple[float, float] = (0.16, 0.33)
    overdose: float = 0.25
    committee: str = "stop"
    titration: bool = False
    run_in: int | None = None
    sizes: tuple[int, ...] | None = None
    enough: int | None = None
    stop_too_toxic: float | None = None
    safety: float | Literal["off"] = SAFETY
    untried: bool = False


KINDS = {one.name: str(one.type) for one in fields(Settings)}
"""The type of each setting, as text."""
DEFAULTS = {one.name: one.default for one in fields(Settings)}


class DesignKind(NamedTuple):
    """What is so of a design whatever it is told.

    Args:
        settings: those that not every design has.
        target: whether it aims at a DLT rate: it takes none, may be given one, or needs one.
        cohort_size: the only size its cohorts can have; None where it is free.
        cohorts_per_level: the most cohorts it takes at one level; None without such an end.
        titration: whether it can follow one participant a level: it comes back to such a level.
        is_model: whether it fits a dose-toxicity model to all levels.
    """

    settings: tuple[str, ...] = ()
    target: Literal["none", "optional", "needed"] = "needed"
    cohort_size: int | None = None
    cohorts_per_level: int | None = None
    titration: bool = True
    is_model: bool = False


_THREE = DesignKind((), "none", 3, 2)
_BOIN = DesignKind(("cutoff", "stop_at", "safe", "toxic", "safer", "offset", "bound"))
_INTERVAL = DesignKind(("cutoff", "stop_at", "below", "over"))
_OF_MODELS = ("prior_mean", "prior_sds", "safety", "untried")
_OF_CRM = ("model", "skeleton", "half_width", "middle", "prior_sd")
_OF_BLRM = ("amounts", "reference", "correlation", "on_target", "overdose")
DESIGN_KINDS: Mapping[str, DesignKind] = {
    "three_plus_three": _THREE._replace(titration=False),
    "three_plus_three_korn": _THREE,
    "three_per_group": DesignKind(("committee",), "none", 3, 1, titration=False),
    "boin": _BOIN,
    "boin_published": _BOIN,
    "mtpi": _INTERVAL,
    "mtpi2": _INTERVAL,
    "keyboard": _INTERVAL,
    "i3_plus_3": _INTERVAL,
    "crm": DesignKind((*_OF_CRM, *_OF_MODELS), is_model=True),
    "blrm": DesignKind((*_OF_BLRM, *_OF_MODELS), "optional", is_model=True),
    "table": DesignKind(("table", "cutoff", "stop_at", "committee"), "optional"),
}
"""Every design by its name; what builds each stands in `designs.DESIGNS`."""
OF: Mapping[str, tuple[str, ...]] = {
    setting: tuple(name for name, kind in DESIGN_KINDS.items() if setting in kind.settings)
    for setting in dict.fromkeys(one for kind in DESIGN_KINDS.values() for one in kind.settings)
}
"""The designs that have a setting; what is not here every design has."""


def refuse_foreign(design: str, names: Iterable[str], where: str) -> None:
    """Refuse settings that a design does not have: it would go on without them, and nobody know.

    Args:
        design: its name.
        names: the settings that it is told.
        where: for the message, with the setting's name in braces.

    Raises:
        UnusableInput: one of them is not a setting of this design.
    """
    for name in foreign(design, names):
        raise UnusableInput(
            f"{design} has no setting {name}",
            where.format(name),
            f"it is a setting of {', '.join(OF[name])}",
            "leave it out, or choose one of these designs",
        )


def refuse_too_few(of: Settings) -> None:
    """Refuse a number of cohorts that 3+3 or three per level cannot keep to.

    Args:
        of: the settings, whose number of cohorts was asked for.

    Raises:
        UnusableInput: the design may take more cohorts.
    """
    kind = DESIGN_KINDS.get(of.design)
    each = kind.cohorts_per_level if kind else None
    if each is not None and of.cohorts < each * of.doses:
        raise UnusableInput(
            f"{of.design} cannot be kept to {of.cohorts} cohorts",
            "--cohorts",
            f"it takes up to {each} at each of {of.doses} levels",
            f"leave it out, or give --set maximum={3 * of.cohorts}",
        )


def idle(
    design: str, told: Mapping[str, object], cohort_size: int, target: float | None
) -> Iterator[tuple[str, str]]:
    """Give settings that a design has, and that would all the same have no effect, with the reason.

    Args:
        design: its name.
        told: the settings that it is told, by their names.
        cohort_size, target: as the design is told them.
    """
    two = design == "blrm" or told.get("model") == "logistic2"
    for name, without, why in (
        ("offset", not told.get("safer"), "it is how much stricter safer=true makes level 1"),
        (
            "cutoff",
            design == "table" and target is None,
            "a table eliminates as its cells say, and without a target it selects by them too",
        ),
        ("half_width", "skeleton" in told, "the skeleton is given"),
        ("middle", "skeleton" in told, "the skeleton is given"),
        ("prior_sd", two, "it is of the one-parameter models"),
        ("prior_mean", not two, "it is of the two-parameter models"),
        ("prior_sds", not two, "it is of the two-parameter models"),
        ("titration", cohort_size == 1, "cohorts are of one participant from the start"),
    ):
        if name in told and without:
            yield name, why


def foreign(design: str, names: Iterable[str]) -> list[str]:
    """Give those settings that a design does not have; none of one that does not exist."""
    if design not in DESIGN_KINDS:
        return []
    return [name for name in names if design not in OF.get(name, (design,))]


def check_own(of: Settings) -> None:
    """Refuse what the design, or what else it is told, makes of no effect.

    Raises:
        UnusableInput: a setting that would not be looked at.
    """
    told = {
        name: getattr(of, name)
        for name, usual in DEFAULTS.items()
        if getattr(of, name) != usual and name != "table"
    }  # one is given to compare with
    refuse_foreign(of.design, told, "--set {}")
    for name, why in idle(of.design, told, of.cohort_size, of.target):
        raise UnusableInput(
            f"the setting {name} would have no effect", f"--set {name}", why, "leave it out"
        )


def typed(name: str, value: object, where: str) -> object:
    """Give a setting's value in its own type, from what a document or an option says.

    Raises:
        UnusableInput: it is of another kind.
    """
    kind = KINDS[name]
    if OFF in kind and (value is False or value == OFF):
        return OFF
    if OFF in kind and (value is True or value == "on"):
        return SAFETY
    if "tuple" in kind and isinstance(value, list | tuple):
        return tuple(
            _single(name, "int" if "int" in kind else "float", one, where) for one in value
        )
    return _single(name, kind, value, where)


def _single(name: str, kind: str, value: object, where: str) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    number = number and isfinite(float(str(value)))  # a whole number can be beyond any float
    whole = number and float(str(value)).is_integer()
    for wanted, fits, words in (
        ("tuple", False, "a list of numbers"),
        ("bool", isinstance(value, bool), "true or false"),
        ("str", isinstance(value, str), "a word"),
        ("int", whole, "a whole number"),
        ("float", number, "a number"),
    ):
        if wanted in kind and not fits:
            raise UnusableInput(
                f"the setting {name} cannot be {shortened(str(value))}", where, todo=f"give {words}"
            )
        if wanted in kind:
            return int(float(str(value))) if wanted == "int" else value
    raise Defect(f"the setting {name} has the unknown type {kind}")


def target_of(of: Settings) -> float:
    """Give the target; it has no default.

    Raises:
        UnusableInput: it was not given.
    """
    if of.target is None:
        raise UnusableInput(
            f"{of.design} needs a target DLT rate",
            "--target",
            todo="give one, such as --target 0.3",
        )
    return of.target


def check_settings(of: Settings) -> None:
    """Check what can be checked whatever the design.

    Raises:
        UnusableInput: a setting that cannot be.
    """
    most = MOST_PARTICIPANTS
    whole = [
        ("--levels", of.doses, MOST_DOSES),
        ("--cohort-size", of.cohort_size, 100),
        ("--cohorts", of.cohorts, most),
        ("--start", of.start, of.doses),
        *(
            (f"--set {name}", getattr(of, name), most)
            for name in ("maximum", "stop_at", "run_in", "enough")
        ),
        ("--set middle", of.middle, of.doses),
        *(("--set sizes", one, 100) for one in of.sizes or ()),
    ]
    for name, value, high in whole:
        if value is not None and not 1 <= value <= high:
            raise UnusableInput(
                f"{value} is not from 1 to {high}", name, todo="give a whole number in that range"
            )
    if of.cohort_size * of.cohorts > most:
        raise UnusableInput(
            f"{of.cohorts} cohorts of {of.cohort_size} are more than {most:,} participants",
            "--cohorts",
            todo="give fewer",
        )
    rates = [
        ("--target", of.target),
        *(
            (f"--set {name}", getattr(of, name))
            for name in ("cutoff", "overdose", "stop_too_toxic")
        ),
        ("--set safety", None if of.safety == OFF else of.safety),
        *(("--set skeleton", one) for one in of.skeleton or ()),
        *(("--set on_target", one) for one in of.on_target),
    ]
    for name, rate in rates:
        if rate is not None and not 0 < rate < 1:
            raise UnusableInput(
                f"{rate:g} is not a rate",
                name,
                todo="give a number between 0 and 1, neither included",
            )
    _check_levels(of)
    _check_positive(of)
    if of.committee not in COMMITTEES:
        raise UnusableInput(
            f"the committee cannot be taken to {of.committee!r}",
            "--set committee",
            todo=f"say {' or '.join(COMMITTEES)}",
        )


def _check_positive(of: Settings) -> None:
    single = ("prior_sd", "reference", "half_width")
    positive = [
        *((name, getattr(of, name)) for name in single),
        *(("prior_sds", one) for one in of.prior_sds),
        *(("amounts", one) for one in of.amounts or ()),
    ]
    for name, value in positive:
        if value is not None and not (0 < value < inf):
            raise UnusableInput(
                f"{value:g} is not a positive number", f"--set {name}", todo="give one"
            )
    _check_prior(of)
    if not 0 <= of.offset < min(0.5, of.cutoff):
        raise UnusableInput(
            f"{of.offset:g} is no offset of a cutoff of {of.cutoff:g}",
            "--set offset",
            todo="give a small number, such as 0.05",
        )
    if not abs(of.correlation) < 1:
        raise UnusableInput(
            f"{of.correlation:g} is not a correlation",
            "--set correlation",
            todo="give a number between -1 and 1, neither included",
        )
    if abs(of.correlation) > MOST_CORRELATION:
        raise UnusableInput(
            f"a correlation of {of.correlation:g} is too close to one",
            "--set correlation",
            "the two parameters would be one, and probabilities inaccurate",
            f"give a number from -{MOST_CORRELATION} to {MOST_CORRELATION}",
        )


def _check_prior(of: Settings) -> None:
    """Refuse priors that the grids over the parameters do not reach."""
    what = "it is of a logit, or of a logarithm"
    for name, value in (("prior_sd", of.prior_sd), *(("prior_sds", one) for one in of.prior_sds)):
        if not NARROWEST <= value <= WIDEST:
            how = "wide" if value > WIDEST else "narrow"
            raise UnusableInput(
                f"a prior standard deviation of {value:g} is too {how}",
                f"--set {name}",
                what,
                f"give a number from {NARROWEST:g} to {WIDEST:g}",
            )
    for mean in of.prior_mean or ():
        if not abs(mean) <= FARTHEST_MEAN:
            raise UnusableInput(
                f"{mean:g} is no prior mean",
                "--set prior_mean",
                what,
                f"give two numbers from -{FARTHEST_MEAN:g} to {FARTHEST_MEAN:g}",
            )


def _check_levels(of: Settings) -> None:
    for name in ("skeleton", "amounts", "sizes"):
        values = getattr(of, name)
        if values is not None and len(values) != of.doses:
            raise UnusableInput(
                f"{len(values)} values for {of.doses} dose levels",
                f"--set {name}",
                todo="give one for each level, the lowest first",
            )
    for name in ("skeleton", "amounts", "on_target"):
        values = getattr(of, name)
        if values is not None and any(b <= a for a, b in pairwise(values)):
            raise UnusableInput(
                f"{', '.join(f'{one:g}' for one in values)} do not rise",
                f"--set {name}",
                todo="give them from the lowest to the highest",
            )
    for name, length in (("on_target", 2), ("prior_mean", 2), ("prior_sds", 2)):
        values = getattr(of, name)
        if values is not None and len(values) != length:
            raise UnusableInput(
                f"{len(values)} values where {length} are needed",
                f"--set {name}",
                todo=f"give {length}, with a comma between",
            )
