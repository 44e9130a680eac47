"""The options by which commands are told a dose-escalation design."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli.options import NONE
from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradatim.dosefinding.designs.base import Design
    from gradatim.dosefinding.designs.settings import DesignSettings, SettingType
    from gradatim.protocol.study import Study

_Name = Annotated[
    str, typer.Option("--design", metavar="NAME", help="The design, such as three_plus_three, boin")
]
Target = Annotated[
    float | None, typer.Option("--target", metavar="T", help="The DLT rate aimed at, such as 0.3")
]
CohortSize = Annotated[
    int | None, typer.Option("--cohort-size", metavar="K", help="Participants per decision [3]")
]
Cohorts = Annotated[
    int | None, typer.Option("--cohorts", metavar="M", help="The most cohorts [10]")
]
Start = Annotated[int | None, typer.Option("--start", metavar="D", help="The first level [1]")]
Levels = Annotated[int | None, typer.Option("--levels", metavar="N", help="How many dose levels")]
TableFile = Annotated[
    str, typer.Option("--table", metavar="FILE", help="Any decision table (CSV) as the design")
]
_Protocol = Annotated[
    str, typer.Option("--protocol", metavar="PROTOCOL", help="The design of this protocol")
]
ReadingOption = Annotated[
    str, typer.Option("--reading", metavar="NAME", help="An alternative design of the protocol")
]
Set = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="SETTING=VALUE", help="Another setting of the design, repeatable"
    ),
]
Outcomes = Annotated[
    str, typer.Argument(metavar="OUTCOMES", help='Such as "1NNN 2NNT": level, then T, N, P or C')
]
Complete = Annotated[
    bool, typer.Option("--complete", help="The last cohort is complete though smaller than planned")
]
Truth = Annotated[
    str, typer.Option("--truth", metavar="P1,P2,...", help="The true DLT rate of each level")
]
_NAMED = {"design", "doses", "table", "target", "cohort_size", "cohorts", "start"}


def numbers(text: str, option: str) -> tuple[float, ...]:
    """Read numbers with commas between.

    Raises:
        UnusableInput: one is not a number.
    """
    found = []
    for part in text.split(","):
        try:
            found.append(float(part))
        except ValueError as error:
            raise UnusableInput(
                f"{part.strip()!r} is not a number",
                option,
                todo="write numbers with commas between, such as 0.05,0.12,0.30",
            ) from error
    return tuple(found)


class DesignOptions:
    """A design as the command line names it; what is empty or None was not given."""

    def __init__(
        self,
        design: _Name = "",
        target: Target = None,
        cohort_size: CohortSize = None,
        cohorts: Cohorts = None,
        start: Start = None,
        levels: Levels = None,
        table: TableFile = "",
        protocol: _Protocol = "",
        reading: ReadingOption = "",
        more: Set = NONE,
    ) -> None:
        self.study, self._protocol = _study(protocol, design, table, reading), protocol
        self._own = {
            "target": target,
            "cohort_size": cohort_size,
            "cohorts": cohorts,
            "start": start,
            **_more(more),
        }
        self._own = {name: value for name, value in self._own.items() if value is not None}
        self.target = target
        self._design, self._reading, self._table = design, reading, table
        self._levels = levels

    def of_levels(self, truths: "Iterable[Sequence[float]]") -> None:
        """Take the number of levels, if it was not given, from true rates that were."""
        self._levels = self._levels or next((len(one) for one in truths), None)

    def settings(self, design: str = "") -> "DesignSettings":
        """Return the settings, of this design if it is named.

        Raises:
            UnusableInput: something was given that the design would make nothing of.
        """
        from gradatim.dosefinding.designs.registry import refuse_too_few_cohorts

        found = self._of_protocol() if self.study and not design else self._of(design)
        if "cohorts" in self._own:
            refuse_too_few_cohorts(found)
            planned = found.cohorts * found.cohort_size
            if found.maximum is not None and found.maximum > planned:
                raise UnusableInput(
                    f"{found.cohorts} cohorts of {found.cohort_size} are {planned} "
                    f"participants, not {found.maximum}",
                    "--set maximum",
                    todo="leave --cohorts or the maximum out",
                )
        return found

    def _of_protocol(self) -> "DesignSettings":
        from gradatim.dosefinding.designs.registry import refuse_foreign, with_settings
        from gradatim.dosefinding.protocol_design import settings_of

        assert self.study is not None
        levels = len(self.study.treatment.dose_levels)
        if self._levels not in (None, levels):
            raise UnusableInput(
                f"the protocol has {levels} dose levels, not {self._levels}",
                "--levels",
                todo="leave it out",
            )
        # A number of cohorts is the maximum that is asked for, not that of the protocol.
        frame = {"maximum": None} if "cohorts" in self._own else {}
        try:
            found = settings_of(self.study, self._reading or None)
        except UnusableInput as error:
            if error.where.startswith("safety."):
                raise error.inside(self._protocol) from error
            raise
        refuse_foreign(found.design, self._own, "--set {}")
        return with_settings(found, {**frame, **self._own})

    def _of(self, design: str) -> "DesignSettings":
        from gradatim.dosefinding.designs.registry import design_kind, settings_for
        from gradatim.dosefinding.load import read_table

        name = design or self._design or ("table" if self._table else "")
        if not name:
            raise UnusableInput(
                "no design is named",
                "--design",
                todo="name one with --design, --table or --protocol",
            )
        given = dict(self._own)
        if self._table and design_kind(name).has("table"):
            given["table"] = read_table(self._table)
        return settings_for(name, self._number_of_levels(), **given)

    @property
    def has_table(self) -> bool:
        """Whether a decision table was given."""
        return bool(self._table)

    def overrides(self) -> list[str]:
        """Name what was given of a design, beside the target."""
        return [name for name in self._own if name != "target"]

    def build(self, sound: bool = True) -> "Design":
        """Return the design.

        Args:
            sound: refuse one that can never escalate.
        """
        from gradatim.dosefinding.characteristics.soundness import refuse_unsound
        from gradatim.dosefinding.designs.registry import build

        made = build(self.settings())
        return refuse_unsound(made, "--design, --table, --set") if sound else made

    def _number_of_levels(self) -> int:
        given = next(
            (len(self._own[name]) for name in ("skeleton", "amounts") if name in self._own), None
        )
        study = len(self.study.treatment.dose_levels) if self.study else None
        levels = self._levels or given or study
        if levels is None:
            raise UnusableInput(
                "the number of dose levels is not known",
                "--levels",
                todo="give it, such as --levels 3",
            )
        return int(levels)


def _study(protocol: str, design: str, table: str, reading: str) -> "Study | None":
    if sum(map(bool, (protocol, design, table))) > 1 and not (design == "table" and table):
        raise UnusableInput(
            "more than one design is named",
            "--design, --table, --protocol",
            todo="give one of them",
        )
    if reading and not protocol:
        raise UnusableInput(
            "--reading is of a protocol's designs",
            "--reading",
            todo="name the protocol with --protocol",
        )
    if not protocol:
        return None
    from gradatim.protocol.load import load

    return load(protocol).study


def _more(texts: "Sequence[str]") -> dict[str, Any]:
    """Read `--set` options by the type that the setting has.

    Raises:
        UnusableInput: there is no such setting, or its value is of another type.
    """
    from gradatim.cli.options import pairs
    from gradatim.dosefinding.designs.registry import SETTABLE, SETTING_TYPES, parse_setting

    known = SETTABLE | {"maximum"}
    found: dict[str, Any] = {}
    for name, text in pairs(texts, "--set").items():
        kind = SETTING_TYPES.get(name)
        value = _value(text, kind, f"--set {name}") if kind and name in known else text
        found[name] = parse_setting(name, value, "--set", known)
    return found


def _value(text: str, kind: "SettingType", option: str) -> Any:
    """Read a value as a document would say it."""
    from gradatim.dosefinding.designs.settings import OFF

    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind.can_be_off and text.lower() in ("on", OFF):
        return text.lower()
    if kind.element in (str, bool):
        return text
    values = numbers(text, option)
    return values if kind.several else values[0] if len(values) == 1 else values
