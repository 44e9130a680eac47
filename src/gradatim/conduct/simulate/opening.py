"""The beginning: the trial, its people, its protocol, its sites, its product."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from gradatim.conduct.events import coding, participants, product, trial
from gradatim.conduct.events.base import SYSTEM, Signature
from gradatim.conduct.policies.protocol import asked_about
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.simulate.run import (
    CODER,
    COMMITTEE,
    DATA_MANAGER,
    MONITOR,
    SECOND_SPONSOR,
    SITES,
    SPONSOR,
    STATISTICIAN,
    Run,
    staff,
)
from gradatim.protocol.treatment import ReleaseTest

AT_SITE = (
    ("investigator", 2),
    ("coordinator", 1),
    ("nurse", 1),
    ("pharmacist", 1),
    ("cell_lab", 2),
)
_CONFIRMED = Signature("Simulated signer", MEANINGS[trial.DelegationConfirmed])
FORM_LANGUAGES = ("zh-CN", "en")
RANGES = "2026-1"
LABORATORY = "central"
TERMS = "term,synonyms\nInvented complaint,Invented trouble\n"
BAG_ML, CELLS_PER_ML = 10.0, 5_000_000.0


def open_trial(run: Run, mode: trial.Mode, ranges: tuple[trial.Range, ...] = ()) -> None:
    """Create the trial, give out the tasks, activate the protocol, open the sites."""
    run.do(trial.TrialCreated, SPONSOR, mode=mode, title=run.study.study.title)
    for user, role in _office():
        delegate(run, user, role)
        if mode == "real" and user == SPONSOR:
            _second_sponsor(run)
    version = run.study.study.version
    for who in ("ethics", "regulator"):
        run.do(
            trial.ApprovalRecorded,
            SPONSOR,
            authority=who,
            version=version,
            reference=f"{who} approval",
        )
    run.do(
        trial.ProtocolActivated,
        SPONSOR,
        version=version,
        document=run.document,
        sha256=sha256(run.document.encode()).hexdigest(),
    )
    ranges = ranges or (trial.Range(element=_first_measurement(run), unit=""),)
    _confirm(run, "safety.sentinel")
    run.do(
        trial.ReferenceRangesRecorded, SPONSOR, laboratory=LABORATORY, version=RANGES, ranges=ranges
    )
    run.do(
        coding.DictionaryVersionAdopted,
        CODER,
        at=run.at(run.minutes),
        dictionary="MedDRA",
        version="made up",
    )
    run.do(
        coding.TermListLoaded,
        DATA_MANAGER,
        at=run.at(run.minutes),
        name="invented",
        version="1",
        document=TERMS,
        sha256=sha256(TERMS.encode()).hexdigest(),
    )
    for site, name in SITES.items():
        _open_site(run, site, name)
    for language in FORM_LANGUAGES:
        approve_form(run, version, language)


def _confirm(run: Run, key: str) -> None:
    """The sponsor confirms what the protocol says of an item, where nobody has yet."""
    for one in asked_about(run.state, key):
        if not one.settled:
            run.do(
                trial.RulingSigned,
                SPONSOR,
                question=key,
                signer=SPONSOR,
                value=one.value,
                outcome="confirmed",
                answer="as the document says",
            )


def approve_form(run: Run, version: str, language: str) -> None:
    """The consent form of a version of the protocol is approved in a language.

    At the time of what came before: a step that takes no chance leaves later ones as they were.
    """
    run.do(
        participants.ConsentFormApproved,
        SPONSOR,
        at=run.at(run.minutes),
        version=version,
        language=language,
        of_protocol=version,
        document_sha256=sha256(f"consent form {version} {language}".encode()).hexdigest(),
        reference="ethics approval",
    )


def train_sites(run: Run, version: str) -> None:
    """Everybody at the sites but one is trained on a version; see `approve_form` for its time."""
    everybody = [
        (site, staff(site, role, n))
        for site in SITES
        for role, number in AT_SITE
        for n in range(1, number + 1)
    ]
    absent = staff(list(SITES)[-1], "investigator", 2)
    for site, user in everybody:
        if user != absent:
            run.do(
                trial.TrainingRecorded,
                MONITOR,
                site,
                at=run.at(run.minutes),
                user=user,
                version=version,
            )


def _office() -> list[tuple[str, str]]:
    people = [
        (SPONSOR, "sponsor"),
        (MONITOR, "monitor"),
        (DATA_MANAGER, "data_manager"),
        (STATISTICIAN, "statistician"),
        (CODER, "coder"),
    ]
    return [*people, *((one, "safety_committee") for one in COMMITTEE)]


def _first_measurement(run: Run) -> str:
    return next(name for name, one in run.study.elements.items() if one.kind == "measurement")


def _open_site(run: Run, site: str, name: str) -> None:
    lead = staff(site, "investigator")
    run.do(trial.SiteOpened, SPONSOR, site, name=name, principal_investigator=lead)
    for role, number in AT_SITE:
        for n in range(1, number + 1):
            delegate(run, staff(site, role, n), role, site)
            run.do(
                trial.TrainingRecorded,
                MONITOR,
                site,
                user=staff(site, role, n),
                version=run.study.study.version,
            )


def delegate(run: Run, user: str, role: str, site: str = "", **more: Any) -> None:
    """The sponsor gives a task; what waits for a second person is confirmed at once."""
    entry = run.do(trial.RoleGranted, SPONSOR, site, user=user, role=role, **more)
    if entry in run.state.unconfirmed:
        second = SECOND_SPONSOR if run.state.mode == "real" else staff(site, "investigator")
        at = run.at(run.minutes)  # no chance is drawn: else another trial would follow
        run.do(trial.DelegationConfirmed, second, site, at=at, of=entry, signature=_CONFIRMED)


def _second_sponsor(run: Run) -> None:
    """The server gives a second person the sponsor's task, as `gradatim trial begin` does."""
    at = run.at(run.minutes)
    given = trial.RoleGranted(
        occurred_on=run.today,
        recorded_at=at,
        recorded_by=SYSTEM,
        user=SECOND_SPONSOR,
        role="sponsor",
    )
    run.trial.record_own(lambda head: given)


def receive(run: Run, site: str, lot: str, number: int) -> None:
    """Receive and release a lot of so many bags at a site; of tablets, boxes."""
    laboratory = staff(site, "cell_lab")
    cells = run.study.treatment.preparation is not None
    bags = []
    for _ in range(number):
        run.bags += 1
        bag = f"{lot}-{run.bags:03}"
        expires = run.at(0) + timedelta(days=1_000)
        bags.append(
            product.Bag(
                id=bag,
                volume_ml=BAG_ML,
                cells_per_ml=CELLS_PER_ML,
                counted="viable",
                measured="post-thaw",
                viability=0.92,
                dmso=0.05,
                expires_at=expires,
            )
            if cells
            else product.Bag(id=bag, expires_at=expires)
        )
    donor = {"donor": f"donor-{lot}", "cell_bank": f"bank-{lot}"} if cells else {}
    run.do(
        product.ProductReceived,
        laboratory,
        site,
        lot=lot,
        bags=tuple(bags),
        temperature="-150 °C" if cells else "",
        **donor,
    )
    run.do(
        product.ProductReleased,
        laboratory,
        site,
        lot=lot,
        bags=tuple(one.id for one in bags),
        test_results=tuple(map(passed, run.study.treatment.product.specification)),
    )


def passed(test: ReleaseTest) -> product.ReleaseResult:
    """Return a result on the right side of a test's limit, or the answer that it must have."""
    if test.limit is None:
        return product.ReleaseResult(test=test.name, answer=test.answer)
    part = {">": 1.1, ">=": 1.0, "=": 1.0, "<=": 1.0, "<": 0.9}[test.limit.op]
    value = test.limit.number * part
    return product.ReleaseResult(test=test.name, value=value, unit=test.limit.unit)
