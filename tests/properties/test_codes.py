"""Check digits find every single wrong digit."""

from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.codes import fault, luhn_ok, matches, verhoeff_ok

DIGITS = st.text("0123456789", min_size=1, max_size=17)


def completed(digits: str, ok) -> str:
    """Add the check digit; exactly one of the ten fits."""
    fitting = [digits + check for check in "0123456789" if ok(digits + check)]
    assert len(fitting) == 1
    return fitting[0]


@given(DIGITS, st.data())
def test_one_wrong_digit_is_always_found(digits: str, data: st.DataObject) -> None:
    """By Luhn's (LOINC) and by Verhoeff's (SNOMED CT) digit alike."""
    for ok in (luhn_ok, verhoeff_ok):
        code = completed(digits, ok)
        place = data.draw(st.integers(0, len(code) - 1))
        wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != code[place]]))
        assert not ok(code[:place] + wrong + code[place + 1 :])


@given(DIGITS, st.data())
def test_two_neighbours_swapped_are_always_found_by_verhoeff(
    digits: str, data: st.DataObject
) -> None:
    """The second kind of error that SNOMED CT's digit was chosen for."""
    code = completed(digits, verhoeff_ok)
    place = data.draw(st.integers(0, len(code) - 2))
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert verhoeff_ok(swapped) is (code[place] == code[place + 1])


@given(st.sampled_from(["loinc", "snomed", "icd10", "atc", "rxnorm", "local", "ucum"]), st.text())
def test_no_code_raises(system: str, code: str) -> None:
    """Whatever is written as a code, the answer is a text: what is wrong, or nothing."""
    assert isinstance(fault(system, code), str)


@given(st.from_regex(r"[A-Z]\d\d(\.\d)?", fullmatch=True))
def test_a_code_matches_itself_and_its_block(code: str) -> None:
    """Itself, everything below it, and the range of its own block."""
    assert matches(code, code)
    assert matches(code[:3] + "*", code)
    assert matches(f"{code[:3]}-{code[:3]}", code)
