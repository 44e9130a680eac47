"""The written form of worked cases: the file's format, and reading it with clear messages."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.protocol.base import Model, Name
from gradatim.synthetic.people import Allergy, DateText, Records

_WORDS = {"true": TRUE, "false": FALSE, "unknown": UNKNOWN}


class ObservedDays(Model):
    """The days a source observed; without an end, without limit there."""

    since: date | None = None
    until: date | None = None


class Expectation(Model):
    """What screening must answer; what is not given is not judged by the case.

    Args:
        truth: for each criterion, the truth of what its text says. Written beside the other keys.
        because_of: for each criterion that stays unknown, the reason.
        not_used: records that must be listed as not used, with words of the reason.
    """

    truth: dict[str, Truth] = {}
    status: Literal["eligible", "ineligible", "undetermined"] | None = None
    eligible_from: date | None = None
    because_of: dict[str, str] = {}
    repeat: list[Name] | None = None
    recheck: bool | None = Field(default=None, description="Whether a visit is yet to come")
    not_used: dict[str, str] = {}

    @property
    def judges_eligible_from(self) -> bool:
        """Whether the case says from when the person is eligible (None: on no day)."""
        return "eligible_from" in self.model_fields_set

    @model_validator(mode="before")
    @classmethod
    def _criteria_beside(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or "truth" in given:
            return given
        truth = {key: _truth(given[key]) for key in given if key not in cls.model_fields}
        return {**{key: given[key] for key in given if key not in truth}, "truth": truth}


def _truth(word: Any) -> Truth:
    if str(word).lower() not in _WORDS:
        raise ValueError(f"{word!r} is not true, false or unknown")
    return _WORDS[str(word).lower()]


class Demographics(Model):
    """What a case may say of the person as such."""

    sex: Literal["female", "male", "other", "unknown"] | None = None
    birth: DateText | None = None


class Base(Model):
    """The person that cases change, and the question asked of them."""

    anchors: dict[Name, date] = {}
    on: date | None = None
    exhaustive: list[str] | None = None
    observed: ObservedDays | None = None
    person: Demographics = Demographics()
    facts: Records = {}
    allergies: tuple[Allergy, ...] | None = None


class Written(Model):
    """One case as it stands in the file."""

    id: str = Field(pattern=r"^[A-Za-z0-9.-]{1,64}$")
    about: str = Field(min_length=10)
    like: str | None = None
    moved_to: date | None = None
    anchors: dict[Name, date] = {}
    on: date | None = None
    exhaustive: list[str] | None = None
    observed: ObservedDays | None = None
    person: Demographics = Demographics()
    facts: Records | None = Field(default=None, description="Instead of all that was recorded")
    change: Records = Field(default={}, description="Instead of what was recorded of an element")
    allergies: tuple[Allergy, ...] | None = None
    reading: dict[str, str] = {}
    expect: Expectation = Expectation()
    default: Expectation | None = None


class File(Model):
    """A file of cases."""

    schema_: Literal["gradatim.cases/1"] = Field(alias="schema")
    about: str = ""
    base: Base
    cases: list[Written] = Field(min_length=1)


def read_file(path: str | Path) -> File:
    """Read a file of worked cases as it is written.

    Raises:
        UnusableInput: it cannot be read, is not YAML or does not follow the format.
    """
    name, data = str(path), None
    try:
        data = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
        return File.model_validate(data)
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput("these cases cannot be read", name, str(error)) from error
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from error
    except ValidationError as error:
        raise _faults(error, data, name) from error


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 words (`on` and `no` are words), dates as they are written, no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping, refusing a key that stands twice: one of the two would be lost."""
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag.rpartition(":")[2] in ("int", "float", "null")
    ]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$"), list("tf"))


def _not_yaml(error: yaml.YAMLError, name: str) -> UnusableInput:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}" if mark else name
    problem = getattr(error, "problem", None) or str(error)
    return UnusableInput("these cases are not YAML", where, problem, "mend the line")


def _faults(error: ValidationError, data: Any, name: str) -> UnusableInput:
    first = error.errors()[0]
    path = list(first["loc"])
    if path[:1] == ["cases"] and len(path) > 1:
        written = data["cases"][path[1]]
        id = written.get("id", path[1]) if isinstance(written, Mapping) else path[1]
        path[:2] = [f"case {id}"]
    why = first["msg"].removeprefix("Value error, ")
    return UnusableInput(
        "these cases do not follow the format",
        name,
        f"{'.'.join(map(str, path))}: {why}",
        "compare with the other cases",
    )
