"""MedDRA and WHODrug as licensees hold them: small releases with terms and codes made up."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import MEDDRA as MEDDRA_URI
from gradatim.vocabulary.concepts import WHODRUG as WHODRUG_URI
from gradatim.vocabulary.graph import Vocabulary
from gradatim.vocabulary.sources.compile import build
from gradatim.vocabulary.versions import preferred_term

MEDDRA = {
    "meddra_release.asc": "99.1$English$$$$\n",
    "soc.asc": "90000001$Made-up disorders$Made$$$$$$$\n",
    "hlgt.asc": "90000011$Made-up group$$$$$$$\n",
    "hlt.asc": "90000021$Made-up high level$$$$$$$\n",
    "pt.asc": "90000031$Wobble$$90000001$$$$$$$\n90000032$Wobble chronic$$90000001$$$$$$$\n",
    "llt.asc": (
        "90000031$Wobble$90000031$$$$$$$Y$$\n"
        "90000041$Wobbling of the made-up kind$90000031$$$$$$$Y$$\n"
        "90000042$Old word for wobble$90000031$$$$$$$N$$\n"
    ),
    "mdhier.asc": (
        "90000031$90000021$90000011$90000001$Wobble$Made-up high level$Made-up group$"
        "Made-up disorders$Made$$90000001$Y$\n"
    ),
}
NAME_FROM_31 = " " * 18
WHODRUG = {
    "version.txt": "WHODrug GLOBALB3Mar99\n",
    "DD.txt": "".join(
        f"{code}1{NAME_FROM_31}{name}\n"
        for code, name in (
            ("90000101001", "ALPHAMAB"),
            ("90000101002", "ALPHABRAND"),
            ("90000102001", "ALPHAMAB HYDROCHLORIDE"),
            ("90000102007", "ALPHASALT"),
            ("90000201001", "BETANOL"),
        )
    ),
    "DDA.txt": "900001010011L04AB99\n900002010011J01CA99\n900002010011D06AX99\n",
    "INA.txt": "L04AB  4Made-up inhibitors\nL04AB995alphamab\n",
}


def product(record: int, code: str, name: str) -> str:
    """Return a row of MP.csv, of 22 columns."""
    quoted = '"' + name.replace('"', '""') + '"'
    cells = [str(record), "", code[:6], code[6:8], code[8:], "", "", "N", quoted, *[""] * 13]
    return ",".join(cells) + "\n"


NAMES = (
    ("90000101001", "Alphamab"),
    ("90000101002", "Alphabrand, forte"),
    ("90000101002", "Alphabrand, forte"),
    ("90000102001", "Alphamab hydrochloride"),
    ("90000102007", "Alphasalt"),
    ("90000201001", "Betanol"),
)
WHODRUG_C3 = {
    "Version.csv": "WHODrug Global C3 Mar 99,C3\n",
    "MP.csv": "".join(product(n, code, name) for n, (code, name) in enumerate(NAMES, 1)),
    "ThG.csv": "1,L04AB99,20990101,Y,1\n2,J01CA99,20990101,Y,6\n3,D06AX99,20990101,N,6\n",
    "ATC.csv": 'L04AB,4,"Made-up inhibitors"\nL04AB99,5,alphamab\n',
}


def release(folder: Path, files: dict[str, str]) -> Path:
    """Write a release into a folder of its own, as publishers do."""
    place = folder / "release" / "MedAscii"
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name).write_text(text)
    return folder / "release"


def opened(folder: Path, files: dict[str, str]) -> Vocabulary:
    """Compile a release and open it."""
    out = folder / "site.vocabulary"
    build([release(folder, files)], out, lambda _: None)
    return Vocabulary.open(out)


def test_a_term_of_the_lowest_level_is_what_stands_above_it(tmp_path: Path) -> None:
    known = opened(tmp_path, MEDDRA)
    above = {code for _, code in known.above(MEDDRA_URI, "90000041")}
    assert {"90000031", "90000021", "90000011", "90000001"} <= above
    found = known.concept(MEDDRA_URI, "90000041")
    assert found is not None
    assert (found.name, found.active) == ("Wobbling of the made-up kind", True)


def test_terms_of_the_upper_levels_have_no_preferred_term(tmp_path: Path) -> None:
    known = opened(tmp_path, MEDDRA)
    for code in ("90000021", "90000011", "90000001"):
        assert preferred_term(known, (MEDDRA_URI, code)) is None
    for code in ("90000031", "90000041"):
        assert preferred_term(known, (MEDDRA_URI, code)) == (MEDDRA_URI, "90000031")


def test_a_term_that_is_no_longer_current_is_not_in_use(tmp_path: Path) -> None:
    found = opened(tmp_path, MEDDRA).concept(MEDDRA_URI, "90000042")
    assert found is not None
    assert not found.active


def test_the_version_of_the_release_is_kept(tmp_path: Path) -> None:
    (source,) = opened(tmp_path, MEDDRA).sources
    assert (source.kind, source.version) == ("MedDRA", "99.1 English")


def test_a_drug_is_its_salt_and_its_substance(tmp_path: Path) -> None:
    known = opened(tmp_path, WHODRUG)
    above = {code for _, code in known.above(WHODRUG_URI, "90000102007")}
    assert {"90000102001", "90000101001"} <= above
    assert ("atc", "L04AB") in known.above(WHODRUG_URI, "90000101001")
    assert ("atc", "J01CA99") not in known.above(WHODRUG_URI, "90000201001")
    assert known.sources[0].version == "WHODrug GLOBALB3Mar99"


@pytest.mark.parametrize(
    ("files", "name", "text", "says"),
    [
        (MEDDRA, "llt.asc", "90000041$only a name\n", "llt.asc, line 1"),
        (WHODRUG, "DD.txt", "no drug\n", "DD.txt, line 1"),
    ],
)
def test_a_damaged_release_is_refused_with_its_line(
    tmp_path: Path, files: dict[str, str], name: str, text: str, says: str
) -> None:
    place = release(tmp_path, {**files, name: text})
    with pytest.raises(UnusableInput, match="publisher") as refused:
        build([place], tmp_path / "site.vocabulary", lambda _: None)
    assert says in str(refused.value)
    assert not (tmp_path / "site.vocabulary").exists()


def test_c3_says_of_a_drug_what_b3_says(tmp_path: Path) -> None:
    (tmp_path / "b3").mkdir()
    (tmp_path / "c3").mkdir()
    b3, c3 = opened(tmp_path / "b3", WHODRUG), opened(tmp_path / "c3", WHODRUG_C3)
    assert c3.sources[0][1:] == ("WHODrug C3", "WHODrug Global C3 Mar 99")
    for code, _ in NAMES:
        assert c3.above(WHODRUG_URI, code) == b3.above(WHODRUG_URI, code)
        assert c3.perhaps(WHODRUG_URI, code) == b3.perhaps(WHODRUG_URI, code)
    found = c3.concept(WHODRUG_URI, "90000101002")
    assert found is not None
    assert found.name == "Alphabrand, forte"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"MP.csv": product(7, "9000X101001", "Gamma")}, "MP.csv, record '7'"),
        ({"MP.csv": product(7, "90000101001", "")}, "MP.csv, record '7'"),
        ({"MP.csv": "1,2,3\n"}, "MP.csv, line 1"),
        ({"ThG.csv": "1,L04AB99\n"}, "ThG.csv, line 1"),
    ],
)
def test_a_damaged_c3_release_is_refused_with_its_place(
    tmp_path: Path, changed: dict[str, str], says: str
) -> None:
    with pytest.raises(UnusableInput, match="publisher") as refused:
        opened(tmp_path, {**WHODRUG_C3, **changed})
    assert says in str(refused.value)


def test_c3_as_text_files_is_refused_and_told_what_is_read(tmp_path: Path) -> None:
    place = release(tmp_path, {"MP.txt": "1\n", "ThG.txt": "1\n"})
    with pytest.raises(UnusableInput, match="as CSV, or the B3 release"):
        build([place], tmp_path / "site.vocabulary", lambda _: None)


PRODUCTS = st.lists(
    st.tuples(
        st.from_regex(r"\A90000[0-9](01|02)00[1-3]\Z"),
        st.sets(st.sampled_from(("L04AB99", "J01CA99", "D06AX99"))),
    ),
    min_size=1,
    max_size=8,
)
WRITTEN = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12
)


@settings(max_examples=25, deadline=None)
@given(PRODUCTS, WRITTEN)
def test_every_product_of_a_c3_release_is_known_by_its_drug_with_all_its_codes(
    tmp_path_factory: pytest.TempPathFactory, products: list[tuple[str, set[str]]], name: str
) -> None:
    codes = [(n, code) for n, (_, some) in enumerate(products, 1) for code in some]
    files = {
        "MP.csv": "".join(product(n, one, name) for n, (one, _) in enumerate(products, 1)),
        "ThG.csv": "".join(f"{i},{code},,Y,{n}\n" for i, (n, code) in enumerate(codes))
        or "1,,,Y,0\n",
    }
    known = opened(tmp_path_factory.mktemp("c3"), files)
    for drug, _ in products:
        found = known.concept(WHODRUG_URI, drug)
        assert found is not None
        assert found.name == name
        own = {code for one, some in products if one == drug for code in some}
        told = known.above(WHODRUG_URI, drug) | known.perhaps(WHODRUG_URI, drug)
        assert own <= {code for system, code in told if system == "atc"}
