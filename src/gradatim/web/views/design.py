"""The design: what it says now, and what to expect of it and of others, for rates set by sliders.

Every figure is exact: all ways a trial can go are enumerated, once for each design's settings; what
a slider of the true rates changes is then a sum over the ends that there are.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.state import State
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import (
    CompiledDesign,
    TooLarge,
    compile_design,
    final_states,
)
from gradatim.dosefinding.characteristics.final_states import (
    OperatingCharacteristics,
    summarise,
)
from gradatim.dosefinding.characteristics.operating import check_rates
from gradatim.dosefinding.characteristics.scenarios import Scenario
from gradatim.dosefinding.characteristics.soundness import refuse_unsound
from gradatim.dosefinding.characteristics.worst_case import WorstCase, worst_cases
from gradatim.dosefinding.decision import Advice, DoseDecision
from gradatim.dosefinding.designs.registry import build
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.protocol_design import recommendation_criteria, settings_of
from gradatim.dosefinding.recommended import RecommendationCriteria
from gradatim.protocol.questions import ruled_design
from gradatim.protocol.study import Study
from gradatim.reports.design import DecisionTableView, decision_table
from gradatim.reports.design_charts import charts_of
from gradatim.web.access import Request, page
from gradatim.web.clock import today_at
from gradatim.web.views.design_asked import (
    MOST_LEVELS,
    ChosenDesign,
    DesignForm,
    offered,
    presets,
    query_of,
    target_of,
)
from gradatim.web.views.overview import advice_words

MOST_STATES = 10_000
"""More ends than this take longer than a slider can wait: at least 0.1 s for one design."""
KEPT = 64  # designs; each takes up to a megabyte
SHADES = {
    "escalate": "good",
    "stay": "",
    "hold": "warn",
    "de_escalate": "warn",
    "eliminate": "bad",
    "stop": "bad",
}


class Slider(NamedTuple):
    """A slider: its name, what it sets, where it stands, its ends, and what was wrong."""

    name: str
    label: str
    value: int
    low: int
    high: int
    faults: list[str]


class Expected(NamedTuple):
    """A design with what to expect of it; or why that is not computed."""

    design: ChosenDesign
    found: OperatingCharacteristics | None
    table: DecisionTableView | None
    described: list[str]
    why: str = ""


@page("design")
def design(request: Request) -> HttpResponse:
    """Show what the design says, and operating characteristics for what was asked."""
    state = request.access.state
    if not state.versions:
        return render(request, "gradatim/not_active.html")
    study = state.governing("safety")
    force = ruled_design(study)
    about = {
        "study": study,
        "force": force,
        "escalation": study.safety.escalation,
        "shades": SHADES,
        **now_of(state, study),
    }
    if len(study.treatment.dose_levels) > MOST_LEVELS:
        return render(request, "gradatim/design/page.html", {**about, "too_many": MOST_LEVELS})
    asked = DesignForm(study, request.GET)
    aim, basis = target_of(study)
    return render(
        request,
        "gradatim/design/page.html",
        {
            **about,
            "asked": asked,
            "basis": basis,
            "others": offered(study),
            "rates": [slider(asked, f"r{one.number}") for one in study.treatment.dose_levels],
            "settings": [slider(asked, name) for name in ("target", "cohort", "maximum")],
            "ticked": asked["design"].value(),
            "levels": study.treatment.dose_levels,
            "presets": presets(study, aim, request.GET),
            "worst": worst_of(request, study) if "worst" in request.GET else None,
            **(expected_of(asked) if asked.is_valid() else {"charts": {}}),
        },
    )


def slider(asked: DesignForm, name: str) -> Slider:
    """Return a slider as it is to be drawn."""
    field: Any = asked.fields[name]
    return Slider(
        name,
        str(field.label),
        asked.shown(name),
        field.min_value,
        field.max_value,
        [str(one) for one in asked.errors.get(name, [])],
    )


def now_of(state: State, study: Study) -> dict[str, Any]:
    """Return what the design advises now, what could change it, and its decision table."""
    advice, why = advice_or_why(state, today_at(state, ""))
    found: dict[str, Any] = {"advice": advice, "table": decision_table(build(settings_of(study)))}
    if advice is None:
        return {**found, "advice_words": why}
    decision = advice.decision
    return {
        **found,
        "advice_words": advice_words(advice.action, advice.level),
        "here": _here(state, decision),
        "outlooks": [
            (" ".join(map(str, one.cohorts)), _words(one.advice, decision))
            for one in decision.resolutions
        ],
        "flips": [
            (one.dlts, abs(one.dlts), _words(one.advice, decision))
            for one in decision.distance_to_flip
        ],
    }


def _words(said: Advice, decision: DoseDecision) -> Any:
    return advice_words(said.action, said.dose)


def _here(state: State, decision: DoseDecision) -> tuple[int, int] | None:
    """Return participants and DLTs at the present level, where every outcome of it is known."""
    if state.cohort is None:
        return None
    n, y, pending = decision.counts[state.cohort.level - 1]
    return None if pending or not n else (n, y)


def expected_of(asked: DesignForm) -> dict[str, Any]:
    """Return what to expect of the designs that were chosen."""
    curve, needed = asked.curve(), recommendation_criteria(asked.study)
    found = [_expected(one, curve, asked.aim, needed) for one in asked.designs()]
    computed = [(one.design.name, one.found) for one in found if one.found]
    set_to = tuple(asked.cleaned_data[f"r{n}"] / 100 for n in range(1, len(curve.rates) + 1))
    return {
        "expected": found,
        "curve": curve,
        "aim": asked.aim,
        "rising": curve.rates != set_to,
        "charts": charts_of(computed) if computed else {},
        "headline": _headline(computed),
        "needs": needed,
    }


def _expected(
    one: ChosenDesign, curve: Scenario, aim: float, needed: RecommendationCriteria
) -> Expected:
    made = compiled(one.settings)
    if isinstance(made, str):
        return Expected(one, None, None, [], why_not(made))
    rates = check_rates(curve.rates, made.design.doses)
    found = summarise(final_states(made, rates), rates, aim, "exact", *needed)
    return Expected(one, found, decision_table(made.design), made.design.describe())


@lru_cache(KEPT)
def compiled(settings: DesignSettings) -> CompiledDesign | str:
    """Return a design with all its ends; or why not, which is empty if they are too many."""
    try:
        return compile_design(refuse_unsound(build(settings)), limit=MOST_STATES)
    except TooLarge:
        return ""
    except UnusableInput as error:
        return f"{error.what}."


def why_not(said: str) -> str:
    """Say why a design is not computed; kept as it is, words would stay in one language."""
    return said or _(
        "Too many ways to go to be enumerated while you wait. Take larger cohorts or "
        "a lower maximum, or ask the command gradatim design oc."
    )


def _headline(computed: list[tuple[str, OperatingCharacteristics]]) -> str:
    """Say in a sentence what to expect of the first design."""
    if not computed:
        return ""
    name, found = computed[0]
    chances = [found.none_selected.value, *(one.value for one in found.selection)]
    likely = max(range(len(chances)), key=chances.__getitem__)
    said: Mapping[str, Any] = {
        "name": name,
        "level": likely,
        "chance": f"{100 * chances[likely]:.0f}",
        "n": f"{found.expected_n.value:.1f}",
        "dlts": f"{found.expected_dlts.value:.1f}",
    }
    if likely:
        return (
            _(
                "%(name)s: most likely it selects level %(level)s (%(chance)s %%); "
                "%(n)s participants and %(dlts)s DLTs on average."
            )
            % said
        )
    return (
        _(
            "%(name)s: most likely it selects no level (%(chance)s %%); "
            "%(n)s participants and %(dlts)s DLTs on average."
        )
        % said
    )


def worst_of(request: Request, study: Study) -> dict[str, Any]:
    """Return the true rates on which the design in force does worst, with the way to set them."""
    aim, _basis = target_of(study)
    found = _worst(settings_of(study), aim)
    if isinstance(found, str):
        return {"why": why_not(found)}
    return {"rows": [(one, query_of(one.rates, request.GET)) for one in found], "gap": aim / 3}


@lru_cache(KEPT)
def _worst(settings: DesignSettings, aim: float) -> list[WorstCase] | str:
    """Search the worst curves, a level next to the one on target being a third of the aim away."""
    made = compiled(settings)
    if isinstance(made, str):
        return made
    try:
        return worst_cases(made, aim, aim / 3)
    except UnusableInput as error:
        return f"{error.what}."
