"""Published and worked values, as plain tables: the numbers that the code must reproduce."""

# Six items, BASDAI. The first row is the worked case of the camcops unit tests (5.2).
BASDAI = [
    ([2, 10, 7, 1, 9, 3], 5.2),
    ([0, 0, 0, 0, 0, 0], 0.0),
    ([10, 10, 10, 10, 10, 10], 10.0),
    ([4, 4, 4, 4, 4, 4], 4.0),
    ([4, 4, 4, 4, 3, 4], 3.9),
    ([4, 4, 4, 4, 4, 3.8], 3.98),
    ([8, 0, 0, 0, 8, 8], 3.2),
    ([5, 6, 3, 2, 7, 5], 4.4),
]

# Ten items, BASFI.
BASFI = [
    ([0] * 10, 0.0),
    ([10] * 10, 10.0),
    ([3, 4, 5, 2, 6, 5, 4, 3, 7, 6], 4.5),
]

# Back pain, stiffness duration, patient global, peripheral, CRP mg/L, ESR mm/h,
# ASDAS-CRP, ASDAS-ESR, state by CRP. From the coefficients of Ann Rheum Dis 2009;68:1811-8.
ASDAS = [
    (0, 0, 0, 0, 0, 0, 0.6361, 0.0, "inactive"),
    (0, 0, 0, 0, 2, 4, 0.6361, 0.586, "inactive"),
    (7, 6, 6, 4, 20, 30, 3.9098, 3.5938, "very high"),
    (4, 3, 4, 2, 5, 15, 2.2814, 2.2818, "high"),
    (2, 1, 2, 0, 0.5, 8, 1.1561, 1.2817, "inactive"),
    (8, 8, 8, 6, 45, 60, 4.9668, 4.8736, "very high"),
    (10, 10, 10, 10, 100, 100, 6.2922, 6.4, "very high"),
    (3, 2, 3, 1, 8, 20, 2.1542, 2.1103, "high"),
]

# Cut-offs: Ann Rheum Dis 2011;70:47-53. Exactly 3.5 is high (camcops).
ASDAS_STATES = [
    (1.29, "inactive"),
    (1.3, "low"),
    (2.09, "low"),
    (2.1, "high"),
    (3.5, "high"),
    (3.51, "very high"),
]
ASDAS_CHANGES = [
    (1.09, "none"),
    (1.1, "clinically important"),
    (1.99, "clinically important"),
    (2.0, "major"),
]

# Lateral flexion cm, tragus to wall cm, Schober cm, intermalleolar cm, rotation degrees,
# linear version (Ann Rheum Dis 2008;67:489-93, Table 3).
BASMI = [
    (12.0, 14.0, 4.0, 95, 60, 3.5175),
    (22, 8, 7.5, 125, 90, 0.0),
    (0, 40, 0, 20, 0, 10.0),
    (10, 15, 4, 100, 70, 3.4394),
    (5, 30, 2, 70, 20, 7.2634),
    (9, 17, 3.5, 85, 30, 5.052),
]

# Creatinine mg/dL, age, sex, CKD-EPI 2021. The first row is a worked case printed as about 76.
CKD_EPI_2021 = [
    (0.9, 55, "female", 75.499),
    (1.0, 50, "male", 91.691),
    (0.7, 30, "female", 119.245),
    (0.9, 30, "male", 117.831),
    (1.5, 45, "male", 58.147),
    (1.2, 60, "female", 51.821),
    (1.35, 40, "female", 50.95),
    (0.5, 18, "female", 139.337),
]

# Documentation of pharmaverse admiral 1.4.1, compute_egfr(), which divides umol/L by 88.42. The
# woman's MDRD value is printed there with the race factor 1.212 (92.40002).
ADMIRAL = [
    ("ckd_epi_2021", 90 / 88.42, 53, "male", 88.10399),
    ("mdrd_4", 90 / 88.42, 53, "male", 76.58319),
    ("mdrd_4", 70 / 88.42, 52, "female", 92.40002 / 1.212),
]

# CKD-EPI 2009: creatinine mg/dL, age, sex, printed value; droracle.ai, worked case in steps.
CKD_EPI_2009 = [(1.26, 53, "male", 65)]

# Baseline, then follow-up: patient global, pain, function, inflammation; ASAS20, ASAS40, partial
# remission at 2 or less, below 2.
ASAS = [
    ((6, 7, 5, 6), (3, 4, 3, 3), True, True, False, False),
    ((6, 7, 5, 6), (5, 5.6, 4, 6), False, False, False, False),
    ((6, 7, 5, 6), (4, 5, 4, 7.3), False, False, False, False),
    ((6, 7, 5, 6), (4, 5, 4, 6.9), True, False, False, False),
    ((6, 7, 5, 6), (3, 4, 3, 6.1), True, False, False, False),
    ((6, 7, 5, 6), (2, 2, 2, 2), True, True, True, False),
    ((6, 7, 5, 6), (1.9, 1.5, 1, 0), True, True, True, True),
    ((4, 4, 4, 4), (3.2, 3.2, 3.2, 3.2), False, False, False, False),
    ((6, 7, 5, 0), (3, 4, 3, 1), False, False, False, False),
]

# BASDAI before and after, better by 50 %, or by 50 % or 2 units.
BASDAI50 = [
    (6, 3, True, True),
    (6, 3.1, False, True),
    (8, 5.9, False, True),
    (4, 2, True, True),
    (5, 3.1, False, False),
]

# Grade left, right; back pain, lumbar motion, chest expansion; class (Arthritis Rheum 1984;27:361).
MODIFIED_NEW_YORK = [
    (2, 2, True, False, False, "definite"),
    (2, 1, True, True, False, "not met"),
    (3, 0, False, True, False, "definite"),
    (4, 1, False, False, False, "probable"),
    (1, 1, True, True, True, "probable"),
    (2, 2, False, False, False, "probable"),
    (0, 0, True, True, False, "not met"),
    (4, 4, True, True, True, "definite"),
    (2, 1, True, True, True, "probable"),
]

# Spots of ESAT-6, CFP10, nil control; result. A nil control above 10 is invalid: Canadian
# Tuberculosis Standards, 7th edition, appendix D.
TSPOT = [
    (8, 0, 0, "positive"),
    (7, 0, 0, "borderline"),
    (4, 4, 0, "negative"),
    (5, 0, 0, "borderline"),
    (10, 2, 2, "positive"),
    (9, 1, 2, "borderline"),
    (20, 3, 11, None),
]

# Drug, mg a day, mg of prednisone a day.
PREDNISONE = [
    ("methylprednisolone", 8, 10.0),
    ("dexamethasone", 1.5, 10.0),
    ("hydrocortisone", 45, 11.25),
    ("hydrocortisone", 40, 10.0),
    ("deflazacort", 12, 10.0),
    ("prednisone", 0, 0.0),
]
