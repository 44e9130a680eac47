"""The cut values that CTCAE v5.0 prints, written out by hand, with the grade on each side of each.

They are written from the wording of the criteria, not read from the program's table.

Source: NCI, Common Terminology Criteria for Adverse Events v5.0, 27 November 2017; each
row is found there under the name of its term.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gradatim.clinical.ctcae.grade import Grade, GradingContext, MeasuredValue, grade

NEAR = 1e-6

NONE = GradingContext(symptomatic=False, bleeding=False, life_threatening=False)
AGAIN = NONE._replace(repeated=True)
AT_REST = NONE._replace(at_rest=True)
MANUFACTURER = {"Cardiac troponin I increased", "Cardiac troponin T increased"}
"""Terms whose higher grade the manufacturer's level of myocardial infarction decides."""
BY_CLINICIAN = {
    "Hyperglycemia",
    "Eosinophilia",
    "Hyperphosphatemia",
    "Hypophosphatemia",
    "Methemoglobinemia",
}
"""Terms whose higher grades say what is done about them, in words."""
SYMPTOMS = NONE._replace(symptomatic=True)
BLEEDING = NONE._replace(bleeding=True)
GRAVE = NONE._replace(life_threatening=True)
ITSELF = NONE._replace(at_baseline=True)
NORMAL = NONE._replace(baseline=MeasuredValue(50.0, "U/L", high=100.0))
AT_LIMIT = NONE._replace(baseline=MeasuredValue(100.0, "U/L", high=100.0))
ABNORMAL = NONE._replace(baseline=MeasuredValue(200.0, "U/L", high=100.0))
WARFARIN = NONE._replace(anticoagulated=True, baseline=MeasuredValue(2.0, "{INR}"))
Cuts = tuple[tuple[float, int, int, int], ...]


class Ladder(NamedTuple):
    """One term in one unit and one state: at each cut the grades just below, at and just above."""

    term: str
    analyte: str
    unit: str
    given: GradingContext
    low: float | None
    high: float | None
    cuts: Cuts


def up(*cuts: float) -> Cuts:
    """Grades 1, 2, ... above each cut."""
    return tuple((cut, n, n, n + 1) for n, cut in enumerate(cuts))


def down(*cuts: float) -> Cuts:
    """Grades 1, 2, ... below each cut."""
    return tuple((cut, n + 1, n, n) for n, cut in enumerate(cuts))


def enzyme(
    term: str, analyte: str, normal: tuple[float, ...], abnormal: tuple[float, ...]
) -> list[Ladder]:
    """A liver enzyme: multiples of the upper limit, or of an abnormal baseline."""
    limit, base = up(*(cut * 100 for cut in normal)), [cut * 200 for cut in abnormal]
    return [
        *(
            Ladder(term, analyte, "U/L", state, None, 100, limit)
            for state in (NORMAL, AT_LIMIT, ITSELF)
        ),
        Ladder(term, analyte, "U/L", ABNORMAL, None, 100, ((base[0], 0, 1, 1), *up(*base)[1:])),
    ]


LIVER = [
    *enzyme("Alanine aminotransferase increased", "ALT", (1, 3, 5, 20), (1.5, 3, 5, 20)),
    *enzyme("Aspartate aminotransferase increased", "AST", (1, 3, 5, 20), (1.5, 3, 5, 20)),
    *enzyme("Alkaline phosphatase increased", "ALP", (1, 2.5, 5, 20), (2, 2.5, 5, 20)),
    *enzyme("GGT increased", "GGT", (1, 2.5, 5, 20), (2, 2.5, 5, 20)),
    Ladder("Blood bilirubin increased", "total bilirubin", "umol/L",
           NONE._replace(baseline=MeasuredValue(10, "umol/L", high=20)),
           None, 20, up(20, 30, 60, 200)),
    Ladder("Blood bilirubin increased", "total bilirubin", "umol/L", ITSELF, None, 20,
           up(20, 30, 60, 200)),
    Ladder("Blood bilirubin increased", "total bilirubin", "mg/dL",
           NONE._replace(baseline=MeasuredValue(2, "mg/dL", high=1)), None, 1, up(2, 3, 6, 20)),
    Ladder("Hypoalbuminemia", "albumin", "g/L", NONE, 35, 50, down(35, 30, 20)),
    Ladder("Hypoalbuminemia", "albumin", "g/L", GRAVE, 35, 50, ((20, 4, 2, 2),)),
    Ladder("Hypoalbuminemia", "albumin", "g/dL", NONE, 3.5, 5, down(3.5, 3, 2)),
]  # fmt: skip

PANCREATIC = [("Lipase increased", "lipase"), ("Serum amylase increased", "amylase")]
ENZYMES = [
    Ladder("Blood lactate dehydrogenase increased", "LDH", "U/L", NONE, None, 250, up(250)),
    Ladder("Cardiac troponin I increased", "troponin I", "ng/L", NONE, None, 26, up(26)),
    Ladder("Cardiac troponin T increased", "troponin T", "ng/mL", NONE, None, 0.014, up(0.014)),
    Ladder("Thyroid stimulating hormone increased", "thyrotropin", "uIU/mL", NONE, 0.4, 4, up(4)),
    Ladder("CPK increased", "CPK", "U/L", NONE, None, 200, up(200, 500, 1000, 2000)),
    *(
        Ladder(*named, "U/L", NONE, None, 100, ((100, 0, 0, 1), (150, 1, 1, 2), (500, 2, 2, 3)))
        for named in PANCREATIC
    ),
    *(
        Ladder(
            *named,
            "U/L",
            SYMPTOMS,
            None,
            100,
            ((100, 0, 0, 1), (150, 1, 1, 2), (200, 2, 2, 3), (500, 3, 3, 4)),
        )
        for named in PANCREATIC
    ),
]

KIDNEY = [
    Ladder("Creatinine increased", "creatinine", "umol/L",
           NONE._replace(baseline=MeasuredValue(100, "umol/L", high=100)), None, 100,
           up(100, 150, 300, 600)),
    Ladder("Creatinine increased", "creatinine", "mg/dL", ITSELF, None, 1.2,
           up(1.2, 1.8, 3.6, 7.2)),
    Ladder("Creatinine increased", "creatinine", "mg/dL",
           NONE._replace(baseline=MeasuredValue(0.5, "mg/dL", high=1.2)), None, 1.2,
           ((0.75, 0, 0, 2), (1.5, 2, 2, 3), (7.2, 3, 3, 4))),
    Ladder("Chronic kidney disease", "eGFR", "mL/min/{1.73_m2}", NONE, 90, None,
           down(90, 60, 30, 15)),
    Ladder("Proteinuria", "urine protein", "g/24h", NONE, None, 0.15,
           ((0.15, 0, 1, 1), (1, 1, 2, 2), (3.5, 2, 3, 3))),
    Ladder("Proteinuria", "urine protein", "mg/d", NONE, None, 150,
           ((150, 0, 1, 1), (1000, 1, 2, 2), (3500, 2, 3, 3))),
    Ladder("Hyperuricemia", "uric acid", "umol/L", NONE, None, 420, ((420, 0, 0, 1),)),
    Ladder("Hyperuricemia", "uric acid", "mg/dL", SYMPTOMS, None, 7, ((7, 0, 0, 3),)),
    Ladder("Hyperuricemia", "uric acid", "mg/dL", GRAVE, None, 7, ((7, 0, 0, 4),)),
]  # fmt: skip

CLOTTING = [
    Ladder("Activated partial thromboplastin time prolonged", "APTT", "s", NONE, None, 40,
           up(40, 60, 100)),
    Ladder("Activated partial thromboplastin time prolonged", "APTT", "s", BLEEDING, None, 40,
           ((40, 0, 0, 3),)),
    Ladder("INR increased", "INR", "{INR}", NONE._replace(anticoagulated=False), None, None,
           up(1.2, 1.5, 2.5)),
    Ladder("INR increased", "INR", "{INR}", ITSELF, None, None, up(1.2, 1.5, 2.5)),
    Ladder("INR increased", "INR", "{INR}", BLEEDING._replace(anticoagulated=False), None, None,
           ((1.2, 0, 0, 3),)),
    Ladder("INR increased", "INR", "{INR}", WARFARIN, None, None, up(2.0, 3.0, 5.0)),
    Ladder("INR increased", "INR", "{INR}", WARFARIN._replace(bleeding=True), None, None,
           ((2.0, 0, 0, 3),)),
    Ladder("Fibrinogen decreased", "fibrinogen", "g/L", ITSELF, 4, None, down(4, 3, 2, 1)),
    # A normal baseline: the decrease from it says nothing.
    *(
        Ladder("Fibrinogen decreased", "fibrinogen", "g/L",
               NONE._replace(baseline=MeasuredValue(before, "g/L", low=4, high=8)),
               4, None, down(4, 3, 2, 1))
        for before in (4, 8)
    ),
    # "if abnormal": the decrease counts beside the limit, below which the value has to be.
    Ladder("Fibrinogen decreased", "fibrinogen", "g/L",
           NONE._replace(baseline=MeasuredValue(3.6, "g/L", low=4, high=8)),
           4, None, down(4, 3, 2, 1)),
    Ladder("Fibrinogen decreased", "fibrinogen", "g/L",
           NONE._replace(baseline=MeasuredValue(9.6, "g/L", low=4, high=8)),
           4, None, ((4, 3, 0, 0), (2.4, 4, 4, 3))),
    # Below 50 mg/dL is grade 4 whatever the limit.
    Ladder("Fibrinogen decreased", "fibrinogen", "mg/dL", ITSELF, 100, None,
           ((100, 1, 0, 0), (75, 2, 1, 1), (50, 4, 2, 2))),
    Ladder("Haptoglobin decreased", "haptoglobin", "g/L", NONE, 0.3, None, down(0.3)),
]  # fmt: skip

BLOOD = [
    Ladder("Anemia", "hemoglobin", "g/L", NONE, 120, 160, down(120, 100, 80)),
    Ladder("Anemia", "hemoglobin", "g/L", GRAVE, 120, 160, ((80, 4, 2, 2),)),
    Ladder("Anemia", "hemoglobin", "g/dL", NONE, 12, 16, down(12, 10, 8)),
    Ladder("Anemia", "hemoglobin", "mmol/L", NONE, 7.5, 10, down(7.5, 6.2, 4.9)),
    Ladder("Hemoglobin increased", "hemoglobin", "g/L", NONE, 120, 160, up(160, 180, 200)),
    Ladder("Hemoglobin increased", "hemoglobin", "g/dL", NONE, 12, 16, up(16, 18, 20)),
    Ladder("White blood cell decreased", "leukocytes", "10*9/L", NONE, 4, 10, down(4, 3, 2, 1)),
    Ladder("White blood cell decreased", "leukocytes", "/uL", NONE, 4000, 10000,
           down(4000, 3000, 2000, 1000)),
    Ladder("Leukocytosis", "leukocytes", "10*9/L", NONE, 4, 10, ((100, 0, 0, 3),)),
    Ladder("Leukocytosis", "leukocytes", "/uL", NONE, 4000, 10000, ((100000, 0, 0, 3),)),
    Ladder("Leukocytosis", "leukocytes", "10*9/L", GRAVE, 4, 10, ((100, 0, 0, 4),)),
    Ladder("Eosinophilia", "eosinophils", "10*9/L",
           NONE._replace(baseline=MeasuredValue(0.3, "10*9/L")), 0.02, 0.5, up(0.5)),
    Ladder("Eosinophilia", "eosinophils", "10*9/L",
           NONE._replace(baseline=MeasuredValue(0.8, "10*9/L")), 0.02, 0.5, up(0.8)),
    Ladder("Eosinophilia", "eosinophils", "/uL", ITSELF, 20, 500, up(500)),
    Ladder("Methemoglobinemia", "methemoglobin", "%", NONE, None, 1.5, ((1.5, 0, 0, 2),)),
    Ladder("Methemoglobinemia", "methemoglobin", "%", GRAVE, None, 1.5, ((1.5, 0, 0, 4),)),
    Ladder("Neutrophil count decreased", "neutrophils", "10*9/L", NONE, 2, 7,
           down(2, 1.5, 1, 0.5)),
    Ladder("Neutrophil count decreased", "neutrophils", "/uL", NONE, 2000, 7000,
           down(2000, 1500, 1000, 500)),
    Ladder("Lymphocyte count decreased", "lymphocytes", "10*9/L", NONE, 1, 4,
           down(1, 0.8, 0.5, 0.2)),
    Ladder("Lymphocyte count decreased", "lymphocytes", "/uL", NONE, 1000, 4000,
           down(1000, 800, 500, 200)),
    Ladder("Lymphocyte count increased", "lymphocytes", "10*9/L", NONE, 1, 4,
           ((4, 0, 0, 2), (20, 2, 2, 3))),
    Ladder("Lymphocyte count increased", "lymphocytes", "/uL", NONE, 1000, 4000,
           ((4000, 0, 0, 2), (20000, 2, 2, 3))),
    Ladder("CD4 lymphocytes decreased", "CD4 lymphocytes", "10*9/L", NONE, 0.6, None,
           down(0.6, 0.5, 0.2, 0.05)),
    Ladder("CD4 lymphocytes decreased", "CD4 lymphocytes", "/uL", NONE, 600, None,
           down(600, 500, 200, 50)),
    Ladder("Platelet count decreased", "platelets", "10*9/L", NONE, 150, 400,
           down(150, 75, 50, 25)),
    Ladder("Platelet count decreased", "platelets", "/uL", NONE, 150000, 400000,
           down(150000, 75000, 50000, 25000)),
]  # fmt: skip

SALTS = [
    Ladder("Hyperkalemia", "potassium", "mmol/L", NONE, 3.5, 5.1, up(5.1, 5.5, 6, 7)),
    Ladder("Hyperkalemia", "potassium", "mEq/L", NONE, 3.5, 5.1, up(5.1, 5.5, 6, 7)),
    Ladder("Hypokalemia", "potassium", "mmol/L", NONE, 3.5, 5.1,
           ((3.5, 1, 0, 0), (3.0, 3, 1, 1), (2.5, 4, 3, 3))),
    Ladder("Hypokalemia", "potassium", "mmol/L", SYMPTOMS, 3.5, 5.1,
           ((3.5, 2, 0, 0), (3.0, 3, 2, 2), (2.5, 4, 3, 3))),
    Ladder("Hypernatremia", "sodium", "mmol/L", NONE, 135, 145, up(145, 150, 155, 160)),
    Ladder("Hyponatremia", "sodium", "mmol/L", NONE, 135, 145, down(135, 130, 125, 120)),
    Ladder("Hyponatremia", "sodium", "mmol/L", SYMPTOMS, 135, 145,
           ((135, 1, 0, 0), (130, 3, 1, 1), (120, 4, 3, 3))),
    Ladder("Hypercalcemia", "calcium (corrected)", "mmol/L", NONE, 2.1, 2.6,
           up(2.6, 2.9, 3.1, 3.4)),
    Ladder("Hypercalcemia", "calcium (corrected)", "mg/dL", NONE, 8.5, 10.5,
           up(10.5, 11.5, 12.5, 13.5)),
    Ladder("Hypercalcemia", "calcium (ionized)", "mmol/L", NONE, 1.1, 1.3, up(1.3, 1.5, 1.6, 1.8)),
    Ladder("Hypercalcemia", "calcium", "mmol/L", NONE._replace(ionized=True), 1.1, 1.3,
           up(1.3, 1.5, 1.6, 1.8)),
    Ladder("Hypocalcemia", "calcium (corrected)", "mmol/L", NONE, 2.1, 2.6,
           down(2.1, 2.0, 1.75, 1.5)),
    Ladder("Hypocalcemia", "calcium (corrected)", "mg/dL", NONE, 8.5, 10.5, down(8.5, 8, 7, 6)),
    Ladder("Hypocalcemia", "calcium (ionized)", "mmol/L", NONE, 1.1, 1.3, down(1.1, 1, 0.9, 0.8)),
    # "Corrected serum calcium": a total calcium with 20 g/L less albumin than 40 g/L has 0.4 mmol/L
    # or 1.6 mg/dL added.
    Ladder("Hypocalcemia", "calcium", "mg/dL",
           NONE._replace(ionized=False, albumin=MeasuredValue(4, "g/dL")), 8.5, 10.5,
           down(8.5, 8, 7, 6)),
    Ladder("Hypocalcemia", "calcium (total)", "mg/dL",
           NONE._replace(albumin=MeasuredValue(2, "g/dL")), 8.5, 10.5, down(6.9, 6.4, 5.4, 4.4)),
    Ladder("Hypercalcemia", "calcium (total)", "mg/dL",
           NONE._replace(albumin=MeasuredValue(20, "g/L")), 8.5, 10.5, up(8.9, 9.9, 10.9, 11.9)),
    Ladder("Hypocalcemia", "calcium (total)", "mmol/L",
           NONE._replace(albumin=MeasuredValue(2, "g/dL")), 2.1, 2.6, down(1.7, 1.6, 1.35, 1.1)),
    Ladder("Hypercalcemia", "calcium (total)", "mmol/L",
           NONE._replace(albumin=MeasuredValue(50, "g/L")), 2.1, 2.6, up(2.8, 3.1, 3.3, 3.6)),
    # "Laboratory finding only and intervention not indicated"; the rest is in words.
    Ladder("Hyperphosphatemia", "phosphate", "mmol/L", NONE, 0.8, 1.5, up(1.5)),
    Ladder("Hyperphosphatemia", "phosphate", "mmol/L", GRAVE, 0.8, 1.5, ((1.5, 0, 0, 4),)),
    Ladder("Hypophosphatemia", "phosphate", "mg/dL", NONE, 2.5, 4.5, down(2.5)),
    Ladder("Hypophosphatemia", "phosphate", "mg/dL", GRAVE, 2.5, 4.5, ((2.5, 4, 0, 0),)),
    Ladder("Blood bicarbonate decreased", "bicarbonate", "mmol/L", NONE, 22, 29, down(22)),
    Ladder("Hypermagnesemia", "magnesium", "mmol/L", NONE, 0.7, 1.0,
           ((1.0, 0, 0, 1), (1.23, 1, 1, 3), (3.3, 3, 3, 4))),
    Ladder("Hypermagnesemia", "magnesium", "mg/dL", NONE, 1.7, 2.4,
           ((2.4, 0, 0, 1), (3, 1, 1, 3), (8, 3, 3, 4))),
    Ladder("Hypomagnesemia", "magnesium", "mmol/L", NONE, 0.7, 1.0, down(0.7, 0.5, 0.4, 0.3)),
    Ladder("Hypomagnesemia", "magnesium", "mg/dL", NONE, 1.7, 2.4, down(1.7, 1.2, 0.9, 0.7)),
    Ladder("Acidosis", "blood pH", "{pH}", NONE, 7.35, 7.45, ((7.35, 1, 0, 0), (7.3, 3, 1, 1))),
    Ladder("Acidosis", "blood pH", "[pH]", GRAVE, 7.35, 7.45, ((7.3, 4, 1, 1),)),
    Ladder("Alkalosis", "blood pH", "{pH}", NONE, 7.35, 7.45, ((7.45, 0, 0, 1), (7.5, 1, 1, 3))),
    Ladder("Alkalosis", "blood pH", "[pH]", GRAVE, 7.35, 7.45, ((7.5, 1, 1, 4),)),
]  # fmt: skip

SUGAR_AND_FAT = [
    Ladder("Hypoglycemia", "glucose", "mmol/L", NONE, 3.9, 6.1, down(3.9, 3.0, 2.2, 1.7)),
    Ladder("Hypoglycemia", "glucose", "mg/dL", NONE, 70, 110, down(70, 55, 40, 30)),
    Ladder("Hyperglycemia", "glucose", "mmol/L", NONE._replace(baseline=MeasuredValue(5, "mmol/L")),
           3.9, 6.1, ((6.1, 0, 0, 1),)),
    Ladder("Hyperglycemia", "glucose", "mmol/L", GRAVE, 3.9, 6.1, ((6.1, 0, 0, 4),)),
    Ladder("Cholesterol high", "cholesterol", "mmol/L", NONE, None, 5.2,
           up(5.2, 7.75, 10.34, 12.92)),
    Ladder("Cholesterol high", "cholesterol", "mg/dL", NONE, None, 200, up(200, 300, 400, 500)),
    Ladder("Hypertriglyceridemia", "triglycerides", "mmol/L", NONE, None, 1.7,
           ((1.71, 0, 1, 1), (3.42, 1, 1, 2), (5.7, 2, 2, 3), (11.4, 3, 3, 4))),
    Ladder("Hypertriglyceridemia", "triglycerides", "mg/dL", NONE, None, 150,
           ((150, 0, 1, 1), (300, 1, 1, 2), (500, 2, 2, 3), (1000, 3, 3, 4))),
]  # fmt: skip

SIGNS = [
    Ladder("Ejection fraction decreased", "LVEF", "%", ITSELF, None, None,
           ((50, 2, 2, 0), (40, 3, 2, 2), (20, 4, 3, 3))),
    Ladder("Ejection fraction decreased", "LVEF", "%",
           NONE._replace(baseline=MeasuredValue(75, "%")),
           None, None, ((65, 2, 2, 0), (55, 3, 3, 2), (20, 4, 3, 3))),
    Ladder("Fever", "body temperature", "Cel", NONE._replace(hours_above_40=24), None, None,
           ((38, 0, 1, 1), (39, 1, 1, 2), (40, 2, 2, 3))),
    Ladder("Fever", "body temperature", "Cel", NONE._replace(hours_above_40=25), None, None,
           ((40, 2, 2, 4),)),
    Ladder("Fever", "body temperature", "[degF]", NONE._replace(hours_above_40=0), None, None,
           ((100.4, 0, 1, 1), (102.2, 1, 1, 2), (104, 2, 2, 3))),
]  # fmt: skip

HEART_AND_LUNG = [
    Ladder("Hypothermia", "body temperature", "Cel", NONE, None, None,
           ((35, 2, 2, 0), (32, 3, 3, 2), (28, 4, 4, 3))),
    Ladder("Hypothermia", "body temperature", "[degF]", NONE, None, None,
           ((95, 2, 2, 0), (89.6, 3, 3, 2), (82.4, 4, 4, 3))),
    # Adults: 120 to 139, 140 to 159, 160 and more; 80 to 89, 90 to 99, 100 and more.
    Ladder("Hypertension", "systolic pressure", "mm[Hg]", AGAIN, None, None,
           ((120, 0, 1, 1), (140, 1, 2, 2), (160, 2, 3, 3))),
    Ladder("Hypertension", "systolic pressure", "mmHg", GRAVE._replace(repeated=True), None, None,
           ((160, 2, 4, 4),)),
    Ladder("Hypertension", "diastolic pressure", "mm[Hg]", ITSELF._replace(repeated=True), None,
           None, ((80, 0, 1, 1), (90, 1, 2, 2), (100, 2, 3, 3))),
    Ladder("Hypertension", "diastolic pressure", "mm[Hg]", GRAVE._replace(repeated=True), None,
           None, ((100, 2, 4, 4),)),
    # "symptomatic increase by > 20 mm Hg (diastolic)".
    Ladder("Hypertension", "diastolic pressure", "mm[Hg]",
           SYMPTOMS._replace(repeated=True, baseline=MeasuredValue(50, "mm[Hg]")), None, None,
           ((70, 0, 0, 2), (100, 2, 3, 3))),
    Ladder("Electrocardiogram QT corrected interval prolonged", "QTc", "ms",
           AGAIN._replace(baseline=MeasuredValue(445, "ms")), None, None,
           ((450, 0, 1, 1), (480, 1, 1, 2), (500, 2, 2, 3))),
    Ladder("Electrocardiogram QT corrected interval prolonged", "QTc", "s",
           AGAIN._replace(at_baseline=True), None, None,
           ((0.45, 0, 1, 1), (0.48, 1, 1, 2), (0.5, 2, 2, 3))),
    # "> 60 ms change from baseline", whatever the interval.
    Ladder("Electrocardiogram QT corrected interval prolonged", "QTc", "ms",
           AGAIN._replace(baseline=MeasuredValue(380, "ms")), None, None, ((440, 0, 0, 3),)),
    Ladder("Electrocardiogram QT corrected interval prolonged", "QTc", "ms",
           GRAVE._replace(at_baseline=True), None, None, ((450, 0, 4, 4),)),
    Ladder("Hypoxia", "oxygen saturation", "%", AT_REST, None, None, ((88, 3, 0, 0),)),
    Ladder("Hypoxia", "oxygen saturation", "%", NONE._replace(at_rest=False), None, None,
           ((88, 2, 0, 0),)),
    Ladder("Hypoxia", "oxygen saturation", "%", GRAVE, None, None, ((88, 4, 0, 0),)),
    Ladder("Hypoxia", "arterial oxygen pressure", "mm[Hg]", AT_REST, None, None,
           ((55, 3, 3, 0),)),
    Ladder("Forced expiratory volume decreased", "forced expiratory volume", "%", NONE, None, None,
           down(100, 70, 60, 50)),
    Ladder("Vital capacity abnormal", "vital capacity", "%", NONE, None, None,
           ((90, 1, 1, 0), (75, 2, 1, 1), (50, 3, 2, 2))),
]  # fmt: skip

BODY = [
    Ladder("Weight gain", "body weight", "kg", NONE._replace(baseline=MeasuredValue(80, "kg")),
           None, None, ((84, 0, 1, 1), (88, 1, 2, 2), (96, 2, 3, 3))),
    Ladder("Weight gain", "body weight", "lb", NONE._replace(baseline=MeasuredValue(200, "lb")),
           None, None, ((210, 0, 1, 1), (220, 1, 2, 2), (240, 2, 3, 3))),
    Ladder("Weight loss", "body weight", "kg", NONE._replace(baseline=MeasuredValue(80, "kg")),
           None, None, ((76, 1, 1, 0), (72, 2, 2, 1), (64, 3, 3, 2))),
    Ladder("Obesity", "body mass index", "kg/m2", NONE, None, None,
           ((25, 0, 2, 2), (30, 2, 3, 3), (40, 3, 4, 4))),
]  # fmt: skip

LADDERS = [
    *LIVER,
    *ENZYMES,
    *KIDNEY,
    *CLOTTING,
    *BLOOD,
    *SALTS,
    *SUGAR_AND_FAT,
    *SIGNS,
    *HEART_AND_LUNG,
    *BODY,
]


def graded(
    one: Ladder, number: float, bound: str = "", given: GradingContext | None = None
) -> Grade:
    """Give the grade of a number by the ladder's term."""
    value = MeasuredValue(number, one.unit, bound, one.low, one.high)
    found = grade(one.analyte, value, one.given if given is None else given)
    return next(each for each in found if each.term == one.term)


def around(one: Ladder) -> Iterator[tuple[float, int]]:
    """Give the numbers just below, at and just above each cut, with their printed grades."""
    for cut, below, at, above in one.cuts:
        yield from ((cut * (1 - NEAR), below), (cut, at), (cut * (1 + NEAR), above))


def name(one: Ladder) -> str:
    """Name a ladder in the list of tests."""
    return f"{one.term} {one.unit}"
