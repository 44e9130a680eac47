"""What is asked of a prescreen: criteria left out, limits moved, criteria read otherwise.

A limit moves by the steps of the run's own grid only: whoever could move it by as little as they
please could find the value at which a count changes, and that is the value of a single person.
"""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import NamedTuple

from django.http import QueryDict
from django.utils.translation import gettext as _

from gradatim.core.errors import UnusableInput
from gradatim.protocol.study import Study
from gradatim.reports.feasibility_words import limit_signs
from gradatim.screening.feasibility.load import Files
from gradatim.screening.feasibility.movable_limits import Movable, grid, movable
from gradatim.screening.feasibility.question import question

LIMIT, READING, WITHOUT, RUN = "limit-", "reading-", "without", "run"


class Said(NamedTuple):
    """A question as the address has it, without what was left as it is.

    Args:
        without: ids of criteria.
        readings: other readings, by criterion.
        limits: new limits, by column of margins.
    """

    without: tuple[str, ...] = ()
    readings: tuple[tuple[str, str], ...] = ()
    limits: tuple[tuple[str, str], ...] = ()


class Moving(NamedTuple):
    """The slider of a limit: what it is of, where it can go in what steps, where it stands."""

    column: str
    criterion: str
    element: str
    stated: str
    low: str
    high: str
    step: str
    value: str


class Readable(NamedTuple):
    """A criterion with other readings: its id, their names, the one that was chosen."""

    id: str
    names: list[str]
    said: str


def read_question(study: Study, files: Files, sent: QueryDict) -> tuple[Said, dict[str, str]]:
    """Read a question.

    Args:
        study: the protocol the prescreen was run with.
        files: what it wrote.
        sent: the query of the address.

    Returns:
        The question as it was sent, and what of it cannot be asked, by the name of its field.
    """
    moved, faults = _limits(study, files, sent)
    said = Said(tuple(dict.fromkeys(sent.getlist(WITHOUT))), _chosen(sent, READING), moved)
    good = Said()
    for field, part in _parts(said):
        both = Said(
            good.without + part.without, good.readings + part.readings, good.limits + part.limits
        )
        if why := _why_not(study, files, both):
            faults.setdefault(field, why)
        else:
            good = both
    return said, faults


def _parts(said: Said) -> Iterator[tuple[str, Said]]:
    """Give each thing that is asked by itself, with its field; limits come last.

    For a limit cannot be moved in a criterion that is left out or read otherwise.
    """
    for id in said.without:
        yield WITHOUT, Said((id,))
    for one in said.readings:
        yield READING + one[0], Said((), (one,))
    for one in said.limits:
        yield LIMIT + one[0], Said((), (), (one,))


def _why_not(study: Study, files: Files, said: Said) -> str:
    """Say why something cannot be asked; nothing if it can."""
    try:
        question(study, files.readings, said.without, dict(said.readings), dict(said.limits))
    except UnusableInput as error:
        said_so = [one for one in (error.what, error.why, error.todo) if one]
        return " ".join(f"{one[0].upper()}{one[1:]}." for one in said_so)
    return ""


def _chosen(sent: QueryDict, prefix: str) -> tuple[tuple[str, str], ...]:
    """Give what was chosen under names that begin so; what was left empty is as it is."""
    return tuple(
        (name.removeprefix(prefix), str(sent[name]).strip())
        for name in sent
        if name.startswith(prefix) and str(sent[name]).strip()
    )


def _limits(
    study: Study, files: Files, sent: QueryDict
) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """Give the limits that were moved to a step of their grid, and faults for other numbers."""
    known = {one.column: one for one in movable_limits(study, files)}
    moved, faults = [], dict[str, str]()
    for column, text in _chosen(sent, LIMIT):
        if column not in known:
            faults[LIMIT + column] = _("There is no limit %(name)s that can be moved.") % {
                "name": column[:40]
            }
            continue
        at = _step(known[column], text)
        if at is None:
            steps = ", ".join(f"{one:g}" for one in grid(known[column]))
            faults[LIMIT + column] = _("It can be moved to one of these: %(steps)s.") % {
                "steps": steps
            }
        elif at:
            moved.append((column, repr(float(grid(known[column])[at]))))
    return tuple(moved), faults


def _step(limit: Movable, text: str) -> int | None:
    """Give the place of a number in a limit's grid; 0 is where it is; None if it is not in it."""
    try:
        number = float(text)
    except ValueError:
        return None
    return next(
        (at for at, one in enumerate(grid(limit)) if isclose(number, one, rel_tol=1e-9)), None
    )


def movable_limits(study: Study, files: Files) -> list[Movable]:
    """Give the limits that can be moved: those whose margins the prescreen wrote."""
    there = files.names.get("margins", ())
    return [
        limit
        for column in question(study, files.readings).columns
        for limit in movable(column)
        if limit.column in there
    ]


def sliders(study: Study, files: Files, labels: Mapping[str, str], said: Said) -> list[Moving]:
    """Give a slider for each limit, where it stands by the question."""
    moved = dict(said.limits)
    return [
        _slider(one, labels.get(one.element, one.element), moved.get(one.column))
        for one in movable_limits(study, files)
    ]


def _slider(limit: Movable, label: str, moved: str | None) -> Moving:
    steps = grid(limit)
    low, high = min(steps[0], steps[-1]), max(steps[0], steps[-1])
    at = steps[0] if moved is None else float(moved)
    step = abs(steps[1] - steps[0])
    return Moving(
        limit.column,
        limit.criterion,
        label,
        limit_signs(str(limit.limit)),
        f"{low:.10g}",
        f"{high:.10g}",
        f"{step:.6g}",
        f"{at:.10g}",
    )


def readable(study: Study, sent: QueryDict) -> list[Readable]:
    """Give the criteria that can be read otherwise, with the reading that was chosen."""
    return [
        Readable(
            one.id,
            [one.reading_name, *(other.name for other in one.alternatives)],
            str(sent.get(READING + one.id, "")),
        )
        for one in study.criteria
        if one.alternatives
    ]
