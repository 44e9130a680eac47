"""The CQL library of a protocol: every criterion that CQL can say, and why not the others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gradatim.core.errors import UnusableInput
from gradatim.exports.cql.elements import RecordedElements
from gradatim.exports.cql.library import CannotExpress, Library, comment, name
from gradatim.exports.cql.rules import write_rule
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.nodes import Node
from gradatim.protocol.study import Study

FHIR_VERSION = "4.0.1"


@dataclass(frozen=True)
class Exported:
    """A CQL library.

    Args:
        text: the library.
        criteria: ids of the criteria it defines, in the protocol's order.
        left_out: why each of the others is not in it, by id.
    """

    text: str
    criteria: tuple[str, ...]
    left_out: dict[str, str]


def cql_library(
    study: Study,
    readings: Mapping[str, tuple[str, Node]],
    *,
    sha256: str,
    only: Collection[str] = (),
    exhaustive: Collection[str] = (),
    closed_world: bool = False,
) -> Exported:
    """Write the criteria of a protocol as one CQL library.

    Args:
        study: the protocol.
        readings: of each criterion, the name and the rule of the reading to export.
        sha256: of the protocol document, for the header.
        only: ids of the criteria wanted; empty for all. Each of these must be expressible.
        exhaustive: kinds of which, by default, no record means that it did not happen.
        closed_world: whether every leaf that is not known is false, as with a plain `exists`.

    Raises:
        UnusableInput: a criterion asked for does not exist or cannot be said in CQL, or none can.
    """
    _refuse_unknown(study, only)
    library, left_out, done = Library(), dict[str, str](), list[EligibilityCriterion]()
    of = study, frozenset(exhaustive), closed_world
    for criterion in study.criteria:
        if only and criterion.id not in only:
            left_out[criterion.id] = "not asked for"
            continue
        try:
            library = _with(library, criterion, readings[criterion.id], of)
            done.append(criterion)
        except CannotExpress as error:
            left_out[criterion.id] = str(error)
    _refuse(only, left_out, not done)
    _conclude(library, done, bool(left_out))
    head = _head(study, sha256, left_out, closed_world)
    parts = [head, library.declarations(), "context Patient", library.statements()]
    return Exported("\n\n".join(parts) + "\n", tuple(one.id for one in done), left_out)


def _refuse_unknown(study: Study, only: Collection[str]) -> None:
    known = [one.id for one in study.criteria]
    for id in only:
        if id not in known:
            raise UnusableInput(
                f"there is no criterion {id!r}",
                "--criterion",
                todo=f"use one of {', '.join(known)}",
            )


def _with(
    library: Library,
    criterion: EligibilityCriterion,
    reading: tuple[str, Node],
    of: tuple[Study, frozenset[str], bool],
) -> Library:
    """Give the library with one more criterion; the one given stays as it is."""
    study, exhaustive, closed_world = of
    more = library.copy()
    named, rule = reading
    text = criterion.text or "(not in the record)"
    told = (
        f"{criterion.category} {criterion.id}: {text}\nReading ({named}): {_says(criterion, named)}"
    )
    expression = write_rule(rule, RecordedElements(more, study, exhaustive), closed_world)
    truth = more.define(criterion.id, expression, told)
    opposite = "" if criterion.category == "inclusion" else "not "
    more.define(f"{criterion.id} passes", f"{opposite}{truth}")
    return more


def _says(criterion: EligibilityCriterion, named: str) -> str:
    return next(
        (one.reading for one in criterion.alternatives if one.name == named), criterion.reading
    )


def _refuse(only: Collection[str], left_out: Mapping[str, str], none: bool) -> None:
    unsaid = {id: why for id, why in left_out.items() if id in only or none}
    if unsaid:
        why = "".join(f"\n  {id}: {why}" for id, why in unsaid.items())
        raise UnusableInput(
            "these criteria cannot be expressed in CQL",
            "--criterion",
            why,
            "leave them out, or choose another reading",
        )


def _conclude(library: Library, done: list[EligibilityCriterion], some_left_out: bool) -> None:
    """Define the status; nobody is eligible by a part of the criteria."""
    passes = [name(f"{one.id} passes") for one in done]
    failing = "\n    or ".join(f"{one} is false" for one in passes)
    cases = [f"when {failing} then 'ineligible'"]
    if not some_left_out:
        all_pass = "\n    and ".join(f"{one} is true" for one in passes)
        cases.append(f"when {all_pass} then 'eligible'")
    told = "Criteria that are not in this library are open: then nobody is found eligible."
    body = "case\n  " + "\n  ".join(cases) + "\n  else 'undetermined'\nend"
    library.define("Status", body, told if some_left_out else "")


def _head(study: Study, sha256: str, left_out: Mapping[str, str], closed_world: bool) -> str:
    """Write the library's name, its model, and what is to be known of it."""
    about = study.study
    lines = [
        f"{about.title} ({about.id}, protocol version {about.version}).",
        f"Made by gradatim from the protocol with SHA-256 {sha256}.",
        "",
        "Each criterion is true, false, or null where the records do not settle it.",
        "Parameters: the anchors; `on`, the day of the question; what the source covers.",
        "Of an exclusion criterion the value is the truth of its text; `passes` is whether "
        "the person passes it.",
    ]
    if closed_world:
        lines += ["", "Closed world: whatever is not recorded is taken not to be so."]
    if left_out:
        lines += ["", "Not in this library:", *(f"{id}: {why}" for id, why in left_out.items())]
    title = "".join(letter if letter.isalnum() else "_" for letter in about.id)
    return (
        f"{comment(chr(10).join(lines))}\nlibrary {title} version '{about.version}'\n\n"
        f"using FHIR version '{FHIR_VERSION}'\n\n"
        f"include FHIRHelpers version '{FHIR_VERSION}'"
    )
