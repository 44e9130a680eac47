"""Random people for a protocol, as records that its own rules find hard: a seeded generator.

Values lie on and around the limits of the rules, dates on and around the edges of their windows;
some are partial, bounded, in another unit, entered in error or without a normal range, and much is
missing. Nothing here knows a trial. Made for proving that two engines agree, not for realism.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from gradatim.clinical.drugs import drugs
from gradatim.clinical.units import convert_for
from gradatim.core.dates import Duration, step
from gradatim.protocol.base import Limit
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Age, Compare, Measured, Node, NotWashedOut
from gradatim.protocol.study import Study
from gradatim.synthetic.people import Person, Record

_Records = tuple[Record, ...]
OTHER_UNITS = {"mg/dL": "umol/L", "%": "1", "U/L": "ukat/L"}


class Population:
    """Makes people for a protocol.

    Args:
        study: the protocol.
        anchors: the date of every anchor.
        seed: the same seed gives the same people.
    """

    def __init__(self, study: Study, anchors: Mapping[str, date], seed: int) -> None:
        """Look up the limits and the edges that the protocol's rules depend on."""
        self.study, self.anchors = study, anchors
        self._rng = random.Random(seed)
        asked = [leaf for one in study.criteria for leaf in one.rule.leaves()]
        self._limits = _limits(asked)
        self._edges = {name: self._days(leaf) for leaf in asked for name in leaf.elements()}
        self._methods = {
            name: leaf.method
            for leaf in asked
            if isinstance(leaf, Measured)
            for name in leaf.elements()
            if leaf.method
        }
        self._names = list(dict.fromkeys(self._with_inputs(self._edges)))
        self._ages = [int(leaf.is_.number) for leaf in asked if isinstance(leaf, Age)]

    def people(self, count: int) -> Iterator[Person]:
        """Give so many people, one after the other."""
        for n in range(1, count + 1):
            yield self._person(f"random-{n}")

    def _with_inputs(self, names: Mapping[str, list[date]]) -> Iterator[str]:
        for name in names:
            yield name
            rule = self.study.elements[name].derived
            for source in rule.inputs.values() if rule else ():
                self._edges = {source: names[name], **self._edges}
                yield source

    def _person(self, id: str) -> Person:
        rng = self._rng
        missing = rng.choice((0.05, 0.15, 0.5))
        records = {}
        for name in self._names:
            element = self.study.elements[name]
            if rng.random() >= (missing if element.kind in _USUAL else 0.8):
                records[name] = _MAKERS[element.kind](self, name, element)
        sex = rng.choices(("female", "male", "unknown"), (48, 48, 4))[0]
        some = {name: one for name, one in records.items() if one}
        return Person.model_validate(
            {"id": id, "sex": sex, "birth": self._birth(), "records": some}
        )

    def _birth(self) -> str:
        rng = self._rng
        on = self.anchors[rng.choice(sorted(self.anchors))]
        years = rng.choice([*self._ages, *(n - 1 for n in self._ages), rng.randint(15, 90), 34, 50])
        day = step(on, Duration(-12 * years)) + timedelta(days=rng.choice((-1, 0, 1, 40, 200)))
        if rng.random() < 0.02:
            day = date(day.year - day.year % 4, 2, 29)
        return self._written(day, partial_=0.2)

    def _days(self, leaf: Node) -> list[date]:
        """Give the first and last day of each window of a leaf."""
        visits = [self.study.schedule.encounters[name] for name in leaf.encounters()]
        windows = [one for visit in visits for one in (visit.window, visit.valid_within) if one]
        windows += leaf.windows().values()
        lengths = [
            (one.anchor, length)
            for one in windows
            for length in (one.from_, one.to)
            if length is not None
        ]
        if isinstance(leaf, NotWashedOut):
            lengths += [(leaf.before, -one.length) for one in leaf.longest_of if one.length]
        return [step(self.anchors[anchor], length) for anchor, length in lengths]

    def _day(self, name: str) -> date:
        """Give a day: mostly inside some window, often on or beside an edge of one."""
        rng, edges = self._rng, self._edges.get(name) or [self.anchors["screening"]]
        if rng.random() < 0.4:
            return rng.choice(edges) + timedelta(days=rng.choice((-1, 0, 0, 1)))
        anchor = self.anchors[rng.choice(("screening", "first_dose"))]
        return anchor - timedelta(days=rng.choice((0, 1, 2, 5, 20, 45, 100, 300, 2000)))

    def _written(self, day: date, partial_: float = 0.03) -> str:
        if self._rng.random() >= partial_:
            return day.isoformat()
        return day.isoformat()[: self._rng.choice((4, 7))]

    def _measurement(self, name: str, element: Element) -> _Records:
        visits = [
            self._measured_on(name, self.anchors[anchor] - timedelta(days=ago), element)
            for anchor, ago in (("screening", 0), ("baseline", 0))
            if anchor in self.anchors and self._rng.random() < 0.9
        ]
        some = [
            self._measured_on(name, self._day(name), element)
            for _ in range(self._rng.choice((0, 0, 0, 1, 2)))
        ]
        return (*visits, *some)

    def _measured_on(self, name: str, day: date, element: Element) -> Record:
        rng = self._rng
        common = {
            "on": self._written(day, 0.02),
            "method": self._method(name),
            "status": rng.choice(_STATUSES),
        }
        limits = self._limits.get(name)
        if not limits and not element.unit:
            return Record.model_validate({**common, "result": rng.choice(_RESULTS)})
        return Record.model_validate({**common, **self._number(element, limits or [_SCORE])})

    def _number(self, element: Element, limits: list[Limit]) -> dict[str, object]:
        rng, limit = self._rng, self._rng.choice(limits)
        factor = rng.choice((1, 1, 1 + 1e-6, 1 - 1e-6, rng.uniform(0.3, 0.95), rng.uniform(1, 3)))
        if rng.random() < 0.5:  # mostly on the good side
            factor = 0.6 if limit.op[0] == ">" else 1.4
        reference = rng.choice((1.2, 36.0, 40.0))
        value = limit.number * factor * (reference if limit.times else 1)
        given: dict[str, object] = {"bound": rng.choice(_BOUNDS)}
        if limit.times and rng.random() < 0.95:
            given["high" if limit.times == "ULN" else "low"] = reference
        if (limit.unit or element.unit).startswith("{") and rng.random() < 0.7:
            value = int(value)
        return {**given, "value": value, **self._unit(element, value, given)}

    def _unit(self, element: Element, value: float, given: dict[str, object]) -> dict[str, object]:
        """Now and then give a value in another unit, or in one that does not convert."""
        other = OTHER_UNITS.get(element.unit, "")
        roll = self._rng.random()
        converted = convert_for(element.analyte or None, value, element.unit, other)
        if roll < 0.01:
            return {"unit": "g/L"}
        if roll > 0.1 or not other or converted is None:
            return {}
        limits = {
            side: convert_for(element.analyte or None, at, element.unit, other)
            for side, at in given.items()
            if isinstance(at, float)
        }
        return {"value": converted, "unit": other, **limits}

    def _method(self, name: str) -> str:
        return self._rng.choice(("x-ray", "x-ray", "CT")) if name in self._methods else ""

    def _answer(self, name: str, element: Element) -> _Records:
        rng = self._rng
        on = rng.choice((self.anchors["screening"], self._day(name), None))
        likely = rng.random() < 0.15
        answers = [Record(answer=likely, on=self._written(on) if on else None)]
        if rng.random() < 0.1:
            answers.append(Record(answer=not likely, on=self._written(self._day(name))))
        return tuple(answers)

    def _lasting(self, name: str, element: Element) -> _Records:
        """Give records of what lasted: periods, ongoing or over, and denials."""
        rng = self._rng
        if rng.random() < 0.2:
            return (Record(answer=rng.random() < 0.3, on=self._written(self._day(name))),)
        return tuple(self._period(name, element) for _ in range(rng.choice((1, 1, 2, 4))))

    def _period(self, name: str, element: Element) -> Record:
        rng, first, last = self._rng, self._day(name), self._day(name)
        first, last = min(first, last), max(first, last)
        given: dict[str, object] = {"from": self._written(first)}
        if rng.random() < 0.75:
            given["to"] = self._written(last) if len(str(given["from"])) == 10 else None
        if element.kind == "condition":
            given["status"] = rng.choices(("", "unconfirmed", "refuted"), (90, 6, 4))[0]
        if element.kind == "exposure":
            given |= self._drug(element)
        if codes := [f"{group.system} {code}" for group in element.codes for code in group.codes]:
            given["code"] = _instance(rng.choice(codes)) if not given.get("drug") else ""
        return Record.model_validate(given)

    def _drug(self, element: Element) -> dict[str, object]:
        rng = self._rng
        named = [
            *element.drugs,
            *(one.name for one in drugs() if one.drug_class in element.drug_classes),
        ]
        routes = ("intravenous", "oral", "", "topical")
        return {"drug": rng.choice(named) if named else "", "route": rng.choice(routes)}

    def _procedure(self, name: str, element: Element) -> _Records:
        status = self._rng.choice(("completed", "completed", "not-done", "stopped"))
        return (Record(on=self._written(self._day(name)), status=status),)

    def _participation(self, name: str, element: Element) -> _Records:
        if self._rng.random() < 0.6:
            return (Record(answer=False, on=self._written(self._day(name))),)
        return (self._period(name, element.model_copy(update={"codes": []})),)

    def _consent(self, name: str, element: Element) -> _Records:
        return (Record(on=self._written(self._day(name))),)


_USUAL = ("measurement", "answer", "consent", "participation")
_STATUSES = (*("final",) * 30, "amended", "entered-in-error", "preliminary")
_RESULTS = (*("negative",) * 20, "positive", "positive", "inconclusive", "borderline", "reactive")
_BOUNDS = (*("",) * 25, "<", ">", "<=", ">=")
_SCORE = Limit("<=", 10, "{score}")
_MAKERS: dict[str, Callable[[Population, str, Element], _Records]] = {
    "measurement": Population._measurement,
    "answer": Population._answer,
    "condition": Population._lasting,
    "exposure": Population._lasting,
    "procedure": Population._procedure,
    "participation": Population._participation,
    "consent": Population._consent,
}


def _limits(asked: list[Node]) -> dict[str, list[Limit]]:
    found: dict[str, list[Limit]] = {}
    for leaf in asked:
        if isinstance(leaf, Compare):
            found.setdefault(leaf.compare, []).append(leaf.is_)
    return found


def _instance(code: str) -> str:
    """Give a code under a pattern: `icd10 I21*` has I21.4, `icd10 C00-C97` has C00."""
    system, _, pattern = code.partition(" ")
    if pattern.endswith("*"):
        return f"{system} {pattern[:-1]}" + (
            ".4" if system == "icd10" and "." not in pattern else ""
        )
    return f"{system} {pattern.partition('-')[0]}" if system == "icd10" else code
