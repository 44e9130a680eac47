"""Several protocols asked of one population: one vocabulary of elements for all of them.

Protocols that mean the same by an element share it, and what is asked of it. Where two mean
different things by one name, the later one's is renamed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gradatim.protocol.elements import Element
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.study import Study


class Shared(NamedTuple):
    """Protocols whose elements have one meaning each.

    Args:
        studies: the protocols, in the order given.
        elements: every element, by name.
        originals: for each protocol, what it calls the elements that were renamed.
    """

    studies: tuple[Study, ...]
    elements: dict[str, Element]
    originals: tuple[dict[str, str], ...]


def shared(studies: Iterable[Study]) -> Shared:
    """Give protocols one vocabulary."""
    elements: dict[str, Element] = {}
    found, originals = [], []
    for study in studies:
        names = _names(study, elements)
        originals.append({new: name for name, new in names.items()})
        found.append(_renamed(study, names) if names else study)
        elements |= found[-1].elements
    return Shared(tuple(found), elements, tuple(originals))


def _names(study: Study, known: dict[str, Element]) -> dict[str, str]:
    """Give new names for elements of which something else is known by that name.

    An element computed from a renamed one is another one too.
    """
    names: dict[str, str] = {}
    for _ in study.elements:
        for name, element in study.elements.items():
            inputs = element.derived.inputs.values() if element.derived else ()
            differs = name in known and known[name] != element
            if name not in names and (differs or any(one in names for one in inputs)):
                names[name] = _free(name, {*known, *study.elements})
    return names


def _free(name: str, taken: set[str]) -> str:
    return next(new for n in range(2, 1000) if (new := f"{name}_{n}") not in taken)


def _renamed(study: Study, names: dict[str, str]) -> Study:
    elements = {
        names.get(name, name): _inputs_renamed(element, names)
        for name, element in study.elements.items()
    }
    criteria = [
        one.model_copy(
            update={
                "rule": one.rule.renamed(names),
                "alternatives": [
                    other.model_copy(
                        update={
                            "rule": other.rule.renamed(names),
                            "also": {id: rule.renamed(names) for id, rule in other.also.items()},
                        }
                    )
                    for other in one.alternatives
                ],
            }
        )
        for one in study.criteria
    ]
    eligibility = study.eligibility.model_copy(update={"criteria": criteria})
    return study.model_copy(update={"elements": elements, "eligibility": eligibility})


def _inputs_renamed(element: Element, names: dict[str, str]) -> Element:
    if element.derived is None:
        return element
    inputs = {given: names.get(name, name) for given, name in element.derived.inputs.items()}
    derived = element.derived.model_copy(update={"inputs": inputs})
    return element.model_copy(update={"derived": derived})


def joint_protocol(found: Shared) -> Any:
    """Give one protocol that asks everything the protocols ask, for mapping a source to it."""
    first = found.studies[0]
    criteria = [one for study in found.studies for one in study.criteria]
    eligibility = first.eligibility.model_copy(update={"criteria": criteria})
    elements = {name: found.elements[name] for name in _elements_of(criteria, found.elements)}
    return first.model_copy(update={"elements": elements, "eligibility": eligibility})


def _elements_of(
    criteria: Sequence[EligibilityCriterion], elements: Mapping[str, Element]
) -> list[str]:
    """Give the elements that some reading of a criterion looks at, and what they are made from."""
    rules = [one.rule for one in criteria]
    for one in criteria:
        for other in one.alternatives:
            rules += [other.rule, *other.also.values()]
    names = dict.fromkeys(name for rule in rules for name in rule.elements())
    waiting = list(names)
    for name in waiting:
        derived = elements[name].derived
        new = [one for one in (derived.inputs.values() if derived else ()) if one not in names]
        names |= dict.fromkeys(new)
        waiting += new
    return list(names)
