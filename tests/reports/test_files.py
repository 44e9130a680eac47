"""Reports as files: safe names, no two alike, and a clear message where they cannot be written."""

from dataclasses import replace

import pytest

from gradatim.cli.reports import report_names, write_overview, write_reports
from gradatim.core.errors import UnusableInput
from tests.reports.screened import Page, document, people


def test_a_plain_identifier_is_the_name():
    assert report_names(["C-01", "p_2.a"]) == ["C-01.html", "p_2.a.html"]


@pytest.mark.parametrize(
    "person",
    [
        "../../etc/passwd",
        "..",
        ".",
        "",
        "/",
        "a/b",
        "a\\b",
        "con",
        "NUL",
        "LPT1",
        "index",
        ".hidden",
        "-rf",
        "<script>",
        "a\0b",
        "C-01 ",
        "名前",
        "x" * 300,
        "com1.txt",
        "a\nb",
        "\ud800",
    ],
)
def test_an_identifier_that_is_no_safe_name_gets_one(person):
    (name,) = report_names([person])
    stem = name.removesuffix(".html")
    assert stem.replace("-", "").replace(".", "").replace("_", "").isalnum()
    assert stem[0].isalnum()
    assert stem.isascii()
    assert len(name) <= 110
    assert stem.casefold() not in ("index", "con", "nul", "lpt1", "com1.txt")
    assert stem != person


def test_identifiers_that_look_alike_get_names_that_do_not():
    people = ["p 1", "p/1", "p-1", "P-1", "p_1", "p:1", "x" * 90, "x" * 91]
    names = report_names(people)
    assert len({name.casefold() for name in names}) == len(people)
    assert names == report_names(people)


def test_reports_are_written_beside_what_is_there(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    results = [people()["C-01"], people()["C-02"]]
    paths = write_reports(tmp_path, document(), results)
    assert [path.name for path in paths] == ["C-01.html", "C-02.html"]
    assert (tmp_path / "index.html").read_text() == "mine"
    assert "C-02" in paths[1].read_text(encoding="utf-8")


def test_the_overview_links_to_the_files(tmp_path):
    one, facts = people()["C-01"]
    results = [people()["C-02"], (replace(one, person="a/b #1%?"), facts)]
    paths = write_reports(tmp_path, document(), results)
    page = Page(write_overview(tmp_path, document(), results).read_text(encoding="utf-8"))
    assert [a["href"] for a in page.all("a")] == [path.name for path in paths]


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UnusableInput, match="cannot be written"):
        write_reports(tmp_path / "taken", document(), [people()["C-01"]])


def test_an_identifier_that_is_no_text_does_not_stop_the_others(tmp_path):
    one, facts = people()["C-01"]
    results = [(replace(one, person="\ud800"), facts), people()["C-02"]]
    assert all(path.is_file() for path in write_reports(tmp_path, document(), results))
