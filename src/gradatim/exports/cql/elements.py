"""What is recorded of an element, as CQL definitions: values, answers, and what happened."""

from gradatim.evidence.fhir.conditions_and_procedures import ANY_TRIAL
from gradatim.exports.cql.library import CannotExpress, Library, decimal, strings
from gradatim.exports.cql.spans import FIRST, LAST
from gradatim.exports.cql.terminology import perhaps, write_records
from gradatim.exports.cql.units import converted
from gradatim.protocol.elements import Element
from gradatim.protocol.study import Study

_MEDICATIONS = {
    "MedicationStatement": "Statements of",
    "MedicationAdministration": "Administrations of",
    "MedicationRequest": "Requests of",
}
_TITLES = {"Condition": "Conditions of", "Procedure": "Procedures of"}
_EXHAUSTIVE = {
    "condition": "exhaustive conditions",
    "exposure": "exhaustive exposures",
    "procedure": "exhaustive procedures",
}


def exhaustive_parameter(library: Library, kind: str, declared: bool) -> str:
    """Declare whether no record of a kind means that it did not happen."""
    return library.parameter(_EXHAUSTIVE[kind], f"Boolean default {str(declared).lower()}")


_AS_IT_IS = """Tuple {
    id: V.id, first: V.first, last: V.last,
    value: if implausible then null else V.value, unit: V.unit, bound: V.bound,
    low: V.low, low_unit: V.low_unit, high: V.high, high_unit: V.high_unit,
    word: if implausible then null else V.word, method: V.method }"""
"""A measurement, or if it is implausible one of its days that may be anything."""


class RecordedElements:
    """Defines, once each, what is recorded of the elements that rules ask about."""

    def __init__(self, library: Library, study: Study, exhaustive: frozenset[str]) -> None:
        """Remember what the definitions go into and what the source covers."""
        self.library, self.study, self.exhaustive = library, study, exhaustive

    def values(self, name: str) -> str:
        """Define the measurements of an element; what an implausible one says is not known."""
        element, library = self.study.elements[name], self.library
        read = library.function("Values of")
        found = f"{read}({write_records(library, 'Observation', name, element)})"
        if element.plausible:
            low, high = map(decimal, element.plausible)
            amount = converted(library, element.analyte, element.unit, "V.value", "V.unit")
            found = f"({found}) V\n  let amount: {amount}"
            found += f",\n    implausible: (amount < {low} or amount > {high}) is true"
            found += f"\n  return {_AS_IT_IS}"
        return library.define(f"{element.label} values", found)

    def answers(self, name: str) -> str:
        """Define the answers given to a question, and not read out of other records."""
        element, library = self.study.elements[name], self.library
        read = library.function("Answers of")
        found = f"{read}({write_records(library, 'Observation', name, element)})"
        return library.define(f"{element.label} answers", found)

    def occurrences(self, name: str) -> str:
        """Define the records that something happened, or that it did not."""
        element = self.study.elements[name]
        if element.kind not in _READERS:
            raise CannotExpress(f"{element.label} is of kind {element.kind}, which FHIR lacks here")
        parts = ",\n  ".join(
            _indented(self._spans(name, element, one)) for one in _READERS[element.kind]
        )
        return self.library.define(f"{element.label} records", f"flatten {{\n  {parts} }}")

    def _spans(self, name: str, element: Element, resource: str) -> str:
        library = self.library
        if resource in _MEDICATIONS:
            taken = self._read(resource, write_records(library, resource, name, element))
            return self._routed(element, taken)
        if resource == "ResearchSubject":
            if name != ANY_TRIAL and ANY_TRIAL in self.study.elements:
                raise CannotExpress(f"{element.label}: the kind of a trial is not recorded in FHIR")
            own = strings([self.study.study.id])
            return f"{library.function('Participations of')}([ResearchSubject], {own})"
        if resource == "Consent":
            return f"{library.function('Consents of')}([Consent])"
        found = write_records(library, resource, name, element)
        if resource == "Observation":
            return f"{library.function('Told of')}({found})"
        return self._read(resource, found)

    def _read(self, resource: str, found: str) -> str:
        """Write the periods of records that something happened."""
        title = {**_TITLES, **_MEDICATIONS}[resource]
        return f"{self.library.function(title)}({found})"

    def _routed(self, element: Element, spans: str) -> str:
        if not (element.routes or element.not_routes):
            return spans
        by_route = self.library.function("By route")
        counting = strings(element.routes) if element.routes else "List<String> { }"
        others = strings(element.not_routes) if element.not_routes else "List<String> { }"
        return f"{by_route}({spans}, {counting}, {others})"

    def absent(self, name: str, start: str, end: str) -> str:
        """Write what no record between two days means: false, or null where nobody can say."""
        found = self.occurrences(name)
        denied = f"exists ({found} D where D.denies"
        denied += ")" if start == "null" else f" and D.end_first >= {start})"
        covered = self._covered(name, found, start, end)
        return f"(if {denied}\n    or {covered} then false else null)"

    def _covered(self, name: str, found: str, start: str, end: str) -> str:
        element = self.study.elements[name]
        if element.kind == "consent":
            return f"exists {found}"
        if element.kind == "participation":
            return f"exists ({found} D where not D.denies and 'true' in D.codes)"
        library = self.library
        declared = exhaustive_parameter(library, element.kind, element.kind in self.exhaustive)
        library.parameter("on", "Date")
        for title in ("observed since", "observed until"):
            library.parameter(title, "Date default null")
        dates = [f"{one} as Date" if one == "null" else one for one in (start, end)]
        covers = f"{library.function('Covers')}({declared}, {', '.join(dates)})"
        open_ = f" and {may_be}" if (may_be := self._is_of_none(element)) else ""
        told = write_records(library, "Observation", name, element)
        settled = f"{library.function('Are settled')}({told})"
        return f"({covers} and {self._told(element.kind)} and {settled}{open_})"

    def _is_of_none(self, element: Element) -> str:
        """Write whether no record bears a code that may be of an element; empty without such."""
        if not element.perhaps:
            return ""
        found = [
            f"exists ({self._read(one, perhaps(self.library, one, element))})"
            for one in (*_TITLES, *_MEDICATIONS)
        ]
        told = "\n  or ".join(found)
        return self.library.define(f"{element.label} may be none", f"not ({told})")

    def _told(self, kind: str) -> str:
        """Write whether it can be told of every record of a kind what it is about."""
        if kind == "exposure":
            return f"{self.library.function('Drug is told')}()"
        resource = {"condition": "Condition", "procedure": "Procedure"}[kind]
        known = self.library.function("Has a known code")
        return self.library.define(
            f"{resource} is told",
            f"not exists ([{resource}] R where {known}(R.code) is not true)",
        )


_READERS: dict[str, tuple[str, ...]] = {
    "condition": ("Condition", "Observation"),
    "exposure": (*_MEDICATIONS, "Procedure", "Observation"),
    "procedure": ("Procedure", "Observation"),
    "participation": ("ResearchSubject", *_MEDICATIONS, "Observation"),
    "consent": ("Consent",),
}
"""The resource types in which an element of each kind arrives."""


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


ANY_DAY = f"{{0}}.first = {FIRST} and {{0}}.last = {LAST}"
"""Whether a row has no date."""
