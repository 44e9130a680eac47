"""Lists of terms as a site writes them: what is read, and what is refused with its line."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.ctcae.terms import folded, says_something
from gradatim.clinical.term_lists import ListedTerm, read_term_list
from gradatim.core.errors import UnusableInput


def test_a_table_is_read() -> None:
    found = read_term_list(
        "\ufeffterm,code,system,version,synonyms\r\n"
        "Made-up ache,254837009,http://snomed.info/sct,2099,ache; Weh ;\r\n"
        "\r\n"
        '"Ache, other",,http://snomed.info/sct,2099,\r\n',
        "site.csv",
    )
    assert (found.system, found.version) == ("snomed", "2099")
    assert found.terms == (
        ListedTerm("Made-up ache", "254837009", ("ache", "Weh")),
        ListedTerm("Ache, other"),
    )
    assert found.by_name[folded("weh")] == (found.terms[0],)


def test_a_term_without_a_code_needs_no_system() -> None:
    found = read_term_list("term,code,system,version\nAche,1,icd10,2099\nHurt,,,\n", "site.csv")
    assert (found.system, found.version) == ("icd10", "2099")
    assert found.terms == (ListedTerm("Ache", "1"), ListedTerm("Hurt"))


def test_cells_may_be_apart_by_tabs() -> None:
    found = read_term_list("term\tsynonyms\nAche\tWeh, sehr\n", "site.tsv")
    assert found.terms == (ListedTerm("Ache", "", ("Weh, sehr",)),)


def test_a_synonym_of_several_terms_is_each_and_a_term_is_itself() -> None:
    found = read_term_list("term,synonyms\nAche,Weh;Pain\nHurt,Weh\nPain,\n", "site.csv")
    assert [one.term for one in found.by_name["weh"]] == ["Ache", "Hurt"]
    assert [one.term for one in found.by_name["pain"]] == ["Pain"]


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("", "site.csv, line 1", "no column term"),
        ("name,code\nAche,1\n", "site.csv, line 1", "no column term"),
        ("term,synonym\nAche,Weh\n", "site.csv, line 1", "'synonym' cannot be meant"),
        ("term,term\nAche,Weh\n", "site.csv, line 1", "'term' cannot be meant"),
        ("term\n", "site.csv", "no term in this list"),
        ("term,code\nAche\n", "site.csv, line 2", "1 cells, and 2 columns"),
        ("term\nAche,Weh\n", "site.csv, line 2", "2 cells, and 1 columns"),
        ("term,code\nAche,\n\u200b,1\n", "site.csv, line 3", "is no term"),
        ("term\nAche\n\nＡＣＨＥ\n", "site.csv, line 4", "line 2"),
        ("term\n" + "x" * 201 + "\n", "site.csv, line 2", "2 to 200 characters"),
        ("term,code\nAche,1\n", "site.csv, line 2", "of which system the code '1' is"),
        ("term,code,system\nA1,1,x\nA2,2,y\n", "site.csv, line 3", "several systems"),
        ("term,code,version\nA1,,1\nA2,,2\n", "site.csv, line 3", "several systems or versions"),
        ('term\nA1\n"A2\nA3\n', "site.csv, line", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, where: str, says: str) -> None:
    with pytest.raises(UnusableInput) as refused:
        read_term_list(text, "site.csv")
    assert where in str(refused.value)
    assert says in str(refused.value)


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t;"), min_size=2, max_size=9)
TERMS = st.lists(
    st.tuples(
        WORDS.map(str.strip).filter(lambda one: len(one) > 1 and says_something(one)),
        st.lists(WORDS.map(str.strip).filter(says_something), max_size=3, unique=True),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda pair: folded(pair[0]),
)


@given(TERMS)
def test_what_a_table_says_is_what_is_read(rows: list[tuple[str, list[str]]]) -> None:
    written = StringIO()
    table = csv.writer(written)
    table.writerow(("term", "synonyms"))
    table.writerows((term, ";".join(synonyms)) for term, synonyms in rows)
    found = read_term_list(written.getvalue(), "site.csv")
    assert [(one.term, list(one.synonyms)) for one in found.terms] == rows
    for term, synonyms in rows:
        assert [one.term for one in found.by_name[folded(term)]] == [term]
        own = {folded(one.term) for one in found.terms}
        for name in synonyms:
            if folded(name) not in own:
                assert term in [one.term for one in found.by_name[folded(name)]]


@given(st.text(max_size=60), st.sampled_from(("", "term\n", "term,code,system\n")))
def test_any_text_is_read_or_refused_with_what_to_do(text: str, header: str) -> None:
    try:
        found = read_term_list(header + text, "site.csv")
    except UnusableInput as error:
        refused: UnusableInput | None = error
    else:
        refused = None
        assert found.terms
        assert all(says_something(one.term) for one in found.terms)
    assert refused is None or ("site.csv" in str(refused) and refused.todo)
