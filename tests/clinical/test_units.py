"""Units: spellings, analyte bridges, and core's reading of UCUM against a full implementation."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical import load
from gradatim.clinical.units import canonical_unit, convert_for
from gradatim.core.quantity import convert, scale

CLINICAL = [
    "U/L",
    "[IU]/L",
    "[IU]/mL",
    "m[IU]/mL",
    "k[IU]/L",
    "ukat/L",
    "nkat/L",
    "mg/dL",
    "mg/L",
    "g/L",
    "g/dL",
    "ug/L",
    "ng/mL",
    "pg/mL",
    "umol/L",
    "mmol/L",
    "nmol/L",
    "meq/L",
    "10*3/uL",
    "10*6/uL",
    "10*9/L",
    "10*12/L",
    "/uL",
    "/mm3",
    "10*3/mm3",
    "s",
    "min",
    "h",
    "d",
    "wk",
    "mo",
    "a",
    "mm/h",
    "kg",
    "g",
    "mg",
    "ug",
    "[lb_av]",
    "[oz_av]",
    "cm",
    "m",
    "[in_i]",
    "[ft_i]",
    "/min",
    "%",
    "mm[Hg]",
    "kPa",
    "mL/min",
    "mL/min/{1.73_m2}",
    "mg/kg",
    "10*6/kg",
    "/kg",
    "mg/d",
    "{INR}",
    "{score}",
    "{#}",
    "{presence}",
    "1",
    "deg",
    "fL",
    "pg",
    "mL",
    "L",
    "m2",
    "kg/m2",
]
TABLED = sorted(
    {row[end] for row in load.csv_rows("conversions.csv") for end in ("from", "to")}
    | {row["ucum"] for row in load.csv_rows("unit_spellings.csv")}
)
TEMPERATURES = {"Cel", "[degF]", "K"}
UNITS = sorted({*CLINICAL, *TABLED} - TEMPERATURES)


@pytest.fixture(scope="module")
def registry():
    ucumvert = pytest.importorskip("ucumvert", reason="the full UCUM reader is not installed")
    return ucumvert.PintUcumRegistry()


@pytest.mark.parametrize("unit", UNITS)
def test_core_and_the_full_implementation_read_every_unit(registry, unit):
    assert registry.from_ucum(unit) is not None
    assert scale(unit) is not None


def test_core_and_the_full_implementation_agree_on_every_factor(registry):
    """Of every two units of one dimension, but arbitrary units, which pint takes for numbers."""
    # The full reader gives no quantity for an annotation alone, which UCUM counts as 1.
    plain = [unit for unit in UNITS if "[IU]" not in unit and not unit.startswith("{")]
    read = {unit: registry.from_ucum(unit) for unit in plain}
    compared = 0
    for one, other in itertools.permutations(plain, 2):
        ours = convert(1.0, one, other)
        same = read[one].dimensionality == read[other].dimensionality
        assert (ours is not None) == same, (one, other)
        if ours is not None:
            theirs = read[one].to(read[other].units).magnitude / read[other].magnitude
            # pint's mm[Hg] is the conventional one, 3e-6 above the 133.322 Pa of UCUM.
            assert ours == pytest.approx(theirs, rel=1e-5 if "[Hg]" in one + other else 1e-9)
            compared += 1
    assert compared > 200


def test_temperatures_agree(registry):
    for one, other in itertools.permutations(sorted(TEMPERATURES), 2):
        given_ = registry.Quantity(40.0, registry.from_ucum(one).units)
        theirs = given_.to(registry.from_ucum(other).units).magnitude
        assert convert(40.0, one, other) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(
    ("written", "ucum"),
    [
        ("IU/L", "[IU]/L"),
        ("IU/mL", "[IU]/mL"),
        ("mmHg", "mm[Hg]"),
        ("mm Hg", "mm[Hg]"),
        ("sec", "s"),
        ("seconds", "s"),
        ("µmol/L", "umol/L"),
        ("μmol/L", "umol/L"),
        ("10^9/L", "10*9/L"),
        ("x10^9/L", "10*9/L"),
        ("x 10^9/L", "10*9/L"),
        ("×10^9/L", "10*9/L"),
        ("×10⁹/L", "10*9/L"),
        ("K/uL", "10*3/uL"),
        ("K/µL", "10*3/uL"),
        ("mcg/L", "ug/L"),
        ("µg/L", "ug/L"),
        ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
        ("mL/min/1.73 m2", "mL/min/{1.73_m2}"),
        ("mL/min/1.73.m2", "mL/min/{1.73_m2}"),
        ("mL/min/1.73m^2", "mL/min/{1.73_m2}"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("mg/dl", "mg/dl"),
        ("MG/DL", "mg/dL"),
        ("g/dl", "g/dl"),
        ("G/L", "g/L"),
        ("u/l", "U/L"),
        ("mm/hr", "mm/h"),
        ("degC", "Cel"),
        ("°C", "Cel"),
        ("deg F", "[degF]"),
        ("lb", "[lb_av]"),
        ("mEq/L", "meq/L"),
        (" mg/dL ", "mg/dL"),
        ("10*6 cells/kg", "10*6/kg"),
        ("mL/min/{1.73_m2}", "mL/min/{1.73_m2}"),
        ("titre 1:8", "titre 1:8"),
        ("", ""),
    ],
)
def test_canonical_unit(written, ucum):
    assert canonical_unit(written) == ucum


@pytest.mark.parametrize("ucum", TABLED)
def test_ucum_stays_as_it_is(ucum):
    assert canonical_unit(ucum) == ucum


def test_spellings_do_not_contradict_each_other():
    """Two spellings that differ in case alone mean the same, so case may be ignored."""
    meanings: dict[str, set[str]] = {}
    for row in load.csv_rows("unit_spellings.csv"):
        spelled = "".join(row["spelled"].split()).casefold()
        meanings.setdefault(spelled, set()).add(row["ucum"])
    assert {spelled: found for spelled, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "to", "expected"),
    [
        ("creatinine", 1.5, "mg/dL", "umol/L", 132.6),
        ("creatinine", 132.6, "µmol/L", "mg/dl", 1.5),
        ("creatinine", 0.1326, "mmol/L", "mg/L", 15.0),
        ("total bilirubin", 2, "mg/dL", "umol/L", 34.2),
        ("glucose", 100, "mg/dL", "mmol/L", 5.55),
        ("calcium", 10, "mg/dL", "mmol/L", 2.495),
        ("calcium", 5, "mEq/L", "mmol/L", 2.5),
        ("calcium", 2.495 * 2, "meq/L", "mg/dL", 10.0),
        ("sodium", 140, "mEq/L", "mmol/L", 140.0),
        ("Potassium", 4.2, "meq/L", "mmol/L", 4.2),
        ("hemoglobin", 10, "g/dL", "mmol/L", 6.206),
        ("hemoglobin", 12.5, "g/dL", "g/L", 125.0),
        ("albumin", 4, "g/dL", "g/L", 40.0),
        ("crp", 1.2, "mg/dL", "mg/L", 12.0),
        ("enzymes", 40, "IU/L", "U/L", 40.0),
        ("ALT", 60, "IU/L", "ukat/L", 1.0),
        (None, 60, "U/L", "ukat/L", 1.0),
        (None, 5.1, "K/uL", "10*9/L", 5.1),
        (None, 5100, "/mm3", "10*9/L", 5.1),
        (None, 150, "G/L", "10*9/L", 150.0),
        (None, 150, "10*9/L", "G/L", 150.0),
        (None, 40, "G/L", "g/dL", 4.0),
        (None, 5.1, "Tsd/µL", "10*9/L", 5.1),
        (None, 5.1, "10^3/mcL", "10*9/L", 5.1),
        (None, 100.4, "F", "Cel", 38.0),
        (None, 3500, "mg/24 h", "g/d", 3.5),
        (None, 2.5, "uIU/mL", "m[IU]/L", 2.5),
        (None, 3, "10*6 cells/kg", "cells/kg", 3e6),
        (None, 150, "lb", "kg", 68.0388555),
        (None, 100.4, "°F", "Cel", 38.0),
        (None, 38, "degC", "degC", 38.0),
        (None, 30, "sec", "s", 30.0),
        (None, 1.1, "", "{INR}", 1.1),
        (None, 1.1, "INR", "", 1.1),
        (None, 7, "titre", "titre", 7.0),
        # Pairs of the IFCC's table for HbA1c, from 48 mmol/mol to 6.5 % on.
        ("hba1c", 48, "mmol/mol", "%", 0.09148 * 48 + 2.152),
        ("HbA1c", 6.5, "%", "mmol/mol", (6.5 - 2.152) / 0.09148),
        ("hba1c", 80, "mmol/mol", "mmol/mol", 80.0),
        ("hba1c", 7, "%", "%", 7.0),
        (None, 500, "ng/mL{FEU}", "ug/mL{FEU}", 0.5),
        (None, 60, "mL/min/1.73m2", "L/min/{1.73_m2}", 0.06),
        (None, 3, "mmol/mol", "umol/mmol", 3.0),
    ],
)
def test_convert_for(analyte, value, unit, to, expected):
    assert convert_for(analyte, value, unit, to) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("analyte", "unit", "to"),
    [
        (None, "mg/dL", "umol/L"),  # needs the substance
        ("albumin", "mg/dL", "umol/L"),
        ("creatinine", "U/L", "umol/L"),
        ("HBV DNA", "{copies}/mL", "[IU]/mL"),  # depends on the assay
        ("PT", "s", "{INR}"),
        ("hbv dna", "IU/mL", "U/mL"),  # an international unit is an enzyme unit for enzymes only
        ("magnesium", "meq/L", "mmol/L"),  # needs the valence
        (None, "meq/L", "mmol/L"),
        (None, "", "%"),  # a missing unit is not the unit 1
        (None, "", "mg/dL"),
        (None, "mg/dL", ""),
        (None, "%", ""),
        (None, "Cel", "kg"),
        (None, "titre", "mg"),
        (None, "mmol/mol", "%"),
        ("creatinine", "mmol/mol", "%"),
        (None, "mL/min", "mL/min/{1.73_m2}"),
        (None, "mL/min/1.73m2", "L/min"),
        (None, "ng/mL{DDU}", "ng/mL{FEU}"),
        (None, "ug/mL{FEU}", "ng/mL"),
        ("hba1c", "mmol/mol", "mmol/L"),
    ],
)
def test_what_does_not_compare_is_none(analyte, unit, to):
    assert convert_for(analyte, 10, unit, to) is None


def test_every_bridge_of_the_table_holds_in_both_directions():
    for row in load.csv_rows("conversions.csv"):
        factor = float(row["multiply_by"])
        for name in (row["analyte"], *filter(None, row["also"].split(";"))):
            there = convert_for(name, 7.0, row["from"], row["to"])
            assert there == pytest.approx(7.0 * factor, rel=1e-12)
            assert convert_for(name, 7.0 * factor, row["to"], row["from"]) == pytest.approx(7.0)


def test_zero_and_no_number_pass_through():
    assert convert_for("creatinine", 0, "mg/dL", "umol/L") == 0
    result = convert_for("creatinine", math.nan, "mg/dL", "umol/L")
    assert result is not None
    assert math.isnan(result)


# Pieces of units, put together at random: the reader meets what nobody thought of.
pieces = st.lists(
    st.sampled_from(
        [
            "10*",
            "10^",
            "999",
            "-",
            "0",
            "/",
            ".",
            "mg",
            "dL",
            "eq",
            "{x}",
            "[IU]",
            "%",
            "µ",
            "1.73",
            " ",
            "K",
            "m",
            "Cel",
            "[",
            "}",
            "(",
            "²",
        ]
    ),
    max_size=8,
).map("".join)


@given(st.sampled_from([None, "creatinine", "calcium"]), st.floats(), pieces | st.text(), pieces)
def test_nothing_throws(analyte, value, unit, to):
    for pair in ((unit, to), (to, unit), (unit, unit), (unit, "mg/dL")):
        result = convert_for(analyte, value, *pair)
        assert result is None or isinstance(result, float)


@given(st.sampled_from(UNITS), st.sampled_from(UNITS), st.floats(1e-6, 1e6))
def test_there_and_back(one, other, value):
    there = convert_for("creatinine", value, one, other)
    back = None if there is None else convert_for("creatinine", there, other, one)
    assert (there is None) == (back is None)
    assert back is None or back == pytest.approx(value, rel=1e-9)
