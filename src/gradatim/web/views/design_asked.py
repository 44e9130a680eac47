"""What is asked on the page of the design: true rates, designs, and what the others are told."""

from math import ceil
from typing import Any, NamedTuple

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.dosefinding.characteristics.scenarios import TOLERATED, Scenario, scenarios
from gradatim.dosefinding.designs.registry import DESIGN_KINDS, settings_for
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.protocol_design import alternatives
from gradatim.protocol.base import Basis
from gradatim.protocol.questions import ruled_design
from gradatim.protocol.study import Study

MOST_LEVELS, MOST_DESIGNS, MOST_COHORT, MOST_PARTICIPANTS = 8, 8, 12, 60
RATES, TARGETS = (1, 95), (10, 60)  # per cent
OTHER = "other-"
OTHERS: dict[str, Any] = {
    name: gettext_lazy(kind.label) for name, kind in DESIGN_KINDS.items() if kind.label
}
"""Designs beside the protocol's: those quick enough to be enumerated while a slider moves."""


class ChosenDesign(NamedTuple):
    """A design to compute.

    Args:
        name: as pages show it.
        settings: what it is told.
        reading: the protocol's words for it; empty where the protocol does not hold it.
        of_protocol: whether the protocol holds it.
    """

    name: str
    settings: DesignSettings
    reading: str
    of_protocol: bool


class DesignForm(forms.Form):
    """The sliders and the choice of designs, as the address has them.

    What the address leaves out is as the protocol says. `asked` tells a form that was sent with no
    box ticked from an address without any.

    Args:
        study: the protocol.
        sent: the query of the address.
    """

    def __init__(self, study: Study, sent: QueryDict) -> None:
        self.study, self.start = study, starting(study)
        super().__init__({**self.start, **_given(sent, study)})
        for one in study.treatment.dose_levels:
            self.fields[f"r{one.number}"] = _whole(f"{one.number} {one.label}", *RATES)
        self.fields["target"] = _whole(_("Target rate"), *TARGETS)
        self.fields["cohort"] = _whole(_("Participants in a cohort"), 1, MOST_COHORT)
        self.fields["maximum"] = _whole(_("Participants in all, at most"), 1, MOST_PARTICIPANTS)
        self.fields["design"] = forms.MultipleChoiceField(
            label=_("Designs"),
            choices=[(name, one) for name, one in offered(study).items()],
            error_messages={"required": _("Choose at least one design.")},
        )

    def clean_design(self) -> list[str]:
        """Keep to as many designs as can be compared at a glance, and computed at once."""
        names: list[str] = self.cleaned_data["design"]
        if len(names) > MOST_DESIGNS:
            raise forms.ValidationError(
                _("Choose at most %(most)s designs.") % {"most": MOST_DESIGNS}
            )
        return names

    def clean(self) -> dict[str, Any]:
        """Refuse a trial that is over before its first cohort is full."""
        found = self.cleaned_data
        if found.get("maximum", MOST_PARTICIPANTS) < found.get("cohort", 1):
            self.add_error("maximum", _("This is less than one cohort."))
        return found

    def shown(self, name: str) -> int:
        """Return where a slider is: where it was set, or where it starts if that was refused."""
        return int(self.start[name] if name in self.errors else self[name].value())

    @property
    def aim(self) -> float:
        """The rate aimed at; a level above it is too toxic."""
        return float(self.cleaned_data["target"] / 100)

    def curve(self) -> Scenario:
        """Return the true rates; one set below that of a lower level is taken as equal to it."""
        rates: list[float] = []
        for one in self.study.treatment.dose_levels:
            set_to = self.cleaned_data[f"r{one.number}"] / 100
            rates.append(max(set_to, rates[-1] if rates else 0))
        return Scenario(_("as set"), tuple(rates))

    def designs(self) -> list[ChosenDesign]:
        """Return the designs that were chosen, those of the protocol first."""
        own, readings = alternatives(self.study), _readings(self.study)
        names = self.cleaned_data["design"]
        found = [
            ChosenDesign(name.replace("_", " "), settings, readings[name], True)
            for name, settings in own.items()
            if name in names
        ]
        return found + [
            self._other(name.removeprefix(OTHER))
            for name in offered(self.study)
            if name in names and name.startswith(OTHER)
        ]

    def _other(self, design: str) -> ChosenDesign:
        said, kind = self.cleaned_data, DESIGN_KINDS[design]
        cohort, maximum = kind.cohort_size or said["cohort"], said["maximum"]
        settings = settings_for(
            design,
            len(self.study.treatment.dose_levels),
            target=None if kind.target == "none" else self.aim,
            cohort_size=cohort,
            cohorts=ceil(maximum / cohort),
            start=ruled_design(self.study).start_level,
            maximum=maximum,
        )
        return ChosenDesign(str(OTHERS[design]), settings, "", False)


def _whole(label: str, low: int, high: int) -> forms.IntegerField:
    words = _("A whole number from %(low)s to %(high)s is needed.") % {"low": low, "high": high}
    said = dict.fromkeys(("invalid", "min_value", "max_value", "required"), words)
    return forms.IntegerField(label=label, min_value=low, max_value=high, error_messages=said)


def _given(sent: QueryDict, study: Study) -> dict[str, Any]:
    """Return what the address says; a number left empty is as if it were not there."""
    found: dict[str, Any] = {name: sent[name] for name in sent if str(sent[name]).strip()}
    if names := sent.getlist("design"):
        found["design"] = names
    elif "asked" in sent:
        found["design"] = []
    return found


def starting(study: Study) -> dict[str, Any]:
    """Return where everything starts: the protocol's design, and the middle level on target."""
    levels = study.treatment.dose_levels
    of, aim = ruled_design(study), target_of(study)[0]
    middle = scenarios(len(levels), aim)[1 + len(levels) // 2].rates
    planned = of.maximum_participants or of.maximum_per_level * len(levels)
    return {
        **{
            f"r{one.number}": _within(100 * rate, *RATES)
            for one, rate in zip(levels, middle, strict=True)
        },
        "target": _within(100 * aim, *TARGETS),
        "cohort": min(of.cohort_size, MOST_COHORT),
        "maximum": min(planned, MOST_PARTICIPANTS),
        "design": list(alternatives(study))[:MOST_DESIGNS],
    }


def _within(value: float, low: int, high: int) -> int:
    return min(max(round(value), low), high)


def target_of(study: Study) -> tuple[float, Basis]:
    """Return the target of the design in force, with its basis.

    A design without one, such as 3+3, aims loosely at `TOLERATED`; that is assumed.
    """
    said = ruled_design(study).target_toxicity
    return (TOLERATED, Basis.ASSUMED) if said is None else (said, study.safety.escalation.basis)


def offered(study: Study) -> dict[str, str]:
    """Return the designs there are to choose from, by the name the address has for them.

    Those of the protocol first; then the others, without those that it holds itself and that the
    page could not tell anything else, having neither a target nor a size of cohorts to set.
    """
    own = alternatives(study)
    held = {one.design for one in own.values() if DESIGN_KINDS[one.design].target == "none"}
    others = {OTHER + name: str(words) for name, words in OTHERS.items() if name not in held}
    return {**{name: name.replace("_", " ") for name in own}, **others}


def _readings(study: Study) -> dict[str, str]:
    first = study.safety.escalation
    return {
        first.reading_name: first.reading,
        **{one.name: one.reading for one in first.alternatives},
    }


def presets(study: Study, aim: float, sent: QueryDict) -> list[tuple[str, str]]:
    """Return common curves by name, each with the query that sets it and leaves the rest."""
    return [
        (one.name, query_of(one.rates, sent))
        for one in scenarios(len(study.treatment.dose_levels), aim)
    ]


def query_of(rates: tuple[float, ...], sent: QueryDict) -> str:
    """Return the query with these true rates, and the rest as it is."""
    query = sent.copy()
    query.pop("worst", None)
    for number, rate in enumerate(rates, 1):
        query[f"r{number}"] = str(_within(100 * rate, *RATES))
    return query.urlencode()
