"""Consent: to the approved form in force, by whom, when; what goes on after it is withdrawn."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.fold import apply
from gradatim.conduct.permissions import roles_of
from gradatim.conduct.policies import AUTHORISATIONS, training
from gradatim.conduct.policies.consent import consent_is_in_force
from gradatim.conduct.policies.dosing import a_place_is_held, treatment_goes_on
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.state import plain_version
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.weights import weight_elements
from gradatim.core.truth import TRUE
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, enrolled, ready, refused
from tests.conduct.trials import event, protocol, recorded

SPONSOR, COORDINATOR = "sponsor.1", f"coordinator.{SITE}.1"
BEFORE, NEXT = DAY - timedelta(days=1), DAY + timedelta(days=1)
AT = datetime(DAY.year, DAY.month, DAY.day, 9, 30, tzinfo=UTC)
IN_FORCE = "consent is to the version in force"
OF_FORM, OF_LANGUAGE = "the form is the one in force", "the language is one of the form"
OF_TASK, OF_TRAINING = "who obtains consent may", "who acts is trained"


def _office(led: Led, kind: Any, by: str = SPONSOR, on: Any = BEFORE, **fields: Any) -> Recorded:
    return recorded(led.trial.record(event(kind, by, on=on, hour=7, **fields)))


def _amended(led: Led, applies: t.Applies = "after re-consent", version: str = "2.0") -> None:
    """Amend the treatment part: every level is called otherwise."""
    text = protocol()[1].replace('version: "1.0"', f'version: "{version}"', 1)
    text = text.replace("Low-dose group", "Lowest-dose group", 1)
    held = {"version": version, "document": text, "sha256": sha256(text.encode()).hexdigest()}
    _office(led, t.ProtocolSubmitted, **held)
    for who in ("ethics", "regulator"):
        _office(led, t.ApprovalRecorded, authority=who, version=version, reference="approved")
    change = t.Change("treatment", applies, "a better name")
    _office(led, t.ProtocolAmended, changes=(change,), **held)


def _approved(led: Led, version: str, of: str, language: str = "en", **more: Any) -> Recorded:
    fields = {"document_sha256": sha256(version.encode()).hexdigest(), **more}
    return _office(
        led, p.ConsentFormApproved, version=version, language=language, of_protocol=of, **fields
    )


def _renewed(led: Led, version: str, **more: Any) -> set[str]:
    """Record renewed consent, and return the rules that it breaks."""
    fields = {"on": DAY, "hour": 7.5, "language": "en", "obtained_by": LEAD, **more}
    return _rules(led, led.do(p.InformedConsentRenewed, version=version, **fields))


def _rules(led: Led, done: Recorded) -> set[str]:
    return {led.trial.state.deviations[at].rule for at in done.deviations}


def _gate(led: Led) -> dict[str, str]:
    led.prepare(7e7, 70)
    return refused(led.sign(), some=False)


@pytest.mark.parametrize(
    ("version", "opens"),
    [
        ("1.0", False),
        ("2.0", True),
        ("2", True),
        ("v2.0", True),
        ("0.1-draft", False),
        ("3", False),
    ],
)
def test_an_old_form_opens_nothing_after_an_amendment(version: str, opens: bool) -> None:
    led = ready()
    _amended(led)
    one, state = led.one, led.trial.state
    assert state.governing("treatment", one) is state.versions[0].study
    broken = _renewed(led, version)
    assert (OF_FORM in broken) is not opens
    assert (state.governing("treatment", one) is state.versions[-1].study) is opens
    assert (IN_FORCE not in _gate(led)) is opens


def test_who_has_not_consented_since_is_told_to() -> None:
    led = ready()
    _amended(led)
    assert "version 2.0" in _gate(led)[IN_FORCE]


@pytest.mark.parametrize("applies", ["at once", "next participant"])
def test_an_amendment_that_asks_for_no_consent_leaves_it_in_force(applies: t.Applies) -> None:
    led = ready()
    _amended(led, applies)
    assert IN_FORCE not in _gate(led)


def test_forms_have_numbers_of_their_own_once_they_are_approved() -> None:
    led = ready()
    _amended(led)
    _approved(led, "ICF 7", "2.0")
    assert OF_FORM in _renewed(led, "2.0"), "no form has the number of the protocol any more"
    assert not _renewed(led, "ICF 7") & {OF_FORM, OF_LANGUAGE}
    assert IN_FORCE not in _gate(led)


def test_a_form_can_ask_for_renewal_without_an_amendment() -> None:
    led = ready()
    _approved(led, "1.0", "1.0")
    _approved(led, "1.1", "1.0", renewal=True)
    _renewed(led, "1.0")
    assert "1.1" in _gate(led)[IN_FORCE]
    assert not _renewed(led, "1.1") & {OF_FORM, OF_LANGUAGE}
    assert IN_FORCE not in refused(led.sign(), some=False)


def test_a_newer_form_that_does_not_ask_for_renewal_leaves_who_has_signed() -> None:
    led = ready()
    _approved(led, "1.0", "1.0")
    _approved(led, "1.1", "1.0")
    assert IN_FORCE not in _gate(led)


def test_a_form_is_in_force_from_its_day_on() -> None:
    led = ready()
    _approved(led, "1.0", "1.0")
    _approved(led, "1.1", "1.0", on=DAY)
    assert OF_FORM not in _renewed(led, "1.0"), "on that day the earlier one is in force too"
    assert OF_FORM not in _renewed(led, "1.1")
    assert OF_FORM in _renewed(led, "1.0", on=NEXT)


def test_a_form_is_in_a_language_from_its_day_on() -> None:
    led = ready()
    _approved(led, "1.0", "1.0", "en")
    _approved(led, "1.0", "1.0", "zh-CN", on=NEXT)
    assert OF_LANGUAGE in _renewed(led, "1.0", language="zh-CN")
    assert OF_LANGUAGE not in _renewed(led, "1.0", language="zh-CN", on=NEXT)


@pytest.mark.parametrize(
    ("language", "known"), [("en", True), ("zh-CN", True), ("de", False), ("zh", False)]
)
def test_a_form_is_approved_in_its_languages(language: str, known: bool) -> None:
    led = ready()
    _approved(led, "1.0", "1.0", "en")
    _approved(led, "1.0", "1.0", "zh-CN")
    assert (OF_LANGUAGE not in _renewed(led, "1.0", language=language)) is known


@pytest.mark.parametrize(
    ("language", "known"), [("en", True), ("zh-CN", True), ("xx", False), ("other", False)]
)
def test_without_approved_forms_a_language_is_one(language: str, known: bool) -> None:
    assert (OF_LANGUAGE not in _renewed(ready(), "1.0", language=language)) is known


@pytest.mark.parametrize(
    ("who", "may"),
    [(LEAD, True), (COORDINATOR, True), (NURSE, False), ("the.cleaner", False), (SPONSOR, False)],
)
def test_consent_is_obtained_by_whoever_has_the_task(who: str, may: bool) -> None:
    assert (OF_TASK not in _renewed(ready(), "1.0", obtained_by=who)) is may


def test_consent_is_obtained_by_whoever_is_trained_on_the_version() -> None:
    led = ready()
    assert OF_TRAINING not in _renewed(led, "1.0")
    _amended(led)
    assert OF_TRAINING in _renewed(led, "2.0")
    _office(led, t.TrainingRecorded, "monitor.1", on=NEXT, user=LEAD, version="2.0")
    assert OF_TRAINING in _renewed(led, "2.0"), "he was trained on the day after"
    assert OF_TRAINING not in _renewed(led, "2.0", on=NEXT)


def test_consent_of_another_is_a_deviation_unless_it_is_foreseen() -> None:
    rule = "the representative is foreseen"
    assert rule in _renewed(ready(), "1.0", given_by="representative", capacity="spouse")
    assert rule not in _renewed(ready(), "1.0", witnessed=True)


def test_a_procedure_before_consent_on_the_same_day_is_seen_by_the_times() -> None:
    rule = "the participant agrees before any procedure"
    led = enrolled()
    led.name = "P2"
    led.do(p.ParticipantRegistered, COORDINATOR, person_token="2" * 64)
    led.measured(DAY, 8, body_temperature=36.6)
    said = {"version": "1.0", "language": "en", "obtained_by": LEAD}
    at = datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=UTC)
    first = led.do(p.InformedConsentObtained, hour=10, consented_at=at, **said)
    assert rule in _rules(led, first)
    second = led.do(p.InformedConsentObtained, hour=10, **said)
    assert rule not in _rules(led, second), "by the day alone nobody can tell"


def test_an_untrained_investigator_authorises_nothing() -> None:
    led = ready()
    new = f"investigator.{SITE}.9"
    made = event(t.RoleGranted, SPONSOR, SITE, on=BEFORE, user=new, role="investigator")
    recorded(led.trial.record(made))
    assert "investigator" in roles_of(led.trial.state, new, SITE)
    asked: dict[str, Any] = {"signer": new, "first_dose_on": DAY}
    outcome = led.ask(p.EligibilityConfirmed, new, **asked)
    assert "who authorises is trained" in refused(outcome)
    _office(led, t.TrainingRecorded, "monitor.1", user=new, version="1.0")
    done = led.do(p.EligibilityConfirmed, new, **asked)
    assert not done.deviations
    _amended(led, "at once")
    done = led.do(p.EligibilityConfirmed, new, **asked)
    assert _rules(led, done) == {OF_TRAINING}, "recorded, with a deviation"


OF_A_SITE = [kind for kind in AUTHORISATIONS if set(ACTS[kind].roles) <= set(SITE_STAFF)]


@pytest.mark.parametrize("kind", OF_A_SITE, ids=lambda one: one.__name__)
def test_whatever_only_a_site_authorises_takes_training(kind: type[Event]) -> None:
    """Of a type that is added as well: it is asked of all whose act nobody else's is."""
    assert training.who_authorises_is_trained in AUTHORISATIONS[kind]


def test_an_untrained_coordinator_gives_nobody_a_place() -> None:
    led = ready()
    new = f"coordinator.{SITE}.9"
    made = event(t.RoleGranted, SPONSOR, SITE, on=BEFORE, user=new, role="coordinator")
    recorded(led.trial.record(made))
    rule = "who authorises is trained"
    assert rule in refused(led.ask(p.ParticipantEnrolled, new, level=1))
    _office(led, t.TrainingRecorded, "monitor.1", user=new, version="1.0")
    assert rule not in refused(led.ask(p.ParticipantEnrolled, new, level=1)), "enrolled already"


def test_training_is_as_the_protocol_says() -> None:
    said = {"never": "deviation", "on_earlier_version": "not asked", "basis": "stated"}
    led = ready()
    study = led.trial.state.study
    silent = study.training_asked
    ruled = type(silent).model_validate(said)
    led.trial.state.versions[0] = led.trial.state.versions[0]._replace(
        study=study.model_copy(update={"training": ruled})
    )
    new = f"investigator.{SITE}.9"
    recorded(
        led.trial.record(
            event(t.RoleGranted, SPONSOR, SITE, on=BEFORE, user=new, role="investigator")
        )
    )
    done = led.do(p.EligibilityConfirmed, new, signer=new, first_dose_on=DAY)
    assert _rules(led, done) == {OF_TRAINING}


def _dosed() -> Led:
    led = ready()
    led.prepare(7e7, 70)
    recorded(led.sign())
    led.give(7e7)
    return led


def _visited(led: Led, on: Any, hour: float = 12) -> set[str]:
    """Record what belongs to follow-up on a day, and return the rules that it breaks."""
    done = (
        led.do(f.EncounterDone, NURSE, on=on, hour=hour, encounter="day_7"),
        led.measured(on, hour, body_temperature=36.6),
        led.result("potassium", 4.2, on, hour=hour),
    )
    return {rule for one in done for rule in _rules(led, one)} - {"the visit is in its window"}


def test_who_withdraws_from_treatment_is_followed_as_before() -> None:
    led = _dosed()
    led.do(p.InformedConsentWithdrawn, on=NEXT, scope="treatment")
    assert _visited(led, DAY + timedelta(days=7)) == set()
    assert "consent is in force" in refused(led.sign(on=DAY + timedelta(days=7)))


def test_who_withdraws_from_everything_is_not_followed() -> None:
    led = _dosed()
    led.do(p.InformedConsentWithdrawn, on=NEXT, scope="all")
    assert "consent is in force" in _visited(led, DAY + timedelta(days=7))
    late = led.do(p.FactRecorded, fact=Measured(element="malignancy"), start=str(DAY), on=NEXT)
    assert not late.deviations, "a finding of before"
    new = DAY + timedelta(days=3)
    later = led.do(p.FactRecorded, fact=Measured(element="malignancy"), start=str(new), on=new)
    assert _rules(led, later) == {"collection has not ended"}


@pytest.mark.parametrize(
    ("collected", "kept"),
    [(DAY, True), (NEXT, True), (DAY + timedelta(days=2), False)],
)
def test_results_taken_before_a_withdrawal_are_entered_after_it(collected: Any, kept: bool) -> None:
    led = _dosed()
    led.do(p.InformedConsentWithdrawn, on=NEXT, scope="all")
    one = Measured(element="potassium", value=4.2, unit="mmol/L")
    done = led.do(
        f.LaboratoryResultsRecorded,
        NURSE,
        on=DAY + timedelta(days=5),
        results=(one,),
        laboratory="central",
        ranges_version="2026-1",
        collected_on=str(collected),
    )
    assert ("consent is in force" not in _rules(led, done)) is kept


def test_on_the_day_of_the_withdrawal_the_times_decide() -> None:
    led = _dosed()
    at = datetime(NEXT.year, NEXT.month, NEXT.day, 10, tzinfo=UTC)
    led.do(p.InformedConsentWithdrawn, on=NEXT, scope="all", withdrawn_at=at, hour=11)
    before = led.measured(NEXT, 9, body_temperature=36.6)
    after = led.measured(NEXT, 11, body_temperature=36.6)
    assert (_rules(led, before), _rules(led, after)) == (set(), {"consent is in force"})


def test_a_partial_day_of_the_sample_is_not_taken_for_one_before() -> None:
    led = _dosed()
    led.do(p.InformedConsentWithdrawn, on=NEXT, scope="all")
    one = Measured(element="potassium", value=4.2, unit="mmol/L")
    done = led.do(
        f.LaboratoryResultsRecorded,
        NURSE,
        on=DAY + timedelta(days=5),
        results=(one,),
        laboratory="central",
        ranges_version="2026-1",
        collected_on=f"{NEXT:%Y-%m}",
    )
    assert "consent is in force" in _rules(led, done)


def test_a_second_withdrawal_takes_nothing_back() -> None:
    led = _dosed()
    led.do(p.InformedConsentWithdrawn, on=NEXT, scope="all")
    led.do(p.InformedConsentWithdrawn, on=NEXT + timedelta(days=1), scope="treatment")
    assert led.one.consent == "withdrawn"


@pytest.mark.parametrize(
    ("withdrawn", "breaks"),
    [
        ({"on": NEXT}, ()),
        ({"hour": 9.7}, ("consent is in force",)),
        ({"hour": 12, "withdrawn_at": AT.replace(hour=10)}, ()),
        ({"hour": 12, "withdrawn_at": AT.replace(hour=9)}, (IN_FORCE, "consent is in force")),
        ({"hour": 9.2}, (IN_FORCE, "consent is in force")),
    ],
)
def test_a_dose_is_asked_of_the_consent_of_its_time(
    withdrawn: dict[str, Any], breaks: tuple[str, ...]
) -> None:
    """It began at half past nine, and is entered two days later."""
    led = ready()
    led.prepare(7e7, 70)
    recorded(led.sign())
    led.do(p.InformedConsentWithdrawn, **{"scope": "treatment", **withdrawn})
    assert set(_given_late(led)) & {IN_FORCE, "consent is in force"} == set(breaks)


@pytest.mark.parametrize(
    ("kind", "fields", "rule"),
    [
        (p.Disposition, {"status": "withdrawn"}, "treatment goes on"),
        (p.Disposition, {"status": "died"}, "treatment goes on"),
        (p.ParticipantReplaced, {"signers": ("committee.1", "committee.2")}, "a place is held"),
    ],
)
@pytest.mark.parametrize(("on", "counts"), [(NEXT, False), (BEFORE, True)])
def test_a_dose_is_asked_whether_treatment_went_on_at_its_time(
    kind: Any, fields: dict[str, Any], rule: str, on: Any, counts: bool
) -> None:
    """What ended it on the day after is none of a dose that is entered later still."""
    led = ready()
    led.prepare(7e7, 70)
    recorded(led.sign())
    by = "committee.1" if "signers" in fields else LEAD
    made = event(kind, by, SITE, on=on, hour=33, participant="P1", reason="moved", **fields)
    apply(led.trial.state, led.trial.state.position + 1, made)
    at = {"started_at": AT, "ended_at": AT + timedelta(hours=1)}
    given: Any = event(
        x.DoseAdministered,
        NURSE,
        SITE,
        on=DAY,
        hour=57,
        participant="P1",
        dose=1,
        amount=7e7,
        unit="{cells}",
        **at,
    )
    policy = {"treatment goes on": treatment_goes_on, "a place is held": a_place_is_held}[rule]
    assert (policy(led.trial.state, given).truth is not TRUE) is counts


def _given_late(led: Led) -> set[str]:
    done = led.do(
        x.DoseAdministered,
        NURSE,
        hour=90,
        dose=1,
        amount=7e7,
        unit="{cells}",
        started_at=AT,
        ended_at=AT + timedelta(hours=1),
        volume_ml=14.0,
    )
    return _rules(led, done)


def test_consent_given_anew_does_not_reach_back_over_a_withdrawal() -> None:
    """A dose and a visit in between are none with consent, whenever they are entered."""
    led = ready()
    led.prepare(7e7, 70)
    recorded(led.sign())
    led.do(p.InformedConsentWithdrawn, hour=9.2, scope="all")
    later = DAY + timedelta(days=3)
    _renewed(led, "1.0", on=later)
    assert "consent is in force" in _given_late(led)
    between = led.do(f.EncounterDone, NURSE, on=NEXT, hour=80, encounter="day_7")
    new = Measured(element="malignancy")
    fact = led.do(p.FactRecorded, fact=new, start=str(NEXT), on=NEXT, hour=81)
    assert _rules(led, fact) == {"collection has not ended"}
    assert "consent is in force" in _rules(led, between)
    assert "consent is in force" not in _visited(led, later)


@pytest.mark.parametrize("days", [0, 1, 3])
def test_a_corrected_day_takes_no_consent_past_the_withdrawal_that_ended_it(days: int) -> None:
    """What was recorded before it was withdrawn was not given after that."""
    state = ready().trial.state
    consent, _ = state.participants["P1"].consents[0]
    about: dict[str, Any] = {"participant": "P1", "reason": "moved", "scope": "all"}
    corrected: dict[str, Any] = {"of": consent, "reason": "a slip"}
    day = {"occurred_on": str(BEFORE + timedelta(days=days))}
    for made in (
        event(p.InformedConsentWithdrawn, LEAD, SITE, on=BEFORE, **about),
        event(p.EntryCorrected, LEAD, SITE, on=NEXT, fields=day, **corrected),
    ):
        apply(state, state.position + 1, made)
    begun = AT + timedelta(days=5)
    given: Any = event(
        x.DoseAdministered,
        NURSE,
        SITE,
        on=begun.date(),
        participant="P1",
        dose=1,
        amount=7e7,
        unit="{cells}",
        started_at=begun,
        ended_at=begun + timedelta(hours=1),
    )
    assert consent_is_in_force(state, given).truth is not TRUE


def test_after_a_withdrawal_consent_is_asked_for_anew() -> None:
    led = ready()
    _amended(led)
    _renewed(led, "2.0")
    led.do(p.InformedConsentWithdrawn, hour=7.6, scope="treatment")
    _renewed(led, "1.0", hour=7.7)
    assert "2.0" in _gate(led)[IN_FORCE]


def test_a_corrected_version_of_the_form_counts() -> None:
    led = ready()
    _amended(led)
    done = led.do(
        p.InformedConsentRenewed, hour=7.5, version="1.0", language="en", obtained_by=LEAD
    )
    led.act(
        p.EntryCorrected,
        LEAD,
        of=done.position,
        fields={"version": "2.0"},
        reason="the form was misread",
    )
    assert IN_FORCE not in _gate(led)


def test_enrolment_asks_for_the_form_in_force() -> None:
    led = ready()
    _amended(led)
    outcome = led.ask(p.ParticipantEnrolled, COORDINATOR, level=1)
    assert isinstance(outcome, Refused)
    assert IN_FORCE in dict(outcome.reasons)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1", "1.0", True),
        ("v1.0", "Version 1", True),
        ("1.10", "1.1", False),
        ("01.0", "1", True),
        ("0.1-draft", "0.1", False),
        ("", "1", False),
    ],
)
def test_two_spellings_of_a_version(one: str, other: str, same: bool) -> None:
    assert (plain_version(one) == plain_version(other)) is same


def test_the_weights_are_there() -> None:
    """What the gate is asked of above has everything else that it needs."""
    led = ready()
    assert weight_elements(led.trial.state.study)
    assert _gate(led) == {}
    assert x.DoseAdministered not in led.one.entries_of
