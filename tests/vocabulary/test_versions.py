"""One code in two versions of a dictionary: what is unchanged, and what is not taken for it."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.vocabulary.concepts import MEDDRA, WHODRUG, Concept
from gradatim.vocabulary.graph import Vocabulary
from gradatim.vocabulary.versions import CodeChange, compare_versions, preferred_term

LOWEST, OTHER, PREFERRED, SECOND, HIGH, GROUP, SOC = "1", "2", "11", "12", "21", "31", "41"
NAMES = {
    LOWEST: "Wobbling",
    OTHER: "Old wobble",
    PREFERRED: "Wobble",
    SECOND: "Sway",
    HIGH: "Movements",
    GROUP: "Motion",
    SOC: "Disorders",
}


class Release(NamedTuple):
    """A made-up version: which preferred term each lowest one has, what is no longer current."""

    under: tuple[tuple[str, str], ...] = ((LOWEST, PREFERRED), (OTHER, PREFERRED))
    retired: frozenset[str] = frozenset()
    renamed: frozenset[str] = frozenset()
    levels: bool = True

    def opened(self) -> Vocabulary:
        """Return it as a vocabulary."""
        known = {code for pair in self.under for code in pair}
        known |= {SECOND, HIGH, GROUP, SOC} if self.levels else {SECOND}
        up = [(PREFERRED, HIGH), (SECOND, HIGH), (HIGH, GROUP), (GROUP, SOC)]
        pairs = [*self.under, *(up if self.levels else ())]
        return Vocabulary.of(
            [Concept(MEDDRA, one, self._name(one), one not in self.retired) for one in known],
            [((MEDDRA, low), (MEDDRA, high)) for low, high in pairs],
        )

    def _name(self, code: str) -> str:
        return NAMES[code] + " (renamed)" * (code in self.renamed)


OLD = Release()


@pytest.mark.parametrize(
    ("newer", "change"),
    [
        (Release(), CodeChange.UNCHANGED),
        (Release(under=((OTHER, PREFERRED),)), CodeChange.ABSENT),
        (Release(retired=frozenset({LOWEST})), CodeChange.NOT_CURRENT),
        (Release(renamed=frozenset({LOWEST})), CodeChange.RENAMED),
        (Release(renamed=frozenset({PREFERRED})), CodeChange.UNCHANGED),
        (Release(under=((LOWEST, SECOND), (OTHER, PREFERRED))), CodeChange.MOVED),
        (Release(under=((LOWEST, HIGH), (OTHER, PREFERRED))), CodeChange.MOVED),
        (Release(levels=False), CodeChange.UNCHANGED),
    ],
)
def test_what_became_of_a_code(newer: Release, change: CodeChange) -> None:
    found = compare_versions(OLD.opened(), newer.opened(), (MEDDRA, LOWEST))
    assert found.change is change


@pytest.mark.parametrize(
    ("term", "change"),
    [
        ("", CodeChange.UNCHANGED),
        ("WOBBLING", CodeChange.UNCHANGED),
        ("Sway", CodeChange.RENAMED),
    ],
)
def test_a_code_beside_another_term_is_not_unchanged(term: str, change: CodeChange) -> None:
    found = compare_versions(OLD.opened(), OLD.opened(), (MEDDRA, LOWEST), term)
    assert (found.change, found.was) == (change, term if change is CodeChange.RENAMED else "")


def test_without_a_version_nobody_can_tell() -> None:
    code, known = (MEDDRA, LOWEST), OLD.opened()
    assert compare_versions(known, None, code).change is CodeChange.NOT_KNOWN
    assert compare_versions(None, known, code).change is CodeChange.NOT_KNOWN
    assert compare_versions(Vocabulary.of(), known, code).change is CodeChange.NOT_KNOWN


def test_that_a_term_is_no_longer_current_is_told_without_the_older_version() -> None:
    newer = Release(retired=frozenset({LOWEST})).opened()
    assert compare_versions(None, newer, (MEDDRA, LOWEST)).change is CodeChange.NOT_CURRENT


@pytest.mark.parametrize("levels", [True, False])
def test_a_term_stands_under_its_preferred_one_and_that_under_itself(levels: bool) -> None:
    known = Release(levels=levels).opened()
    assert preferred_term(known, (MEDDRA, LOWEST)) == (MEDDRA, PREFERRED)
    assert preferred_term(known, (MEDDRA, PREFERRED)) == (MEDDRA, PREFERRED)
    assert preferred_term(known, (MEDDRA, "99")) is None
    if levels:
        assert preferred_term(known, (MEDDRA, HIGH)) is None


RELEASES = st.builds(
    Release,
    under=st.sets(
        st.tuples(st.sampled_from((LOWEST, OTHER)), st.sampled_from((PREFERRED, SECOND))),
        min_size=1,
    ).map(lambda pairs: tuple(sorted(pairs))),
    retired=st.frozensets(st.sampled_from((LOWEST, OTHER, PREFERRED))),
    renamed=st.frozensets(st.sampled_from((LOWEST, OTHER, PREFERRED))),
    levels=st.booleans(),
)


@given(RELEASES, RELEASES, st.sampled_from((LOWEST, OTHER)))
def test_unchanged_is_said_only_where_all_of_it_is_the_same(
    older: Release, newer: Release, code: str
) -> None:
    found = compare_versions(older.opened(), newer.opened(), (MEDDRA, code))
    same = (
        code not in newer.retired
        and (code in older.renamed) is (code in newer.renamed)
        and {pt for low, pt in older.under if low == code}
        == {pt for low, pt in newer.under if low == code}
        and len([pt for low, pt in newer.under if low == code]) == 1
    )
    assert (found.change is CodeChange.UNCHANGED) is same


def test_a_drug_is_unchanged_with_the_same_preferred_name_and_codes() -> None:
    def release(atc: str, preferred: str = "90000101001") -> Vocabulary:
        return Vocabulary.of(
            [Concept(WHODRUG, "90000101002", "BRAND"), Concept(WHODRUG, preferred, "ALPHAMAB")],
            [
                ((WHODRUG, "90000101002"), (WHODRUG, preferred)),
                ((WHODRUG, preferred), ("atc", atc)),
            ],
        )

    code = (WHODRUG, "90000101002")
    older = release("L04AB99")
    assert compare_versions(older, release("L04AB99"), code).change is CodeChange.UNCHANGED
    assert compare_versions(older, release("L04AC99"), code).change is CodeChange.MOVED
    moved = release("L04AB99", "90000201001")
    assert compare_versions(older, moved, code).change is CodeChange.MOVED


LETTERS = st.text("ab%_~\\'", max_size=3)


@given(st.lists(st.tuples(LETTERS, st.booleans()), max_size=8), LETTERS, st.integers(0, 9))
def test_a_name_is_found_by_what_is_in_it(
    names: list[tuple[str, bool]], text: str, most: int
) -> None:
    concepts = [Concept(MEDDRA, str(n), name, used) for n, (name, used) in enumerate(names)]
    found = Vocabulary.of([*concepts, Concept(WHODRUG, "1", text)]).named(MEDDRA, text, most)
    fitting = [one for one in concepts if one.active and text in one.name]
    assert len(found) == min(most, len(fitting))
    assert set(found) <= set(fitting)
    starts = [one.name.startswith(text) for one in found]
    assert starts == sorted(starts, reverse=True)
