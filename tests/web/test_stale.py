"""Whoever signs has seen what stands: a page older than a change to its subject signs nothing.

Every act that is signed is opened, its subject is changed by another user, and the old page is
signed. Acts are taken from the catalogue: one that is not here fails.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from msgspec.structs import replace

from gradatim.conduct.events import coding as c
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import records as d
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.folding.trial import submitted
from gradatim.conduct.signatures import ALWAYS_SIGNED, MEANINGS
from gradatim.conduct.state import State
from gradatim.protocol.load import bundled, parse
from gradatim.protocol.questions import questions
from gradatim.web.clock import now, today
from gradatim.web.live_trial import Running
from tests.conduct.signing import adoption, person
from tests.conduct.trials import recorded
from tests.markup import markup
from tests.web.conftest import PASSWORD, signer_of, state

SITE, WHO, CANDIDATE = "S02", "S02-001", "S02-001-AE1"
TERMS = "term,synonyms\nInvented complaint,Another trouble\n"
LEAD, NURSE, SPONSOR = "investigator.S02.1", "nurse.S02.1", "sponsor.1"


class Page(HTMLParser):
    """What a browser would send of the form of an act: what must be filled in is, somehow.

    Args:
        text: of the page.
        every: whether the first of each group of choices is taken, required or not.
    """

    def __init__(self, text: str, every: bool) -> None:
        super().__init__()
        self._every = every
        self.fields: dict[str, str] = {}
        self._select = self._area = ""
        self._required = self._within = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a field, with what stands in it or something that may."""
        it = {name: value or "" for name, value in attrs}
        name, value, kind = it.get("name", ""), it.get("value", ""), it.get("type", "text")
        if tag == "form":
            self._within = "act" in it.get("class", "")
        elif not self._within:
            return
        elif tag == "select":
            self._select, self._required = name, "required" in it
        elif tag == "option" and self._select and value:
            if "selected" in it or (self._required and self._select not in self.fields):
                self.fields[self._select] = value
        elif tag == "textarea":
            self._area, self.fields[name] = name, "because of what was seen"
        elif tag == "input" and name and kind not in ("submit", "file"):
            self._typed(it, name, value, kind)

    def _typed(self, it: dict[str, str], name: str, value: str, kind: str) -> None:
        if kind in ("radio", "checkbox"):
            asked = self._every or "required" in it
            if "checked" in it or (asked and value and name not in self.fields):
                self.fields[name] = value if kind == "radio" else value or "on"
        elif value or "required" in it:
            some = {"date": str(today()), "datetime-local": f"{today()}T08:00", "number": "1"}
            self.fields[name] = value or some.get(kind, "something")

    def handle_data(self, data: str) -> None:
        """Keep what a field for much text holds."""
        if self._area and data.strip():
            self.fields[self._area] = data

    def handle_endtag(self, tag: str) -> None:
        """Leave a field."""
        if tag in ("select", "textarea"):
            self._select = self._area = ""
        elif tag == "form":
            self._within = False


def made(kind: type[Event], by: str, site: str = SITE, **fields: Any) -> Event:
    """Make an event of this moment, by another user."""
    return kind(occurred_on=today(), recorded_at=now(), recorded_by=by, site=site, **fields)


Address = dict[str, str]


def _measured(trial: State, about: Address) -> Event:
    """A nurse measures somebody."""
    entry = trial.events.get(int(about.get("of", 0)))
    whom = about.get("participant") or getattr(entry, "participant", WHO)
    celsius = Measured(element="body_temperature", value=36.6, unit="Cel")
    return made(f.VitalSignsRecorded, NURSE, participant=whom, results=(celsius,), taken_at=now())


def _worse(trial: State, about: Address) -> Event:
    """Somebody has a severe event that may be related."""
    whom = about.get("participant", WHO)
    return made(
        s.AdverseEventReported,
        NURSE,
        participant=whom,
        adverse_event=f"{whom}-AE{trial.position}",
        term="Dyspnea",
        onset=str(_dosed(trial, whom)),
        grade=4,
        relation="possible",
    )


def _dosed(trial: State, whom: str) -> date:
    at = trial.participants[whom].entries_of[x.DoseAdministered][-1]
    return trial.events[at].occurred_on


def _paused(trial: State, about: Address) -> Event:
    return made(t.TrialPaused, NURSE, reason="somebody fell ill")


def _warm(trial: State, about: Address) -> Event:
    bags = tuple(trial.lots[about["lot"]].containers)[:1]
    return made(x.ProductQuarantined, "cell_lab.S02.2", lot=about["lot"], bags=bags, reason="warm")


def _ruled(trial: State, about: Address) -> Event:
    key = about.get("question")
    one = next(one for one in _open_questions(trial) if key in (None, one.key))
    said: dict[str, Any] = {"question": one.key, "value": one.value, "signer": "sponsor.2"}
    more = {"outcome": "deferred", "answer": "later"}
    return _signed(made(t.RulingSigned, "sponsor.2", "", **said, **more))


def _open_questions(trial: State) -> list[Any]:
    """Return the questions of the submitted document on which nobody has ruled."""
    held = submitted(trial)
    assert held is not None
    study = parse(held.document.encode(), "protocol.yaml").study
    ruled = {one.question for _, one in trial.events.of(t.RulingSigned)}
    return [one for one in questions(study) if not one.settled and one.key not in ruled]


def _signed(event: Event) -> Event:
    return replace(event, signature=Signature("Another", "seen"))


def _given(user: str) -> "Change":
    return lambda trial, about: _signed(
        made(t.RoleGranted, "sponsor.2", "", user=user, role="statistician")
    )


def _reviewed(trial: State, about: Address) -> Event:
    of = int(about["of"])
    said: dict[str, Any] = {"of": of, "important": True, "action": "told the site"}
    return _signed(made(s.ProtocolDeviationReviewed, "monitor.2", "", **said))


def _told(trial: State, about: Address) -> Event:
    said: dict[str, Any] = {"of": int(about["of"]), "recipient": "ethics", "sent_at": now()}
    return made(t.UrgentSafetyMeasureNotified, "investigator.S02.2", **said)


def _listed(trial: State, about: Address) -> Event:
    sha256_of = sha256(TERMS.encode()).hexdigest()
    said = {"name": "invented", "version": "2", "document": TERMS, "sha256": sha256_of}
    return _signed(made(c.TermListLoaded, "data.2", "", **said))


def _slip(trial: State, about: Address) -> Event:
    """A nurse corrects a temperature."""
    value = round(35 + trial.position / 1000, 3)
    celsius = [{"element": "body_temperature", "value": value, "unit": "Cel"}]
    of = int(about.get("entries") or about["of"])
    return made(p.EntryCorrected, NURSE, of=of, fields={"results": celsius}, reason="a slip")


Change = Callable[[State, Address], Event]


class Case(NamedTuple):
    """An act to be signed on an old page.

    Args:
        user: who signs.
        about: returns what its address says.
        change: makes what another user records meanwhile.
        said: fields of the form that cannot be guessed.
        site: at which; "" the trial as a whole.
        path: its address, where it is no act with a form of its own.
        every: see `Page`.
    """

    user: str
    about: Callable[[State], Address] = lambda trial: {"participant": WHO}
    change: Change = _measured
    said: Mapping[str, Any] = {}
    site: str = SITE
    path: str = ""
    every: bool = False


def _last(kind: type[Event], *names: str) -> Callable[[State], Address]:
    """Return what the address of an act says that was done before, of somebody at the site."""

    def found(trial: State) -> Address:
        events = [one for _, one in trial.events.of(kind) if one.site == SITE]
        return {name: str(getattr(events[-1], name)) for name in names}

    return found


def _entry(kind: type[Event]) -> Callable[[State], Address]:
    """Return that an act is of the last entry of a type, of somebody at the site."""

    def found(trial: State) -> Address:
        at = [at for at, one in trial.events.of(kind) if one.site == SITE]
        return {"of": str(at[-1])}

    return found


def _result(trial: State) -> Address:
    of = trial.participants[WHO].entries_of[f.LaboratoryResultsRecorded][-1]
    event: Any = trial.events[of]
    return {"participant": WHO, "of": str(of), "element": event.results[0].element}


def _record(trial: State) -> Address:
    of, event = next(iter(trial.events.of(p.RecordNotUnderstood)))
    return {"participant": event.participant, "of": str(of), "record": event.record}


def _lot(trial: State) -> Address:
    lot = trial.lots["S02-L1"]
    return {"lot": lot.id, "bags": next(iter(lot.containers))}


def _bag(trial: State) -> Address:
    lot = _lot(trial)
    return {"lot": lot["lot"], "bag": lot["bags"]}


def _none(trial: State) -> Address:
    return {}


def _temperature(trial: State) -> Address:
    return {"entries": str(trial.participants[WHO].entries_of[f.VitalSignsRecorded][-1])}


AMENDED = {
    "changes-0-part": "safety",
    "changes-0-applies": "at once",
    "changes-1-why": "",
    "changes-2-why": "",
}
DOSE = ("participant", "dose")
EVENT = ("participant", "adverse_event")
DISSENT = {
    "dissent": "yes",
    "reason": "too early",
    "dissent-password": PASSWORD,
}
CASES: dict[type[Event], Case] = {
    t.RulingSigned: Case(
        SPONSOR,
        lambda trial: {"question": _open_questions(trial)[0].key},
        _ruled,
        {"outcome": "deferred", "answer": "later"},
        site="",
    ),
    t.ProtocolActivated: Case(SPONSOR, _none, _ruled, site=""),
    t.ProtocolAmended: Case(SPONSOR, _none, _ruled, AMENDED, site=""),
    t.RoleGranted: Case(
        SPONSOR, _none, _given("monitor.9"), {"user": "monitor.9", "role": "monitor"}, site=""
    ),
    t.DelegationConfirmed: Case(LEAD, _entry(t.RoleGranted), _given("late.1")),
    t.RoleRevoked: Case(
        SPONSOR, _none, _given("monitor.1"), {"user": "monitor.1", "role": "monitor"}, site=""
    ),
    t.PersonIdentified: Case(
        SPONSOR,
        lambda _trial: {"user": "nurse.S01.1"},
        lambda trial, _about: adoption(trial.trial, "nurse.S01.1", person(trial.position)),
        {"identity_document": "passport"},
        site="",
    ),
    t.TrialResumed: Case("committee.1", _none, _worse, site=""),
    t.UrgentSafetyMeasureEnded: Case(SPONSOR, _entry(t.UrgentSafetyMeasureTaken), _told, site=""),
    t.TrialStopped: Case(SPONSOR, _none, _paused, site=""),
    p.EntryVoided: Case("coordinator.S02.1", _entry(f.VitalSignsRecorded)),
    p.VoidConfirmed: Case(LEAD, _entry(p.EntryVoided)),
    p.HistoryDeclaredComplete: Case(LEAD, every=True),
    p.CriterionAttested: Case(LEAD, lambda trial: {"participant": WHO, "criterion": "E16"}),
    p.EligibilityConfirmed: Case(LEAD),
    p.ParticipantReplaced: Case("committee.1", change=_worse, site=""),
    p.NamesakeStated: Case(LEAD),
    p.ParticipantsMerged: Case(
        LEAD,
        lambda trial: {"participant": "S02-006"},
        lambda trial, about: _measured(trial, {"participant": WHO}),
        {"into": WHO},
    ),
    p.TransferProposed: Case(LEAD, said={"to_site": "S01"}),
    p.ParticipantTransferred: Case(
        "investigator.S01.1", lambda trial: {"participant": "S02-012"}, site="S01"
    ),
    p.ErasureRequested: Case(LEAD),
    p.PersonalDataErased: Case(SPONSOR, lambda trial: {"participant": "S02-007"}, site=""),
    d.RecordJudged: Case(LEAD, _record, said={"answers-severe_arrhythmia": "yes"}),
    x.ProductReleased: Case(
        "pharmacist.S02.1", _lot, _warm, {"out_of_specification": ""}, every=True
    ),
    x.ProductDifferenceExplained: Case("pharmacist.S02.1", _bag, _warm),
    x.PreparationVerified: Case("cell_lab.S02.1", _last(x.PreparationVerified, *DOSE)),
    x.BedsideChecked: Case(LEAD, _last(x.BedsideChecked, *DOSE), every=True),
    x.PreDoseChecklistSigned: Case(
        LEAD, _last(x.PreDoseChecklistSigned, *DOSE), _paused, every=True
    ),
    f.ClinicalSignificanceSigned: Case(LEAD, _result),
    s.AdverseEventClassified: Case(LEAD, _last(s.AdverseEventReported, *EVENT), every=True),
    s.AdverseEventAssessed: Case(SPONSOR, _last(s.AdverseEventReported, *EVENT), site=""),
    c.TermListLoaded: Case("data.1", _none, _listed, {"name": "invented"}, site=""),
    s.DoseLimitingToxicityAdjudicated: Case(
        "committee.1",
        lambda trial: {"participant": WHO, "candidate": CANDIDATE},
        _worse,
        site="",
    ),
    s.DosingAllowed: Case("committee.1", change=_worse, site=""),
    s.EvaluabilityJudged: Case("committee.1", change=_worse, site=""),
    s.SentinelObservationJudged: Case("committee.1", change=_worse, site=""),
    s.ProtocolDeviationReviewed: Case("monitor.1", _entry(s.ProtocolDeviation), _reviewed, site=""),
    r.SourceDataVerified: Case("monitor.1", _temperature, _slip, site=""),
    r.DoseDecision: Case("committee.1", _none, _worse, site=""),
    r.ProposalSigned: Case("committee.2", _none, _worse, site="", path="/review/proposals/D-old/"),
    r.ProposalDissented: Case(
        "committee.2", _none, _worse, DISSENT, site="", path="/review/proposals/D-old/"
    ),
    r.DataEndorsed: Case(LEAD, _temperature, _slip, path=f"/endorse/{SITE}/"),
    r.DataLocked: Case("data.1", _none, site=""),
    p.EntryCorrected: Case(
        LEAD,
        _entry(f.ClinicalSignificanceSigned),
        said={"correction_reason": "looked again", "significant": "yes"},
        path="/entries/{of}/correct/",
    ),
    r.DataUnlocked: Case(
        "data.1",
        _none,
        lambda trial, about: _signed(made(r.DataLocked, "data.2", "", reason="now")),
        site="",
    ),
}
"""Every act that is signed; of corrections one of what was signed."""
ELSEWHERE = {r.ProposalMade, p.IdentificationListExported}
"""Made by the form of the act that is proposed; and a list of who is who as it is then."""


def test_every_act_that_is_signed_is_walked() -> None:
    assert set(CASES) == set(MEANINGS) - ELSEWHERE | {p.EntryCorrected}


def record(app: Running, event: Event) -> int:
    """Record an event past the pages."""
    if isinstance(event, r.DoseDecision):
        event = replace(event, head_hash=app.trial.head.hash.hex())
    if isinstance(
        event, r.DataLocked | p.ErasureRequested | t.SigningKeyAdopted
    ):  # whatever stands against it
        return app.trial.record_own(lambda _head: event)
    by_key = event.recorded_by in state(app).signing_keys
    if by_key and event.signature is None and type(event).__name__ in ALWAYS_SIGNED:
        event = _signed(event)
    signer = signer_of(event.recorded_by) if by_key and event.signature else None
    return recorded(app.trial.record(event, signer=signer)).position


def _delegate(app: Running) -> None:
    """Let there be others of each task that two people have here, and one that waits."""
    for user, role in (
        ("sponsor.2", "sponsor"),
        ("monitor.2", "monitor"),
        ("data.2", "data_manager"),
    ):
        record(app, _signed(made(t.RoleGranted, SPONSOR, "", user=user, role=role)))
    late: dict[str, Any] = {"user": "late.1", "role": "pharmacist", "needs_confirmation": True}
    record(app, _signed(made(t.RoleGranted, SPONSOR, **late)))


def prepare(app: Running) -> None:
    """Let there be what the acts are about."""
    _delegate(app)
    text = bundled()["nct05962762"].read_text(encoding="utf-8")
    text = text.replace('version: "1.0"', 'version: "9.9"', 1)
    sha256_of = parse(text.encode(), "protocol.yaml").sha256
    said: dict[str, Any] = {"version": "9.9", "sha256": sha256_of, "document": text}
    record(app, made(t.ProtocolSubmitted, SPONSOR, "", **said))
    measure: dict[str, Any] = {"hazard": "sets leak", "measure": "nobody is dosed"}
    record(app, made(t.UrgentSafetyMeasureTaken, LEAD, holds=("dosing",), **measure))
    record(app, _worse(state(app), {}))
    record(app, _measured(state(app), {}))
    record(app, _warm(state(app), _lot(state(app))))
    result = _result(state(app))
    said = {"of": int(result["of"]), "element": result["element"], "significant": False}
    judged = made(f.ClinicalSignificanceSigned, LEAD, participant=WHO, signer=LEAD, **said)
    record(app, _signed(judged))
    of = record(app, _worse(state(app), {}))
    record(app, _signed(made(p.EntryVoided, "investigator.S02.2", of=of, reason="another's")))
    moved: dict[str, Any] = {"to_site": "S01", "agreed_on": today(), "reason": "has moved"}
    record(app, _signed(made(p.TransferProposed, LEAD, participant="S02-012", **moved)))
    asked: dict[str, Any] = {"participant": "S02-007", "reason": "by their own request"}
    record(app, _signed(made(p.ErasureRequested, LEAD, **asked)))
    act = {"event": "TrialResumed", "reason": "nobody is ill"}
    record(app, _paused(state(app), {}))
    record(app, _signed(made(r.ProposalMade, "committee.1", "", proposal="D-old", act=act)))


def test_nothing_is_signed_on_a_page_older_than_what_it_is_about(app: Running, signed_in):
    signer_of("nurse.S01.1")  # who can be identified
    prepare(app)
    wrong = []
    for kind, case in CASES.items():
        trial = state(app)
        about = case.about(trial)
        signer_of(case.user)
        path = case.path.format(**about) or f"/record/{kind.__name__}/"
        address = f"{path}?{urlencode({'site': case.site, **about})}"
        client = signed_in(case.user)
        opened = client.get(address)
        sent = {
            **Page(opened.content.decode(), case.every).fields,
            **case.said,
            "password": PASSWORD,
        }
        if kind is c.TermListLoaded:
            sent["document"] = SimpleUploadedFile("terms.csv", TERMS.encode())
        changed = record(app, case.change(trial, about))
        before = state(app).position
        answer = client.post(address, sent)
        text = markup(answer)
        faults = re.findall(r'role="alert">(.*?)</div>', text)
        told = [
            ("opened", opened.status_code == 200),
            ("asks for the password", "password" in sent),
            ("refused", answer.status_code == 409),
            ("the change is shown", f"entry {changed}" in text),
            ("nothing is recorded", state(app).position == before),
        ]
        if failed := [name for name, holds in told if not holds]:
            wrong.append((kind.__name__, answer.status_code, failed, faults))
    assert not wrong, "\n".join(map(str, wrong))


def test_several_questions_are_not_confirmed_on_an_old_page(app: Running, signed_in):
    prepare(app)
    one = next(one for one in _open_questions(state(app)) if not one.choices)
    sponsor = signed_in(SPONSOR)
    signer_of(SPONSOR)
    address = f"/protocol/questions/confirm/?{'' if one.safety else 'other'}"
    page = Page(sponsor.get(address).content.decode(), False)
    changed = record(app, _ruled(state(app), {"question": one.key}))
    marks = {f"question-{one.number}": "on", "password": PASSWORD}
    answer = sponsor.post(address, {**page.fields, **marks})
    assert answer.status_code == 409
    assert f"entry {changed}" in markup(answer)
    assert state(app).position == changed
    again = Page(answer.content.decode(), False)
    assert again.fields["seen"] == str(changed)
    assert sponsor.post(address, {**again.fields, **marks}).status_code == 302
    assert state(app).position == changed + 1


def test_a_dose_decision_is_not_handed_back_by_what_it_does_not_rest_on(app: Running, signed_in):
    """However much is recorded of anybody; only what bears on the advice or the candidates is."""
    member, address = signed_in("committee.1"), "/record/DoseDecision/?site="
    page = Page(member.get(address).content.decode(), True)
    for one in state(app).participants.values():
        if one.site == SITE:
            record(app, _measured(state(app), {"participant": one.id}))
    sent = {**page.fields, "password": PASSWORD}
    answer = member.post(address, sent)
    assert "changed by somebody else" not in markup(answer)
    record(app, _worse(state(app), {"participant": WHO}))
    answer = member.post(address, {**sent, "request": "and again"})
    assert "changed by somebody else" in markup(answer)
