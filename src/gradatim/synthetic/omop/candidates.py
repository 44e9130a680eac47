"""The trial's candidates: people with ankylosing spondylitis, many at the edges of a criterion.

Edges are days and values at which a criterion of NCT05962762 turns, and their neighbours, from the
text of the registry record. Nothing here evaluates a rule.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from gradatim.synthetic.omop.arrays import Days, Ints
from gradatim.synthetic.omop.background import CONDITION_SHARES, forms
from gradatim.synthetic.omop.days import day_number, edges, shifted
from gradatim.synthetic.omop.forms import CONDITION_FORMS
from gradatim.synthetic.omop.people import People
from gradatim.synthetic.omop.rows import Lives
from gradatim.synthetic.omop.vocabulary import OmopVocabulary


@dataclass(frozen=True)
class TrialDays:
    """The days of the planned trial: first dose, screening and enrolment before it."""

    first_dose: date

    @property
    def screening(self) -> date:
        """Give the day of screening."""
        return shifted(self.first_dose, days=-14)

    def before(self, **length: int) -> int:
        """Give the day that lies so many years, months or days before the first dose."""
        return day_number(shifted(self.first_dose, **{unit: -n for unit, n in length.items()}))

    def before_screening(self, **length: int) -> int:
        """Give the day that lies so many years, months or days before screening."""
        return day_number(shifted(self.screening, **{unit: -n for unit, n in length.items()}))


@dataclass(frozen=True)
class Scene:
    """All that the parts of a candidate's record are drawn from."""

    rng: np.random.Generator
    rows: Lives
    people: People
    words: OmopVocabulary
    visit: TrialDays

    def some(self, share: float) -> Ints:
        """Choose a share of the candidates."""
        candidates = self.people.candidate
        return candidates[self.rng.random(len(candidates)) < share]

    def days(
        self, size: int, furthest: int, latest: int, at: list[int], share: float = 0.5
    ) -> Days:
        """Draw days between so many days before the first dose, or at one of the edges."""
        first = day_number(self.visit.first_dose)
        drawn = first - self.rng.integers(latest, furthest, size)
        return edges(self.rng, drawn, at, share)


_EVENT_WINDOWS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    (
        "years",
        5,
        (
            "malignant tumour of breast",
            "malignant tumour of colon",
            "malignant melanoma",
            "basal cell carcinoma of skin",
            "carcinoma in situ of cervix",
            "melanoma in situ",
            "squamous cell carcinoma of skin",
        ),
    ),
    (
        "months",
        3,
        (
            "acute myocardial infarction",
            "acute non-ST elevation myocardial infarction",
            "cerebral infarction",
            "lacunar infarction",
            "cerebral haemorrhage",
            "deep venous thrombosis",
            "deep venous thrombosis of calf",
            "pulmonary embolism",
            "ventricular tachycardia",
        ),
    ),
    (
        "months",
        12,
        (
            "depressive disorder",
            "mild depressive episode",
            "schizophrenia",
            "anxiety disorder",
            "alcoholism",
            "alcohol abuse",
            "opioid dependence",
            "drug dependence",
            "nicotine dependence",
        ),
    ),
)
"""Events with the time before the first dose within which they exclude (E3, E4, E15)."""
EVENT_SHARES = (0.08, 0.08, 0.16)
SURGERY = (
    "fusion of spine",
    "laminectomy",
    "total replacement of hip",
    "total replacement of knee",
    "injection into joint",
)


def add_conditions(scene: Scene) -> None:
    """Add the diagnosis and the events of the past."""
    _diagnosis(scene)
    for (unit, length, names), share in zip(_EVENT_WINDOWS, EVENT_SHARES, strict=True):
        edge = scene.visit.before(**{unit: length})
        who = scene.some(share)
        span = day_number(scene.visit.first_dose) - edge
        day = scene.days(len(who), 2 * span, 0, [edge], 0.3)
        _record(scene, who, day, _one_of(scene, names, len(who)), ends=0.3)
    who = scene.some(0.05)
    edge = scene.visit.before_screening(days=28)
    day = scene.days(len(who), 120, 5, [edge, scene.visit.before_screening(days=0)])
    _record(
        scene,
        who,
        day,
        _one_of(scene, ("sepsis", "sepsis due to Escherichia coli"), len(who)),
        ends=0.6,
    )
    who = scene.some(0.03)
    rare = (
        "HIV infection",
        "tuberculosis",
        "pulmonary tuberculosis",
        "anaphylaxis",
        "type B viral hepatitis",
        "viral hepatitis C",
    )
    _record(
        scene,
        who,
        scene.days(len(who), 2500, 0, [day_number(scene.visit.screening)], 0.1),
        _one_of(scene, rare, len(who)),
        ends=0.2,
    )


def _diagnosis(scene: Scene) -> None:
    """Record the disease one to five times; a few have only the non-radiographic form of it."""
    who = scene.people.candidate
    names = (
        "ankylosing spondylitis",
        "ankylosing spondylitis of lumbar region",
        "ankylosing spondylitis of sacrum",
        "non-radiographic axial spondyloarthritis",
        "juvenile ankylosing spondylitis",
    )
    kind = scene.rng.choice(5, len(who), p=[0.66, 0.16, 0.1, 0.06, 0.02])
    first = scene.days(len(who), 4000, 20, [day_number(scene.visit.screening)], 0.02)
    times = scene.rng.integers(1, 6, len(who))
    again = np.repeat(np.arange(len(who)), times)
    left = np.maximum(day_number(scene.visit.first_dose) - first[again], 1)
    later = (scene.rng.random(len(again)) * left).astype(np.int32)
    later[np.cumsum(times) - times] = 0
    _record(
        scene,
        who[again],
        first[again] + later,
        scene.words.conditions.thing(*names)[kind[again]],
        ends=0.05,
    )
    eyes = scene.some(0.2)
    _record(
        scene,
        eyes,
        scene.days(len(eyes), 3000, 0, [0], 0),
        _one_of(scene, ("uveitis", "psoriasis", "Crohn's disease"), len(eyes)),
        ends=0.5,
    )


def add_procedures(scene: Scene) -> None:
    """Add operations near the edge of 2 months before the first dose (E14), and transplants."""
    who = scene.some(0.08)
    procedures = scene.words.procedures
    chosen = procedures.thing(*SURGERY)[scene.rng.integers(0, len(SURGERY), len(who))]
    day = scene.days(len(who), 400, 0, [scene.visit.before(months=2)])
    scene.rows.add("procedure_occurrence", who, day, form=forms(scene.rng, chosen, 2, [0.96, 0.04]))
    who = scene.some(0.006)
    chosen = np.repeat(procedures.thing("haematopoietic stem cell transplant"), len(who))
    scene.rows.add(
        "procedure_occurrence", who, scene.days(len(who), 4000, 30, [0], 0), form=chosen * 2
    )


def _one_of(scene: Scene, names: tuple[str, ...], size: int) -> Ints:
    return scene.words.conditions.thing(*names)[scene.rng.integers(0, len(names), size)]


def _record(scene: Scene, who: Ints, day: Days, things: Ints, ends: float) -> None:
    """Record conditions, some with an end."""
    over = scene.rng.random(len(who)) < ends
    end = np.where(over, day + scene.rng.integers(0, 200, len(who)), -1)
    scene.rows.add(
        "condition_occurrence",
        who,
        day,
        end=end,
        form=forms(scene.rng, things, CONDITION_FORMS, CONDITION_SHARES),
    )
