"""Every format of a release: what is read of it, on releases made for the tests."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.core.codes import NDC
from gradatim.vocabulary.concepts import Concept
from gradatim.vocabulary.graph import Vocabulary
from gradatim.vocabulary.sources.compile import build
from tests.vocabulary import releases
from tests.vocabulary.releases import LOCAL, as_json, code_system, value_set


def held(tmp_path: Path, *sources: Path) -> Vocabulary:
    out = tmp_path / "vocabulary.db"
    build(sources, out, lambda what: None)
    return Vocabulary.open(out)


@pytest.fixture(scope="module")
def omop(tmp_path_factory) -> Vocabulary:
    folder = tmp_path_factory.mktemp("omop")
    return held(folder, releases.omop(folder / "athena"))


def test_athena_concepts(omop: Vocabulary):
    assert omop.concept("snomed", "1003") == Concept("snomed", "1003", 'Tumour of the "breast"')
    assert omop.concept("snomed", "1005") == Concept("snomed", "1005", "Old code", active=False)
    assert omop.concept("icd10", "c509") == Concept("icd10", "C50.9", "Tumour")
    assert omop.concept("urn:omop:vocabulary:Hospital", "x1")
    assert omop.sources[0][1:] == ("OMOP vocabulary", "v5.0 made up")
    assert "urn:omop:vocabulary:Domain" not in omop.counts


def test_athena_hierarchy(omop: Vocabulary):
    assert omop.broader("snomed", "1003") == (("snomed", "1002"),)  # 1001 is above that
    assert omop.broader("snomed", "1004") == (("snomed", "1001"),)
    assert omop.subsumes(("snomed", "1002"), ("snomed", "1004")) == "not-subsumed"
    assert omop.subsumes(("snomed", "1001"), ("snomed", "1005")) == "subsumes"
    assert omop.subsumes(("snomed", "1002"), ("snomed", "1006")) == "unknown"  # whose history?


def test_athena_mappings(omop: Vocabulary):
    assert ("snomed", "1001") in omop.above("icd10", "C50")
    assert ("icd10", "C50") in omop.above("icd10", "C50.9")
    assert ("icd10", "C50.9") in omop.above("snomed", "1003")  # of the same name as 1002
    assert omop.above("icd10", "Z85.3") == {("icd10", "Z85.3"), ("snomed", "1006")}
    assert ("snomed", "1002") in omop.perhaps("icd10", "Z85.3")
    local = ("urn:omop:vocabulary:Hospital", "x1")
    assert omop.above(*local) == {local}
    assert {("snomed", "1004"), ("snomed", "1002")} <= omop.perhaps(*local)


def test_athena_drugs(omop: Vocabulary):
    alpha, beta = ("rxnorm", "2001"), ("rxnorm", "2002")
    for product in (("rxnorm", "2003"), ("rxnorm", "2005"), (NDC, "00000-0001-01")):
        assert {alpha, ("atc", "L04AB99"), ("atc", "L04")} <= omop.above(*product)
    assert omop.above(NDC, "00000000101") == omop.above(NDC, "00000-0001-01")
    assert omop.parts("rxnorm", "2004") == (alpha, beta)
    assert omop.above("rxnorm", "2004") == {("rxnorm", "2004")}
    assert alpha in omop.above("atc", "L04AB99")
    assert omop.perhaps(*beta) >= {("atc", "J01CA99"), ("atc", "D06AX99")}
    assert omop.above("atc", "D06AX99") & {beta, ("atc", "J01CA99")} == {beta}
    assert omop.subsumes(("atc", "L04AB"), beta) == "not-subsumed"


def test_a_part_of_athena_that_lacks_an_ingredient(omop: Vocabulary):
    product = ("rxnorm", "2006")  # its name tells of two, one is held
    assert ("rxnorm", "2002") not in omop.above(*product)
    assert omop.parts(*product) == (("rxnorm", "2002"), ("rxnorm", "unknown ingredient of 2006"))


def test_parquet_in_any_case_is_the_same_as_athena(omop: Vocabulary, tmp_path: Path):
    text = releases.omop(tmp_path / "text")
    folder = tmp_path / "parquet"
    folder.mkdir()
    for path in text.iterdir():
        name = folder / f"{path.stem.lower()}.parquet"
        duckdb.execute(
            f"COPY (FROM read_csv('{path}', delim='\t', quote='')) TO '{name}' (FORMAT parquet)"
        )
    assert held(tmp_path, folder).sha256 == omop.sha256


IDS = list(range(1, 8))


ID = st.sampled_from(IDS)


@settings(max_examples=25)  # each writes files
@given(st.sets(st.tuples(ID, ID), max_size=12), st.sets(ID))
def test_what_is_left_out_of_athena_changes_no_answer(tmp_path_factory, edges, left_out):
    """The pairs that are kept give back all pairs between the concepts that are held."""
    parents = {(min(pair), max(pair)) for pair in edges if len(set(pair)) == 2}
    levels = {(n, n): 0 for n in IDS}
    for a, b, c in itertools.product(range(8), IDS, IDS):
        for above, far in [(one, n) for (one, below), n in list(levels.items()) if below == b]:
            if (b, c) in parents and far == a:
                levels[above, c] = min(far + 1, levels.get((above, c), 99))
    folder = tmp_path_factory.mktemp("made")
    concepts = [
        releases.concept(n, "SNOMED", f"100{n}", f"concept {n}") for n in IDS if n not in left_out
    ]
    if not concepts:
        return
    rows = [(*pair, far) for pair, far in levels.items()]
    found = held(folder, releases.omop(folder / "athena", concepts, [], rows))
    for n, m in itertools.product(set(IDS) - left_out, repeat=2):
        assert (("snomed", f"100{n}") in found.above("snomed", f"100{m}")) == ((n, m) in levels)


def test_rxnorm(tmp_path: Path):
    found = held(tmp_path, releases.rxnorm(tmp_path / "RxNorm_full_01052026"))
    alpha, beta = ("rxnorm", "301"), ("rxnorm", "302")
    for one in ("303", "304", "306", "308", "309", "311", "299"):
        assert {alpha, ("atc", "L04AB99"), ("atc", "L04AB")} <= found.above("rxnorm", one), one
    assert ("rxnorm", "306") in found.above("rxnorm", "308")  # what it is the trade name of
    assert ("rxnorm", "308") not in found.above("rxnorm", "306")
    assert found.above("rxnorm", "307") == {("rxnorm", "307"), ("rxnorm", "310")}
    assert found.parts("rxnorm", "307") == (alpha, beta)
    assert ("rxnorm", "306") in found.above(NDC, "00000000101")
    assert found.concept("rxnorm", "306") == Concept("rxnorm", "306", "alphamab 10 MG Oral Tablet")
    assert found.concept("rxnorm", "312") == Concept("rxnorm", "312", "withdrawn", active=False)
    assert found.concept("rxnorm", "313") is None  # a dose form
    assert found.subsumes(beta, ("rxnorm", "306")) == "not-subsumed"
    assert found.subsumes(("atc", "J01"), alpha) == "unknown"  # the group is not held
    assert found.sources[0].version == "RxNorm_full_01052026"


def test_snomed(tmp_path: Path):
    found = held(tmp_path, releases.snomed(tmp_path / "release"))
    tumour, heart = ("snomed", "1003"), ("snomed", "1007")
    assert found.concept(*tumour) == Concept("snomed", "1003", "Tumour (made up)")
    assert found.above(*tumour) == {tumour, ("snomed", "1002"), ("snomed", "138875005")}
    assert found.above("snomed", "999") == {("snomed", "999"), *found.above(*tumour)}
    assert found.concept("snomed", "999") == Concept("snomed", "999", "", active=False)
    assert {tumour, heart} <= found.perhaps("snomed", "998")
    assert tumour in found.perhaps("snomed", "1004")
    assert found.parts("snomed", "1005") == (("snomed", "1006"),)
    assert found.subsumes(tumour, heart) == "not-subsumed"
    assert found.subsumes(heart, ("snomed", "998")) == "unknown"


def test_an_extension_has_a_place_only_beside_its_edition(tmp_path: Path):
    edition = releases.snomed(tmp_path / "edition")
    extension = releases.snomed(
        tmp_path / "extension",
        {"2001": "National tumour"},
        [("2001", "1003", "116680003")],
        module="XX1",
    )
    heart, national = ("snomed", "1007"), ("snomed", "2001")
    assert held(tmp_path, extension).subsumes(("snomed", "1003"), national) == "subsumes"
    assert held(tmp_path, extension).subsumes(heart, national) == "unknown"
    assert held(tmp_path, extension, edition).subsumes(heart, national) == "not-subsumed"


def test_a_code_system(tmp_path: Path):
    found = held(tmp_path, as_json(tmp_path / "codes.json", code_system()))
    assert found.above(LOCAL, "a11") == {(LOCAL, one) for one in ("a11", "a1", "a")}
    assert found.above(LOCAL, "b") == {(LOCAL, "b"), (LOCAL, "a")}
    assert found.above(LOCAL, "old") == {(LOCAL, one) for one in ("old", "b", "a")}
    assert found.concept(LOCAL, "old") == Concept(LOCAL, "old", active=False)
    assert found.subsumes((LOCAL, "a"), (LOCAL, "c")) == "not-subsumed"


@pytest.mark.parametrize(
    "changes", [{"content": "fragment"}, {"content": "example"}, {"hierarchyMeaning": "part-of"}]
)
def test_a_code_system_that_proves_nothing(tmp_path: Path, changes):
    found = held(tmp_path, as_json(tmp_path / "codes.json", code_system(**changes)))
    assert found.subsumes((LOCAL, "a"), (LOCAL, "c")) == "unknown"
    assert ((LOCAL, "a") in found.above(LOCAL, "a1")) == ("content" in changes)


def test_a_value_set_that_is_whole(tmp_path: Path):
    names = tmp_path / "names.csv"
    names.write_text("code,name,system\n1007,Heart disease,snomed\n")
    found = held(tmp_path, as_json(tmp_path / "set.json", value_set()), names)
    assert ("snomed", "1002") in found.above("snomed", "1003")
    assert found.subsumes(("snomed", "1002"), ("snomed", "1007")) == "not-subsumed"
    assert found.subsumes(("snomed", "1002"), ("snomed", "1008")) == "unknown"


PAGE = {**value_set()["expansion"], "total": 900}
ONLY_WORDS = {**value_set()["expansion"], "parameter": [{"name": "filter", "valueString": "tu"}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"expansion": PAGE},
        {"expansion": ONLY_WORDS},
        {"expansion": {"contains": value_set()["expansion"]["contains"]}},
        {"compose": {"include": [*value_set()["compose"]["include"], {"system": LOCAL}]}},
    ],
)
def test_a_value_set_that_may_lack_something(tmp_path: Path, changes):
    names = tmp_path / "names.csv"
    names.write_text("code,name,system\n1007,Heart disease,snomed\n")
    found = held(tmp_path, as_json(tmp_path / "set.json", value_set(**changes)), names)
    assert found.subsumes(("snomed", "1002"), ("snomed", "1007")) == "unknown"
    assert found.concept("snomed", "1003")


@pytest.mark.parametrize(
    "changes",
    [
        {
            "compose": {
                "include": [
                    {
                        "system": "http://snomed.info/sct",
                        "filter": [
                            {"property": "constraint", "op": "=", "value": "<< 1002 |Disease|"}
                        ],
                    }
                ]
            }
        },
        {"compose": {}, "url": "http://snomed.info/sct?fhir_vs=isa/1002"},
        {"compose": {}, "url": "http://snomed.info/sct?fhir_vs=ecl/<<1002"},
    ],
)
def test_other_ways_to_ask_for_what_lies_below(tmp_path: Path, changes):
    found = held(tmp_path, as_json(tmp_path / "set.json", value_set(**changes)))
    assert found.subsumes(("snomed", "1002"), ("snomed", "1003")) == "subsumes"


def test_a_bundle_with_a_concept_map(tmp_path: Path):
    def target(code: str, equivalence: str) -> dict:
        return {"code": code, "equivalence": equivalence}

    mapped = {
        "resourceType": "ConceptMap",
        "group": [
            {
                "source": LOCAL,
                "target": "http://snomed.info/sct",
                "element": [
                    {"code": "a", "target": [target("1", "equivalent")]},
                    {"code": "b", "target": [target("2", "wider"), target("3", "inexact")]},
                ],
            }
        ],
    }
    patient = {"resourceType": "Patient"}
    found = held(tmp_path, as_json(tmp_path / "all.json", code_system(), mapped, patient))
    assert (LOCAL, "a") in found.above("snomed", "1")
    assert {("snomed", "1"), ("snomed", "2")} <= found.above(LOCAL, "b")
    assert found.perhaps(LOCAL, "b") == {("snomed", "3")}
    assert found.above("snomed", "2") == {("snomed", "2")}


CM_ORDER = """\
00001 C50     0 {short} Malignant neoplasm of breast
00002 C50011  1 {short} Malignant neoplasm of nipple, right breast
00003 C5001   0 {short} Malignant neoplasm of nipple
""".format(short="short name".ljust(60))
CLAML = """<?xml version="1.0"?><ClaML version="2.0.0"><Title name="ICD-10" version="2026"/>
<Class code="II" kind="chapter"><Rubric kind="preferred"><Label>Neoplasms</Label></Rubric></Class>
<Class code="C50-C50" kind="block"><SuperClass code="II"/></Class>
<Class code="C50" kind="category"><SuperClass code="C50-C50"/>
<Rubric kind="preferred"><Label>Malignant <Fragment>neoplasm</Fragment> of breast</Label></Rubric>
</Class><Class code="C50.0" kind="category"><SuperClass code="C50"/></Class></ClaML>"""
GERMAN = """\
3;N;X;02;C50;C50.-;C50;C50;Bösartige Neubildung der Brustdrüse;;
4;T;X;02;C50;C50.0;C50.0;C500;Bösartige Neubildung: Brustwarze;;
"""
TABULAR = """<ICD10CM.tabular><version>2026</version><chapter><section><diag><name>C50</name>
<desc>Malignant neoplasm of breast</desc><diag><name>C50.0</name><desc>Nipple</desc></diag></diag>
</section></chapter></ICD10CM.tabular>"""


@pytest.mark.parametrize(
    ("name", "text", "code", "above"),
    [
        ("icd10cm-order-2026.txt", CM_ORDER, "c50.011", {"C50.011", "C50.01", "C50"}),
        ("icd10cm-codes-2026.txt", "C50    Breast\nC500   Nipple\n", "C50.0", {"C50.0", "C50"}),
        ("tabular.xml", TABULAR, "C500", {"C50.0", "C50"}),
        ("icd10.xml", CLAML, "C50.0", {"C50.0", "C50", "C50-C50", "II"}),
        ("kodes.txt", GERMAN, "C50.0", {"C50.0", "C50"}),
        ("list.csv", 'Code,Name\nC50,"Breast, all"\nc500,Nipple\n', "C50.0", {"C50.0", "C50"}),
        (
            "list.tsv",
            "code\tname\tsystem\nC50\tBreast\ticd10\nC500\tN\tICD10\n",
            "C50.0",
            {"C50.0", "C50"},
        ),
    ],
)
def test_icd10(tmp_path: Path, name: str, text: str, code: str, above: set[str]):
    path = tmp_path / name
    path.write_text(text)
    found = held(tmp_path, path)
    assert found.above("icd10", code) == {("icd10", one) for one in above}
    concept = found.concept("icd10", "C50")
    assert concept is not None
    assert re.search("[Bb]reast|Brust", concept.name)
    assert found.subsumes(("icd10", "C51"), ("icd10", code)) == "unknown"


def test_atc_as_a_list(tmp_path: Path):
    path = tmp_path / "atc.csv"
    path.write_text(
        "code,name,system\nL04AB99,alphamab,atc\nJ01CA99,betanol,http://www.whocc.no/atc\n"
    )
    found = held(tmp_path, path)
    assert found.above("atc", "l04ab99") == {
        ("atc", one) for one in ("L04AB99", "L04AB", "L04A", "L04", "L")
    }
    assert found.subsumes(("atc", "J01CA99"), ("atc", "L04AB99")) == "not-subsumed"


ALL: dict[str, Callable[[Path], Path]] = {
    "athena": releases.omop,
    "rxnorm": releases.rxnorm,
    "snomed": releases.snomed,
}


def test_the_order_of_sources_does_not_change_the_hash(tmp_path: Path):
    sources = [write(tmp_path / name) for name, write in ALL.items()]
    sources.append(as_json(tmp_path / "codes.json", code_system(), value_set()))
    assert held(tmp_path, *sources).sha256 == held(tmp_path, *reversed(sources)).sha256


def test_the_order_of_rows_does_not_change_the_hash(omop: Vocabulary, tmp_path: Path):
    turned = releases.omop(
        tmp_path / "turned",
        releases.OMOP_CONCEPTS[::-1],
        releases.OMOP_RELATED[::-1],
        releases.OMOP_ANCESTORS[::-1],
    )
    assert held(tmp_path, turned).sha256 == omop.sha256
