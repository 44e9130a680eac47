"""What the made-up people are like: edges on purpose, and the faults that real records have."""

from datetime import date

import duckdb
import pytest

from gradatim.clinical.drugs import find_drug
from gradatim.protocol.load import load
from gradatim.synthetic.population import write_population

PEOPLE = 4000


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """A database over a population of candidates only, one table each."""
    place = tmp_path_factory.mktemp("candidates") / "made"
    write_population(place, PEOPLE, 11, candidates=1.0, rows_per_person=20)
    base = duckdb.connect()
    for path in place.glob("*.parquet"):
        base.execute(f"create view {path.stem} as select * from '{path}'")
    base.execute(
        "create view lab as select m.*, concept_code as code from measurement m "
        "join concept on concept_id = measurement_concept_id"
    )
    yield lambda question: base.execute(question).fetchall()
    base.close()


@pytest.fixture(scope="module")
def one(ask):
    return lambda question: ask(question)[0][0]


def test_the_share_of_candidates_is_as_asked(tmp_path):
    write_population(tmp_path / "made", 10_000, 2, candidates=0.05, rows_per_person=5)
    codes = "condition_source_value like 'M45%' and condition_source_value <> 'M45.A0'"
    found = duckdb.sql(
        "select count(distinct person_id) from "
        f"'{tmp_path}/made/condition_occurrence.parquet' where {codes}"
    ).fetchall()

    assert 0.04 < found[0][0] / 10_000 < 0.055


def test_candidates_are_mostly_men_of_working_age(one):
    men = one("select avg((gender_concept_id = 8507)::int) from person")
    age = one("select avg((2026 - year_of_birth between 18 and 65)::int) from person")

    assert 0.66 < men < 0.76
    assert age > 0.9


NEVER_RECORDED = {
    "egfr_2009",
    "egfr_mdrd",
    "hcv_rna",
    "treponemal_ab",
    "interleukin_6",
    "esat6_spots",
    "cfp10_spots",
    "nil_spots",
    "body_height",
}


def test_every_other_element_of_the_protocol_can_be_found_by_a_standard_code(ask):
    known = set(ask("select lower(vocabulary_id), concept_code from concept"))
    codes = {
        name: {
            (group.system, code)
            for group in element.codes
            for code in group.codes
            if group.system in ("snomed", "loinc")
        }
        for name, element in load("nct05962762").study.elements.items()
    }
    absent = {name for name, wanted in codes.items() if wanted and not wanted & known}

    assert absent == NEVER_RECORDED


CONDITION, DRUG_START, DRUG_END = (
    "condition_occurrence condition_start_date condition_source_value",
    "drug_exposure drug_exposure_start_date drug_source_value",
    "drug_exposure drug_exposure_end_date drug_source_value",
)


@pytest.mark.parametrize(
    ("where", "source", "day"),
    [
        (CONDITION, "C|D0", "2021-11-16"),
        (CONDITION, "I", "2026-08-16"),
        (CONDITION, "F", "2025-11-16"),
        (CONDITION, "A41", "2026-10-05"),
        ("procedure_occurrence procedure_date procedure_source_value", "", "2026-09-16"),
        (DRUG_END, "adalimumab|etanercept|golimumab|secukinumab", "2026-08-16"),
        (DRUG_END, "leflunomide", "2026-09-21"),
        (DRUG_END, "leflunomide", "2026-07-13"),
        (DRUG_START, "sulfasalazine", "2026-08-02"),
    ],
)
def test_days_stand_on_the_edge_and_beside_it(ask, where, source, day):
    table, column, text = where.split()
    found = dict(
        ask(
            f"select {column} - date '{day}', count(*) from {table} "
            f"where {text} ~ '({source}).*' "
            f"and abs({column} - date '{day}') <= 1 group by 1"
        )
    )

    assert set(found) == {-1, 0, 1}


@pytest.mark.parametrize(
    ("code", "times"),
    [
        ("1920-8", 2.5),
        ("1742-6", 2.5),
        ("2160-0", 1.5),
        ("14682-9", 1.5),
        ("14979-9", 1.5),
        ("5902-2", 2.5),
    ],
)
def test_values_stand_on_and_beside_a_multiple_of_the_upper_limit(ask, code, times):
    found = ask(
        "select sign(round(value_as_number / range_high - "
        f"{times}, 9)), count(*) from lab where code = '{code}' and "
        f"abs(value_as_number / range_high - {times}) < 0.05 group by 1"
    )

    assert {sign for sign, _ in found} == {-1, 0, 1}


@pytest.mark.parametrize(
    ("code", "limit", "step"), [("98979-8", 60, 1), ("10230-1", 45, 1), ("42595-9", 1000, 1)]
)
def test_values_stand_on_and_beside_a_fixed_limit(ask, code, limit, step):
    found = dict(ask(f"select value_as_number, count(*) from lab where code = '{code}' group by 1"))

    assert {limit - step, limit, limit + step} <= set(found)


def test_doses_of_prednisone_stand_on_both_sides_of_10_mg(ask):
    found = {
        round(dose, 6)
        for (dose,) in ask(
            "select distinct quantity * amount_value / days_supply from drug_exposure "
            "join drug_strength using (drug_concept_id) "
            "where drug_source_value = 'prednisone 5 MG oral tablet' "
            "and quantity + days_supply is not null"
        )
    }

    assert {7.5, 10.0, 10.5} <= found


# Shares of measurement rows: least, most.
FAULTS = {
    "range_high is null": (0.55, 0.75),
    "unit_concept_id is null and unit_source_value is not null": (0.02, 0.1),
    "measurement_concept_id = 0 and measurement_source_value is not null": (0.005, 0.04),
    "value_as_number is null and value_as_concept_id is null": (0.005, 0.06),
    "unit_concept_id = 9529 and measurement_source_value <> '29463-7'": (0.001, 0.02),
    "operator_concept_id = 4171756": (0.002, 0.05),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_results_have_the_faults_of_real_ones(one, fault):
    least, most = FAULTS[fault]

    assert least < one(f"select avg(coalesce(({fault})::int, 0)) from measurement") < most


def test_some_results_are_doubled_and_some_contradict_each_other(ask):
    groups = ask(
        "select count(distinct value_as_number) from measurement "
        "where value_as_number is not null group by person_id, measurement_concept_id, "
        "measurement_date, unit_source_value having count(*) > 1"
    )

    assert {1, 2} <= {values for (values,) in groups}


def test_creatinine_is_reported_in_both_units(one):
    usual = "select median(value_as_number) from lab where measurement_source_value in"
    mass = one(f"{usual} ('2160-0') and unit_concept_id = 8840")
    moles = one(f"{usual} ('2160-0', '14682-9') and unit_concept_id = 8749")

    assert 0.6 < mass < 1.2
    assert 80 < moles / mass < 97


def test_unmapped_conditions_keep_their_source_code(one):
    share = one("select avg((condition_concept_id = 0)::int) from condition_occurrence")
    texts = one(
        "select count(*) from condition_occurrence where condition_concept_id = 0 and "
        "condition_source_concept_id = 0 "
        "and condition_source_value like 'M45%'"
    )

    assert 0.03 < share < 0.1
    assert texts > 0


def test_a_clinical_drug_leads_to_its_ingredient_by_both_tables(ask):
    rows = ask(
        "select i.concept_name, i.concept_id, s.ingredient_concept_id from drug_strength s "
        "join concept_ancestor a on a.descendant_concept_id = s.drug_concept_id and "
        "a.min_levels_of_separation = 1 "
        "join concept i on i.concept_id = a.ancestor_concept_id"
    )

    assert len(rows) > 40
    assert all(ancestor == ingredient for _, ancestor, ingredient in rows)
    known = {name: drug.omop for name, _, _ in rows if (drug := find_drug(name))}
    assert all(str(id) == known[name] for name, id, _ in rows if known.get(name))


def test_antibiotics_and_biologics_are_found_by_their_atc_class(ask):
    below = {
        name: {
            one
            for (one,) in ask(
                "select d.concept_name from concept c "
                "join concept_ancestor on ancestor_concept_id = c.concept_id "
                "join concept d on d.concept_id = descendant_concept_id "
                f"where c.vocabulary_id = 'ATC' and c.concept_code = '{name}'"
            )
        }
        for name in ("J01", "L04AB")
    }

    assert {"ceftriaxone", "vancomycin", "ceftriaxone injection 100 MG/ML"} <= below["J01"]
    assert {"adalimumab", "adalimumab prefilled syringe 50 MG/ML"} <= below["L04AB"]
    assert "vancomycin" not in below["L04AB"]


def test_descendants_reach_the_protocols_codes(ask):
    rows = ask(
        "select a.concept_code, d.concept_name from concept_ancestor "
        "join concept a on a.concept_id = ancestor_concept_id "
        "join concept d on d.concept_id = descendant_concept_id "
        "where a.vocabulary_id = 'SNOMED'"
    )

    assert ("9631008", "Ankylosing spondylitis of sacrum") in rows
    assert ("363346000", "Basal cell carcinoma of skin") in rows
    assert ("22298006", "Acute non-st elevation myocardial infarction") in rows
    assert ("363346000", "Carcinoma in situ") not in rows


def test_a_warehouse_knows_no_consent_and_no_judgement(ask):
    observed = {
        name
        for (name,) in ask(
            "select distinct concept_name from observation join "
            "concept on concept_id = observation_concept_id"
        )
    }

    assert observed == {
        "Tobacco smoking behavior",
        "Allergy to nut",
        "Latex allergy",
        "Allergy to grass pollen",
        "History of myocardial infarction",
    }


def test_another_day_moves_the_edges(tmp_path):
    write_population(
        tmp_path / "made", 2000, 1, candidates=1.0, as_of=date(2025, 5, 31), rows_per_person=5
    )
    # 3 months before 31 May is the last of February
    found = duckdb.sql(
        "select count(*) from "
        f"'{tmp_path}/made/condition_occurrence.parquet' "
        "where condition_start_date = date '2025-02-28' "
        "and condition_source_value like 'I%'"
    ).fetchall()

    assert found[0][0] > 5
