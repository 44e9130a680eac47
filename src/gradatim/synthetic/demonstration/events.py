"""What befalls the participants of the demonstration, and what people say and ask about it."""

from functools import partial
from typing import NamedTuple

from gradatim.conduct.events import product, review, safety
from gradatim.conduct.events.findings import LaboratoryResultsRecorded, VitalSignsRecorded
from gradatim.conduct.simulate.dosing import free_bags, planned_amount
from gradatim.conduct.simulate.run import MONITOR, SPONSOR, Run, staff

RSI = "Investigator's Brochure 2.0"


class Adverse(NamedTuple):
    """An adverse event that is no more than a nuisance.

    Args:
        term, grade, relation: see `AdverseEventReported`.
        first: days from the first dose to its beginning.
        lasts: days until it is over; None: it goes on.
    """

    term: str
    grade: int
    relation: safety.Relation
    first: int
    lasts: int | None


MILD = (
    (Adverse("Headache", 1, "possible", 1, 2), Adverse("Fatigue", 1, "probable", 3, 6)),
    (
        Adverse("Alanine aminotransferase increased", 1, "possible", 7, 12),
        Adverse("Arthralgia", 2, "unlikely", 20, 9),
    ),
    (Adverse("Nausea", 2, "possible", 1, 2), Adverse("Insomnia", 1, "unrelated", 25, None)),
    (Adverse("Fatigue", 2, "probable", 2, 8),),
    (Adverse("Fever", 1, "probable", 1, 1), Adverse("Dizziness", 1, "possible", 2, None)),
)
"""What befalls each participant who is treated, in their order."""


def plan_mild(run: Run, name: str, some: tuple[Adverse, ...]) -> None:
    """Plan the events of a participant whose first dose is today."""
    for one in some:
        run.later(one.first, partial(_mild, run, name, one))


def _report(run: Run, name: str, **known: object) -> dict[str, str]:
    site = run.participant(name).site
    number = f"{name}-AE{sum(who == name for who in run.state.adverse_events.values()) + 1}"
    run.do(
        safety.AdverseEventReported,
        staff(site, "investigator"),
        site,
        participant=name,
        adverse_event=number,
        onset=str(run.today),
        site_aware_at=run.now(),
        **known,
    )
    return {"participant": name, "adverse_event": number}


def _mild(run: Run, name: str, one: Adverse) -> None:
    site = run.participant(name).site
    about = _report(run, name, term=one.term, grade=one.grade, relation=one.relation)
    if one.lasts is not None:
        run.later(
            one.lasts,
            lambda: run.do(
                safety.AdverseEventResolved,
                staff(site, "investigator"),
                site,
                outcome="recovered",
                resolved_on=str(run.today),
                **about,
            ),
        )


def limiting(run: Run, name: str) -> None:
    """A serious event that may be dose-limiting: the sponsor hears at once, the others wait."""
    site = run.participant(name).site
    about = _report(
        run,
        name,
        term="Thromboembolic event",
        grade=3,
        relation="possible",
        serious=("hospitalisation",),
        description="Swelling and pain of the left calf; ultrasound shows a deep vein "
        "thrombosis. Admitted for treatment.",
    )
    run.do(
        safety.SafetyReportSent,
        staff(site, "investigator"),
        site,
        recipient="sponsor",
        report="initial",
        sent_at=run.now(),
        **about,
    )
    run.later(
        1,
        lambda: run.do(
            safety.AdverseEventAssessed,
            SPONSOR,
            relation="possible",
            expected=False,
            reference_safety_information=RSI,
            **about,
        ),
    )


def ask(run: Run, name: str) -> None:
    """The monitor compares entries with their source, and asks about two of them."""
    one = run.participant(name)
    entries = [
        at
        for at in one.entries
        if isinstance(run.state.events[at], LaboratoryResultsRecorded | VitalSignsRecorded)
    ]
    run.do(review.SourceDataVerified, MONITOR, one.site, entries=tuple(entries[:-2]))
    answered, open_ = entries[-2:]
    run.do(
        review.QueryOpened,
        MONITOR,
        one.site,
        query="Q001",
        of=answered,
        question="Were these taken before the visit's other procedures?",
    )
    run.do(
        review.QueryAnswered,
        staff(one.site, "coordinator"),
        one.site,
        query="Q001",
        answer="Yes, as the schedule asks; the sheet is filed.",
        stands=True,
    )
    run.do(
        review.QueryOpened,
        MONITOR,
        one.site,
        query="Q002",
        of=open_,
        question="The laboratory's report is not filed. Please confirm the values.",
    )


def misfiled(run: Run, site: str) -> None:
    """The monitor finds a deviation, which the sponsor judges."""
    at = run.do(
        safety.ProtocolDeviation,
        MONITOR,
        site,
        rule="filing",
        description="The freezer's log of one week was filed late.",
    )
    run.do(
        safety.ProtocolDeviationReviewed,
        SPONSOR,
        of=at,
        important=False,
        action="Discussed with the site; no excursion in that week.",
    )


def quarantine(run: Run, site: str) -> None:
    """Two bags of the site's latest lot must not be used for now."""
    lot = [one for one in run.state.lots.values() if one.id.startswith(site)][-1]
    run.do(
        product.ProductQuarantined,
        staff(site, "cell_lab"),
        site,
        lot=lot.id,
        bags=tuple(free_bags(lot)[:2]),
        reason="the labels are torn",
    )


def prepare_the_next(run: Run, name: str) -> None:
    """Where the protocol goes on after the first dose, prepare the next; nobody has verified it."""
    planned = run.study.treatment.administration.doses
    if planned is not None and planned < 2:
        return
    one, (amount, unit) = run.participant(name), planned_amount(run, name)
    lot = next(
        lot for lot in run.state.lots.values() if lot.id.startswith(one.site) and free_bags(lot)
    )
    bags = tuple(free_bags(lot)[:1])
    run.do(
        product.ProductAssigned,
        staff(one.site, "pharmacist"),
        one.site,
        participant=name,
        dose=2,
        lot=lot.id,
        bags=bags,
    )
    run.do(
        product.DosePrepared,
        staff(one.site, "cell_lab"),
        one.site,
        participant=name,
        dose=2,
        lot=lot.id,
        amount=amount,
        planned=amount,
        unit=unit,
        drawn=(product.Drawn(bags[0], 0.0, 0.0),),
    )
