"""Whether a participant may enter, asked of the ledger's facts and of what people attested.

It is asked when an investigator confirms it, and again before a dose: before the first one of every
criterion, as the ledger stands; before later ones of those that the protocol marks for them.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from gradatim.conduct.events.participants import CriterionAttested
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.messages import Breach
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.anchors import anchors_of, is_screening
from gradatim.conduct.views.doses import entries_of, first_dose_at, first_dose_on
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.records import taken_out_at
from gradatim.conduct.views.visits import window_days
from gradatim.core.dates import Duration
from gradatim.core.dates import on as exactly
from gradatim.core.errors import UnusableInput
from gradatim.core.message import Term, Text, clauses
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of, truth_of
from gradatim.core.verdict import Reason, Verdict, foremost
from gradatim.evidence.facts import Fact, Facts, NotUsed
from gradatim.protocol.base import Window
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.nodes import Measured, Node, Result
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.evaluate import evaluate
from gradatim.screening.assess import Eligibility, Finding, assess, passing
from gradatim.screening.readings import plan


class _Answer(NamedTuple):
    """What a criterion says of somebody, before anything that was attested is looked at.

    Args:
        criterion, rule: what was asked, and the rule of its reading.
        truth, because, reason: what the records say, and why they leave it open.
        last: the last entry of a record that leaves it open; 0 where none does.
    """

    criterion: EligibilityCriterion
    rule: Node
    truth: Truth
    because: Text
    reason: Reason | None
    last: int

    @property
    def passes(self) -> bool | None:
        """Whether the records let the person pass; None while they leave it open."""
        return passing(self.criterion, self.truth)


def eligibility(state: State, participant: Participant, on: date, first_dose: date) -> Eligibility:
    """Assess a participant against every criterion of the version that applies to them.

    Raises:
        UnusableInput: the participant has died.
    """
    study = state.governing("eligibility", participant)
    anchors = anchors_of(state, participant, study, first_dose)
    assert anchors is not None
    return assess(study, facts_of(state, participant), anchors, on, plan(study))


def attestations(state: State, participant: Participant) -> dict[str, bool]:
    """Give what investigators attested of criteria, the latest answer to each."""
    return {name: event.passes for name, event in _attestations(state, participant).items()}


def _attestations(state: State, participant: Participant) -> dict[str, CriterionAttested]:
    return {
        event.criterion: event for _, event in entries_of(state, participant, CriterionAttested)
    }


def assessed(state: State, participant: Participant, on: date, first_dose: date) -> Verdict:
    """Say whether every criterion passes; one left open by the records may be attested.

    What the records settle is never overruled by an attestation. Criteria that are known only
    before the dose are asked then.
    """
    return _assessed(state, participant, on, first_dose, before_the_dose=False)


def before_dose(state: State, participant: Participant, day: date) -> Verdict:
    """Say whether the criteria let a participant be dosed on a day, as the ledger stands.

    Before the first dose every criterion must pass, the first dose being on that day: a result that
    has grown stale, or is not there, is not met. Before a later dose those must pass that are known
    only before the dose, and those that the protocol marks as asked before each dose.

    Returns:
        TRUE, or the reasons: one child, and one clause, for each criterion that does not pass.
    """
    if first_dose_at(state, participant) is None:
        return _assessed(state, participant, day, day, before_the_dose=True)
    return _before_later_dose(state, participant, day)


def before_planned_dose(state: State, participant: Participant, day: date) -> Verdict:
    """Say as of a day whether the criteria let the first dose be given when it is planned.

    What is still to be done at visits that are not yet due is not asked for. Where the day planned
    has passed, or the first dose was given, it is asked as `before_dose` asks it.
    """
    planned = participant.first_dose_planned
    if first_dose_at(state, participant) is not None or planned is None or planned <= day:
        return before_dose(state, participant, day)
    return _assessed(state, participant, day, planned, before_the_dose=True)


def may_yet_be_dosed(state: State, participant: Participant, day: date) -> Verdict:
    """Say whether no criterion is known to fail; what is still open is asked before the dose."""
    found = before_planned_dose(state, participant, day)
    failing = tuple(one for one in found.children or (found,) if one.truth is FALSE)
    if not failing:
        return Verdict(TRUE, "no criterion is known to fail")
    return Verdict(FALSE, clauses(*(one.message for one in failing)), (), failing)


def _assessed(
    state: State, participant: Participant, on: date, first_dose: date, *, before_the_dose: bool
) -> Verdict:
    try:
        found = eligibility(state, participant, on, first_dose)
    except UnusableInput as error:
        return Verdict(FALSE, str(error))
    facts = facts_of(state, participant)
    answers = [_answer_of(state, participant, one, facts) for one in found.findings]
    study = state.governing("eligibility", participant)
    situation = Situation(study, facts, found.anchors, on)
    answers = [_with_latest(state, participant, one, situation) for one in answers]
    return _settled(state, participant, answers, situation, before_the_dose)


def _answer_of(state: State, participant: Participant, one: Finding, facts: Facts) -> _Answer:
    last = _last_open(state, participant, one.verdict, facts)
    return _Answer(
        one.criterion,
        one.reading.rule,
        one.verdict.truth,
        clauses(*one.verdict.messages()),
        one.unknown_because,
        last,
    )


def _last_open(state: State, participant: Participant, verdict: Verdict, facts: Facts) -> int:
    """Return the last entry that leaves a criterion open: correction and judgement too; 0: none."""
    open_ = [one for one in verdict.deciding() if one.truth is UNKNOWN]
    records = [record for leaf in open_ for record in leaf.evidence]
    for leaf in open_:
        records += facts.not_understood.get(leaf.element or "", ())
    entries = {at for record in records for at in record.entries}
    changed = (at for one in entries for at in (one, *state.corrected_by.get(one, ())))
    judged = (taken_out_at(state, participant, leaf.element) for leaf in open_ if leaf.element)
    return max((*changed, *judged), default=0)


def _with_latest(
    state: State, participant: Participant, answer: _Answer, situation: Situation
) -> _Answer:
    """Ask a criterion anew with the results that came after its visits, until the dose.

    A criterion that is asked at a visit after screening is asked again to keep out whom its results
    speak against; a result of the day of the dose speaks no less. Of an exclusion a finding such as
    a positive test counts whenever it was made, since it does not pass like a measured value. What
    such a result leaves open is open: a new positive test may take another to settle it.
    """
    found = answer.criterion.category == "exclusion"
    rule = _since_visits(answer.rule, situation, found)
    if answer.passes is False or rule == answer.rule:
        return answer
    now = _answered(state, participant, answer.criterion, rule, situation)
    return answer if now.passes is True else now._replace(rule=answer.rule)


def _since_visits(rule: Node, situation: Situation, found: bool) -> Node:
    """Return a rule that asks for the results since the last visit where there are any.

    Args:
        rule: of a criterion.
        situation: on the day of the dose.
        found: whether findings after a visit of screening are asked for too, and values where
            none was measured at it.
    """
    if not isinstance(rule, Measured):
        return rule.with_parts(lambda part: _since_visits(part, situation, found))
    visits = situation.study.schedule.encounters
    first_dose = situation.anchors[FIRST_DOSE]
    screened = found and (isinstance(rule, Result) or not evaluate(rule, situation).evidence)
    lasts = [
        window_days(visits[name].window, situation)[1]
        for name in rule.at
        if screened or not is_screening(situation.study, name)
    ]
    ends = [day for day in lasts if day is not None and day <= first_dose]
    if not ends:
        return rule
    since = Duration(days=-(first_dose - max(ends)).days)
    window = Window(anchor=FIRST_DOSE, from_=since, to=Duration(), bounds="[]")
    later = rule.model_copy(update={"at": [], "within": window})
    return later if evaluate(later, situation).evidence else rule


def _settled(
    state: State,
    participant: Participant,
    answers: Iterable[_Answer],
    situation: Situation,
    before_the_dose: bool,
) -> Verdict:
    """Put the answers together, with what was attested of those that the records leave open."""
    said = {
        event.criterion: (position, event)
        for position, event in entries_of(state, participant, CriterionAttested)
    }
    answers, children = list(answers), []
    for one in answers:
        passes = one.passes
        word = said.get(one.criterion.id)
        if word and passes is None and _stands(state, participant, word, one, situation):
            passes = word[1].passes
        if passes is None and one.criterion.knowable_at == "pre_dose" and not before_the_dose:
            continue
        if passes is not True:
            told = Breach.CRITERION(criterion=Term(one.criterion.id), why=one.because)
            children.append(Verdict(truth_of(passes), told, reason=one.reason))
    if not children:
        return Verdict(TRUE, f"all {len(answers)} criteria pass")
    why = clauses(*(one.message for one in children))
    return Verdict(all_of(one.truth for one in children), why, (), tuple(children))


def _stands(
    state: State,
    participant: Participant,
    attestation: tuple[int, CriterionAttested],
    answer: _Answer,
    situation: Situation,
) -> bool:
    """Whether an attestation still stands: as long as results of its day would.

    It is about what the records left open then. What leaves the criterion open since, or opened it
    where the records had settled it, is to be looked at anew.
    """
    position, word = attestation
    if answer.last > position or not _was_open(state, participant, answer, position, situation):
        return False
    visits = situation.study.schedule.encounters
    limits = [
        visits[name].valid_within
        for leaf in answer.rule.leaves()
        if isinstance(leaf, Measured)
        for name in leaf.at
    ]
    day = exactly(word.occurred_on)
    return all(situation.in_window(limit, day, day) is TRUE for limit in limits if limit)


def _was_open(
    state: State,
    participant: Participant,
    answer: _Answer,
    position: int,
    situation: Situation,
) -> bool:
    """Whether the records up to an entry leave a criterion open, by the days of now."""
    facts = situation.facts

    def known(record: Fact | NotUsed) -> bool:
        return all(at <= position for at in record.entries)

    by_element = {name: tuple(filter(known, some)) for name, some in facts.by_element.items()}
    then = replace(facts, by_element=by_element, not_used=tuple(filter(known, facts.not_used)))
    past = Situation(situation.study, then, situation.anchors, situation.on)
    was = _answered(state, participant, answer.criterion, answer.rule, past)
    return _with_latest(state, participant, was, past).passes is None


def _before_later_dose(state: State, participant: Participant, day: date) -> Verdict:
    """Ask before a later dose what the protocol asks again.

    Those criteria must pass that are known only before the dose, and those marked for each dose,
    whose windows are counted from that dose. What the protocol does not say of the others stands in
    `treatment.gate`: none of them; the exclusions, which must not be met by what was recorded last,
    while what nobody has looked at since leaves no exclusion met; or every criterion.
    """
    study = state.governing("eligibility", participant)
    anchors = anchors_of(state, participant, study)
    assert anchors is not None
    situation = Situation(study, facts_of(state, participant), anchors, day)
    gate = state.governing("treatment", participant).treatment.gate
    answers = []
    for one in study.criteria:
        rule = plan(study)[one.id][0].rule
        again = one.before_each_dose
        if again is None and gate.criteria_again == "all":
            again = True
        if again or one.knowable_at == "pre_dose":
            then = situation.moved(day) if again else situation
            answers.append(_answered(state, participant, one, rule, then))
        elif again is None and gate.criteria_again == "exclusions":
            answers += _met_since(state, participant, one, rule, situation.moved(day))
    if not answers:
        return Verdict(TRUE, "no criterion that is asked again speaks against it")
    return _settled(state, participant, answers, situation, before_the_dose=True)


def _met_since(
    state: State,
    participant: Participant,
    criterion: EligibilityCriterion,
    rule: Node,
    situation: Situation,
) -> list[_Answer]:
    """Return what an exclusion says where what was recorded last speaks for it; else nothing.

    It is met, or records since the first dose would meet it but for something that is not known.
    """
    dosed = min(participant.entries_of.get(DoseAdministered, ()), default=None)
    first = first_dose_on(state, participant)
    if criterion.category != "exclusion" or dosed is None or first is None:
        return []
    since = Duration(days=-(situation.anchors[FIRST_DOSE] - first).days)
    window = Window(anchor=FIRST_DOSE, from_=since, to=Duration(), bounds="[]")
    latest = _latest(rule, window)
    one = _answered(state, participant, criterion, latest, situation)
    fresh = any(
        at > dosed
        for leaf in evaluate(latest, situation).leaves()
        if leaf.truth is TRUE
        for record in leaf.evidence
        for at in record.entries
    )
    return [one] if one.passes is False or (one.passes is None and fresh) else []


def _latest(rule: Node, window: Window) -> Node:
    """Return a rule that asks of each measurement the last value of a window."""
    if not isinstance(rule, Measured):
        return rule.with_parts(lambda part: _latest(part, window))
    return rule.model_copy(update={"at": [], "within": window, "value": "latest"})


def _answered(
    state: State,
    participant: Participant,
    criterion: EligibilityCriterion,
    rule: Node,
    situation: Situation,
) -> _Answer:
    verdict = evaluate(rule, situation)
    open_ = foremost(one.reason for one in verdict.deciding() if one.truth is UNKNOWN)
    because = clauses(*verdict.messages())
    last = _last_open(state, participant, verdict, situation.facts)
    return _Answer(criterion, rule, verdict.truth, because, open_, last)
