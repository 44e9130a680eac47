"""Codes that nobody knows are listed, those that leave most open first."""

from hypothesis import given
from hypothesis import strategies as st

from gradatim.evidence.facts import Coding, Facts, NotUsed
from gradatim.screening.not_known import NotKnown, rank_not_known

CANCER = Coding("254837009", "http://snomed.info/sct", "Malignant neoplasm of breast", "SNOMED CT")
OWN = Coding("CA", "urn:hospital")
ELEMENTS = ("cancer", "infection", "biologic")
WAITING = {"cancer": ["E3", "E4"], "infection": ["E5"]}


def person(*records: NotUsed) -> Facts:
    return Facts("p", not_used=records)


def record(id: str, *codes: Coding, elements: tuple[str, ...] = ("cancer",)) -> NotUsed:
    return NotUsed(id, "its code is not known here", elements, codes)


def test_a_code_is_listed_with_what_it_leaves_open() -> None:
    people = [
        (person(record("Condition/1", CANCER), record("Condition/2", CANCER)), WAITING),
        (person(record("Condition/3", CANCER, elements=("cancer", "infection"))), WAITING),
    ]
    assert rank_not_known(people) == (NotKnown(CANCER, 3, 2, ("E3", "E4", "E5"), 5),)


def test_the_code_that_leaves_most_open_stands_first() -> None:
    many = [(person(record(f"Condition/{n}", OWN, elements=("infection",))), WAITING) for n in "12"]
    found = rank_not_known([*many, (person(record("Condition/3", CANCER)), WAITING)])
    assert [(one.coding.code, one.weight) for one in found] == [("CA", 2), ("254837009", 2)]
    one_more = (person(record("Condition/4", CANCER)), WAITING)
    found = rank_not_known([*many, (person(record("Condition/3", CANCER)), WAITING), one_more])
    assert [(one.coding.code, one.weight) for one in found] == [("254837009", 4), ("CA", 2)]


def test_what_is_understood_is_not_listed_and_what_leaves_nothing_open_stands_last() -> None:
    people = [
        (person(record("Condition/1", OWN, elements=())), WAITING),
        (person(record("Condition/2", CANCER, elements=("biologic",))), WAITING),
    ]
    assert rank_not_known(people) == (NotKnown(CANCER, 1, 1, (), 0),)


def test_parts_of_one_record_are_one_record() -> None:
    parts = record("MedicationStatement/1", OWN), record("MedicationStatement/1#code", OWN)
    (one,) = rank_not_known([(person(*parts), WAITING)])
    assert (one.records, one.people) == (1, 1)


def test_a_code_is_written_as_documents_have_it() -> None:
    (one,) = rank_not_known([(person(record("Condition/1", CANCER)), WAITING)])
    assert one.document() == {
        "system": "http://snomed.info/sct",
        "code": "254837009",
        "display": "Malignant neoplasm of breast",
        "records": 1,
        "people": 1,
        "criteria": ["E3", "E4"],
    }


records = st.builds(
    record,
    st.sampled_from(["Condition/1", "Condition/2", "Condition/2#code", "Procedure/1"]),
    st.sampled_from([CANCER, OWN]),
    elements=st.lists(st.sampled_from(ELEMENTS), unique=True).map(tuple),
)


@given(st.lists(st.lists(records, max_size=4), max_size=4))
def test_the_order_of_people_changes_no_count(people: list[list[NotUsed]]) -> None:
    given_people = [(person(*some), WAITING) for some in people]
    turned = list(reversed(given_people))

    def counts(found: tuple[NotKnown, ...]) -> set[tuple[str, int, int, int]]:
        return {(one.coding.code, one.records, one.people, one.weight) for one in found}

    assert counts(rank_not_known(given_people)) == counts(rank_not_known(turned))
    assert all(one.people <= one.records for one in rank_not_known(given_people))
