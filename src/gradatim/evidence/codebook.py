"""The codebook of a protocol: which elements a code means, at the boundary of the system."""

from functools import lru_cache

from gradatim.clinical.drugs import drugs, drugs_by_code
from gradatim.core.codes import matches
from gradatim.protocol.elements import Element


class Codebook:
    """Looks up the elements, and for drugs the ingredient, that a code stands for.

    Args:
        elements: the protocol's elements by name.
        study: the trial's own registry number, by which records of it are told from other trials.
    """

    def __init__(self, elements: dict[str, Element], study: str = "") -> None:
        self.study = study
        self._exact: dict[tuple[str, str], list[str]] = {}
        self._patterns: dict[str, list[tuple[str, str]]] = {}
        for name, element in elements.items():
            self._exact.setdefault(("local", name), []).append(name)
            for group in element.codes:
                for code in group.codes:
                    self._add(group.system, code, name)
            for ingredient in _ingredients(element):
                self._exact.setdefault(("ingredient", ingredient), []).append(name)
        self.lookup = lru_cache(maxsize=20_000)(self._lookup)

    def _add(self, system: str, code: str, name: str) -> None:
        if code.endswith("*") or (system == "icd10" and "-" in code):
            self._patterns.setdefault(system, []).append((code, name))
        else:
            self._exact.setdefault((system, code), []).append(name)

    def _lookup(self, system: str, code: str) -> tuple[tuple[str, ...], str]:
        """Give the elements of a code (short system name) and the ingredient it names, if any."""
        names = list(self._exact.get((system, code), ()))
        names += [
            name for pattern, name in self._patterns.get(system, ()) if matches(pattern, code)
        ]
        known = drugs_by_code().get((system, code))
        ingredient = known.name if known else ""
        if system == "local" and (named := _named_drug(code)):
            ingredient = named
        names += self._exact.get(("ingredient", ingredient), ()) if ingredient else ()
        return tuple(dict.fromkeys(names)), ingredient


def _ingredients(element: Element) -> list[str]:
    classes = set(element.drug_classes)
    return [*element.drugs, *(one.name for one in drugs() if one.drug_class in classes)]


def _named_drug(code: str) -> str:
    """Let a drug without a code arrive by its name in the drug table, as a local code."""
    wanted = code.replace("_", " ").lower()
    return next((one.name for one in drugs() if one.name.lower() == wanted), "")
