"""The rule language: every kind of node, as data.

A rule is a mapping whose first key names its kind: `{compare: ast, is: "> 2.5 x ULN", at: [...]}`.
What each means, with examples, is in docs/language.md, generated from the tables in tests/spec.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from gradatim.protocol.base import Bounds, Length, LimitText, Model, Name, Window

Pick = Literal["any", "latest"]
Across = Literal["some", "every", "available"]


class AllOf(Model):
    """TRUE when every part is; FALSE when any part is; otherwise UNKNOWN. No parts: TRUE."""

    all: list["Rule"]


class AnyOf(Model):
    """TRUE when any part is; FALSE when every part is; otherwise UNKNOWN. No parts: FALSE."""

    any: list["Rule"]


class Not(Model):
    """The opposite; UNKNOWN stays UNKNOWN."""

    not_: "Rule" = Field(alias="not")


class Measured(Model):
    """What comparing and reading a result share: which values count.

    `at` names visits: a value belongs to the visit whose window holds its date; a visit that is not
    yet due and has no value contributes nothing; a due visit without a value is UNKNOWN. `across`
    says whether `some` or `every` visit must satisfy, or some of those that have a value
    (`available`). `value` says whether `any` or the `latest` value counts. `within` is a window
    instead of visits.
    """

    at: list[Name] = []
    across: Across = "some"
    within: Window | None = None
    value: Pick = "latest"
    method: str = Field(default="", description="Only values obtained by this method")


class Compare(Measured):
    """A measured or derived number against a limit, in a unit or in multiples of ULN or LLN."""

    compare: Name
    is_: LimitText = Field(alias="is")
    not_while: Name | None = Field(
        default=None, description="Values of days on which such a drug was taken do not satisfy"
    )


class Result(Measured):
    """A coded result: `{result: hbsag, is: positive}`; borderline and invalid are UNKNOWN."""

    result: Name
    is_: str = Field(alias="is")


class Attested(Model):
    """An answer that only a person can give: never computed, UNKNOWN until someone answers."""

    attested: Name
    within: Window | None = None
    value: Pick = "latest"


class Age(Model):
    """Age in completed years at an anchor."""

    age: Name
    is_: LimitText = Field(alias="is")


class Sex(Model):
    """Administrative sex."""

    sex: Literal["female", "male"]


class Event(Model):
    """A record of any of the elements that overlaps the window (or starts in it).

    `except` names elements whose records do not count; `grade` and `related` select adverse events.
    """

    event: list[Name] | Name
    within: Window | None = None
    counts: Literal["overlap", "start"] = "overlap"
    except_: list[Name] = Field(default=[], alias="except")
    grade: LimitText | None = None
    related: bool | None = None


class Count(Model):
    """At least so many different ingredients, or records, starting within the window."""

    count: Name
    at_least: int = Field(ge=1)
    distinct: Literal["ingredient", "record"]
    within: Window | None = None


class Days(Model):
    """At least so many days of exposure within the window.

    `per: union` counts a calendar day once however many drugs were taken; `sum` counts it once for
    each drug; `ingredient` asks for the days in each of `ingredients` different ingredients. What
    is taken on some days of its period only counts on no fewer than its schedule gives, and on no
    more than all.
    """

    days: Name
    at_least: int = Field(ge=1)
    per: Literal["union", "sum", "ingredient"]
    ingredients: int = 1
    within: Window


class Stable(Model):
    """Each drug of the element taken on `before` was started and left unchanged for long enough.

    TRUE when none is being taken. Consecutive records of one ingredient with one daily dose are one
    period of stable dose; a gap of up to six days, as between weekly doses, is no interruption. Of
    several records at once the total of each day must be unchanged.
    """

    stable: Name
    before: Name
    started: Length | None = None
    unchanged: Length | None = None


class DailyDose(Model):
    """Total daily dose on `on` (or its mean over the days before) against a limit.

    `as: prednisone` converts each glucocorticoid to its prednisone equivalent. TRUE for an upper
    limit when none is being taken. Different doses of one day add up; equal ones of records that
    are not of one course of treatment are between one of them and all.
    """

    daily_dose: Name
    as_: Literal["prednisone", "itself"] = Field(default="itself", alias="as")
    on: Name
    mean_over: Length | None = None
    is_: LimitText = Field(alias="is")


class Requirement(Model):
    """One length that a washout must last: a calendar length or a number of half-lives."""

    length: Length | None = None
    half_lives: float | None = None
    only: tuple[str, ...] = Field(default=(), description="Only for these ingredients")


class NotWashedOut(Model):
    """TRUE when a drug of the element was taken too recently before the anchor.

    The required washout is the longest of those given. `bounds` `(]` passes on the day the washout
    is exactly complete; `[]` still excludes on it. `exempt` spares each ingredient for which the
    stable-dose rule holds.
    """

    not_washed_out: Name
    before: Name
    longest_of: tuple[Requirement, ...]
    bounds: Bounds = "(]"
    exempt: Stable | None = None


_KINDS: dict[str, type[Model]] = {
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
    "compare": Compare,
    "result": Result,
    "attested": Attested,
    "age": Age,
    "sex": Sex,
    "event": Event,
    "count": Count,
    "days": Days,
    "stable": Stable,
    "daily_dose": DailyDose,
    "not_washed_out": NotWashedOut,
}
NODE_KINDS = tuple(_KINDS)


def kind_of(rule: Any) -> str | None:
    """Name the kind of a rule, whether it is a node or still a plain mapping."""
    if isinstance(rule, Model):
        return next((kind for kind, node in _KINDS.items() if type(rule) is node), None)
    return next((kind for kind in _KINDS if kind in rule), None) if isinstance(rule, dict) else None


Rule = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Compare, Tag("compare")]
    | Annotated[Result, Tag("result")]
    | Annotated[Attested, Tag("attested")]
    | Annotated[Age, Tag("age")]
    | Annotated[Sex, Tag("sex")]
    | Annotated[Event, Tag("event")]
    | Annotated[Count, Tag("count")]
    | Annotated[Days, Tag("days")]
    | Annotated[Stable, Tag("stable")]
    | Annotated[DailyDose, Tag("daily_dose")]
    | Annotated[NotWashedOut, Tag("not_washed_out")],
    Discriminator(
        kind_of,
        custom_error_type="rule_kind",
        custom_error_message=f"a rule has one of the keys {', '.join(_KINDS)}",
    ),
]

for _node in (AllOf, AnyOf, Not):
    _node.model_rebuild()


def parts(rule: Model) -> list[Model]:
    """Give the rules a node is made of; none for a leaf."""
    if isinstance(rule, AllOf):
        return list(rule.all)
    if isinstance(rule, AnyOf):
        return list(rule.any)
    if isinstance(rule, Not):
        return [rule.not_]
    if isinstance(rule, NotWashedOut) and rule.exempt:
        return [rule.exempt]
    return []


def leaves(rule: Model) -> list[Model]:
    """Give every leaf of a rule, exemptions included."""
    below = [leaf for part in parts(rule) for leaf in leaves(part)]
    return below if isinstance(rule, AllOf | AnyOf | Not) else [rule, *below]


def anchors_of(leaf: Model) -> list[str]:
    """Give the anchors a leaf names itself; those of its visits are the visits' own."""
    window = getattr(leaf, "within", None)
    named = [getattr(leaf, name, None) for name in ("age", "before", "on")]
    return [
        *(name for name in named if isinstance(name, str)),
        *([window.anchor] if isinstance(window, Window) else []),
    ]


def elements_of(leaf: Model) -> list[str]:
    """Give the elements a leaf names."""
    named = getattr(leaf, kind_of(leaf) or "", [])
    if isinstance(leaf, Age | Sex | AllOf | AnyOf | Not):
        return []
    spared = getattr(leaf, "not_while", None)
    return [
        *([named] if isinstance(named, str) else named),
        *getattr(leaf, "except_", []),
        *([spared] if spared else []),
    ]


def renamed(rule: Model, names: Mapping[str, str]) -> Model:
    """Give a rule with some elements called by other names."""
    changed: dict[str, Any] = {}
    if isinstance(rule, AllOf):
        changed = {"all": [renamed(part, names) for part in rule.all]}
    elif isinstance(rule, AnyOf):
        changed = {"any": [renamed(part, names) for part in rule.any]}
    elif isinstance(rule, Not):
        changed = {"not_": renamed(rule.not_, names)}
    elif not isinstance(rule, Age | Sex):
        for field in (kind_of(rule) or "", "except_", "not_while"):
            named = getattr(rule, field, None)
            if isinstance(named, str):
                changed[field] = names.get(named, named)
            elif isinstance(named, list):
                changed[field] = [names.get(one, one) for one in named]
        if isinstance(rule, NotWashedOut) and rule.exempt:
            changed["exempt"] = renamed(rule.exempt, names)
    return rule.model_copy(update=changed)
