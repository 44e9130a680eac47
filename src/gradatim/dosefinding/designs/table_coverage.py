"""Whether a decision table has advice for every number of participants that can come."""

from dataclasses import replace
from math import ceil

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.designs.table import TableDesign


def checked_for_coverage(design: Design, settings: DesignSettings) -> Design:
    """Return the design, knowing its largest cohort, if its table has advice for all that can come.

    Raises:
        UnusableInput: some cohort would lead to a number of participants without advice.
    """
    if not isinstance(design, TableDesign):
        return design
    sizes = set(settings.cohort_sizes or (design.cohort,))
    made = replace(design, largest=max(sizes))
    last = min(made.last(), made.table.most)
    known = set(made.table.sizes())
    if not set(range(1, last + 1)) <= known:
        _refuse_uneven(made, settings, sizes, last, known)
    if settings.run_in and ceil(settings.run_in / min(sizes)) * max(sizes) > last < made.maximum:
        raise UnusableInput(
            f"a run-in of {settings.run_in} is more than the {last} participants that one level "
            "may have",
            "--set run_in",
            todo="give fewer",
        )
    return made


def _refuse_uneven(
    design: TableDesign, settings: DesignSettings, sizes: set[int], last: int, known: set[int]
) -> None:
    """Refuse what leads beside the numbers of participants that the table has."""
    maximum = min(settings.maximum or design.maximum, design.maximum)
    singles = settings.titration and design.selection is not None
    missing = [n for k in sizes for n in range(k, last + 1, k) if n not in known]
    if len(sizes) == 1 and not singles and not missing and maximum % min(sizes) == 0:
        return
    told = ", ".join(map(str, sorted(known)))
    raise UnusableInput(
        f"{design.name} would have to decide on other numbers of participants than it can",
        "--cohort-size, --set sizes, --set maximum, --set titration",
        f"it has advice for {told} participants at a level",
        "choose cohorts and a maximum that lead to these numbers only",
    )
