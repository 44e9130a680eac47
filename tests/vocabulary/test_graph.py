"""What a vocabulary answers, on small ones made for it."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.vocabulary.concepts import Code, Concept, Held, Link, Subsumption
from gradatim.vocabulary.graph import Vocabulary
from gradatim.vocabulary.stores.writing import new_file


def snomed(*codes: str) -> list[Code]:
    return [("snomed", code) for code in codes]


def concepts(codes: Iterable[Code]) -> list[Concept]:
    return [Concept(system, code, f"name of {code}") for system, code in codes]


DISEASE, TUMOUR, BREAST, HEART, OLD, HISTORY, LOOSE = snomed("1", "2", "3", "4", "5", "6", "7")
ICD = ("icd10", "C50")
DISEASES = Vocabulary.of(
    [
        *concepts([DISEASE, TUMOUR, BREAST, HEART, HISTORY, ICD]),
        Concept(*OLD, "old name", active=False),
    ],
    edges=[(TUMOUR, DISEASE), (BREAST, TUMOUR), (HEART, DISEASE), (ICD, BREAST), (BREAST, ICD)],
    replaced=[(OLD, BREAST)],
    may_be=[(HISTORY, TUMOUR)],
    complete=["snomed"],
)


def test_a_code_is_everything_above_it():
    assert DISEASES.above(*BREAST) == {BREAST, TUMOUR, DISEASE, ICD}
    assert DISEASES.above("icd10", " c50 ") == DISEASES.above(*BREAST)
    assert DISEASES.above(*OLD) == {OLD, *DISEASES.above(*BREAST)}
    assert DISEASES.above("snomed", "99") == {("snomed", "99")}
    assert DISEASES.broader(*BREAST) == (ICD, TUMOUR)
    assert DISEASES.replacements(*OLD) == (BREAST,)


def test_a_concept_has_a_name():
    assert DISEASES.concept(*OLD) == Concept("snomed", "5", "old name", active=False)
    assert DISEASES.concept("snomed", "99") is None
    assert DISEASES.concept("urn:unheard", "1") is None
    assert DISEASES.systems("1") == ("snomed",)
    assert DISEASES.counts == {"icd10": 1, "snomed": 6}


def test_a_history_speaks_of_a_disease():
    assert DISEASES.perhaps(*HISTORY) == {TUMOUR, DISEASE}
    assert DISEASES.above(*HISTORY) == {HISTORY}
    assert DISEASES.perhaps(*BREAST) == frozenset()


@pytest.mark.parametrize(
    ("ancestor", "code", "answer"),
    [
        (TUMOUR, BREAST, "subsumes"),
        (BREAST, TUMOUR, "subsumed-by"),
        (BREAST, BREAST, "equivalent"),
        (ICD, BREAST, "equivalent"),
        (TUMOUR, OLD, "subsumes"),
        (HEART, OLD, "not-subsumed"),
        (OLD, HEART, "not-subsumed"),
        (OLD, BREAST, "subsumed-by"),  # the old one was replaced by it
        (TUMOUR, HEART, "not-subsumed"),
        (TUMOUR, HISTORY, "not-subsumed"),
        (HEART, ICD, "not-subsumed"),  # it means the same as a concept that has its place
        (("snomed", "99"), BREAST, "unknown"),
        (BREAST, ("snomed", "99"), "unknown"),
        (("snomed", "99"), ("snomed", "99"), "equivalent"),
        (("icd10", "I21"), BREAST, "unknown"),
    ],
)
def test_subsumption(ancestor: Code, code: Code, answer: str):
    assert DISEASES.subsumes(ancestor, code) == answer


def test_without_a_place_nothing_lies_outside():
    names_only = Vocabulary.of(concepts([TUMOUR, HEART]))
    assert names_only.subsumes(TUMOUR, HEART) == Subsumption.UNKNOWN


def test_outside_of_a_set_that_is_whole():
    flat = Vocabulary.of(
        [*concepts([TUMOUR, BREAST, HEART]), Concept(*OLD, "retired", active=False)],
        edges=[(BREAST, TUMOUR)],
        whole=[TUMOUR],
    )
    assert flat.subsumes(TUMOUR, HEART) == Subsumption.NOT_SUBSUMED
    assert flat.subsumes(BREAST, HEART) == Subsumption.NOT_SUBSUMED  # it would be below 2 too
    assert flat.subsumes(HEART, BREAST) == Subsumption.UNKNOWN
    assert flat.subsumes(TUMOUR, LOOSE) == Subsumption.UNKNOWN
    assert flat.subsumes(TUMOUR, OLD) == Subsumption.UNKNOWN
    assert flat.subsumes(TUMOUR, ("icd10", "I21")) == Subsumption.UNKNOWN


A, B, SALT, A_TABLET, A_COMPONENT, B_COMPONENT, BOTH, BOTH_FORM, BOTH_BRAND, A_BRAND = (
    ("rxnorm", str(n)) for n in range(101, 111)
)
PACK, NDC, CLASS = ("rxnorm", "111"), ("http://hl7.org/fhir/sid/ndc", "1"), ("atc", "C09CA01")
DRUGS = Vocabulary.of(
    concepts([A, B, SALT, A_TABLET, A_COMPONENT, B_COMPONENT, BOTH, BOTH_FORM, BOTH_BRAND, CLASS]),
    edges=[(NDC, A_TABLET), (A, CLASS), (CLASS, A)],
    made_of=[
        (SALT, A),
        (A_TABLET, A_COMPONENT),
        (A_COMPONENT, A),
        (A_COMPONENT, SALT),
        (A_BRAND, A_TABLET),
        (B_COMPONENT, B),
        (BOTH, A_COMPONENT),
        (BOTH, B_COMPONENT),
        (BOTH, BOTH_FORM),
        (BOTH_FORM, A),
        (BOTH_FORM, B),
        (BOTH_BRAND, BOTH),
        (PACK, A_TABLET),
        (PACK, A_BRAND),
    ],
    complete=["rxnorm", "atc"],
)


def test_a_product_of_one_ingredient_is_that_ingredient():
    for product in (A_TABLET, A_COMPONENT, A_BRAND, SALT, PACK, NDC):
        assert {A, CLASS} <= DRUGS.above(*product), product
        assert DRUGS.parts(*product) == (A,), product
    assert SALT in DRUGS.above(*A_BRAND)
    assert DRUGS.parts(*A) == ()


def test_a_product_of_two_ingredients_is_neither():
    for product in (BOTH, BOTH_FORM, BOTH_BRAND):
        assert not {A, B, A_COMPONENT} & DRUGS.above(*product), product
        assert DRUGS.parts(*product) == (A, B), product
    assert DRUGS.above(*BOTH_BRAND) == {BOTH_BRAND, BOTH, BOTH_FORM}
    assert DRUGS.subsumes(A, BOTH) == Subsumption.NOT_SUBSUMED
    assert DRUGS.subsumes(BOTH_FORM, BOTH_BRAND) == Subsumption.SUBSUMES


def test_a_product_that_contains_an_ingredient_may_contain_others():
    containing, only, substance, base = snomed("201", "202", "203", "204")
    held = Vocabulary.of(
        concepts([containing, only, substance, base]),
        edges=[(only, containing), (substance, base)],
        ingredients=[(containing, base), (only, substance)],
    )
    assert held.parts(*containing) == (base,)
    assert held.parts(*only) == (substance,)  # not its base as well
    assert held.above(*only) == {only, containing}


def test_one_of_several_is_outside_where_all_are():
    cream, pill, other = ("atc", "D07AC01"), ("atc", "H02AB01"), ("atc", "J01CA04")
    held = Vocabulary.of(
        concepts([A, A_TABLET, cream, pill, other]),
        edges=[(cream, A), (pill, A)],
        made_of=[(A_TABLET, A)],
        one_of=[(A, cream), (A, pill)],
        complete=["atc"],
    )
    assert held.above(*cream) == {cream, A}  # not the code of the pill as well
    assert held.perhaps(*A_TABLET) == {cream, pill}
    assert held.subsumes(other, A_TABLET) == Subsumption.NOT_SUBSUMED
    assert held.subsumes(pill, A_TABLET) == Subsumption.UNKNOWN


@pytest.mark.parametrize(
    "name", ["History of tumour", "Disorder due to tumour", "Suspected tumour"]
)
def test_what_speaks_of_something_unknown_is_not_outside(name: str):
    held = [*concepts([TUMOUR]), Concept(*HEART, name)]
    assert Vocabulary.of(held, complete=["snomed"]).subsumes(TUMOUR, HEART) == "unknown"
    told = Vocabulary.of(held, may_be=[(HEART, DISEASE)], complete=["snomed"])
    assert told.subsumes(TUMOUR, HEART) == "not-subsumed"


CODES = st.sampled_from([*snomed(*"123456"), ("icd10", "C50"), ("urn:other", "1")])
PAIRS = st.lists(st.tuples(CODES, CODES), max_size=8)
CONTENT = st.fixed_dictionaries(
    {
        "concepts": st.lists(
            st.builds(lambda c, a: Concept(c[0], c[1], "n", a), CODES, st.booleans())
        ),
        "edges": PAIRS,
        "replaced": PAIRS,
        "made_of": PAIRS,
        "ingredients": PAIRS,
        "may_be": PAIRS,
        "one_of": PAIRS,
        "complete": st.sampled_from([(), ("snomed",)]),
        "whole": st.lists(CODES, max_size=2),
    }
)


@given(CONTENT, CODES, CODES)
def test_the_laws_of_above(content: dict, one: Code, other: Code):
    held = Vocabulary.of(**content)
    above = held.above(*one)
    assert one in above
    assert all(held.above(*each) <= above for each in above)
    assert not held.perhaps(*one) & above
    assert set(held.broader(*one)) <= above
    turned = {"subsumes": "subsumed-by", "subsumed-by": "subsumes", "equivalent": "equivalent"}
    answer = held.subsumes(one, other)
    assert turned.get(answer, answer) == held.subsumes(other, one) or answer not in turned
    assert (answer in ("subsumes", "equivalent")) == (one in held.above(*other))


@given(CONTENT, PAIRS)
def test_more_edges_leave_nothing_out(content: dict, more: list):
    less = Vocabulary.of(**{**content, "made_of": ()})
    content = {**content, "made_of": (), "edges": [*content["edges"], *more]}
    full = Vocabulary.of(**content)
    for code in [*snomed(*"123456"), ("icd10", "C50")]:
        assert less.above(*code) <= full.above(*code)


@given(CONTENT, st.randoms(use_true_random=False))
def test_order_does_not_change_the_hash(content: dict, random):
    shuffled = {key: random.sample(value, len(value)) for key, value in content.items()}
    assert Vocabulary.of(**content).sha256 == Vocabulary.of(**shuffled).sha256


def test_the_hash_tells_contents_apart():
    hashes = {
        Vocabulary.of(concepts([TUMOUR, HEART]), **more).sha256
        for more in (
            {},
            {"edges": [(TUMOUR, HEART)]},
            {"edges": [(HEART, TUMOUR)]},
            {"replaced": [(HEART, TUMOUR)]},
            {"complete": ["snomed"]},
            {"whole": [HEART]},
        )
    }
    assert len(hashes) == 6


@settings(max_examples=25)  # each writes a file
@given(CONTENT)
def test_a_file_answers_as_memory_does(tmp_path_factory, content: dict):
    held = Vocabulary.of(**content)
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.db"
    whole, complete = set(content.pop("whole")), content.pop("complete")
    with new_file(path) as writer:
        writer.concepts(
            Held(one, one.active and one.system in complete, one[:2] in whole)
            for one in content.pop("concepts")
        )
        for name, pairs in content.items():
            writer.links(Link["IS_A" if name == "edges" else KINDS.get(name, name.upper())], pairs)
    read = Vocabulary.open(path)
    assert (read.sha256, read.counts) == (held.sha256, held.counts)
    read.verify()
    codes = [*snomed(*"123456"), ("icd10", "C50"), ("urn:other", "1")]
    for one in codes:
        assert read.concept(*one) == held.concept(*one)
        assert read.above(*one) == held.above(*one)
        assert read.parts(*one) == held.parts(*one)
        assert read.perhaps(*one) == held.perhaps(*one)
        for other in codes:
            assert read.subsumes(one, other) == held.subsumes(one, other)


KINDS = {"replaced": "REPLACED_BY", "ingredients": "HAS_INGREDIENT"}
