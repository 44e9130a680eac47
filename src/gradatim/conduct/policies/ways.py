"""The way through that the protocol allows, for each rule that refuses an authorisation.

A refusal says why, and what may be done about it: by whom something is recorded, repeated, judged
or allowed. Where the protocol lets nobody allow it, that is said, and what is left: to withhold the
dose, or to amend the protocol; an urgent safety measure is an amendment too.
"""

from collections.abc import Callable, Mapping

from gradatim.conduct.events.base import Event
from gradatim.conduct.policies.allowing import the_protocol_leaves_it_to_the_committee
from gradatim.conduct.policies.consent import (
    consent_is_in_force,
    consent_is_to_the_version_in_force,
)
from gradatim.conduct.policies.dosing import (
    every_item_is_in_order,
    no_criterion_fails,
    no_severe_result_awaits_judgement,
    no_stopping_rule_has_fired,
    no_toxicity_is_open,
    the_bags_are_free,
    the_criteria_hold,
    the_level_is_tolerated,
    the_preparation_is_verified,
    the_records_show_it_in_order,
    the_sentinel_was_watched,
)
from gradatim.conduct.policies.entry import (
    dosing_is_not_paused,
    eligibility_is_confirmed,
    every_criterion_is_met,
    the_criteria_still_hold,
    the_reason_is_unrelated,
)
from gradatim.conduct.policies.logs import no_pregnancy_is_open
from gradatim.conduct.policies.preparation import the_preparation_still_holds
from gradatim.conduct.policies.verdicts import Policy
from gradatim.conduct.state import State
from gradatim.protocol.treatment import CAUTIOUS, DosingGate

_ALLOW = "the committee may allow the dose (Allow a dose)"
_NOT_ALLOWED = "the protocol lets nobody allow it: withhold the dose, or have the protocol amended"
_CRITERIA = (
    "repeat what is stale or missing; what the records leave open an investigator attests or "
    "judges, and what they settle nobody overrules: it is corrected where it is wrong, else the "
    "dose is withheld or the protocol amended"
)
_SAFETY = "the committee decides on it (Resume dosing, Adjudicate a candidate, Decide on the dose)"


def _gate(state: State, event: Event) -> DosingGate:
    one = state.participants.get(getattr(event, "participant", ""))
    return state.governing("treatment", one).treatment.gate if state.versions else CAUTIOUS


def _after_toxicity(state: State, event: Event) -> str:
    left = _gate(state, event).after_dose_limiting_toxicity == "committee"
    judged = "the committee adjudicates a candidate that is none"
    return f"{judged}; {_ALLOW if left else _NOT_ALLOWED}"


def _at_closed_level(state: State, event: Event) -> str:
    left = _gate(state, event).under_closed_level == "committee"
    return f"{_SAFETY}; of who was dosed there before, {_ALLOW if left else _NOT_ALLOWED}"


_Way = str | Callable[[State, Event], str]

_WAYS: Mapping[Policy, _Way] = {
    consent_is_in_force: "record the consent; without it nothing is done",
    consent_is_to_the_version_in_force: "renew the consent, to the version in force",
    eligibility_is_confirmed: "an investigator confirms eligibility",
    every_criterion_is_met: _CRITERIA,
    the_criteria_still_hold: f"{_CRITERIA}; then eligibility is confirmed anew",
    dosing_is_not_paused: "the committee resumes dosing (Resume dosing)",
    the_criteria_hold: _CRITERIA,
    no_criterion_fails: _CRITERIA,
    the_records_show_it_in_order: "measure it again, and record it",
    every_item_is_in_order: "look at each item, and answer it",
    no_severe_result_awaits_judgement: "an investigator judges its clinical significance",
    no_toxicity_is_open: _after_toxicity,
    no_pregnancy_is_open: (
        "record how it ended, if it has, or that the report was made in error; else withhold the "
        "dose, or have the protocol amended"
    ),
    the_level_is_tolerated: _at_closed_level,
    no_stopping_rule_has_fired: _SAFETY,
    the_sentinel_was_watched: (
        "wait; of who left, or could not be watched to the end, the committee may judge that what "
        "was seen of them is enough (Judge the observation of a sentinel)"
    ),
    the_preparation_is_verified: "a second person verifies the preparation",
    the_bags_are_free: "set other bags aside",
    the_preparation_still_holds: (
        "record or correct the weight, prepare the dose anew, or withhold it"
    ),
    the_reason_is_unrelated: (
        "of who was not given the dose of the level the committee may say that they do not count "
        "(Judge evaluability)"
    ),
    the_protocol_leaves_it_to_the_committee: "have the protocol amended",
}


def way_through(state: State, event: Event, policy: Policy) -> str:
    """Return what the protocol allows to be done about a rule; empty where nothing but to wait."""
    way = _WAYS.get(policy, "")
    return way if isinstance(way, str) else way(state, event)
