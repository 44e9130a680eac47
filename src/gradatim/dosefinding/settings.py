"""A design as configuration: its name and settings, checked and built."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import inf, log

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.blrm import Blrm
from gradatim.dosefinding.boin import boin
from gradatim.dosefinding.crm import INTERCEPT, PRIOR_SD, Crm, OneParameter
from gradatim.dosefinding.design import Design
from gradatim.dosefinding.intervals import KINDS, interval_design
from gradatim.dosefinding.isotonic import Isotonic
from gradatim.dosefinding.logistic2 import from_doses, from_skeleton
from gradatim.dosefinding.model import Posterior
from gradatim.dosefinding.modifiers import (
    AtMost,
    Coherent,
    CohortSizes,
    GivenOnly,
    NoSkipping,
    RunIn,
    StopAt,
    StopTooToxic,
    Titration,
)
from gradatim.dosefinding.skeleton import spread
from gradatim.dosefinding.table_design import TableDesign
from gradatim.dosefinding.tables import Table, check
from gradatim.dosefinding.three_plus_three import three_per_group, three_plus_three

MOST_DOSES, MOST_PARTICIPANTS = 20, 1_000
MODELS = ("empiric", "logistic", "logistic2")


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
        maximum: participants in all, if not cohorts x cohort size.
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
    untried: bool = False


def build(of: Settings) -> Design:
    """Give the design.

    Raises:
        UnusableInput: a setting that cannot be, or one that the design needs and was not given.
    """
    _check(of)
    make = DESIGNS.get(of.design)
    if make is None:
        raise UnusableInput(f"there is no design {of.design!r}", "--design",
                            todo=f"use one of {', '.join(DESIGNS)}, or --table FILE")  # fmt: skip
    return _modified(make(of), of)


def target_of(of: Settings) -> float:
    """Give the target; it has no default.

    Raises:
        UnusableInput: it was not given.
    """
    if of.target is None:
        raise UnusableInput(f"{of.design} needs a target DLT rate", "--target",
                            todo="give one, such as --target 0.3")  # fmt: skip
    return of.target


def _check(of: Settings) -> None:
    most = MOST_PARTICIPANTS
    whole = [("--levels", of.doses, MOST_DOSES), ("--cohort-size", of.cohort_size, 100),
             ("--cohorts", of.cohorts, most), ("--start", of.start, of.doses),
             *((f"--set {name}", getattr(of, name), most)
               for name in ("maximum", "stop_at", "run_in", "enough")),
             ("--set middle", of.middle, of.doses),
             *(("--set sizes", one, 100) for one in of.sizes or ())]  # fmt: skip
    for name, value, high in whole:
        if value is not None and not 1 <= value <= high:
            raise UnusableInput(f"{value} is not from 1 to {high}", name,
                                todo="give a whole number in that range")  # fmt: skip
    if of.cohort_size * of.cohorts > most:
        raise UnusableInput(f"{of.cohorts} cohorts of {of.cohort_size} are more than {most:,} "
                            "participants", "--cohorts", todo="give fewer")  # fmt: skip
    rates = [("--target", of.target), *((f"--set {name}", getattr(of, name))
                                        for name in ("cutoff", "overdose", "stop_too_toxic")),
             *(("--set skeleton", one) for one in of.skeleton or ()),
             *(("--set on_target", one) for one in of.on_target)]  # fmt: skip
    for name, rate in rates:
        if rate is not None and not 0 < rate < 1:
            raise UnusableInput(f"{rate:g} is not a rate", name,
                                todo="give a number between 0 and 1, neither included")  # fmt: skip
    _check_levels(of)
    _check_positive(of)


def _check_positive(of: Settings) -> None:
    single = ("prior_sd", "reference", "half_width")
    positive = [*((name, getattr(of, name)) for name in single),
                *(("prior_sds", one) for one in of.prior_sds),
                *(("amounts", one) for one in of.amounts or ())]  # fmt: skip
    for name, value in positive:
        if value is not None and not (0 < value < inf):
            raise UnusableInput(f"{value:g} is not a positive number", f"--set {name}",
                                todo="give one")  # fmt: skip
    if not abs(of.correlation) < 1:
        raise UnusableInput(f"{of.correlation:g} is not a correlation", "--set correlation",
                            todo="give a number between -1 and 1, neither included")  # fmt: skip


def _check_levels(of: Settings) -> None:
    for name in ("skeleton", "amounts", "sizes"):
        values = getattr(of, name)
        if values is not None and len(values) != of.doses:
            raise UnusableInput(f"{len(values)} values for {of.doses} dose levels", f"--set {name}",
                                todo="give one for each level, the lowest first")  # fmt: skip
    for name in ("skeleton", "amounts", "on_target"):
        values = getattr(of, name)
        if values is not None and any(b <= a for a, b in pairwise(values)):
            raise UnusableInput(f"{', '.join(f'{one:g}' for one in values)} do not rise",
                                f"--set {name}",
                                todo="give them from the lowest to the highest")  # fmt: skip
    for name, length in (("on_target", 2), ("prior_mean", 2), ("prior_sds", 2)):
        values = getattr(of, name)
        if values is not None and len(values) != length:
            raise UnusableInput(f"{len(values)} values where {length} are needed", f"--set {name}",
                                todo=f"give {length}, with a comma between")  # fmt: skip


def _boin(of: Settings) -> Design:
    return boin(
        of.doses, of.cohort_size, of.cohorts, target_of(of), start=of.start - 1, safe=of.safe,
        toxic=of.toxic, cutoff=of.cutoff, stop_at=of.stop_at, safer=of.safer, offset=of.offset,
        bound=of.bound, published=of.design == "boin_published",
    )  # fmt: skip


def _interval(of: Settings) -> Design:
    return interval_design(of.design, of.doses, of.cohort_size, of.cohorts, target_of(of),
                           start=of.start - 1, below=of.below, over=of.over, cutoff=of.cutoff,
                           stop_at=of.stop_at)  # fmt: skip


def _table(of: Settings) -> Design:
    if of.table is None:
        raise UnusableInput("the table is not given", "--table", todo="name its file")
    check(of.table, cohort=None if of.sizes or of.titration else of.cohort_size)
    chosen = None if of.target is None else Isotonic(of.target, of.cutoff)
    how = ("selects the highest level whose counts say E" if chosen is None
           else f"selects by isotonic regression, target {of.target:g}")  # fmt: skip
    return TableDesign(
        table=of.table, doses=of.doses, cohort=of.cohort_size, maximum=of.cohort_size * of.cohorts,
        start=of.start - 1, target=of.target, name="table", source="a table of the user's",
        selection=chosen, stop_at=of.stop_at, expand_top=chosen is not None,
        committee=of.committee, settings=(how,),
    )  # fmt: skip


def _three(of: Settings) -> Design:
    if of.cohort_size != 3:
        raise UnusableInput(f"{of.design} has cohorts of 3, not of {of.cohort_size}",
                            "--cohort-size", todo="leave it out")  # fmt: skip
    if of.design == "three_per_group":
        return three_per_group(of.doses, start=of.start - 1, committee=of.committee)
    return three_plus_three(of.doses, start=of.start - 1,
                            de_escalate=of.design == "three_plus_three_korn")  # fmt: skip


def _crm(of: Settings) -> Design:
    target = target_of(of)
    model, words = _crm_model(of, target)
    return Crm(doses=of.doses, cohort=of.cohort_size, maximum=of.cohort_size * of.cohorts,
               start=of.start - 1, target=target, model=model, words=words)  # fmt: skip


def _crm_model(of: Settings, target: float) -> tuple[Posterior, str]:
    if of.model not in MODELS:
        raise UnusableInput(f"there is no model {of.model!r}", "--set model",
                            todo=f"use one of {', '.join(MODELS)}")  # fmt: skip
    logistic = of.model != "empiric"
    half = of.half_width if of.half_width is not None else target / 6
    middle = of.middle or (of.doses + 1) // 2
    guess = of.skeleton or spread(
        half, target, middle, of.doses, logistic=logistic, intercept=INTERCEPT
    )
    told = "prior guesses of the DLT rates " + ", ".join(f"{one:.4g}" for one in guess)
    if of.model == "logistic2":
        mean = of.prior_mean or (INTERCEPT, 0.0)
        return from_skeleton(guess, mean, of.prior_sds), (
            f"two-parameter logistic model, {told}; normal priors of the intercept and the log "
            f"slope with means {mean[0]:g}, {mean[1]:g}, sd {of.prior_sds[0]:g}, "
            f"{of.prior_sds[1]:g}")  # fmt: skip
    return OneParameter(guess, logistic, INTERCEPT, of.prior_sd), (
        f"{of.model} one-parameter model, {told}; prior N(0, {of.prior_sd**2:.4g})"
    )


def _blrm(of: Settings) -> Design:
    amounts = of.amounts or tuple(float(i + 1) for i in range(of.doses))
    reference = of.reference or amounts[-1]
    mean = of.prior_mean or (log(of.on_target[1] / (1 - of.on_target[1])), 0.0)
    model = from_doses(amounts, reference, mean, of.prior_sds, of.correlation)
    words = (f"two-parameter logistic model in log(dose / {reference:g}) of doses "
             f"{', '.join(f'{one:g}' for one in amounts)}; bivariate normal prior with means "
             f"{mean[0]:.4g}, {mean[1]:.4g}, sd {of.prior_sds[0]:g}, {of.prior_sds[1]:g}, "
             f"correlation {of.correlation:g}")  # fmt: skip
    low, high = of.on_target
    return Blrm(doses=of.doses, cohort=of.cohort_size, maximum=of.cohort_size * of.cohorts,
                start=of.start - 1, target=of.target or (low + high) / 2, model=model, low=low,
                high=high, overdose=of.overdose, words=words)  # fmt: skip


DESIGNS: dict[str, Callable[[Settings], Design]] = {
    "three_plus_three": _three, "three_plus_three_korn": _three, "three_per_group": _three,
    "i3_plus_3": _interval, "boin": _boin, "boin_published": _boin, "mtpi": _interval,
    "mtpi2": _interval, "keyboard": _interval, "crm": _crm, "blrm": _blrm, "table": _table,
}  # fmt: skip
assert set(KINDS) <= set(DESIGNS)


def _modified(design: Design, of: Settings) -> Design:
    """Put the modifiers around: those of the models, then those asked for."""
    if of.run_in:
        design = RunIn(design, of.run_in)
    if of.design in ("crm", "blrm"):
        design = NoSkipping(design, over="present" if of.design == "crm" else "highest")
        design = design if of.design == "blrm" else Coherent(design)
        design = design if of.untried else GivenOnly(design)
    if of.stop_too_toxic is not None:
        design = StopTooToxic(design, target_of(of), of.stop_too_toxic)
    if of.enough is not None:
        design = StopAt(design, of.enough)
    if of.sizes is not None:
        design = CohortSizes(design, of.sizes)
    if of.titration and of.design in ("three_plus_three", "three_per_group"):
        raise UnusableInput(f"{of.design} cannot follow a titration", "--set titration",
                            "it never goes back to a level that had one participant",
                            "use three_plus_three_korn")  # fmt: skip
    if of.titration and of.cohort_size > 1:
        fills = not isinstance(design, TableDesign) or design.selection is None
        design = Titration(design, fills)
    if of.maximum is None or of.maximum >= design.maximum:
        return design
    return AtMost(design, of.maximum)
