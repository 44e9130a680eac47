"""The criteria of response that a protocol may name for an endpoint, each with its source.

A criterion is asked of the values of one participant at baseline and at one visit. What is missing
leaves the answer unknown unless the other values settle it; unknown is never "no".
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gradatim.clinical import responses
from gradatim.clinical.asdas import asdas_improvement, asdas_state
from gradatim.clinical.domains import (
    ASDAS,
    BASDAI,
    FOUR,
    SIX,
    Domain,
    Domains,
    off_scale,
    unknown_domain,
)
from gradatim.core.quantity import plain_number
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Verdict

UNKNOWN_ANSWER = "unknown"
_YES_OR_NO = ("yes", "no")
_WORDS = {TRUE: "yes", FALSE: "no", UNKNOWN: UNKNOWN_ANSWER}
Values = Mapping[str, float | None]
"""The value of each domain in the unit of the domain; None where there is none."""


class Judgement(NamedTuple):
    """What a criterion says of one participant at one visit.

    Args:
        answer: one of the criterion's answers, or `unknown`.
        because: the values that decide it, or what is missing.
    """

    answer: str
    because: str


class ResponseCriterion(NamedTuple):
    """A published criterion of response.

    Args:
        name: by which a protocol names it.
        title: what it is called.
        domains: the values it needs, at baseline and at the visit.
        answers: what it can say beside `unknown`, the best first.
        source: the paper that defines it.
        judge: asks it of the values at baseline and at the visit.
    """

    name: str
    title: str
    domains: tuple[Domain, ...]
    answers: tuple[str, ...]
    source: str
    judge: Callable[[Values, Values], Judgement]


def _by_domains(criterion: Callable[[Domains, Domains], Verdict]) -> Callable[..., Judgement]:
    def judge(baseline: Values, followup: Values) -> Judgement:
        return _judgement(criterion(_domains(baseline), _domains(followup)))

    return judge


def _by_basdai(criterion: Callable[..., Verdict]) -> Callable[..., Judgement]:
    def judge(baseline: Values, followup: Values) -> Judgement:
        return _judgement(criterion(baseline.get("basdai"), followup.get("basdai")))

    return judge


def _domains(values: Values) -> Domains:
    return Domains(**{one.name: values.get(one.name) for one in SIX})


def _judgement(verdict: Verdict) -> Judgement:
    because = dict.fromkeys(leaf.text for leaf in verdict.deciding())
    return Judgement(_WORDS[verdict.truth], "; ".join(because))


def _state(_baseline: Values, followup: Values) -> Judgement:
    score = followup.get("asdas")
    if score is None or off_scale(ASDAS, score):
        return Judgement(UNKNOWN_ANSWER, unknown_domain(ASDAS, score, "at follow-up").text)
    return Judgement(asdas_state(score), f"ASDAS {plain_number(score)}")


def _improvement(baseline: Values, followup: Values) -> Judgement:
    for values, when in ((baseline, "at baseline"), (followup, "at follow-up")):
        score = values.get("asdas")
        if score is None or off_scale(ASDAS, score):
            return Judgement(UNKNOWN_ANSWER, unknown_domain(ASDAS, score, when).text)
    before, after = baseline["asdas"], followup["asdas"]
    assert before is not None
    assert after is not None
    return Judgement(
        asdas_improvement(before - after), f"ASDAS {plain_number(before)} to {plain_number(after)}"
    )


_ASAS_2004 = "Brandt et al., Ann Rheum Dis 2004;63:1438-44"
_ASDAS_2011 = "Machado et al., Ann Rheum Dis 2011;70:47-53"

RESPONSE_CRITERIA: Mapping[str, ResponseCriterion] = MappingProxyType(
    {
        one.name: one
        for one in (
            ResponseCriterion(
                "asas20",
                "ASAS20",
                FOUR,
                _YES_OR_NO,
                "Anderson et al., Arthritis Rheum 2001;44:1876-86",
                _by_domains(responses.asas20),
            ),
            ResponseCriterion(
                "asas40", "ASAS40", FOUR, _YES_OR_NO, _ASAS_2004, _by_domains(responses.asas40)
            ),
            ResponseCriterion(
                "asas_5_6", "ASAS 5/6", SIX, _YES_OR_NO, _ASAS_2004, _by_domains(responses.asas56)
            ),
            ResponseCriterion(
                "asas_partial_remission",
                "ASAS partial remission (2 or less)",
                FOUR,
                _YES_OR_NO,
                "Sieper et al., Ann Rheum Dis 2009;68 Suppl 2:ii1-44",
                _by_domains(lambda _, followup: responses.partial_remission(followup)),
            ),
            ResponseCriterion(
                "asas_partial_remission_below_2",
                "ASAS partial remission (below 2)",
                FOUR,
                _YES_OR_NO,
                f"{_ASDAS_2011}, Table 3",
                _by_domains(lambda _, followup: responses.partial_remission(followup, "<")),
            ),
            ResponseCriterion(
                "basdai50",
                "BASDAI50",
                (BASDAI,),
                _YES_OR_NO,
                "Braun et al., Lancet 2002;359:1187-93",
                _by_basdai(responses.basdai50),
            ),
            ResponseCriterion(
                "basdai50_or_2_units",
                "BASDAI better by 50 % or 2 units",
                (BASDAI,),
                _YES_OR_NO,
                "Braun et al., Ann Rheum Dis 2006;65:316-20",
                _by_basdai(responses.basdai50_or_2_units),
            ),
            ResponseCriterion(
                "asdas_state",
                "ASDAS disease activity state",
                (ASDAS,),
                ("inactive", "low", "high", "very high"),
                f"{_ASDAS_2011}; Machado et al., Ann Rheum Dis 2018;77:1539-40",
                _state,
            ),
            ResponseCriterion(
                "asdas_improvement",
                "ASDAS improvement",
                (ASDAS,),
                ("major", "clinically important", "none"),
                _ASDAS_2011,
                _improvement,
            ),
        )
    }
)
"""Every criterion by its name."""
