"""The rule language: every kind of node, as data.

A rule is a mapping whose first key names its kind: `{compare: ast, is: "> 2.5 x ULN", at: [...]}`.
What each means, with examples, is in docs/language.md, generated from the tables in tests/spec.

The type of a field says what the field names: `compare: MeasurementName` an element that is
measured, `before: AnchorName` an anchor. What every node can be asked of its shape (its elements,
anchors, parts) follows from these types, and stands once, in `Node`. A new kind of node is a class
and a line in `Rule`; what else must know of it, a test names (CONTRIBUTING, "Add a rule node").
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import Discriminator, Field, Tag

from gradatim.protocol.base import Bounds, Length, LimitText, Model, Name, Window

Seriousness = Literal[
    "death",
    "life_threatening",
    "hospitalisation",
    "disability",
    "congenital_anomaly",
    "important_medical_event",
]
"""Criteria of seriousness. Source: ICH E2A (1994), section II.B."""
Outcome = Literal[
    "recovered", "recovering", "not recovered", "recovered with sequelae", "fatal", "unknown"
]
"""Outcomes of an adverse event. Source: ICH E2B(R3), E.i.7."""
Pick = Literal["any", "latest"]
Across = Literal["some", "every", "available"]


class Names(NamedTuple):
    """What a field of a node holds the name of.

    Args:
        what: an element, an anchor or an encounter of the study.
        kinds: of an element, the kinds of which it may be.
    """

    what: Literal["element", "anchor", "encounter"]
    kinds: tuple[str, ...] = ()


_OCCURRENCES = ("exposure", "condition", "procedure", "adverse_event")
MeasurementName = Annotated[Name, Names("element", ("measurement",))]
AnswerName = Annotated[Name, Names("element", ("answer",))]
ExposureName = Annotated[Name, Names("element", ("exposure",))]
OccurrenceName = Annotated[Name, Names("element", _OCCURRENCES)]
HistoryName = Annotated[
    Name,
    Names(
        "element",
        ("condition", "exposure", "procedure", "participation", "consent", "adverse_event"),
    ),
]
AnchorName = Annotated[Name, Names("anchor")]
EncounterName = Annotated[Name, Names("encounter")]


class Reference(NamedTuple):
    """A name in a node that must be defined elsewhere in the document."""

    name: str
    names: Names


class Node(Model):
    """A rule, or a part of one."""

    is_leaf: ClassVar[bool] = True
    """Whether it asks of a person itself; else it only joins the truths of its parts."""

    def references(self) -> Iterator[Reference]:
        """Give each element, anchor and encounter that the node names itself, not its parts."""
        for field, names in _names_in(type(self)).items():
            yield from (Reference(name, names) for name in _listed(getattr(self, field)))
        for window in self.windows().values():
            yield Reference(window.anchor, Names("anchor"))

    def windows(self) -> Mapping[str, Window]:
        """Return the windows that the node has itself, by field."""
        values = {field: getattr(self, field) for field in type(self).model_fields}
        return {field: one for field, one in values.items() if isinstance(one, Window)}

    def parts(self) -> tuple["Node", ...]:
        """Return the rules that the node is made of; none of most leaves."""
        values = (getattr(self, field) for field in type(self).model_fields)
        return tuple(one for value in values for one in _listed(value) if isinstance(one, Node))

    def leaves(self) -> Iterator["Node"]:
        """Give every leaf of the rule, exemptions included."""
        if self.is_leaf:
            yield self
        for part in self.parts():
            yield from part.leaves()

    def elements(self) -> tuple[str, ...]:
        """Return every element that the rule names, itself or in its parts, each once."""
        return self._named("element")

    def anchors(self) -> tuple[str, ...]:
        """Return every anchor that the rule names, each once.

        Those of its encounters are the encounters' own, and are not among them.
        """
        return self._named("anchor")

    def encounters(self) -> tuple[str, ...]:
        """Return every encounter that the rule names, each once."""
        return self._named("encounter")

    def with_parts(self, change: Callable[["Node"], "Node"]) -> Self:
        """Return the node with each of its parts changed; a leaf without parts as it is."""
        update: dict[str, Any] = {}
        for field in type(self).model_fields:
            value = getattr(self, field)
            if isinstance(value, Node):
                update[field] = change(value)
            elif isinstance(value, list) and any(isinstance(one, Node) for one in value):
                update[field] = [change(one) for one in value]
        return self.model_copy(update=update) if update else self

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the rule with some elements called by other names, old to new."""
        update: dict[str, Any] = {}
        for field, named in _names_in(type(self)).items():
            value = getattr(self, field)
            if named.what == "element" and isinstance(value, str):
                update[field] = names.get(value, value)
            elif named.what == "element" and value:
                update[field] = [names.get(one, one) for one in value]
        return self.with_parts(lambda part: part.renamed(names)).model_copy(update=update)

    def _named(self, what: str) -> tuple[str, ...]:
        own = [one.name for one in self.references() if one.names.what == what]
        below = [name for part in self.parts() for name in part._named(what)]
        return tuple(dict.fromkeys([*own, *below]))


def _listed(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


@cache
def _names_in(node: type[Node]) -> Mapping[str, Names]:
    """Return what each field of a kind of node holds the names of, by the types of the fields."""
    hints = get_type_hints(node, include_extras=True)
    found = {field: _mark(hints[field]) for field in node.model_fields}
    return {field: names for field, names in found.items() if names is not None}


def _mark(hint: Any) -> Names | None:
    marks = hint.__metadata__ if get_origin(hint) is Annotated else ()
    inner = (found for one in get_args(hint) if (found := _mark(one)) is not None)
    return next((one for one in marks if isinstance(one, Names)), None) or next(inner, None)


class AllOf(Node):
    """TRUE when every part is; FALSE when any part is; otherwise UNKNOWN. No parts: TRUE."""

    is_leaf = False
    all: list["Rule"]


class AnyOf(Node):
    """TRUE when any part is; FALSE when every part is; otherwise UNKNOWN. No parts: FALSE."""

    is_leaf = False
    any: list["Rule"]


class Not(Node):
    """The opposite; UNKNOWN stays UNKNOWN."""

    is_leaf = False
    not_: "Rule" = Field(alias="not")


class Measured(Node):
    """What comparing and reading a result share: which values count.

    `at` names visits: a value belongs to the visit whose window holds its date; a visit that is not
    yet due and has no value contributes nothing; a due visit without a value is UNKNOWN. `across`
    says whether `some` or `every` visit must satisfy, or some of those that have a value
    (`available`). `value` says whether `any` or the `latest` value counts. `within` is a window
    instead of visits.
    """

    at: list[EncounterName] = []
    across: Across = "some"
    within: Window | None = None
    value: Pick = "latest"
    method: str = Field(default="", description="Only values obtained by this method")

    @property
    def measurement(self) -> str:
        """The element whose values are looked at."""
        kind = "measurement"
        return next(one.name for one in self.references() if kind in one.names.kinds)


class Compare(Measured):
    """A measured or derived number against a limit, in a unit or in multiples of ULN or LLN."""

    compare: MeasurementName
    is_: LimitText = Field(alias="is")
    not_while: ExposureName | None = Field(
        default=None, description="Values of days on which such a drug was taken do not satisfy"
    )


class Result(Measured):
    """A coded result: `{result: hbsag, is: positive}`; borderline and invalid are UNKNOWN."""

    result: MeasurementName
    is_: str = Field(alias="is")


class Attested(Node):
    """An answer that only a person can give: never computed, UNKNOWN until someone answers."""

    attested: AnswerName
    within: Window | None = None
    value: Pick = "latest"


class Age(Node):
    """Age in completed years at an anchor."""

    age: AnchorName
    is_: LimitText = Field(alias="is")


class Sex(Node):
    """Administrative sex."""

    sex: Literal["female", "male"]


class Event(Node):
    """A record of any of the elements that overlaps the window (or starts in it).

    `except` names elements whose records do not count; `grade` and `related` select adverse events,
    and so do, in the safety rules alone, `serious` (whether it is, or a criterion of seriousness
    that it meets), `outcome`, and `longer_than`: that it lasted for more than so long, and where
    a `grade` is asked for, at such a grade.
    """

    event: list[HistoryName] | HistoryName
    within: Window | None = None
    counts: Literal["overlap", "start"] = "overlap"
    except_: list[HistoryName] = Field(default=[], alias="except")
    grade: LimitText | None = None
    related: bool | None = None
    serious: bool | Seriousness | None = None
    outcome: Outcome | None = None
    longer_than: Length | None = None

    @property
    def asks_of_the_course(self) -> bool:
        """Whether it asks what only the ledger knows of an adverse event."""
        return (self.serious, self.outcome, self.longer_than) != (None, None, None)


class Count(Node):
    """At least so many different ingredients, or records, starting within the window."""

    count: OccurrenceName
    at_least: int = Field(ge=1)
    distinct: Literal["ingredient", "record"]
    within: Window | None = None


class Days(Node):
    """At least so many days of exposure within the window.

    `per: union` counts a calendar day once however many drugs were taken; `sum` counts it once for
    each drug; `ingredient` asks for the days in each of `ingredients` different ingredients. What
    is taken on some days of its period only counts on no fewer than its schedule gives, and on no
    more than all.
    """

    days: ExposureName
    at_least: int = Field(ge=1)
    per: Literal["union", "sum", "ingredient"]
    ingredients: int = 1
    within: Window


class Stable(Node):
    """Each drug of the element taken on `before` was started and left unchanged for long enough.

    TRUE when none is being taken. Consecutive records of one ingredient with one daily dose are one
    period of stable dose; a gap of up to six days, as between weekly doses, is no interruption. Of
    several records at once the total of each day must be unchanged.
    """

    stable: ExposureName
    before: AnchorName
    started: Length | None = None
    unchanged: Length | None = None


class DailyDose(Node):
    """Total daily dose on `on` (or its mean over the days before) against a limit.

    `as: prednisone` converts each glucocorticoid to its prednisone equivalent. TRUE for an upper
    limit when none is being taken. Different doses of one day add up; equal ones of records that
    are not of one course of treatment are between one of them and all.
    """

    daily_dose: ExposureName
    as_: Literal["prednisone", "itself"] = Field(default="itself", alias="as")
    on: AnchorName
    mean_over: Length | None = None
    is_: LimitText = Field(alias="is")


class Requirement(Model):
    """One length that a washout must last: a calendar length or a number of half-lives."""

    length: Length | None = None
    half_lives: float | None = None
    only: tuple[str, ...] = Field(default=(), description="Only for these ingredients")


class NotWashedOut(Node):
    """TRUE when a drug of the element was taken too recently before the anchor.

    The required washout is the longest of those given. `bounds` `(]` passes on the day the washout
    is exactly complete; `[]` still excludes on it. `exempt` spares each ingredient for which the
    stable-dose rule holds.
    """

    not_washed_out: ExposureName
    before: AnchorName
    longest_of: tuple[Requirement, ...]
    bounds: Bounds = "(]"
    exempt: Stable | None = None


_AnyNode = (
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
    | Annotated[NotWashedOut, Tag("not_washed_out")]
)
NODES: Mapping[str, type[Node]] = {tag.tag: node for node, tag in map(get_args, get_args(_AnyNode))}
"""Every kind of node, by the key that names it."""
NODE_KINDS = tuple(NODES)
_KIND_OF = {node: kind for kind, node in NODES.items()}


def kind_of(rule: Any) -> str | None:
    """Name the kind of a rule, whether it is a node or still a plain mapping."""
    if isinstance(rule, dict):
        return next((kind for kind in NODES if kind in rule), None)
    return _KIND_OF.get(type(rule))


Rule = Annotated[
    _AnyNode,
    Discriminator(
        kind_of,
        custom_error_type="rule_kind",
        custom_error_message=f"a rule has one of the keys {', '.join(NODES)}",
    ),
]

for _node in (AllOf, AnyOf, Not):
    _node.model_rebuild()
