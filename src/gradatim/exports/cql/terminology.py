"""The codes of an element, as CQL concepts, and the records that bear one of them."""

import re
from collections.abc import Iterable, Iterator

from gradatim.clinical.drugs import Drug, drugs
from gradatim.core.codes import SYSTEMS, WIRE_NAMES, is_pattern
from gradatim.evidence.defined import drugs_of
from gradatim.exports.cql.library import Library, string, strings
from gradatim.protocol.elements import CodeGroup, Element

_TITLES = {
    "loinc": "LOINC",
    "snomed": "SNOMED CT",
    "icd10": "ICD-10",
    "rxnorm": "RxNorm",
    "atc": "ATC",
    "local": "gradatim elements",
}
_PATHS = {
    "MedicationStatement": "medication",
    "MedicationAdministration": "medication",
    "MedicationRequest": "medication",
}


def write_records(library: Library, resource: str, element_name: str, element: Element) -> str:
    """Write the records of one resource type that bear a code of an element."""
    exact = _exact(element_name, element)
    return _bearing(library, resource, element.label, exact, element.codes)


def perhaps(library: Library, resource: str, element: Element) -> str:
    """Write the records of one resource type that bear a code which may be of an element."""
    return _bearing(
        library, resource, f"perhaps {element.label}", _single(element.perhaps), element.perhaps
    )


def _bearing(
    library: Library,
    resource: str,
    title: str,
    exact: Iterable[tuple[str, str]],
    groups: Iterable[CodeGroup],
) -> str:
    path = _PATHS.get(resource, "code")
    found = []
    codes = [_declared(library, short, uri, code) for short, code in exact for uri in _wire(short)]
    if codes:
        concept = library.concept(title, dict.fromkeys(codes), title)
        by = f"{path} ~ " if path != "code" else ""
        found.append(f"[{resource}: {by}{concept}]")
    patterns = _patterns(groups) if resource != "Observation" else []
    if patterns:
        coded = "R.code" if path == "code" else "(R.medication as FHIR.CodeableConcept)"
        tests = "\n      or ".join(_tests(patterns))
        found.append(f"([{resource}] R where exists (({coded}.coding) K\n    where {tests}))")
    return found[0] if len(found) == 1 else f"flatten {{\n  {f',{chr(10)}  '.join(found)} }}"


def ingredient_codes(element: Element) -> list[tuple[str, str]]:
    """Give each code of an element's drugs as `system|code`, with the ingredient's name."""
    named = [
        (f"{system}|{code}", drug.name)
        for drug in drugs_of(element)
        for short, code in _drug_codes(drug)
        for system in _wire(short)
    ]
    by_code = {code: drug.name for drug in drugs() for short, code in _drug_codes(drug)}
    other = [
        (f"{system}|{code}", by_code[code])
        for group in element.codes
        for code in group.codes
        if code in by_code
        for system in _wire(group.system)
    ]
    return list(dict.fromkeys([*named, *other]))


def _declared(library: Library, short: str, uri: str, code: str) -> str:
    title = _TITLES[short]
    if uri != WIRE_NAMES[short]:
        title += f" ({uri.rpartition('/')[2]})"
    return library.code(f"{title} {code}", code, library.system(title, uri))


def _wire(short: str) -> list[str]:
    return [uri for uri, name in SYSTEMS.items() if name == short]


def _exact(element_name: str, element: Element) -> Iterator[tuple[str, str]]:
    yield "local", element_name
    yield from _single(element.codes)
    for one in drugs_of(element):
        yield from _drug_codes(one)


def _drug_codes(drug: Drug) -> Iterator[tuple[str, str]]:
    if drug.rxnorm:
        yield "rxnorm", drug.rxnorm
    yield from (("rxnorm", code) for code in drug.rxnorm_products)
    yield from (("atc", code) for code in drug.atc)
    yield "local", re.sub(r"\W+", "_", drug.name.lower())


def _single(groups: Iterable[CodeGroup]) -> Iterator[tuple[str, str]]:
    for group in groups:
        yield from ((group.system, one) for one in group.codes if not is_pattern(group.system, one))


def _patterns(groups: Iterable[CodeGroup]) -> list[tuple[str, str]]:
    return [
        (group.system, one)
        for group in groups
        for one in group.codes
        if is_pattern(group.system, one)
    ]


def _tests(patterns: list[tuple[str, str]]) -> Iterator[str]:
    """Write the test of a coding K against the patterns of each system."""
    for short in dict.fromkeys(short for short, _ in patterns):
        tests = "\n        or ".join(_test(code) for system, code in patterns if system == short)
        yield f"(K.system.value in {strings(_wire(short))}\n      and ({tests}))"


def _test(pattern: str) -> str:
    """Write the test of a code against `I21*` or `C00-C97`."""
    if pattern.endswith("*"):
        return f"StartsWith(K.code.value, {string(pattern[:-1])})"
    low, high = pattern.split("-")
    return (
        f"(Substring(K.code.value, 0, {len(low)}) >= {string(low)}"
        f" and Substring(K.code.value, 0, {len(high)}) <= {string(high)})"
    )
