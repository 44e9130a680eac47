"""What any dose-escalation design can be told, and how a design adds settings of its own.

A protocol's `design:` block and the command line know a setting by its public name, which never
changes. Inside, a field has the word of the paper or package that its design is from; where the two
differ, `setting` says what the public name is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from itertools import pairwise
from math import inf, isfinite
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from gradatim.core.errors import Defect, UnusableInput, shortened

MOST_DOSES, MOST_PARTICIPANTS, MOST_OF_COHORT = 20, 1_000, 100
OFF: Literal["off"] = "off"
_Value = TypeVar("_Value")


def setting(default: _Value, name: str) -> _Value:
    """Return a field of a settings class whose public name is another than its own."""
    return field(default=default, metadata={"name": name})


@dataclass(frozen=True)
class DesignSettings:
    """What every design can be told; what is None takes the design's own default.

    A design derives a class from it with its own settings, which extends `check` and `idle`.

    Args:
        design: a name of `DESIGN_KINDS`.
        doses: how many dose levels.
        target: the DLT rate aimed at.
        cohort_size, cohorts: participants per decision, and decisions.
        start: the first level, from 1.
        maximum: participants in all; it overrides cohorts x cohort size.
        titration: one participant a level until the first DLT.
        run_in: participants at each level until the first DLT.
        cohort_sizes: cohort sizes by level.
        n_stop: end when the level that would be next has had so many participants.
        stop_too_toxic: stop when P(rate of the lowest dose > target) is above this.
    """

    design: str
    doses: int
    target: float | None = None
    cohort_size: int = 3
    cohorts: int = 10
    start: int = 1
    maximum: int | None = None
    titration: bool = False
    run_in: int | None = None
    cohort_sizes: tuple[int, ...] | None = setting(None, "sizes")
    n_stop: int | None = setting(None, "enough")
    stop_too_toxic: float | None = None

    def check(self) -> None:
        """Check each setting by itself, and against the number of doses.

        Raises:
            UnusableInput: a setting that cannot be.
        """
        refuse_unless_whole("--levels", MOST_DOSES, self.doses)
        refuse_unless_whole("--cohort-size", MOST_OF_COHORT, self.cohort_size)
        refuse_unless_whole("--cohorts", MOST_PARTICIPANTS, self.cohorts)
        refuse_unless_whole("--start", self.doses, self.start)
        refuse_unless_whole("--set maximum", MOST_PARTICIPANTS, self.maximum)
        refuse_unless_whole("--set run_in", MOST_PARTICIPANTS, self.run_in)
        refuse_unless_whole("--set enough", MOST_PARTICIPANTS, self.n_stop)
        refuse_unless_whole("--set sizes", MOST_OF_COHORT, *(self.cohort_sizes or ()))
        if self.cohort_size * self.cohorts > MOST_PARTICIPANTS:
            raise UnusableInput(
                f"{self.cohorts} cohorts of {self.cohort_size} are more than "
                f"{MOST_PARTICIPANTS:,} participants",
                "--cohorts",
                todo="give fewer",
            )
        refuse_unless_rate("--target", self.target)
        refuse_unless_rate("--set stop_too_toxic", self.stop_too_toxic)
        refuse_unless_for_each_level("sizes", self.cohort_sizes, self.doses)

    def required_target(self) -> float:
        """Return the target; it has no default.

        Raises:
            UnusableInput: it was not given.
        """
        if self.target is None:
            raise UnusableInput(
                f"{self.design} needs a target DLT rate",
                "--target",
                todo="give one, such as --target 0.3",
            )
        return self.target

    @classmethod
    def idle(
        cls, given: Mapping[str, object], cohort_size: int, target: float | None
    ) -> Iterator[tuple[str, str]]:
        """Yield settings of this design that would all the same have no effect, with the reason.

        Args:
            given: the settings that are given, by their public names.
            cohort_size, target: as they are given.
        """
        if "titration" in given and cohort_size == 1:
            yield "titration", "cohorts are of one participant from the start"

    def changed(self) -> dict[str, Any]:
        """Return the settings that are not at their defaults, by their public names."""
        return {
            name: getattr(self, own.name)
            for name, own in public_settings(type(self)).items()
            if getattr(self, own.name) != own.default
        }


def public_settings(kind: type[DesignSettings]) -> Mapping[str, Field[Any]]:
    """Return the fields of a settings class by their public names."""
    return {own.metadata.get("name", own.name): own for own in fields(kind)}


def by_field(kind: type[DesignSettings], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values given by public names by the names of the fields."""
    known = public_settings(kind)
    return {known[name].name: value for name, value in given.items()}


def refuse_idle(settings: DesignSettings) -> None:
    """Refuse what another setting makes of no effect.

    Raises:
        UnusableInput: a setting that would not be looked at.
    """
    for name, why in settings.idle(settings.changed(), settings.cohort_size, settings.target):
        raise UnusableInput(
            f"the setting {name} would have no effect", f"--set {name}", why, "leave it out"
        )


# --- values as documents and options say them -----------------------------------------------------


class SettingType(NamedTuple):
    """What a setting's value has to be.

    Args:
        element: bool, str, int or float; of a list, what each of it is.
        several: whether it is a list.
        can_be_off: whether it can be switched `off`, and `on` to its default.
        default: what it is where it is not given.
    """

    element: type
    several: bool
    can_be_off: bool
    default: object


def type_of(of: Field[Any]) -> SettingType:
    """Return what a field takes, from its annotation."""
    union = get_origin(of.type) in (Union, UnionType)
    members = [
        member for member in (get_args(of.type) if union else (of.type,)) if member is not NoneType
    ]
    first = members[0]
    several = get_origin(first) is tuple
    element = get_args(first)[0] if several else first
    return SettingType(element, several, Literal["off"] in members, of.default)


def parse_value(name: str, kind: SettingType, value: object, where: str) -> object:
    """Return a setting's value in its own type, from what a document or an option says.

    Raises:
        UnusableInput: it is of another kind.
    """
    if kind.can_be_off and (value is False or value == OFF):
        return OFF
    if kind.can_be_off and (value is True or value == "on"):
        return kind.default
    if not kind.several:
        return _parse_single(name, kind.element, value, where)
    if not isinstance(value, list | tuple):
        raise _of_another_kind(name, value, where, "a list of numbers")
    return tuple(_parse_single(name, kind.element, element, where) for element in value)


def _parse_single(name: str, kind: type, value: object, where: str) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    number = number and isfinite(float(str(value)))  # a whole number can be beyond any float
    fits, words = {
        bool: (isinstance(value, bool), "true or false"),
        str: (isinstance(value, str), "a word"),
        int: (number and float(str(value)).is_integer(), "a whole number"),
        float: (number, "a number"),
    }.get(kind, (None, ""))
    if fits is None:
        raise Defect(f"the setting {name} has the unknown type {kind}")
    if not fits:
        raise _of_another_kind(name, value, where, words)
    return int(float(str(value))) if kind is int else value


def _of_another_kind(name: str, value: object, where: str, words: str) -> UnusableInput:
    return UnusableInput(
        f"the setting {name} cannot be {shortened(str(value))}", where, todo=f"give {words}"
    )


# --- what cannot be, whatever the design ----------------------------------------------------------


def refuse_unless_whole(where: str, most: int, *values: int | None) -> None:
    """Refuse whole numbers that are not from 1 to `most`; None is not given."""
    for value in values:
        if value is not None and not 1 <= value <= most:
            raise UnusableInput(
                f"{value} is not from 1 to {most}", where, todo="give a whole number in that range"
            )


def refuse_unless_rate(where: str, *values: float | None) -> None:
    """Refuse numbers that are not between 0 and 1; None is not given."""
    for rate in values:
        if rate is not None and not 0 < rate < 1:
            raise UnusableInput(
                f"{rate:g} is not a rate",
                where,
                todo="give a number between 0 and 1, neither included",
            )


def refuse_unless_positive(name: str, values: Iterable[float | None]) -> None:
    """Refuse numbers that are not above 0, or are endless; None is not given."""
    for value in values:
        if value is not None and not (0 < value < inf):
            raise UnusableInput(
                f"{value:g} is not a positive number", f"--set {name}", todo="give one"
            )


def refuse_unless_for_each_level(name: str, values: Sequence[float] | None, doses: int) -> None:
    """Refuse a list that has not one value for each dose level."""
    if values is not None and len(values) != doses:
        raise UnusableInput(
            f"{len(values)} values for {doses} dose levels",
            f"--set {name}",
            todo="give one for each level, the lowest first",
        )


def refuse_unless_rising(name: str, values: Sequence[float] | None) -> None:
    """Refuse a list in which a value is not above the one before it."""
    if values is not None and any(b <= a for a, b in pairwise(values)):
        raise UnusableInput(
            f"{', '.join(f'{value:g}' for value in values)} do not rise",
            f"--set {name}",
            todo="give them from the lowest to the highest",
        )


def refuse_unless_pair(name: str, values: Sequence[float] | None) -> None:
    """Refuse a list that has not two values."""
    if values is not None and len(values) != 2:
        raise UnusableInput(
            f"{len(values)} values where 2 are needed",
            f"--set {name}",
            todo="give 2, with a comma between",
        )
