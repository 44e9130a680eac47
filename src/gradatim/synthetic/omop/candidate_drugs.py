"""What candidates take: courses of drugs, as consecutive prescriptions, near their edges."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from gradatim.synthetic.omop.arrays import Days, Ints
from gradatim.synthetic.omop.background import DRUG_SHARES, forms
from gradatim.synthetic.omop.candidates import Scene
from gradatim.synthetic.omop.days import day_number, edges
from gradatim.synthetic.omop.forms import DRUG_FORMS

MOST_RECORDS = 40
ONGOING = 60
"""How many days after the first dose a course still runs that has not ended."""

NSAIDS = (
    "celecoxib oral 200",
    "etoricoxib oral 60",
    "diclofenac oral 50",
    "ibuprofen oral 400",
    "naproxen oral 500",
    "meloxicam oral 15",
    "indometacin oral 25",
    "loxoprofen oral 60",
    "piroxicam oral 20",
    "diclofenac topical 10",
)
BIOLOGICS = (
    "adalimumab prefilled 50",
    "etanercept prefilled 50",
    "infliximab injection 10",
    "golimumab prefilled 100",
    "secukinumab prefilled 150",
    "ixekizumab prefilled 80",
    "netakimab prefilled 60",
)
OTHER_DMARDS = (
    "hydroxychloroquine oral 200",
    "azathioprine oral 50",
    "tofacitinib oral 5",
    "upadacitinib oral 15",
    "iguratimod oral 25",
    "Tripterygium wilfordii glycosides oral 10",
    "minocycline oral 100",
)
ANTIBIOTICS = (
    "ceftriaxone injection 100",
    "vancomycin injection 5",
    "piperacillin injection 80",
    "meropenem injection 50",
    "amoxicillin oral 500",
    "doxycycline oral 100",
)
ANTICOAGULANTS = ("warfarin oral 5", "apixaban oral 5", "rivaroxaban oral 20", "heparin injection")
BACKGROUND_THERAPY = (
    ("sulfasalazine oral 500", 0.3, (4, 6, 2)),
    ("methotrexate oral 2.5", 0.16, (6 / 7, 4 / 7, 1)),
    ("methotrexate injection 25", 0.04, (0.6 / 7, 0.8 / 7, 0.4 / 7)),
)
"""Drug, share of the candidates who take it, and usual quantities a day."""
STEROID_DOSES = {
    "prednisone oral 5": (5, 7.5, 10, 10, 10.5, 12.5, 15, 20),
    "prednisolone oral 5": (5, 10, 10, 15),
    "methylprednisolone oral 4": (4, 8, 8, 8.8, 16),
    "dexamethasone oral 0.75": (0.75, 1.5, 2.25),
}
"""mg a day; 10 mg of prednisone, 8 mg of methylprednisolone and 1.5 mg of dexamethasone are the
limit of I4."""


def add_drugs(scene: Scene) -> None:
    """Add every course of a candidate's drugs."""
    _nsaids(scene)
    _background_therapy(scene)
    _biologics(scene)
    _other_dmards(scene)
    _glucocorticoids(scene)
    _single(
        scene,
        0.16,
        ANTIBIOTICS,
        200,
        [scene.visit.before_screening(days=28), day_number(scene.visit.screening)],
        7,
    )
    _single(scene, 0.05, ANTICOAGULANTS, 300, [day_number(scene.visit.screening)], 30)


def _course(
    scene: Scene,
    who: Ints,
    start: Days,
    stop: Days,
    drug: Ints,
    per_day: ArrayLike,
    every: int = 28,
    per_record: int = 0,
) -> None:
    """Record a course as prescriptions one after the other, the last ending on the last day.

    Args:
        start: first day.
        stop: last day.
        per_day: quantity a day.
        every: days from one record to the next.
        per_record: days that a record spans, if not all of them.
    """
    last, daily = np.broadcast_to(stop, len(who)), np.broadcast_to(per_day, len(who))
    count = np.clip(-(-(last - start + 1) // every), 0, MOST_RECORDS)
    begin = np.maximum(start, last - count * every + 1)  # of a long course, the latest part
    one = np.repeat(np.arange(len(who)), count)
    turn = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
    day = begin[one] + turn * every
    end = np.minimum(day + (per_record or every) - 1, last[one])
    supply = end - day + 1
    quantity = np.round(daily[one] * (every if per_record else supply), 4)
    form = forms(scene.rng, drug, DRUG_FORMS, DRUG_SHARES)
    unknown = scene.rng.random(len(who)) < 0.08
    scene.rows.add(
        "drug_exposure",
        who[one],
        day,
        end=end,
        form=form[one],
        supply=supply,
        quantity=np.where(unknown[one], np.nan, quantity),
    )


def _pick(scene: Scene, names: Sequence[str], size: int) -> Ints:
    things = scene.words.drugs.thing(*names)
    return things[scene.rng.integers(0, len(names), size)]


def _nsaids(scene: Scene) -> None:
    """Most took two to four; the days before screening are near 28 for one in six (I2a)."""
    who = scene.people.candidate
    screening = day_number(scene.visit.screening)
    things = scene.words.drugs.thing(*NSAIDS)
    order = scene.rng.random((len(who), len(NSAIDS))).argsort(axis=1, kind="stable")
    many = scene.rng.choice(5, len(who), p=[0.03, 0.08, 0.45, 0.29, 0.15])
    short = scene.rng.random(len(who)) < 1 / 6
    for n in range(4):
        has = np.flatnonzero(many > n)
        length = scene.rng.integers(10, 400, len(has))
        few = 13 + scene.rng.integers(0, 3, len(has))  # two of 13 to 15 days: 26 to 30 in all
        length = np.where(short[has], np.where(n < 2, few, 1), length)
        gap = scene.rng.integers(0, 700, len(has)) if n else scene.rng.integers(-20, 200, len(has))
        stop = screening - np.where(short[has], 20 * n, gap)
        stop = edges(scene.rng, stop, [screening], 0.05)
        drug = things[order[has, n]]
        _course(scene, who[has], stop - length + 1, stop, drug, scene.words.drugs.per_day[drug])


def _background_therapy(scene: Scene) -> None:
    """Sulfasalazine and methotrexate: begun near 3 months, changed near 28 days before (I3)."""
    visit = scene.visit
    first = day_number(visit.first_dose)
    began = [visit.before_screening(months=3), day_number(visit.first_dose) - 2 - 92]
    changed = [visit.before_screening(days=28), day_number(visit.first_dose) - 2 - 28]
    for name, share, doses in BACKGROUND_THERAPY:
        who = scene.some(share)
        drug = np.repeat(scene.words.drugs.thing(name), len(who))
        start = scene.days(len(who), 1200, 30, began, 0.3)
        over = scene.rng.random(len(who)) < 0.2
        stop = np.where(over, first - scene.rng.integers(1, 200, len(who)), first + ONGOING)
        change = scene.days(len(who), 400, 3, changed, 0.4)
        changes = (scene.rng.random(len(who)) < 0.3) & (change > start) & (change <= stop)
        dose = np.array(doses)[scene.rng.integers(0, 3, len(who))]
        _course(scene, who, start, np.where(changes, change - 1, stop), drug, dose)
        _course(
            scene,
            who[changes],
            change[changes],
            stop[changes],
            drug[changes],
            np.array(doses)[scene.rng.integers(0, 3, int(changes.sum()))],
        )


def _biologics(scene: Scene) -> None:
    """Given every two or four weeks; the last dose near 3 months before the first dose (E9)."""
    who = scene.some(0.35)
    at = [scene.visit.before(months=3), scene.visit.before(days=98), scene.visit.before(days=189)]
    last = scene.days(len(who), 900, 0, at, 0.35)
    drug = _pick(scene, BIOLOGICS, len(who))
    doses = scene.rng.integers(1, 20, len(who))
    _course(scene, who, last - (doses - 1) * 28, last, drug, scene.words.drugs.per_day[drug], 28, 1)


def _other_dmards(scene: Scene) -> None:
    """Leflunomide stopped near 56 and 126 days (E10), others near a month and 7 half-lives."""
    visit = scene.visit
    for names, share, at in (
        (
            ("leflunomide oral 20",),
            0.07,
            [visit.before(days=56), visit.before(days=126), visit.before(months=1)],
        ),
        (
            OTHER_DMARDS,
            0.09,
            [visit.before(months=1), visit.before(days=287), visit.before(days=30)],
        ),
    ):
        who = scene.some(share)
        drug = _pick(scene, names, len(who))
        stop = scene.days(len(who), 400, 0, at)
        _course(
            scene,
            who,
            stop - scene.rng.integers(20, 300, len(who)),
            stop,
            drug,
            scene.words.drugs.per_day[drug],
        )


def _glucocorticoids(scene: Scene) -> None:
    """Tablets around 10 mg of prednisone a day, stable since about 28 days (I4); creams, joints."""
    first = day_number(scene.visit.first_dose)
    stable = [first - 2 - 28]
    for (name, doses), share in zip(STEROID_DOSES.items(), (0.14, 0.05, 0.05, 0.01), strict=True):
        who = scene.some(share)
        drug = np.repeat(scene.words.drugs.thing(name), len(who))
        dose = np.array(doses)[scene.rng.integers(0, len(doses), len(who))]
        start = scene.days(len(who), 500, 10, stable, 0.3)
        stop = np.where(
            scene.rng.random(len(who)) < 0.3,
            scene.days(len(who), 60, 0, [first - 2], 0.5),
            first + ONGOING,
        )
        _course(scene, who, start, np.maximum(stop, start), drug, dose / float(name.split()[-1]))
    _single(
        scene,
        0.06,
        ("hydrocortisone topical 10", "triamcinolone injection 40"),
        200,
        [first - 28],
        1,
    )


def _single(
    scene: Scene, share: float, names: Sequence[str], furthest: int, at: list[int], length: int
) -> None:
    """Add one short course, whose last day is near an edge."""
    who = scene.some(share)
    drug = _pick(scene, names, len(who))
    stop = scene.days(len(who), furthest, 0, at)
    days = scene.rng.integers(1, length + 1, len(who))
    _course(scene, who, stop - days + 1, stop, drug, scene.words.drugs.per_day[drug])
