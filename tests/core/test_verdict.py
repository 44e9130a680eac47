"""Verdicts: which leaves settle one."""

from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Reason, Verdict

YES = Verdict(TRUE, "yes")
NO = Verdict(FALSE, "no")
OPEN = Verdict(UNKNOWN, "open", reason=Reason.NO_RECORD, element="ast")


def test_a_leaf_settles_itself() -> None:
    """It has no children to blame."""
    assert list(YES.deciding()) == list(YES.leaves()) == [YES]


def test_the_children_of_the_same_truth_settle_a_verdict() -> None:
    """What failed a conjunction, or left it open; not what went well."""
    assert list(Verdict(FALSE, children=(YES, NO, OPEN)).deciding()) == [NO]
    assert list(Verdict(UNKNOWN, children=(YES, OPEN)).deciding()) == [OPEN]
    assert list(Verdict(FALSE, children=(YES, NO, OPEN)).leaves()) == [YES, NO, OPEN]


def test_a_negation_is_settled_by_its_one_child() -> None:
    """Although that has the opposite truth."""
    inner = Verdict(TRUE, children=(YES, NO))
    assert list(Verdict(FALSE, children=(inner,)).deciding()) == [YES]
