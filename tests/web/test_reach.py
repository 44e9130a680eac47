"""Every act that has a form is reached by following links from the first page.

Somebody of each role follows the links of the pages, from the first one on, in a trial in which
each act can be done. What the catalogue says of the pages that offer an act is held against what
they link to; an act that nobody reaches is named, with who may do it.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from babel.messages.pofile import read_po
from django.test import Client
from django.urls import Resolver404, resolve

from gradatim.conduct.catalogue import ACTS, Act, act_named
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.participants import (
    EntryVoided,
    ErasureRequested,
    IdentificationListExported,
    RecordNotUnderstood,
    TransferProposed,
)
from gradatim.conduct.events.product import (
    DosePrepared,
    PreDoseChecklistSigned,
    PreparationVerified,
    ProductAssigned,
)
from gradatim.conduct.events.review import ProposalMade, QueryAnswered, QueryOpened
from gradatim.conduct.events.safety import (
    AdverseEventReported,
    DoseLimitingToxicityAdjudicated,
    MedicationErrorReported,
    PregnancyReported,
    ProtocolDeviation,
)
from gradatim.conduct.events.trial import ProtocolSubmitted, RoleGranted, TrialPaused
from gradatim.conduct.fold import apply
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.safety import possible_dlts
from gradatim.protocol.load import bundled, parse
from gradatim.web.live_trial import Running
from tests.conduct.trials import event, recorded
from tests.web.conftest import NOW, signer_of, state
from tests.web.test_languages import LOCALE

SITE = "S01"
USERS = (
    "sponsor.1",
    "data.1",
    "committee.1",
    "monitor.1",
    "investigator.S01.1",
    "nurse.S01.1",
    "coordinator.S01.1",
    "pharmacist.S01.1",
    "cell_lab.S01.1",
)
LINK = re.compile(r'href="(/[^"#]*|\?[^"#]*)')
MOST = 4
"""Pages of one kind that are looked at: of one address, part, and participants of one status and
site."""
Found = set[tuple[str, str]]
"""(act, name of the page that links to its form)."""


class Place(NamedTuple):
    """A page to be looked at: its address, its name, and the kind of page it is."""

    path: str
    name: str
    kind: tuple[str, str, str]

    @property
    def names(self) -> set[str]:
        """Its name; every page of a participant has what their pages share."""
        return {self.name, "participant"} if self.kind[1] else {self.name}


def places_of(act: Act) -> Iterator[str]:
    """Give the names of the pages on which an act is to be found."""
    for page in act.offered_on:
        if page != "paper":
            yield page.partition(":")[0]


def wanted_of() -> Found:
    """Give every act that has a form, with each page that is to link to it."""
    return {
        (act.name, place) for act in ACTS.values() if not act.elsewhere for place in places_of(act)
    }


def place_of(trial: State, path: str) -> Place | None:
    """Give the page of an address; None where there is none to be looked at."""
    parts = urlsplit(path)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    one = trial.participants.get(str(match.kwargs.get("id", "")))
    part = parse_qs(parts.query).get("part", [""])[0]
    name = str(match.url_name)
    return Place(path, name, (name, f"{one.status} {one.site}" if one else "", part))


def links_of(path: str, text: str) -> Iterator[str]:
    """Give the addresses that a page links to."""
    for link in dict.fromkeys(LINK.findall(text)):
        address = unescape(link)
        yield urlsplit(path).path + address if address.startswith("?") else address


def followed(client: Client, app: Running, missing: Found, within: Iterable[str] = ()) -> Found:
    """Follow the links from the first page, until nothing that is missing is left to be found.

    Args:
        client: of somebody who is signed in.
        app: the application.
        missing: what is looked for; the form of each act that is found is opened.
        within: names of the pages that are looked at; empty for all.
    """
    trial, found = state(app), set[tuple[str, str]]()
    waiting, known, looked_at = deque(["/"]), {"/"}, Counter[tuple[str, str, str]]()
    while waiting and missing - found:
        here = place_of(trial, waiting.popleft())
        if here is None or looked_at[here.kind] >= MOST or (within and here.name not in within):
            continue
        looked_at[here.kind] += 1
        answer = client.get(here.path)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        assert answer.status_code == 200, f"{here.path}: {answer.status_code}"
        for link in links_of(here.path, answer.content.decode()):
            there = place_of(trial, link)
            if there is None or link in known:
                continue
            if there.name == "record":
                act = resolve(urlsplit(link).path).kwargs["event"]
                new = {(act, name) for name in here.names} & missing - found
                if new:
                    assert client.get(link).status_code == 200, f"{here.path} links to {link}"
                    found |= new
            else:
                known.add(link)
                waiting.append(link)
    return found


def people(trial: State) -> list[Participant]:
    return [one for one in trial.participants.values() if one.site == SITE]


def made_ready(app: Running) -> None:
    """Bring about that each act can be done: what waits for an answer, and people on their way."""
    trial, on = app.trial, NOW.date()
    treated = next(one for one in people(trial.state) if one.status == "treated")
    dosed = first_dose_at(trial.state, treated)
    assert dosed is not None
    document = bundled()["nct05962762"].read_text(encoding="utf-8")
    document = document.replace('version: "1.0"', 'version: "9.9"', 1)
    held = parse(document.encode(), "protocol.yaml")
    what_is_said = (
        event(RoleGranted, "sponsor.1", SITE, on=on, user="aide.S01.1", role="nurse"),
        event(
            IdentificationListExported,
            "investigator.S01.1",
            SITE,
            on=on,
            participants=tuple(one.id for one in people(trial.state)),
        ),
        event(
            ErasureRequested,
            "investigator.S01.1",
            SITE,
            on=on,
            participant=treated.id,
            reason="asks for it",
        ),
        event(
            RoleGranted,
            "sponsor.1",
            SITE,
            on=on,
            user="aide.S01.1",
            role="coordinator",
            needs_confirmation=True,
        ),
        event(
            TransferProposed,
            "investigator.S02.1",
            "S02",
            on=on,
            participant=next(
                one.id for one in trial.state.participants.values() if one.site == "S02"
            ),
            to_site=SITE,
            agreed_on=on,
            reason="has moved",
        ),
        event(
            RecordNotUnderstood,
            "nurse.S01.1",
            SITE,
            on=on,
            participant=treated.id,
            record="Condition/c7",
            codes=("something",),
            elements=("severe_arrhythmia",),
            source="EHR",
        ),
        event(
            AdverseEventReported,
            "nurse.S01.1",
            SITE,
            on=on,
            participant=treated.id,
            adverse_event=f"{treated.id}-AE801",
            term="Felt as never before",
            onset=str(dosed.date() + timedelta(days=1)),
            grade=3,
            serious=("hospitalisation",),
            relation="possible",
        ),
        event(
            QueryOpened, "monitor.1", on=on, query="Q801", of=treated.position, question="is it so?"
        ),
        event(
            QueryOpened, "monitor.1", on=on, query="Q802", of=treated.position, question="is it so?"
        ),
        event(QueryAnswered, "nurse.S01.1", SITE, on=on, query="Q802", answer="it is so"),
        event(
            ProtocolDeviation,
            "nurse.S01.1",
            SITE,
            on=on,
            participant=treated.id,
            rule="visits",
            description="a visit was a day late",
        ),
        event(
            MedicationErrorReported,
            "nurse.S01.1",
            SITE,
            on=on,
            participant=treated.id,
            description="the wrong line was flushed",
        ),
        event(
            PregnancyReported,
            "nurse.S01.1",
            SITE,
            on=on,
            participant=treated.id,
            person="partner",
            detected_on=str(on),
        ),
        event(TrialPaused, "nurse.S01.1", SITE, on=on, reason="somebody fell ill"),
        event(
            ProposalMade,
            "committee.1",
            on=on,
            proposal="D801",
            act={"event": "TrialResumed", "reason": "nobody is ill"},
        ),
        event(
            ProtocolSubmitted,
            "sponsor.1",
            on=on,
            version="9.9",
            sha256=held.sha256,
            document=document,
        ),
    )
    for one in what_is_said:
        recorded(trial.record(one))
    slip = max(at for at, _ in trial.state.events.of(MedicationErrorReported))
    signed = Signature("Nurse", "it was made in error")
    recorded(
        trial.record(
            event(
                EntryVoided,
                "nurse.S01.1",
                SITE,
                on=on,
                of=slip,
                reason="another patient",
                signature=signed,
            )
        )
    )


STATUSES = ("enrolled", "registered", "consented", "eligible")


def on_their_way(trial: State) -> None:
    """Put somebody of the site into each status in which something comes next."""
    treated = next(one for one in people(trial) if one.status == "treated")
    others = [one for one in people(trial) if one is not treated]
    assert len(others) >= len(STATUSES)
    for one, status in zip(others, STATUSES, strict=False):
        one.status = status
        if status == "enrolled":  # with a place, and not dosed yet
            one.level, one.cohort = 1, 1


OF_DOSES = ("overview", "dosing", "doses")


def a_dose(trial: State) -> Iterator[str]:
    """Take the first dose of somebody with a place step by step, in the state alone.

    Yields:
        Who does the step that comes next.
    """
    one = next(p for p in people(trial) if p.status == "enrolled")
    lot = next(lot.id for lot in trial.lots.values())
    about: dict[str, Any] = {"on": NOW.date(), "participant": one.id, "dose": 1}
    lab, lead = "cell_lab.S01.1", "investigator.S01.1"
    amount: dict[str, Any] = {"amount": 7e7, "planned": 7e7, "unit": "{cells}"}
    yield "pharmacist.S01.1"
    for user, done in (
        (lab, event(ProductAssigned, "pharmacist.S01.1", SITE, lot=lot, bags=(), **about)),
        ("cell_lab.S01.2", event(DosePrepared, lab, SITE, lot=lot, **amount, **about)),
        (lead, event(PreparationVerified, "cell_lab.S01.2", SITE, **about)),
        (
            "nurse.S01.1",
            event(PreDoseChecklistSigned, lead, SITE, items={}, signer=lead, **about),
        ),
    ):
        apply(trial, trial.position + 1, done)
        yield user


def test_every_act_with_a_form_is_reached_from_the_first_page(app: Running, signed_in):
    """By some person who may do it, on each page that the catalogue says offers it."""
    missing = wanted_of()
    # Before the protocol is in force, only what brings it there can be done.
    going_live = {("ProtocolActivated", "protocol")}
    at_the_end = {("DataLocked", "overview"), ("DataLocked", "proof"), ("DataUnlocked", "proof")}
    doses = {(act, "doses") for act, page in missing if page == "doses"}
    of_the_lost = {("ParticipantFound", "participant")}
    missing -= going_live | at_the_end | doses | of_the_lost
    signer_of("cell_lab.S02.1")  # whoever has a key can be identified
    made_ready(app)
    on_their_way(state(app))
    for user in USERS:
        theirs = {pair for pair in missing if _may(state(app), user, pair[0])}
        missing -= followed(signed_in(user), app, theirs)
    next(one for one in people(state(app)) if one.status == "eligible").status = "lost to follow-up"
    missing |= of_the_lost - followed(signed_in("nurse.S01.1"), app, of_the_lost)
    missing |= doses
    for user in a_dose(state(app)):
        missing -= followed(signed_in(user), app, missing & doses, OF_DOSES)
    missing |= at_the_end
    for locked in (False, True):
        _everything_closed(state(app), locked)
        within = ("overview", "audit", "proof")
        missing -= followed(signed_in("data.1"), app, missing & at_the_end, within)
    missing |= going_live
    state(app).versions.clear()
    of_protocol = ("overview", "protocol")
    missing -= followed(signed_in("sponsor.1"), app, missing & going_live, of_protocol)
    assert not missing, _told(missing)


def _may(trial: State, user: str, act: str) -> bool:
    roles = {role for (name, _site), held in trial.roles.items() if name == user for role in held}
    return not roles.isdisjoint(act_named(act).roles)


def _everything_closed(trial: State, locked: bool) -> None:
    """Bring about that the data can be locked, or are."""
    for query in trial.queries.values():
        query.status = "closed"
    for one in trial.participants.values():
        for candidate in [found.id for found in possible_dlts(trial, one)]:
            judged = event(
                DoseLimitingToxicityAdjudicated,
                "committee.1",
                on=NOW.date(),
                participant=one.id,
                candidate=candidate,
                dose_limiting=False,
                reason="for another reason",
                signers=("committee.1", "committee.2"),
            )
            apply(trial, trial.position + 1, judged)
        one.status = "completed"
    trial.locked = locked


def _told(missing: Found) -> str:
    return "\n".join(
        f"{act} is not reached on {page}; it takes {' or '.join(act_named(act).roles)}"
        for act, page in sorted(missing)
    )


def test_every_act_is_named_in_chinese():
    """On pages in Chinese no act is called by its English name."""
    with (LOCALE / "zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        known = read_po(file)
    missing = [f"{act.name}: {act.title!r}" for act in ACTS.values() if act.title not in known]
    assert not missing
