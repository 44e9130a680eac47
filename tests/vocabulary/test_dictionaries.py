"""MedDRA and WHODrug as licensees hold them: small releases with terms and codes made up."""

from pathlib import Path

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.graph import Vocabulary
from gradatim.vocabulary.sources import meddra, whodrug
from gradatim.vocabulary.sources.compile import build

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
    above = {code for _, code in known.above(meddra.MEDDRA, "90000041")}
    assert {"90000031", "90000021", "90000011", "90000001"} <= above
    found = known.concept(meddra.MEDDRA, "90000041")
    assert found is not None
    assert (found.name, found.active) == ("Wobbling of the made-up kind", True)


def test_a_term_that_is_no_longer_current_is_not_in_use(tmp_path: Path) -> None:
    found = opened(tmp_path, MEDDRA).concept(meddra.MEDDRA, "90000042")
    assert found is not None
    assert not found.active


def test_the_version_of_the_release_is_kept(tmp_path: Path) -> None:
    (source,) = opened(tmp_path, MEDDRA).sources
    assert (source.kind, source.version) == ("MedDRA", "99.1 English")


def test_a_drug_is_its_salt_and_its_substance(tmp_path: Path) -> None:
    known = opened(tmp_path, WHODRUG)
    above = {code for _, code in known.above(whodrug.WHODRUG, "90000102007")}
    assert {"90000102001", "90000101001"} <= above
    assert ("atc", "L04AB") in known.above(whodrug.WHODRUG, "90000101001")
    assert ("atc", "J01CA99") not in known.above(whodrug.WHODRUG, "90000201001")
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
