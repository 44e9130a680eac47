"""Code systems, expanded value sets and concept maps of FHIR, as JSON: alone or in a Bundle.

A value set without an expansion holds no codes, only a question to a terminology server.

Source: HL7 FHIR R4 (4.0.1): CodeSystem, ValueSet, ConceptMap.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gradatim.core.codes import system_of
from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Code, Concept, Held, Link, Source
from gradatim.vocabulary.sources import atc
from gradatim.vocabulary.stores.writing import Writer

Json = dict[str, Any]
_KINDS = ("CodeSystem", "ValueSet", "ConceptMap")
_RETIRED = ("retired", "deprecated", "withdrawn", "inactive")


def read_release(path: Path, writer: Writer) -> int:
    """Put the code systems, value sets and concept maps of a file into a vocabulary.

    Args:
        path: a resource of one of these types, or a Bundle of such.
        writer: where to.

    Returns:
        How many there were; resources of other types are left out.

    Raises:
        UnusableInput: it is not JSON, or one of them holds no codes.
    """
    found = 0
    for resource in _resources(_parsed(path)):
        kind = resource.get("resourceType")
        if kind not in _KINDS:
            continue
        where = f"{path}: {kind}/{resource.get('id') or resource.get('name') or '?'}"
        try:
            _READERS[kind](resource, writer, where)
        except (TypeError, AttributeError, KeyError, ValueError) as error:
            raise UnusableInput(
                "this resource cannot be read", where, str(error), "write it as FHIR R4 defines it"
            ) from error
        found += 1
    return found


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise UnusableInput(
            "this is not JSON",
            f"{path}, line {error.lineno}",
            error.msg,
            "give the resource as a server sends it",
        ) from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableInput("this file cannot be read", str(path), str(error)) from error


def _resources(document: Any) -> Iterator[Json]:
    if not isinstance(document, dict):
        return
    if document.get("resourceType") != "Bundle":
        yield document
        return
    for entry in document.get("entry") or ():
        if isinstance(entry, dict):
            yield from _resources(entry.get("resource"))


# --- code systems ---------------------------------------------------------------------------------


def _code_system(resource: Json, writer: Writer, where: str) -> None:
    content = resource.get("content", "")
    system = system_of(resource["supplements"] if content == "supplement" else resource["url"])
    if content == "not-present" or not resource.get("concept"):
        raise UnusableInput(
            "this code system holds no concepts",
            where,
            f"its content is {content or 'not told'!r}",
            "give one whose content is complete or a fragment, or the publisher's release",
        )
    is_a = resource.get("hierarchyMeaning", "is-a") == "is-a"
    complete = content == "complete" and resource.get("hierarchyMeaning") == "is-a"
    held: list[Held] = []
    edges: list[tuple[Code, Code]] = []
    replaced: list[tuple[Code, Code]] = []
    for concept, parents in _nested(resource["concept"], "concept"):
        code = (system, _text(concept, "code"))
        properties = _properties(concept)
        active = not (
            "true" in properties.get("inactive", ())
            or set(_RETIRED) & {*properties.get("status", ())}
        )
        name = concept.get("display") or ""
        placed = complete and active and system != "icd10"
        held.append(Held(Concept(*code, name, active), placed=placed))
        above = [*parents, *properties.get("parent", ())]
        edges += [(code, (system, one)) for one in above]
        edges += [((system, one), code) for one in properties.get("child", ())]
        for one in (*properties.get("replacedBy", ()), *properties.get("replaced-by", ())):
            replaced.append((code, (system, one)))
    writer.concepts(held)
    writer.links(Link.IS_A, edges if is_a else ())
    writer.links(Link.REPLACED_BY, replaced)
    writer.source(_source(resource, "FHIR CodeSystem"))


def _nested(
    concepts: list[Json], inside: str, parent: str = ""
) -> Iterator[tuple[Json, list[str]]]:
    """Return each concept with the codes that it stands directly below, however deep it stands."""
    waiting = [(one, [parent] if parent else []) for one in reversed(concepts)]
    while waiting:
        concept, parents = waiting.pop()
        yield concept, parents
        code = concept.get("code")
        below = [str(code)] if code else parents
        waiting += [(one, below) for one in reversed(concept.get(inside) or [])]


def _properties(concept: Json) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in concept.get("property") or ():
        for key, value in one.items():
            if key.startswith("value"):
                said = value.get("code") if isinstance(value, dict) else value
                found.setdefault(one.get("code", ""), []).append(
                    str(said).lower() if isinstance(said, bool) else str(said)
                )
    return found


# --- value sets -----------------------------------------------------------------------------------


def _value_set(resource: Json, writer: Writer, where: str) -> None:
    expansion = resource.get("expansion")
    if not expansion:
        raise UnusableInput(
            "this value set has no expansion",
            where,
            "without one it does not say which codes it holds",
            "let a terminology server expand it (ValueSet/$expand) and give the answer",
        )
    held: list[Held] = []
    edges: list[tuple[Code, Code]] = []
    for one, parents in _nested(expansion.get("contains") or [], "contains"):
        if "code" not in one:
            continue
        code = (system_of(_text(one, "system")), _text(one, "code"))
        active = one.get("inactive") is not True
        held.append(Held(Concept(*code, one.get("display") or "", active)))
        edges += [(code, (code[0], parent)) for parent in parents]
    if not held:
        raise UnusableInput(
            "the expansion of this value set is empty",
            where,
            todo="check what it asks the server for",
        )
    if top := _top(resource):
        edges += [(one.concept[:2], top) for one in held if one.concept[0] == top[0]]
        held.append(Held(Concept(*top), whole=_whole(expansion, len(held))))
    writer.concepts(held)
    writer.links(Link.IS_A, edges)
    codes = (one.concept for one in held)
    atc.hierarchy(writer, (one.code for one in codes if one.system == "atc" and one.active))
    writer.source(_source(resource, "FHIR ValueSet"))


def _whole(expansion: Json, number: int) -> bool:
    """Whether an expansion holds everything: not a page of it, and not those that match words."""
    parameters = {one.get("name"): one for one in expansion.get("parameter") or ()}
    return (
        expansion.get("total") == number
        and not expansion.get("offset")
        and not _RESTRICTING & parameters.keys()
        and not any("toocostly" in one.get("url", "") for one in expansion.get("extension") or ())
    )


_RESTRICTING = {"filter", "limitedExpansion", "excludeNotForUI", "property"}
_BELOW = re.compile(r"\s*<<?\s*(\d+)\s*(\|[^|]*\|)?\s*")
_IMPLICIT = re.compile(r"\?fhir_vs=(?:isa/|ecl/(?:<<?|%3C%3C|%3C)\s*)(\d+)$", re.IGNORECASE)


def _top(resource: Json) -> Code | None:
    """Return the concept that everything in a value set is below, if it is so defined."""
    compose = resource.get("compose") or {}
    include = compose.get("include") or []
    if not include and (implied := _IMPLICIT.search(resource.get("url") or "")):
        return "snomed", implied[1]
    filters = include[0].get("filter") or [] if len(include) == 1 else []
    if len(filters) != 1 or compose.get("exclude") or include[0].get("valueSet"):
        return None
    asked, system = filters[0], system_of(include[0].get("system", ""))
    if asked.get("property") == "concept" and asked.get("op") in ("is-a", "descendent-of"):
        return system, str(asked["value"])
    expression = _BELOW.fullmatch(str(asked.get("value")))
    if asked.get("property") in ("constraint", "expression") and expression:
        return system, expression[1]
    return None


# --- concept maps ---------------------------------------------------------------------------------

_SAME = ("equal", "equivalent")
_TO_BROADER = ("wider", "subsumes", "source-is-narrower-than-target")
_TO_NARROWER = ("narrower", "specializes", "source-is-broader-than-target")
_VAGUE = ("relatedto", "inexact", "related-to")


def _concept_map(resource: Json, writer: Writer, where: str) -> None:
    found: dict[Link, list[tuple[Code, Code]]] = {Link.IS_A: [], Link.MAY_BE: []}
    for group in resource.get("group") or ():
        source, target = system_of(_text(group, "source")), system_of(_text(group, "target"))
        for element in group.get("element") or ():
            for one in element.get("target") or ():
                said = one.get("equivalence") or one.get("relationship")
                pair = ((source, _text(element, "code")), (target, one.get("code") or ""))
                if not pair[1][1]:
                    continue
                if said in (*_SAME, *_TO_BROADER):
                    found[Link.IS_A].append(pair)
                if said in (*_SAME, *_TO_NARROWER):
                    found[Link.IS_A].append((pair[1], pair[0]))
                if said in _VAGUE:
                    found[Link.MAY_BE].append(pair)
    for link, pairs in found.items():
        writer.links(link, pairs)
    writer.source(_source(resource, "FHIR ConceptMap"))


_READERS = {"CodeSystem": _code_system, "ValueSet": _value_set, "ConceptMap": _concept_map}


def _text(of: Json, name: str) -> str:
    value = of.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"a {name} is {value!r}")
    return value


def _source(resource: Json, kind: str) -> Source:
    name = resource.get("url") or resource.get("name") or resource.get("id") or ""
    return Source(str(name), kind, str(resource.get("version") or ""))
