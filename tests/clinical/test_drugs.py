"""The drug table: codes, sources, washouts and prednisone equivalents."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.drugs import DRUG_TABLE_VERSION, drug, drugs, drugs_by_code, find_drug
from gradatim.clinical.glucocorticoids import prednisone_equivalent
from gradatim.clinical.half_life import washout_days
from gradatim.core.errors import UnusableInput

from .published import PREDNISONE

EVERY = pytest.mark.parametrize("one", drugs(), ids=lambda one: one.name)


@EVERY
def test_every_number_says_on_what_it_rests(one):
    assert (one.half_life_days is None) == (one.half_life_basis == "")
    assert (one.half_life_basis == "published") == bool(one.half_life_source)
    assert (one.prednisone_equivalent_mg is None) == (one.equivalent_basis == "")
    assert (one.equivalent_basis == "published") == bool(one.equivalent_source)
    coded = one.atc or one.rxnorm or one.rxnorm_products or one.omop
    assert bool(coded) == bool(one.code_basis)
    assert bool(one.code_basis) == bool(one.code_source)
    assert bool(one.brands) == bool(one.brand_basis)
    assert (one.brand_basis == "published") == bool(one.brand_source)


@EVERY
def test_every_row_is_well_formed(one):
    assert one.drug_class in {"csDMARD", "tsDMARD", "bDMARD", "NSAID", "glucocorticoid"}
    assert all(re.fullmatch(r"[A-Z]\d{2}[A-Z]{2}\d{2}", code) for code in one.atc)
    assert re.fullmatch(r"\d*", one.rxnorm)
    assert all(re.fullmatch(r"\d+", code) for code in one.rxnorm_products)
    assert re.fullmatch(r"\d*", one.omop)
    assert one.half_life_days is None or 0 < one.half_life_days < 365
    assert (one.prednisone_equivalent_mg is not None) == (one.drug_class == "glucocorticoid")


def test_no_code_and_no_name_stands_for_two_drugs():
    codes = [("rxnorm", one.rxnorm) for one in drugs() if one.rxnorm]
    codes += [("rxnorm", code) for one in drugs() for code in one.rxnorm_products]
    codes += [("atc", code) for one in drugs() for code in one.atc]
    assert len(codes) == len(set(codes)) == len(drugs_by_code())
    names = [name.casefold() for one in drugs() for name in (one.name, *one.brands)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        ("Humira", "adalimumab"),
        ("Enbrel", "etanercept"),
        ("Remicade", "infliximab"),
        ("Cosentyx", "secukinumab"),
        ("cyclosporine", "ciclosporin"),
        ("修美乐", "adalimumab"),
        ("益赛普", "etanercept"),
    ],
)
def test_a_brand_names_its_ingredient(brand, name):
    assert brand in drug(name).brands
    assert find_drug(brand) is None, "a brand in a text is a hint, no code"


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        ("atc", "L04AK01", "leflunomide"),
        ("atc", "L04AA13", "leflunomide"),
        ("atc", "L04AF01", "tofacitinib"),
        ("atc", "L04AA29", "tofacitinib"),
        ("atc", "L04AA37", "baricitinib"),
        ("atc", "L04AA44", "upadacitinib"),
        ("atc", "L04AA45", "filgotinib"),
        ("atc", "L01FA01", "rituximab"),
        ("atc", "L01XC02", "rituximab"),
        ("atc", "L01XX33", "celecoxib"),
        ("atc", "L01BA01", "methotrexate"),
        ("atc", "A07EC01", "sulfasalazine"),
        ("atc", "P01BA02", "hydroxychloroquine"),
        ("rxnorm", "6851", "methotrexate"),
        ("rxnorm", "8640", "prednisone"),
        ("rxnorm", "312617", "prednisone"),
        ("rxnorm", "1872980", "adalimumab"),
        ("rxnorm", "310965", "ibuprofen"),
        ("rxnorm", "198405", "ibuprofen"),
        ("rxnorm", "835900", "ciclosporin"),
    ],
)
def test_codes_now_and_before_find_the_drug(system, code, name):
    assert drugs_by_code()[system, code].name == name


def test_a_name_is_found_in_any_case():
    assert drug(" Leflunomide ") is drug("leflunomide")
    assert drug("tripterygium wilfordii glycosides").half_life_days is None
    assert find_drug("aspirin") is None


def test_an_unknown_name_is_refused_with_the_list():
    with pytest.raises(UnusableInput, match="leflunomide"):
        drug("leflunomid")


def test_the_table_has_a_version():
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", DRUG_TABLE_VERSION)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("leflunomide", 126),
        ("hydroxychloroquine", 287),
        ("chloroquine", 315),
        ("secukinumab", 189),
        ("risankizumab", 196),
        ("adalimumab", 98),
        ("infliximab", 66.5),
        ("methotrexate", 7 * 10 / 24),
        ("naproxen", 7 * 17 / 24),
    ],
)
def test_seven_half_lives(name, days):
    assert washout_days(drug(name), 7) == pytest.approx(days, rel=1e-5)


@pytest.mark.parametrize("name", ["netakimab", "Tripterygium wilfordii glycosides", "deflazacort"])
def test_an_unknown_half_life_gives_no_washout(name):
    assert washout_days(drug(name), 7) is None


@pytest.mark.parametrize(("name", "dose", "expected"), PREDNISONE)
def test_prednisone_equivalent(name, dose, expected):
    assert prednisone_equivalent(name, dose) == pytest.approx(expected, rel=1e-9)
    assert prednisone_equivalent(name.upper(), dose) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "dose"),
    [("ibuprofen", 400), ("unheard of", 5), ("prednisone", math.nan), ("prednisone", -5)],
)
def test_no_equivalent(name, dose):
    assert prednisone_equivalent(name, dose) is None


def test_the_equivalent_of_deflazacort_is_marked_as_unverified():
    assert drug("deflazacort").equivalent_basis == "unverified"


@given(st.sampled_from([one for one in drugs() if one.prednisone_equivalent_mg]), st.floats(0, 1e4))
def test_doses_add_up(one, dose):
    whole = prednisone_equivalent(one.name, 2 * dose)
    half = prednisone_equivalent(one.name, dose)
    assert whole is not None
    assert half is not None
    assert whole == pytest.approx(2 * half)
