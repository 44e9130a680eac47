"""The safety committee and the office: decisions, adjudication, amendment, lock."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from hashlib import sha256
from re import subn
from typing import Any

from gradatim.conduct.escalation import advised
from gradatim.conduct.events import participants, product, review, safety, trial
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding.review import places_at
from gradatim.conduct.numbering import next_proposal
from gradatim.conduct.proposed_acts import act_of
from gradatim.conduct.simulate.dosing import free_bags
from gradatim.conduct.simulate.mistakes import come_to_light
from gradatim.conduct.simulate.moving import ship, transfer
from gradatim.conduct.simulate.opening import delegate, train_sites
from gradatim.conduct.simulate.run import (
    COMMITTEE,
    DATA_MANAGER,
    MONITOR,
    SITES,
    SPONSOR,
    STATISTICIAN,
    Run,
    staff,
)
from gradatim.conduct.state import Participant
from gradatim.conduct.transitions import ON_THE_WAY
from gradatim.conduct.views.approvals import AUTHORITIES
from gradatim.conduct.views.doses import doses, given
from gradatim.conduct.views.endorsement import to_endorse
from gradatim.conduct.views.open_items import open_items
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts, unobserved
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.protocol.questions import ruled_design

CHAIR = COMMITTEE[0]


def meets(run: Run) -> None:
    """The committee looks at what is open, and decides if the design has an advice."""
    _adjudicate(run)
    _resume(run)
    if run.state.stopped is not None:
        return
    now = advised(run.state, run.today)
    if now.action in ("pending", "continue_cohort"):
        if run.happens("the committee is too eager"):
            _too_bold(run, (now.level or 1) + 1)
        return
    run.do(
        review.ReviewMeetingHeld,
        CHAIR,
        head=run.state.position,
        head_hash=_hash(run),
        members=COMMITTEE,
        data_cut_on=run.today,
        minutes="safety data seen",
    )
    if now.action == "hold":
        _sign(run, "stop", None, "the design leaves it to us; we stop here")
    elif now.action == "escalate" and run.happens("the committee is more cautious"):
        _sign(run, "stay", run.state.cohorts[-1].level, "three more to be surer of this level")
    elif now.action != "stop" and _is_stopped(run, now.level or 1):
        _elsewhere(run, now.level or 1)
    else:
        _sign(run, now.action, now.level, "")
    if run.state.stopped is not None:
        run.do(
            trial.TrialStopped, SPONSOR, reason="the design has come to its end", signers=COMMITTEE
        )


def _elsewhere(run: Run, level: int) -> None:
    """The advised level has been ended by a rule: the highest one with places below goes on."""
    lower = [
        one
        for one in range(1, level)
        if not _is_stopped(run, one) and places_at(run.state, one) > 0
    ]
    here = run.state.cohorts[-1].level
    action = "stop" if not lower else "stay" if max(lower) == here else "de_escalate"
    _sign(run, action, max(lower, default=None), "a stopping rule has ended the level")


def _is_stopped(run: Run, level: int) -> bool:
    """Whether a stopping rule has ended a level, or one below it."""
    return any(
        one.action == "stop level" and one.closes(level)
        for one in unanswered_rules(run.state, run.today)
    )


def _hash(run: Run) -> str:
    return run.trial.head.hash.hex()


def _too_bold(run: Run, level: int) -> None:
    """Ask for more than the design advises, which is refused."""
    run.ask(
        review.DoseDecision,
        CHAIR,
        signers=COMMITTEE,
        **_decision(run, "escalate", level, "the sponsor is in a hurry"),
    )


def _decision(run: Run, action: str, level: int | None, reason: str) -> dict[str, Any]:
    """Give a decision on the present ledger, without its signatures."""
    now, version = advised(run.state, run.today), run.state.version
    assert version is not None
    return {
        "action": action,
        "level": level,
        "head": run.state.position,
        "head_hash": _hash(run),
        "protocol_sha256": version.sha256,
        "design": ruled_design(version.study).design,
        "advice_action": now.action,
        "advice_level": now.level,
        "outcomes": now.outcomes,
        "reason": reason,
    }


def _sign(run: Run, action: str, level: int | None, reason: str) -> None:
    """One member proposes a decision, the others sign it, the last records it."""
    if run.state.endorsed:
        _endorse(run)
    fields = _decision(run, action, level, reason)
    if run.happens("a proposal is withdrawn"):
        proposal, why = _propose(run, fields), "a figure was copied wrongly"
        said = {"proposal": proposal, "reason": why}
        run.do(review.ProposalDissented, COMMITTEE[1], at=run.at(run.minutes), **said)
        run.do(review.ProposalWithdrawn, CHAIR, **said)
    proposal = _propose(run, fields)
    for member in COMMITTEE[1:]:
        run.do(review.ProposalSigned, member, proposal=proposal)
    run.do(review.DoseDecision, COMMITTEE[-1], signers=COMMITTEE, **fields)


def _propose(run: Run, fields: dict[str, Any]) -> str:
    number = next_proposal(run.state)
    bare = review.DoseDecision(
        occurred_on=run.today, recorded_at=run.at(0), recorded_by=CHAIR, signers=COMMITTEE, **fields
    )
    run.do(review.ProposalMade, CHAIR, proposal=number, act=act_of(bare))
    return number


def _adjudicate(run: Run) -> None:
    for one in list(run.state.participants.values()):
        for found in possible_dlts(run.state, one):
            if found.dose_limiting is None:
                limiting = "laboratory" not in found.label and run.rng.random() < 0.8
                why = "as defined in the protocol" if limiting else "another cause found"
                run.do(
                    safety.DoseLimitingToxicityAdjudicated,
                    CHAIR,
                    participant=one.id,
                    candidate=found.id,
                    dose_limiting=limiting,
                    signers=COMMITTEE,
                    reason=why,
                )
                _allow_after(run, one.id, found.id, limiting)
        _judge_evaluability(run, one)
        _judge_observation(run, one)


def _allow_after(run: Run, name: str, candidate: str, limiting: bool) -> None:
    """Where the protocol leaves it to the committee, the next dose may be given, a level lower."""
    one, gate = run.participant(name), run.state.study.treatment.gate
    stopped = run.state.stopped is not None
    if stopped or not limiting or gate.after_dose_limiting_toxicity != "committee":
        return
    given_ = [number for number, dose in doses(run.state, one).items() if dose.given]
    lower = (one.level or 1) - 1 if gate.dose_reduction == "committee" else 0
    if not given_ or one.status not in ON_THE_WAY:
        return
    run.do(
        safety.DosingAllowed,
        CHAIR,
        at=run.at(run.minutes),
        participant=name,
        dose=max(given_) + 1,
        candidates=(candidate,),
        level=lower or None,
        reason="it has resolved, and the participant has benefited",
        signers=COMMITTEE,
    )


def _judge_observation(run: Run, one: Participant) -> None:
    """Say once of a sentinel who was not observed to the end that another one is watched."""
    sentinel = run.state.study.safety.sentinel
    if sentinel is None or not given(run.state, one) or run.state.stopped is not None:
        return
    judged = bool(one.entries_of.get(safety.SentinelObservationJudged))
    if judged or not unobserved(run.state, one, sentinel):
        return
    run.do(
        safety.SentinelObservationJudged,
        CHAIR,
        at=run.at(run.minutes),
        participant=one.id,
        observed=False,
        reason="too little was seen of the first days after the dose",
        signers=COMMITTEE,
    )


def _judge_evaluability(run: Run, one: Participant) -> None:
    """Say once of whoever was dosed against the protocol, or in part, whether they count."""
    dosed = set(one.entries_of.get(product.DoseAdministered, ()))
    departed = any(found.of in dosed for found in run.state.deviations.values())
    judged = bool(one.entries_of.get(safety.EvaluabilityJudged))
    if judged or not departed or one.level is None or one.replaced:
        return
    counts = dlt_outcome(run.state, one, run.today) is not None
    why = "the planned dose was given" if counts else "too little was given, or observed"
    run.do(
        safety.EvaluabilityJudged,
        CHAIR,
        at=run.at(run.minutes),
        participant=one.id,
        evaluable=counts,
        reason=why,
        signers=COMMITTEE,
    )


def _resume(run: Run) -> None:
    rules = unanswered_rules(run.state, run.today)
    if run.state.stopped is not None or not (run.state.pauses or rules):
        return
    rules = [one for one in rules if one.action == "pause"]
    if not (run.state.pauses or rules):
        return
    run.do(
        trial.TrialResumed,
        CHAIR,
        reason="all is in order again",
        signers=COMMITTEE,
        stopping_rules=tuple(one.key for one in rules),
    )


def amend(run: Run) -> None:
    """The protocol is amended: a longer wait, or another part of the dose that counts."""
    if run.state.stopped is not None:
        return
    before = run.state.study.study.version
    number = f"{float(before) + 0.1:.1f}"
    text = run.document.replace(f'version: "{before}"', f'version: "{number}"', 1)
    text, times = subn(
        r"between_participants: 3 days", "between_participants: 4 days", text, count=1
    )
    if not times:
        text, _ = subn(r"dose_fraction: [\d.]+", "dose_fraction: 0.8", text, count=1)
    held = {"version": number, "document": text, "sha256": sha256(text.encode()).hexdigest()}
    # At the time of what came before: a step that takes no chance leaves later ones as they were.
    run.do(trial.ProtocolSubmitted, SPONSOR, at=run.at(run.minutes), **held)
    for who in ("ethics", "regulator"):
        run.do(
            trial.ApprovalRecorded,
            SPONSOR,
            authority=who,
            version=number,
            reference=f"{who} amendment",
        )
    change = trial.Change("safety", "at once", "more caution after the first participants")
    run.do(trial.ProtocolAmended, SPONSOR, changes=(change,), **held)
    run.document = text
    train_sites(run, number)
    for one in list(run.state.participants.values()):
        if one.consent == "given":
            run.do(
                participants.InformedConsentRenewed,
                staff(one.site, "investigator"),
                one.site,
                participant=one.id,
                version=number,
                language="zh-CN",
                obtained_by=staff(one.site, "investigator"),
            )


def mishaps(run: Run) -> None:
    """What happens to the product: a shipment comes short, and a freezer fails."""
    if run.happens("product moves between sites"):
        ship(run)
    _freezer_fails(run)


def _freezer_fails(run: Run) -> None:
    """Bags of a lot became too warm, and a label is torn."""
    site = next(iter(SITES))
    free = [
        (lot.id, bag)
        for lot in run.state.lots.values()
        if lot.id.startswith(site)
        for bag in free_bags(lot)
    ]
    if len(free) < 4:
        return
    lot, _ = free[0]
    bags = [bag for of, bag in free if of == lot][:4]
    if len(bags) < 4 or not run.happens("the freezer fails"):
        return
    at_site = partial(_in_the_laboratory, run, site, lot)
    at_site(product.TemperatureExcursion, bags[:2], worst_celsius=-92.0, minutes=35)
    _assess_excursion(at_site, *bags[:2])
    at_site(product.ProductQuarantined, bags[2:3], reason="the label is torn")
    at_site(product.ProductReturned, bags[2:3], reason="to be labelled anew")


def _in_the_laboratory(
    run: Run, site: str, lot: str, kind: type[Event], bags: Sequence[str], **more: Any
) -> None:
    """The laboratory of a site records something of bags of a lot."""
    run.do(kind, staff(site, "cell_lab"), site, lot=lot, bags=tuple(bags), **more)


def _assess_excursion(at_site: Callable[..., None], fit: str, unfit: str) -> None:
    """Of two bags that were too warm one is fit to be used; the other is destroyed."""
    why = "viability of a retained vial is 91 %"
    at_site(product.TemperatureExcursionAssessed, (fit,), fit=True, reason=why)
    at_site(product.ProductReleased, (fit,))
    why = "the bag is cracked"
    at_site(product.TemperatureExcursionAssessed, (unfit,), fit=False, reason=why)
    at_site(product.ProductDestroyed, (unfit,), reason="cracked after the excursion")


def _urgent_measure(run: Run) -> None:
    """Somebody protects participants at once; the authorities are told; the hazard passes."""
    site = next(iter(SITES))
    taken = run.do(
        trial.UrgentSafetyMeasureTaken,
        staff(site, "investigator"),
        site,
        hazard="a batch of infusion sets leaks",
        measure="infusion sets of another maker are used",
        parts=("treatment",),
        holds=("dosing",),
    )
    for authority in AUTHORITIES:
        run.do(
            trial.UrgentSafetyMeasureNotified,
            SPONSOR,
            of=taken,
            recipient=authority,
            sent_at=run.now(),
        )
    run.do(trial.UrgentSafetyMeasureEnded, SPONSOR, of=taken, reason="the batch is withdrawn")


def _endorse(run: Run) -> None:
    """The investigator of each site stands for what is new of its participants."""
    for site in SITES:
        if to_endorse(run.state, site):
            who = staff(site, "investigator")
            now = run.at(run.minutes)
            run.do(review.DataEndorsed, who, site, at=now, upto=run.state.position)


def _lock(run: Run) -> None:
    """Lock the data, with what stays open."""
    _endorse(run)
    reason = "nothing that is open bears on the endpoints" if open_items(run.state) else ""
    run.do(review.DataLocked, DATA_MANAGER, reason=reason)


def finish(run: Run) -> None:
    """Close the sites, look at the deviations, lock, export; then what still comes to light."""
    come_to_light(run)
    if run.happens("a participant moves"):
        transfer(run)
    for position in list(run.state.deviations):
        run.do(
            safety.ProtocolDeviationReviewed,
            SPONSOR,
            of=position,
            important=run.state.deviations[position].rule.endswith("is signed"),
            action="discussed with the site",
        )
    _urgent_measure(run)
    site = next(iter(SITES))
    delegate(run, staff(site, "pharmacist", 2), "pharmacist", site, needs_confirmation=True)
    for site in SITES:
        run.do(trial.SiteClosed, SPONSOR, site, reason="all participants have completed")
        run.do(
            trial.RoleRevoked,
            SPONSOR,
            site,
            user=staff(site, "investigator", 2),
            role="investigator",
            reason="the site is closed",
        )
    _lock(run)
    run.do(
        review.ExportMade,
        STATISTICIAN,
        format="ledger",
        recipient="statistics",
        sha256=_hash(run),
        head=run.state.position,
    )
    if run.happens("something comes to light after the lock"):
        run.do(review.DataUnlocked, DATA_MANAGER, reason="a result was found in the archive")
        run.do(
            safety.ProtocolDeviation, MONITOR, rule="filing", description="a report was misfiled"
        )
        _lock(run)
    first = next(iter(run.state.participants.values()))
    here = tuple(one.id for one in run.state.participants.values() if one.site == first.site)
    run.do(
        participants.IdentificationListExported,
        staff(first.site, "investigator"),
        first.site,
        participants=here,
    )
    asked = run.do(
        participants.ErasureRequested,
        staff(first.site, "investigator"),
        first.site,
        participant=first.id,
        reason="order of the court",
    )
    run.do(
        participants.PersonalDataErased,
        SPONSOR,
        participant=first.id,
        order="order of the court",
        of=asked,
        retention_ended_on=run.today - timedelta(days=1),
    )
