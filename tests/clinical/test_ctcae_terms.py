"""Terms of CTCAE v5.0: the table, and how a written term is compared."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.ctcae.grade import clinical_terms
from gradatim.clinical.ctcae.table import analytes
from gradatim.clinical.ctcae.terms import (
    folded,
    grades_of_term,
    highest_grade,
    is_ctcae_term,
    says_something,
    system_organ_classes,
    terms,
)
from tests.clinical.written import disguised


def test_the_table_has_every_term_but_those_called_other() -> None:
    """CTCAE v5.0 (2017) has 837 terms in 26 classes, 26 of them "Other, specify"."""
    assert len(terms()) == 837 - 26
    assert len(system_organ_classes()) == len(terms())
    assert not any("other, specify" in one.casefold() for one in terms())
    assert system_organ_classes()[folded("Lung infection")] == "Infections and infestations"


@pytest.mark.parametrize(
    ("term", "printed"),
    [
        ("Headache", (1, 2, 3)),
        ("Urticaria", (1, 2, 3)),
        ("Anaphylaxis", (3, 4, 5)),
        ("Anemia", (1, 2, 3, 4, 5)),
        ("Platelet count decreased", (1, 2, 3, 4)),
        ("Eosinophilia", (1, 3)),
        ("Electrocardiogram QT corrected interval prolonged", (1, 2, 3, 4)),
        ("Febrile neutropenia", (3, 4, 5)),
        ("Hypothermia", (2, 3, 4, 5)),
        ("Death NOS", (5,)),
        ("Tooth discoloration", (1,)),
        ("hEADACHE\u200b", (1, 2, 3)),
        ("no such term", ()),
    ],
)
def test_the_grades_of_a_term_are_those_printed(term: str, printed: tuple[int, ...]) -> None:
    assert grades_of_term(term) == printed
    assert highest_grade(term) == max(printed, default=None)


def test_every_term_has_a_grade() -> None:
    assert all(grades_of_term(one) for one in terms())


def test_every_term_that_is_graded_here_is_a_term() -> None:
    measured = [one.name for analyte in analytes() for one in analyte.terms]
    assert all(is_ctcae_term(one) for one in [*measured, *(one.term for one in clinical_terms())])


@pytest.mark.parametrize(
    "written",
    [
        "\uff21\uff4e\uff41phylaxis",
        "Anaphylaxis\u200b",
        "\ufeffana\u00adphylaxis ",
        "ANAPHYLAXIS",
        "\u3000Anaphylaxis\u00a0",
        "Anaphyla\u2060xis",
        "Anaphylaxis\ufe0f",
    ],
)
def test_a_term_is_known_however_it_was_typed(written: str) -> None:
    assert folded(written) == folded("Anaphylaxis")
    assert is_ctcae_term(written)


def test_hyphens_are_spaces() -> None:
    assert folded("Infusion\u2010related  reaction") == folded("infusion related reaction")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Anaphylactic reaction",
        "\u0410naphylaxis",
        "Kopfschmerz",
        "Death NOS",
        "Vascular disorders - Other, specify",
        "Deep vein thrombosis left leg",
    ],
)
def test_what_is_no_term_or_says_nothing_is_not_known(written: str) -> None:
    """Among them a Cyrillic letter that looks like a Latin one."""
    assert not is_ctcae_term(written)


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("Anaemia", "Anemia"),
        ("Diarrhoea", "Diarrhea"),
        ("Oedema limbs", "Edema limbs"),
        ("Oesophageal haemorrhage", "Esophageal hemorrhage"),
        ("Tumour pain", "Tumor pain"),
        ("Dyspnoea", "Dyspnea"),
        ("Haemoglobin increased", "Hemoglobin increased"),
        ("Hypoglycaemia", "Hypoglycemia"),
        ("Leucocytosis", "Leucocytosis"),
        ("Localised oedema", "Localized edema"),
    ],
)
def test_british_and_american_spellings_are_one(british: str, american: str) -> None:
    assert folded(british) == folded(american)
    assert is_ctcae_term(british) is is_ctcae_term(american)


def test_no_two_terms_are_folded_into_one() -> None:
    assert len({folded(one) for one in terms()}) == len(terms())


@pytest.mark.parametrize("blank", ["", "  ", "\u200b\u3000", "--", "?!", "\u00a0\u2060", "..."])
def test_spaces_and_signs_say_nothing(blank: str) -> None:
    assert not says_something(blank)
    assert says_something(blank + "\u5934\u75db")


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert not any(unicodedata.category(one) == "Cf" for one in folded(text))


@given(st.sampled_from(terms()).flatmap(disguised))
def test_a_disguised_term_is_still_known_as_what_it_is(pair: tuple[str, str]) -> None:
    term, written = pair
    assert folded(written) == folded(term)
