"""`gradatim design oc` and `compare`: what to expect of designs."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli.design.options import DesignOptions, Truth, numbers
from gradatim.cli.options import NONE, AsJson, with_options

if TYPE_CHECKING:
    from gradatim.dosefinding.characteristics.operating import Computation
    from gradatim.dosefinding.characteristics.simulate import TrialTiming
    from gradatim.dosefinding.characteristics.worst_case import WorstCase
    from gradatim.dosefinding.designs.base import Design
    from gradatim.dosefinding.designs.settings import DesignSettings

Method = Annotated[
    str, typer.Option("--method", metavar="METHOD", help="exact, bounded, simulate or auto")
]
Trials = Annotated[int, typer.Option("--trials", metavar="N", help="Trials to simulate")]
_Seed = Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Of the simulation")]
Threads = Annotated[
    int, typer.Option("--threads", metavar="N", min=1, max=64, help="Of a simulation")
]
_Limit = Annotated[
    float | None,
    typer.Option("--limit", metavar="P", help="Rates above it are too toxic [the target, or 0.33]"),
]
Arrivals = Annotated[
    float | None,
    typer.Option(metavar="DAYS", help="Mean days between arrivals: simulates the trial's length"),
]
Window = Annotated[
    float | None, typer.Option(metavar="DAYS", help="DLT window [the protocol's, 28]")
]
Sentinel = Annotated[
    float | None, typer.Option(metavar="DAYS", help="After a level's first participant")
]
Stagger = Annotated[float | None, typer.Option(metavar="DAYS", help="Between later participants")]
Review = Annotated[float, typer.Option(metavar="DAYS", help="From last outcome to next cohort")]
WorstCaseGap = Annotated[
    float | None,
    typer.Option("--worst-case", metavar="GAP", help="Also the worst curves, wrong by GAP or more"),
]
Designs = Annotated[
    list[str], typer.Option("--design", metavar="NAME", help="A design, repeatable")
]
Truths = Annotated[
    list[str], typer.Option("--truth", metavar="P1,P2,...", help="A scenario, repeatable")
]
LIMIT = 0.33
"""Where a design has no target, a rate above this counts as too toxic; 3+3 tolerates less."""


@with_options("asked", DesignOptions, without=["levels"])
def oc(
    truth: Truth,
    asked: DesignOptions,
    method: Method = "auto",
    trials: Trials = 100_000,
    seed: _Seed = 1,
    threads: Threads = 2,
    limit: _Limit = None,
    arrivals: Arrivals = None,
    window: Window = None,
    sentinel: Sentinel = None,
    stagger: Stagger = None,
    review: Review = 0.0,
    worst_case: WorstCaseGap = None,
    json: AsJson = False,
) -> None:
    """Operating characteristics: what a design does when the true DLT rates are these.

    Exact where the states a trial can come to can be enumerated, else simulated with standard
    errors; the output says which.
    """
    from gradatim.cli.design.expect_tables import print_oc
    from gradatim.cli.output import print_json
    from gradatim.dosefinding.characteristics.operating import operating_characteristics
    from gradatim.dosefinding.document import oc_document

    begun, rates = time.perf_counter(), numbers(truth, "--truth")
    asked.of_levels([rates])
    made = asked.build()
    toxic = _limit(limit, made.target)
    how = _how(
        asked,
        method,
        trials,
        seed,
        threads,
        _conduct(asked, arrivals, window, sentinel, stagger, review),
    )
    (found,) = operating_characteristics(made, [rates], toxic, how)
    worst = _worst(made, worst_case, toxic) if worst_case is not None else []
    seconds = time.perf_counter() - begun
    if json:
        print_json(oc_document(made, found, seconds, worst))
    else:
        print_oc(made, found, seconds, worst)


@with_options("asked", DesignOptions, without=["design", "reading"])
def compare_designs(
    *,
    design: Designs = NONE,
    truth: Truths = NONE,
    asked: DesignOptions,
    method: Method = "auto",
    trials: Trials = 100_000,
    seed: _Seed = 1,
    limit: _Limit = None,
    json: AsJson = False,
) -> None:
    """Put designs side by side on common scenarios.

    Without --truth: for each level a curve on which it is on target, one on which all are safe, and
    one on which all are too toxic. With --protocol: its design and the alternatives it holds.
    """
    from gradatim.cli.design.expect_tables import print_comparison
    from gradatim.cli.output import print_json
    from gradatim.dosefinding.characteristics.operating import (
        Computation,
        operating_characteristics,
    )
    from gradatim.dosefinding.characteristics.scenarios import scenarios
    from gradatim.dosefinding.characteristics.soundness import refuse_unsound
    from gradatim.dosefinding.designs.registry import build
    from gradatim.dosefinding.document import COMPARE, oc_document

    given = [numbers(one, "--truth") for one in truth]
    asked.of_levels(given)
    made = {name: refuse_unsound(build(one)) for name, one in _compared(design, asked).items()}
    first = next(iter(made.values()))
    toxic = _limit(limit, first.target if asked.target is None else asked.target)
    curves = {f"truth {i}": one for i, one in enumerate(given, 1)}
    curves = curves or {one.name: one.rates for one in scenarios(first.doses, first.target)}
    how = Computation(method, trials, seed)
    found = {
        name: operating_characteristics(one, list(curves.values()), toxic, how)
        for name, one in made.items()
    }
    if json:
        listed = [
            {"scenario": scenario, **oc_document(made[name], ocs[i], 0.0)}
            for name, ocs in found.items()
            for i, scenario in enumerate(curves)
        ]
        print_json({"schema": COMPARE, "limit": toxic, "results": listed})
    else:
        print_comparison(made, list(curves), found)


def _compared(designs: list[str], asked: DesignOptions) -> "dict[str, DesignSettings]":
    """Return the settings of each design that is compared, by the name it is shown under."""
    from gradatim.core.errors import UnusableInput
    from gradatim.dosefinding.protocol_design import alternatives

    found: dict[str, DesignSettings] = {}
    if asked.study is not None:
        found |= alternatives(asked.study)
        if (told := asked.overrides()) and not designs:
            raise UnusableInput(
                f"{', '.join(told)}: a protocol's designs are as it says",
                "--protocol",
                "they would be compared without",
                "leave it out, or name other designs with --design",
            )
    if asked.has_table:
        found["table"] = asked.settings("table")
    for name in designs:
        found[name] = asked.settings(name)
    if not found:
        raise UnusableInput(
            "no design is named", "--design", todo="name some, such as --design boin --design mtpi2"
        )
    return found


def _limit(limit: float | None, target: float | None) -> float:
    from gradatim.core.errors import UnusableInput

    if limit is not None and not 0 < limit < 1:
        raise UnusableInput(
            f"{limit:g} is not a rate",
            "--limit",
            todo="give a number between 0 and 1, neither included",
        )
    if limit is not None:
        return limit
    return LIMIT if target is None else target


def _how(
    asked: DesignOptions,
    method: str,
    trials: int,
    seed: int,
    threads: int,
    conduct: "TrialTiming | None",
) -> "Computation":
    from gradatim.dosefinding.characteristics.operating import Computation
    from gradatim.dosefinding.protocol_design import recommendation_criteria
    from gradatim.dosefinding.recommended import RecommendationCriteria

    needed = recommendation_criteria(asked.study) if asked.study else RecommendationCriteria()
    return Computation(method, trials, seed, threads, conduct, needed)


def _conduct(
    asked: DesignOptions,
    arrivals: float | None,
    window: float | None,
    sentinel: float | None,
    stagger: float | None,
    review: float,
) -> "TrialTiming | None":
    """Return how trials pass in time, from the options and else from the protocol."""
    from gradatim.core.errors import UnusableInput
    from gradatim.dosefinding.characteristics.simulate import TrialTiming
    from gradatim.dosefinding.protocol_design import trial_timing

    if arrivals is None:
        if any(one is not None for one in (window, sentinel, stagger)) or review:
            raise UnusableInput(
                "times were given, but not how often participants arrive",
                "--arrivals",
                todo="give the mean days between them",
            )
        return None
    usual = trial_timing(asked.study, arrivals) if asked.study else TrialTiming(arrivals, 28.0)
    return TrialTiming(
        arrivals,
        usual.window if window is None else window,
        usual.sentinel if sentinel is None else sentinel,
        usual.stagger if stagger is None else stagger,
        review,
    )


def _worst(design: "Design", gap: float, target: float) -> "list[WorstCase]":
    from gradatim.dosefinding.characteristics.exact import compile_design
    from gradatim.dosefinding.characteristics.worst_case import worst_cases

    return worst_cases(compile_design(design), target, gap)
