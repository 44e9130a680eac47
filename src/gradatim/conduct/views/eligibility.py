"""Whether a participant may enter, asked of the ledger's facts and of what people attested."""

from datetime import date

from gradatim.conduct.events.participants import CriterionAttested
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.facts import facts_of
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, all_of, truth_of
from gradatim.core.verdict import Verdict
from gradatim.rules.evaluate import evaluate
from gradatim.rules.situation import Situation
from gradatim.screening.assess import Eligibility, assess, passing
from gradatim.screening.readings import plan


def eligibility(state: State, participant: Participant, on: date, first_dose: date
                ) -> Eligibility:  # fmt: skip
    """Assess a participant against every criterion of the version that applies to them.

    Raises:
        UnusableInput: the participant has died.
    """
    study = state.governing("eligibility", participant)
    anchors = anchors_of(state, participant, study, first_dose)
    assert anchors is not None
    return assess(study, facts_of(state, participant), anchors, on, plan(study))


def attested(state: State, participant: Participant) -> dict[str, bool]:
    """Give what investigators attested of criteria, the latest answer to each."""
    return {event.criterion: event.passes
            for _, event in entries_of(state, participant, CriterionAttested)}  # fmt: skip


def assessed(state: State, participant: Participant, on: date, first_dose: date) -> Verdict:
    """Say whether every criterion passes; one left open by the records may be attested.

    What the records settle is never overruled by an attestation. Criteria that are known only
    before the dose are asked then.
    """
    try:
        found = eligibility(state, participant, on, first_dose)
    except UnusableInput as error:
        return Verdict(FALSE, str(error))
    said = attested(state, participant)
    children = []
    for one in found.findings:
        passes = one.passes
        if passes is None:
            passes = said.get(one.criterion.id)
        if passes is None and one.criterion.knowable_at == "pre_dose":
            continue
        if passes is not True:
            text = f"{one.criterion.id}: {one.because}"
            children.append(Verdict(truth_of(passes), text, reason=one.unknown_because))
    if not children:
        return Verdict(TRUE, f"all {len(found.findings)} criteria pass")
    return Verdict(all_of(one.truth for one in children), "", (), tuple(children))


def pre_dose_criteria(state: State, participant: Participant, on: date) -> Verdict:
    """Say whether the criteria that are known only before the dose pass, or are attested."""
    study = state.governing("eligibility", participant)
    anchors = anchors_of(state, participant, study, on)
    assert anchors is not None
    situation = Situation(study, facts_of(state, participant), anchors, on)
    said, readings, children = attested(state, participant), plan(study), []
    for one in study.criteria:
        if one.knowable_at != "pre_dose":
            continue
        verdict = evaluate(readings[one.id][0].rule, situation)
        passes = passing(one, verdict.truth)
        if passes is None:
            passes = said.get(one.id)
        truth = UNKNOWN if passes is None else TRUE if passes else FALSE
        children.append(Verdict(truth, f"{one.id}: {'; '.join(verdict.clauses())}"))
    return Verdict(all_of(one.truth for one in children), "" if children else "there are none", (),
                   tuple(children))  # fmt: skip
