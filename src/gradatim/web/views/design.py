"""The design: what to expect of it and of its alternatives, for true rates set with sliders."""

from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.escalation import advice_or_why
from gradatim.dosefinding.protocol_design import alternatives, settings_of
from gradatim.dosefinding.scenarios import TOLERATED, Scenario, scenarios
from gradatim.protocol.study import Study
from gradatim.reports.design import compared_on, decision_table
from gradatim.reports.design_charts import design_charts
from gradatim.web.access import Request, page
from gradatim.web.clock import today
from gradatim.web.views.overview import advice_words

LOWEST, HIGHEST = 1, 95  # per cent, what a slider can be set to


class Slider(NamedTuple):
    """The true rate of a level, as it is set: in whole per cent."""

    name: str
    label: str
    value: int


@page("design")
def design(request: Request) -> HttpResponse:
    """Show operating characteristics, exactly, for the rates of the sliders."""
    state = request.access.state
    if not state.versions:
        return render(request, "gradatim/not_active.html")
    study = state.study
    aim = settings_of(study).target or TOLERATED
    sliders = sliders_of(request, study, aim)
    curve = Scenario(_("as set"), rates_of(sliders))
    chosen = chosen_of(request, study)
    compared = [compared_on(study, name, [curve], aim) for name in chosen]
    advice, why = advice_or_why(state, today())
    return render(request, "gradatim/design/page.html", {
        "study": study, "sliders": sliders, "compared": compared, "aim": aim,
        "designs": list(alternatives(study)), "chosen": chosen, "curve": curve,
        "rising": curve.rates != tuple(one.value / 100 for one in sliders),
        "presets": presets(study, aim), "charts": _charts(compared, curve),
        "table": decision_table(compared[0].design), "advice": advice, "why": why,
        "advice_words": advice_words(advice) if advice else why,
        "levels": range(1, len(sliders) + 1),
    })  # fmt: skip


def sliders_of(request: Request, study: Study, aim: float) -> list[Slider]:
    """Give the sliders as they were sent; else the curve with the middle level on target."""
    levels = study.treatment.dose_levels
    first = scenarios(len(levels), aim)[1 + len(levels) // 2].rates
    return [Slider(f"r{one.number}", f"{one.number} {one.label}",
                   _bounded(request.GET.get(f"r{one.number}", ""), round(100 * rate)))
            for one, rate in zip(levels, first, strict=True)]  # fmt: skip


def _bounded(text: str, default: int) -> int:
    value = int(text) if text.isdigit() and len(text) < 4 else default
    return min(max(value, LOWEST), HIGHEST)


def rates_of(sliders: list[Slider]) -> tuple[float, ...]:
    """Give the rates; one that is set below that of a lower level is taken as equal to it."""
    rates: list[float] = []
    for one in sliders:
        rates.append(max(one.value / 100, rates[-1] if rates else 0))
    return tuple(rates)


def chosen_of(request: Request, study: Study) -> list[str]:
    """Give the designs that are to be compared; all that the protocol holds if none is named."""
    known = list(alternatives(study))
    asked = [name for name in request.GET.getlist("design") if name in known]
    return asked or known


def presets(study: Study, aim: float) -> list[tuple[str, str]]:
    """Give common curves by name, each with the address that sets it."""
    curves = scenarios(len(study.treatment.dose_levels), aim)
    return [(one.name, "&".join(f"r{n}={round(100 * rate)}" for n, rate in enumerate(one.rates, 1)))
            for one in curves]  # fmt: skip


def _charts(compared: list[Any], curve: Scenario) -> dict[str, Any]:
    if len(compared) == 1:
        return design_charts(compared, [curve])
    made = design_charts(compared, [curve])
    return {"selection": made["side-0"]}
