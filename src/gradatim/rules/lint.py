"""Lint a protocol: one function for each thing that must hold, each giving its faults."""

import re
from collections.abc import Callable, Iterator, Mapping

from gradatim.clinical.ctcae.grade import analyte_of_codes
from gradatim.clinical.ctcae.table import Analyte, analyte_called, analytes
from gradatim.clinical.ctcae.terms import folded, is_ctcae_term, system_organ_classes
from gradatim.clinical.drugs import drugs, find_drug
from gradatim.clinical.formulas import formula
from gradatim.clinical.response_criteria import RESPONSE_CRITERIA
from gradatim.clinical.units import convert_for
from gradatim.core.codes import fault, is_pattern, matches
from gradatim.core.documents import Steps
from gradatim.core.errors import UnusableInput
from gradatim.core.expression import NotAnExpression, inputs
from gradatim.core.quantity import convert, scale, understood
from gradatim.protocol.base import Basis
from gradatim.protocol.nodes import Compare, DailyDose, Node
from gradatim.protocol.questions import (
    ESCALATION,
    can_be_ruled_on,
    questions,
    sourced_parts,
)
from gradatim.protocol.references import Fault, dangling, rules_of
from gradatim.protocol.study import Study
from gradatim.protocol.wording import accounted
from gradatim.rules.contradictions import contradictions
from gradatim.rules.drugs import DOSE_UNIT
from gradatim.rules.safety_lint import grades_that_can_be_reached, safety_rules_can_be_asked


def lint(study: Study) -> list[Fault]:
    """Give every fault of a protocol; none when it is sound."""
    faults = list(dangling(study))
    if faults:  # the other checks take names for granted
        return faults
    return [one for check in CHECKS for one in check(study)]


def stated_with_a_source(study: Study) -> Iterator[Fault]:
    """What is said to be stated, or registered, says where: nobody is asked about it."""
    for _, path, part in sourced_parts(study):
        if part.basis in (Basis.STATED, Basis.REGISTRY) and not part.source.strip():
            where = "where it is stated" if part.basis is Basis.STATED else "in which registry"
            told = f"{part.basis} without a source: say {where} (source), or call it assumed"
            yield Fault((*path, "basis"), told)


def unused_elements(study: Study) -> Iterator[Fault]:
    """Every element is asked about by a rule, an endpoint, an activity or a derivation."""
    used = {name for _, rule in rules_of(study) for name in rule.elements()}
    used |= {name for endpoint in study.endpoints for name in endpoint.elements}
    used |= {name for activity in study.schedule.activities.values() for name in activity.elements}
    for endpoint in study.endpoints:
        used |= set(endpoint.response.inputs.values()) if endpoint.response else set()
    for element in study.elements.values():
        used |= set(element.derived.inputs.values()) if element.derived else set()
    watched = study.safety.special_interest
    used |= set(watched.elements) if watched else set()
    for name in study.elements:
        if name not in used:
            yield Fault(("elements", name), f"the element {name} is not used", warning=True)


def codes_of_their_system(study: Study) -> Iterator[Fault]:
    """Every code has the form, and the check digit, of its system."""
    for name, element in study.elements.items():
        for field, groups in (("codes", element.codes), ("perhaps", element.perhaps)):
            for i, group in enumerate(groups):
                for code in group.codes:
                    if why := fault(group.system, code):
                        path: Steps = ("elements", name, field, i)
                        yield Fault(path, f"{group.system} code {code} of {name} {why}")


def codes_in_one_list(study: Study) -> Iterator[Fault]:
    """No code that is of an element is listed as one that may be of it: it would say nothing."""
    for name, element in study.elements.items():
        sure = [(one.system, code) for one in element.codes for code in one.codes]
        for i, group in enumerate(element.perhaps):
            for code in group.codes:
                of = [one for system, one in sure if system == group.system]
                if any(_covers(group.system, one, code) for one in of):
                    path: Steps = ("elements", name, "perhaps", i)
                    why = f"is of {name} by its codes, and cannot be one that may be of it"
                    yield Fault(path, f"{group.system} code {code} {why}")


def _covers(system: str, one: str, code: str) -> bool:
    """Whether all that a code or pattern stands for belongs to what another stands for."""
    return one == code or (is_pattern(system, one) and matches(one, code.removesuffix("*")))


def known_terms(study: Study) -> Iterator[Fault]:
    """Every CTCAE term and class of an element is one: a misspelled term would never be met."""
    classes = set(system_organ_classes().values())
    for name, element in study.elements.items():
        path: Steps = ("elements", name)
        for one in element.ctcae_classes:
            if one not in classes:
                yield Fault((*path, "ctcae_classes"), f"CTCAE v5.0 has no class {one!r}")
        for field in ("ctcae_terms", "ctcae_terms_except"):
            for one in getattr(element, field):
                if not is_ctcae_term(one):
                    yield Fault(
                        (*path, field),
                        f"CTCAE v5.0 has no term {one!r}; other words for "
                        "an element are its synonyms",
                        warning=True,
                    )


def graded_elements(study: Study) -> Iterator[Fault]:
    """What CTCAE grades is known by its LOINC codes: without one its values are never graded."""
    named: dict[str, Analyte] = {}
    for analyte in analytes():
        for called in (analyte.name, *analyte.names):
            named.setdefault(_bare(called), analyte)
    albumin = any(analyte_of_codes(one.loinc) == "albumin" for one in study.elements.values())
    for name, element in study.elements.items():
        path: Steps = ("elements", name)
        graded = analyte_of_codes(element.loinc)
        looks = [named.get(_bare(one)) for one in (name, element.label, *element.synonyms)]
        like = next((one for one in looks if one is not None), None)
        if element.kind != "measurement":
            continue
        if graded is None and like is not None and element.derived is None:
            yield Fault(
                path,
                f"{name} looks like {like.name}, which CTCAE grades, and has none of its LOINC "
                f"codes ({', '.join(like.loinc[:3])}): no value of it is graded",
                warning=True,
            )
        if graded is not None and analyte_called(graded).corrected_by and not albumin:
            yield Fault(
                path,
                f"{name} is a total calcium, which CTCAE grades corrected for albumin, and no "
                "element is albumin (1751-7): no value of it is graded",
                warning=True,
            )
    grading = study.safety.grading
    for one in grading.anticoagulants if grading else ():
        if one not in study.elements or study.elements[one].kind != "exposure":
            yield Fault(("safety", "grading", "anticoagulants"), f"{one!r} is no drug element")


_BESIDE = frozenset({"serum", "plasma", "blood", "count", "level", "concentration", "of"})


def _bare(called: str) -> str:
    """Return what something is called without what it is measured in, and without brackets."""
    words = folded(re.sub(r"\(.*?\)", " ", called.replace("_", " "))).split()
    return " ".join([one for one in words if one not in _BESIDE] or words)


def known_drugs(study: Study) -> Iterator[Fault]:
    """Every ingredient and drug class is in the drug table."""
    classes = {one.drug_class for one in drugs()}
    for name, element in study.elements.items():
        for one in element.drugs:
            if find_drug(one) is None:
                yield Fault(("elements", name, "drugs"), f"the drug table has no {one!r}")
        for one in set(element.drug_classes) - classes:
            yield Fault(("elements", name, "drug_classes"), f"the drug table has no class {one!r}")


def units_understood(study: Study) -> Iterator[Fault]:
    """Every unit is UCUM, and a limit's unit is the element's or converts to it."""
    for name, element in study.elements.items():
        if element.unit and not understood(element.unit):
            yield Fault(("elements", name, "unit"), f"{element.unit!r} is not a UCUM unit")
    for path, rule in rules_of(study):
        for leaf in rule.leaves():
            if isinstance(leaf, DailyDose) and leaf.is_.unit != DOSE_UNIT:
                yield Fault(path, f"a daily dose is in {DOSE_UNIT}, not {leaf.is_.unit or 'bare'}")
            if not isinstance(leaf, Compare) or leaf.is_.times or not leaf.is_.unit:
                continue
            unit = study.elements[leaf.compare].unit
            if convert(1, leaf.is_.unit, unit) is not None:
                continue  # degrees Celsius too, which are no multiple of another unit
            want, have = scale(leaf.is_.unit), scale(unit)
            if want is None:
                yield Fault(path, f"{leaf.is_.unit!r} is not a UCUM unit")
            elif have and want[1] != have[1] and not study.elements[leaf.compare].analyte:
                yield Fault(
                    path,
                    f"{leaf.compare} is in {study.elements[leaf.compare].unit}, "
                    f"which never converts to {leaf.is_.unit}",
                )


def derivations(study: Study) -> Iterator[Fault]:
    """Every derived element has a formula or an expression that uses the inputs it is given."""
    for name, element in study.elements.items():
        if element.derived is None:
            continue
        path: Steps = ("elements", name, "derived")
        given = {*element.derived.inputs, "age", "sex"}
        try:
            if element.derived.formula:
                wanted = set(formula(element.derived.formula).inputs)
            else:
                wanted = set(inputs(element.derived.expression or 0))
        except (UnusableInput, NotAnExpression) as error:
            yield Fault(path, str(error))
            continue
        if missing := sorted(wanted - given):
            yield Fault(
                path, f"{name} needs the input{'s' * (len(missing) > 1)} {', '.join(missing)}"
            )


def response_criteria(study: Study) -> Iterator[Fault]:
    """Every response criterion is one, and each of its values comes from an element in its unit."""
    for i, endpoint in enumerate(study.endpoints):
        if endpoint.response is None:
            continue
        path: Steps = ("endpoints", i, "response")
        known = [RESPONSE_CRITERIA.get(name) for name in endpoint.response.criteria]
        for name, criterion in zip(endpoint.response.criteria, known, strict=True):
            if criterion is None:
                names = ", ".join(RESPONSE_CRITERIA)
                yield Fault(path, f"no response criterion {name!r}; there are {names}")
        domains = {one.name: one for found in known if found for one in found.domains}
        for name in endpoint.response.inputs.keys() - domains.keys():
            yield Fault(path, f"none of these response criteria asks for {name}")
        for name, domain in domains.items():
            if name not in endpoint.response.inputs:
                yield Fault(path, f"a response criterion asks for {name}, and no element holds it")
                continue
            element = study.elements[endpoint.response.inputs[name]]
            if convert_for(element.analyte or None, 1, element.unit, domain.unit) is None:
                yield Fault(path, f"{name} is in {domain.unit}, not in {element.unit or 'no unit'}")


def specification_of_lots(study: Study) -> Iterator[Fault]:
    """Every test of a lot stands once, and its limit is a number in a UCUM unit."""
    tests = study.treatment.product.specification
    names = [one.name for one in tests]
    for i, test in enumerate(tests):
        path: Steps = ("treatment", "product", "specification", i)
        if names.index(test.name) != i:
            yield Fault(path, f"the test {test.name} is used twice")
        if test.limit is not None and (test.limit.times or not understood(test.limit.unit or "1")):
            yield Fault(path, f"{test.limit} is not a limit in a UCUM unit")


def text_accounted_for(study: Study) -> Iterator[Fault]:
    """Every word of the record's eligibility text is in a criterion or listed as connective."""
    left, missing = accounted(study.eligibility)
    for one in missing:
        yield Fault(
            ("eligibility",), f"the record does not contain the text of {one.id}: {one.text!r}"
        )
    if left:
        words = " ".join(one.words for one in left)
        yield Fault(
            ("eligibility", "record_text"),
            f"these words of the record belong to no criterion: {words!r}",
        )


def readings_that_differ(study: Study) -> Iterator[Fault]:
    """Every alternative reading differs from the default and from the others."""
    for i, criterion in enumerate(study.criteria):
        seen: list[tuple[str, Node, Mapping[str, Node]]] = []
        seen.append((criterion.reading_name, criterion.rule, {}))
        for j, one in enumerate(criterion.alternatives):
            for name, rule, also in seen:
                if one.rule == rule and one.also == also:
                    path: Steps = ("eligibility", "criteria", i, "alternatives", j)
                    yield Fault(path, f"{criterion.id}: reading {one.name} is the same as {name}")
            seen.append((one.name, one.rule, one.also))


def no_contradictions(study: Study) -> Iterator[Fault]:
    """No two criteria exclude everybody between them."""
    index = {one.id: i for i, one in enumerate(study.criteria)}
    for a, b in contradictions(study):
        yield Fault(("eligibility", "criteria", index[b]), f"nobody can pass both {a} and {b}")


def rulings_about_something(study: Study) -> Iterator[Fault]:
    """Every ruling is about a part of the protocol, and what it confirms is what stands there."""
    if not study.rulings:  # what could be ruled on takes longer to list than all else here
        return
    known = can_be_ruled_on(study)
    values = {one.key: one.value for one in questions(study)}
    for i, ruling in enumerate(study.rulings):
        path, key = ("rulings", i), ruling.question
        if key not in known:
            yield Fault(path, f"the protocol has nothing to rule on at {key!r}")
        elif ruling.outcome == "confirmed" and values.get(key, ruling.value) != ruling.value:
            yield Fault(
                path,
                f"the ruling on {key} confirms another value than stands there, and "
                "settles nothing",
                warning=True,
            )


def rulings_that_answer(study: Study) -> Iterator[Fault]:
    """Every ruling that chooses a reading names one that exists."""
    design = study.safety.escalation
    designs = (design.reading_name, *(one.name for one in design.alternatives))
    for i, ruling in enumerate(study.rulings):
        if ruling.outcome not in ("", "confirmed"):  # it asks for what may not exist yet
            continue
        criterion = study.criterion(ruling.question.removeprefix("eligibility."))
        readings = (
            (criterion.reading_name, *(a.name for a in criterion.alternatives)) if criterion else ()
        )
        if ruling.question.startswith("eligibility.") and ruling.answer not in readings:
            yield Fault(("rulings", i), f"no reading {ruling.answer!r} for {ruling.question}")
        if ruling.question == ESCALATION and design.alternatives and ruling.answer not in designs:
            yield Fault(
                ("rulings", i),
                f"no escalation design {ruling.answer!r}; there are {', '.join(designs)}",
            )


CHECKS: tuple[Callable[[Study], Iterator[Fault]], ...] = (
    stated_with_a_source,
    unused_elements,
    codes_of_their_system,
    codes_in_one_list,
    known_terms,
    graded_elements,
    known_drugs,
    units_understood,
    derivations,
    response_criteria,
    specification_of_lots,
    text_accounted_for,
    readings_that_differ,
    no_contradictions,
    rulings_about_something,
    rulings_that_answer,
    safety_rules_can_be_asked,
    grades_that_can_be_reached,
)
