"""Every design by its name, built from settings."""

from collections.abc import Callable
from dataclasses import replace
from math import ceil, exp, log

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decision_table import check
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.blrm import Blrm
from gradatim.dosefinding.designs.boin import boin
from gradatim.dosefinding.designs.crm import INTERCEPT, Crm, OneParameter
from gradatim.dosefinding.designs.intervals import KINDS, interval_design
from gradatim.dosefinding.designs.model import ModelDesign, Posterior
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
    DESIGN_KINDS,
    OFF,
    Settings,
    check_own,
    check_settings,
    target_of,
)
from gradatim.dosefinding.designs.skeleton import spread
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.designs.table_coverage import reaching
from gradatim.dosefinding.designs.three_plus_three import three_per_group, three_plus_three
from gradatim.dosefinding.designs.two_parameter_logistic import from_doses, from_skeleton
from gradatim.dosefinding.isotonic import Isotonic

MODELS = ("empiric", "logistic", "logistic2")


def build(of: Settings) -> Design:
    """Give the design.

    Raises:
        UnusableInput: a setting that cannot be, or one that the design needs and was not given.
    """
    check_settings(of)
    make = DESIGNS.get(of.design)
    if make is None:
        raise UnusableInput(
            f"there is no design {of.design!r}",
            "--design",
            todo=f"use one of {', '.join(DESIGNS)}, or --table FILE",
        )
    check_own(of)
    size = DESIGN_KINDS[of.design].cohort_size
    if size is not None and of.cohort_size != size:
        raise UnusableInput(
            f"{of.design} has cohorts of {size}, not of {of.cohort_size}",
            "--cohort-size",
            todo="leave it out",
        )
    return _modified(reaching(make(_long_enough(of)), of), of)


def _long_enough(of: Settings) -> Settings:
    """Give as many cohorts as the maximum asked for takes."""
    cohorts = max(of.cohorts, ceil((of.maximum or 0) / of.cohort_size))
    return replace(of, cohorts=cohorts)


def _boin(of: Settings) -> Design:
    return boin(
        of.doses,
        of.cohort_size,
        of.cohorts,
        target_of(of),
        start=of.start - 1,
        safe=of.safe,
        toxic=of.toxic,
        cutoff=of.cutoff,
        stop_at=of.stop_at,
        safer=of.safer,
        offset=of.offset,
        bound=of.bound,
        published=of.design == "boin_published",
    )


def _interval(of: Settings) -> Design:
    return interval_design(
        of.design,
        of.doses,
        of.cohort_size,
        of.cohorts,
        target_of(of),
        start=of.start - 1,
        below=of.below,
        over=of.over,
        cutoff=of.cutoff,
        stop_at=of.stop_at,
    )


def _table(of: Settings) -> Design:
    if of.table is None:
        raise UnusableInput("the table is not given", "--table", todo="name its file")
    check(of.table, cohort=None if of.sizes or of.titration else of.cohort_size)
    chosen = None if of.target is None else Isotonic(of.target, of.cutoff)
    how = (
        "selects the highest level whose counts say E"
        if chosen is None
        else f"selects by isotonic regression, target {of.target:g}"
    )
    return TableDesign(
        table=of.table,
        doses=of.doses,
        cohort=of.cohort_size,
        maximum=of.cohort_size * of.cohorts,
        start=of.start - 1,
        target=of.target,
        name="table",
        source="a table of the user's",
        selection=chosen,
        stop_at=of.stop_at,
        expand_top=chosen is not None,
        committee=of.committee,
        settings=(how,),
    )


def _three(of: Settings) -> Design:
    if of.design == "three_per_group":
        return three_per_group(of.doses, start=of.start - 1, committee=of.committee)
    return three_plus_three(
        of.doses, start=of.start - 1, de_escalate=of.design == "three_plus_three_korn"
    )


def _crm(of: Settings) -> Design:
    target = target_of(of)
    model, words = _crm_model(of, target)
    words += _without_rule(of)
    return Crm(
        doses=of.doses,
        cohort=of.cohort_size,
        maximum=of.cohort_size * of.cohorts,
        start=of.start - 1,
        target=target,
        model=model,
        words=words,
    )


def _crm_model(of: Settings, target: float) -> tuple[Posterior, str]:
    if of.model not in MODELS:
        raise UnusableInput(
            f"there is no model {of.model!r}", "--set model", todo=f"use one of {', '.join(MODELS)}"
        )
    logistic = of.model != "empiric"
    half = of.half_width if of.half_width is not None else target / 6
    middle = of.middle or (of.doses + 1) // 2
    guess = of.skeleton or spread(
        half, target, middle, of.doses, logistic=logistic, intercept=INTERCEPT
    )
    if of.model == "logistic" and guess[-1] >= 1 / (1 + exp(-INTERCEPT)):
        raise UnusableInput(
            f"a guess of {guess[-1]:g} is too high for the logistic model",
            "--set skeleton",
            f"its intercept is {INTERCEPT:g}",
            "give lower guesses",
        )
    told = "prior guesses of the DLT rates " + ", ".join(f"{one:.4g}" for one in guess)
    if of.model == "logistic2":
        mean = of.prior_mean or (INTERCEPT, 0.0)
        return from_skeleton(guess, mean, of.prior_sds), (
            f"two-parameter logistic model, {told}; normal priors of the intercept and the log "
            f"slope with means {mean[0]:g}, {mean[1]:g}, sd {of.prior_sds[0]:g}, "
            f"{of.prior_sds[1]:g}"
        )
    return OneParameter(guess, logistic, INTERCEPT, of.prior_sd), (
        f"{of.model} one-parameter model, {told}; prior N(0, {of.prior_sd**2:.4g})"
    )


def _without_rule(of: Settings) -> str:
    return "; no hard safety rule closes a level by its own counts" if of.safety == OFF else ""


def _blrm(of: Settings) -> Design:
    amounts = of.amounts or tuple(float(i + 1) for i in range(of.doses))
    reference = of.reference or amounts[-1]
    mean = of.prior_mean or (log(of.on_target[1] / (1 - of.on_target[1])), 0.0)
    model = from_doses(amounts, reference, mean, of.prior_sds, of.correlation)
    words = (
        f"two-parameter logistic model in log(dose / {reference:g}) of doses "
        f"{', '.join(f'{one:g}' for one in amounts)}; bivariate normal prior with means "
        f"{mean[0]:.4g}, {mean[1]:.4g}, sd {of.prior_sds[0]:g}, {of.prior_sds[1]:g}, "
        f"correlation {of.correlation:g}{_without_rule(of)}"
    )
    low, high = of.on_target
    return Blrm(
        doses=of.doses,
        cohort=of.cohort_size,
        maximum=of.cohort_size * of.cohorts,
        start=of.start - 1,
        target=of.target or (low + high) / 2,
        model=model,
        low=low,
        high=high,
        overdose=of.overdose,
        limit=of.target or high,
        words=words,
    )


DESIGNS: dict[str, Callable[[Settings], Design]] = {
    "three_plus_three": _three,
    "three_plus_three_korn": _three,
    "three_per_group": _three,
    "i3_plus_3": _interval,
    "boin": _boin,
    "boin_published": _boin,
    "mtpi": _interval,
    "mtpi2": _interval,
    "keyboard": _interval,
    "crm": _crm,
    "blrm": _blrm,
    "table": _table,
}
assert set(KINDS) <= set(DESIGNS)


def _of_models(design: Design, of: Settings) -> Design:
    """Put the models' modifiers around: how far they go up, what is closed, what is chosen."""
    inner = layers(design)[-1]
    design = NoSkipping(design, over="present" if of.design == "crm" else "highest")
    design = _stopping(design if of.design == "blrm" else Coherent(design), of)
    if of.safety != OFF and isinstance(inner, ModelDesign):
        design = HardSafety(design, inner.too_toxic, float(of.safety))
    return design if of.untried else GivenOnly(design)


def _stopping(design: Design, of: Settings) -> Design:
    if of.stop_too_toxic is None:
        return design
    return StopTooToxic(design, target_of(of), of.stop_too_toxic)


def _modified(design: Design, of: Settings) -> Design:
    """Put the modifiers around: those of the models, then those asked for."""
    if of.run_in:
        design = RunIn(design, of.run_in)
    kind = DESIGN_KINDS[of.design]
    design = _of_models(design, of) if kind.is_model else _stopping(design, of)
    if of.enough is not None:
        design = StopAt(design, of.enough)
    if of.sizes is not None:
        design = CohortSizes(design, of.sizes)
    if of.titration and not kind.titration:
        raise UnusableInput(
            f"{of.design} cannot follow a titration",
            "--set titration",
            "it never goes back to a level that had one participant",
            "use three_plus_three_korn",
        )
    if of.titration and of.cohort_size > 1:
        fills = not isinstance(design, TableDesign) or design.selection is None
        design = Titration(design, fills)
    if of.maximum is None or of.maximum >= design.maximum:
        return design
    return AtMost(design, of.maximum)
