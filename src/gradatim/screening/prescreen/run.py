"""A prescreen from beginning to end: ask, combine, verify a sample, write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa

from gradatim.core.errors import UnusableInput
from gradatim.evidence.relation import Relation
from gradatim.protocol.load import Document
from gradatim.rules.population.answers import ask
from gradatim.rules.population.plan import Plan
from gradatim.screening.feasibility.count import funnel
from gradatim.screening.feasibility.load import open_files
from gradatim.screening.prescreen.chunks import (
    Range,
    check_count,
    check_part,
    counted_once,
    everybody,
    ranges,
)
from gradatim.screening.prescreen.evidence import evidence
from gradatim.screening.prescreen.folder import Parts, write_json, written_whole
from gradatim.screening.prescreen.in_engine import EngineSide, of_some, people_in
from gradatim.screening.prescreen.not_known import write_not_known
from gradatim.screening.prescreen.output_tables import Compiled, tables, verdict_columns
from gradatim.screening.prescreen.shared_vocabulary import joint_protocol, shared
from gradatim.screening.prescreen.source import Population
from gradatim.screening.prescreen.verify import (
    SampleQuestion,
    choose_sample,
    told_in,
    verify_sample,
)
from gradatim.screening.readings import plan as readings_plan

MEMORY = 4_000_000_000
"""Bytes that a run may take unless told otherwise."""
_Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """What a prescreen is asked.

    Args:
        documents: the protocols.
        on: the day of the question.
        anchors: for each protocol a date for every anchor.
        readings: readings asked for, by criterion; only with one protocol.
        memory: bytes to stay within.
        sample: how many people are evaluated again.
        seed: which people those are.
        evidence: whether the records behind the verdicts are written too.
        replace: whether an earlier run's files may be replaced.
        texts: the documents as they were read, to be kept with the verdicts; none keeps none.
    """

    documents: Sequence[Document]
    on: date
    anchors: Sequence[Mapping[str, date]]
    readings: Mapping[str, str] = field(default_factory=dict)
    memory: int = MEMORY
    sample: int = 1000
    seed: int = 1
    evidence: bool = False
    replace: bool = False
    texts: Sequence[bytes] = ()


@dataclass(frozen=True)
class PrescreenResult:
    """What a prescreen did.

    Args:
        folders: for each protocol, by id, where its files are.
        run: what `run.json` says of each.
        funnels: what `funnel.json` says of each.
        not_known: the codes that `not_known.json` lists for each.
    """

    folders: Mapping[str, Path]
    run: Mapping[str, Mapping[str, Any]]
    funnels: Mapping[str, Mapping[str, Any]]
    not_known: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def prescreen(
    request: Request, population: Population, folder: Path, watch: _Watch | None = None
) -> PrescreenResult:
    """Ask a population about every criterion, and write what it says.

    Args:
        request: what is asked.
        population: the people.
        folder: where the files go; of several protocols each has a folder of its own in it.
        watch: told of the parts done, and of how many there are.

    Raises:
        UnusableInput: the source or the folder cannot be used; nothing is written.
        Defect: engine and specification differ; nothing is written.
    """
    names = _names(request.documents)
    with written_whole(folder, request.replace) as beside:
        places = {name: beside if len(names) == 1 else beside / name for name in names}
        run = _Run(request, population, list(names), places)
        documents = run.whole(watch)
        funnels = run.funnels()
    folders = {name: folder if len(names) == 1 else folder / name for name in names}
    return PrescreenResult(folders, documents, funnels, run.not_known)


def _names(documents: Sequence[Document]) -> list[str]:
    names = [one.study.study.id for one in documents]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise UnusableInput(f"the protocol {min(twice)} is given twice", todo="give it once")
    for name in names if len(names) > 1 else ():
        if name.startswith(".") or set(name) & set("/\\\0"):
            raise UnusableInput(
                f"the id {name!r} cannot name a folder",
                "study.id",
                "each protocol has one of its own",
                "run it alone",
            )
    return names


@dataclass
class Clock:
    """Adds up the seconds that each part of a run took."""

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=perf_counter)

    def lap(self, part: str) -> None:
        """Count the time since the last lap for a part."""
        now = perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now


class _Run:
    def __init__(
        self, request: Request, population: Population, names: list[str], places: Mapping[str, Path]
    ) -> None:
        self.request, self.population, self.places = request, population, places
        self.clock = Clock()
        self.shared = shared([one.study for one in request.documents])
        asks = joint_protocol(self.shared)
        self.examined = population.examine(asks)
        self.clock.lap("check")
        self.relation = population.relation(asks)
        self.plan = Plan(self.relation)
        self.protocols = [self._compiled(name, n) for n, name in enumerate(names)]
        self.people, self.verified = 0, 0
        self.not_known: dict[str, Sequence[Mapping[str, Any]]] = {}
        self.clock.lap("prepare")

    def _compiled(self, name: str, n: int) -> Compiled:
        study = self.shared.studies[n]
        columns = verdict_columns(study, readings_plan(study, self.request.readings))
        compiler = self.plan.of(study, self.request.anchors[n], self.request.on)
        return Compiled(
            name,
            tuple(columns),
            tuple(compiler.term(one.rule) for one in columns),
            self.plan,
            self.shared.originals[n],
        )

    def whole(self, watch: _Watch | None) -> dict[str, Mapping[str, Any]]:
        """Look at everybody, and describe the run."""
        if self.population.many_machines:
            self._in_engine()
        else:
            self._by_parts(watch)
        self.clock.lap("write")
        for n, (name, place) in enumerate(self.places.items()):
            tables = self.examined.get("not_understood", {})
            self.not_known[name] = write_not_known(
                place, self.population.unclear(), tables, self._asking(n)
            )
        self.clock.lap("write")
        documents = {name: self._document(n) for n, name in enumerate(self.places)}
        for name, document in documents.items():
            write_json(self.places[name] / "run.json", document)
        for place, text in zip(self.places.values(), self.request.texts, strict=False):
            (place / "protocol.yaml").write_bytes(text)
        return documents

    def _by_parts(self, watch: _Watch | None) -> None:
        """Fetch the answers about some people after others, and combine them here."""
        parts = ranges(everybody(self.population, self.relation), self.request.memory // 3)
        outputs = {name: Parts(place) for name, place in self.places.items()}
        sample = -(-self.request.sample // len(parts))
        self.clock.lap("prepare")
        try:
            for number, people in enumerate(parts):
                relation = self.relation if len(parts) == 1 else people.of(self.relation)
                self._part(relation, people, outputs, sample)
                if watch:
                    watch(number + 1, len(parts))
        finally:
            for output in outputs.values():
                output.close()

    def _in_engine(self) -> None:
        """Let the engine combine and write; only the sample is read again."""
        side = EngineSide(self.plan, self.shared.elements, self.protocols, self.population.keep)
        self.clock.lap("states")
        for protocol in self.protocols:
            place = self.places[protocol.id]
            place.mkdir(parents=True, exist_ok=True)
            for name, table in side.tables(protocol).items():
                self.population.write(table, str(place / f"{name}.parquet"))
            self.clock.lap("write")
            if self.request.evidence:
                outputs = Parts(place)
                self._evidence(protocol, side.extract, outputs)
                outputs.close()
        self._verify_files()

    def _verify_files(self) -> None:
        """Verify a sample of what the engine wrote."""
        wanted = len(everybody(self.population, self.relation))
        for place in self.places.values():
            ids = np.sort(people_in(place).to_numpy(zero_copy_only=False))
            check_count(counted_once(ids), wanted, len(ids))
        written = people_in(self.places[self.protocols[0].id])
        self.people = len(written)
        places = pa.array(
            choose_sample(written, self.request.sample, self.request.seed), pa.int64()
        )
        ids = written.take(places)
        people = list(self.population.facts(ids.to_pylist())) if len(ids) else []
        for n, protocol in enumerate(self.protocols):
            place = self.places[protocol.id]
            told = told_in(*(of_some(place, file, ids) for file in ("verdicts", "reasons")))
            verify_sample(self._question(n), protocol.columns, told, people)
        self.verified = len(people)
        self.clock.lap("verify")

    def _question(self, n: int) -> SampleQuestion:
        return SampleQuestion(self.shared.studies[n], self.request.anchors[n], self.request.on)

    def _evidence(self, protocol: Compiled, extract: Relation, output: Parts) -> None:
        stream = self.population.stream
        for table in evidence(protocol, extract, self.shared.elements, stream):
            output.add({"evidence": table})
        self.clock.lap("evidence")

    def funnels(self) -> dict[str, Mapping[str, Any]]:
        """Count what was written, and write what each criterion costs."""
        found: dict[str, Mapping[str, Any]] = {}
        for name, document in zip(self.places, self.request.documents, strict=True):
            found[name] = funnel(open_files(self.places[name]), document)
            write_json(self.places[name] / "funnel.json", found[name])
        return found

    def _part(
        self, relation: Relation, part: Range, outputs: Mapping[str, Parts], sample: int
    ) -> None:
        fetch, keep = self.population.fetch, self.population.keep
        found, extract = ask(self.plan, self.shared.elements, relation, fetch, keep, self.clock.lap)
        check_part(found.persons["person"], part)
        self.people += found.people
        places = pa.array(
            choose_sample(found.persons["person"], sample, self.request.seed), pa.int64()
        )
        ids = pa.array(found.persons["person"]).take(places).to_pylist()
        people = list(self.population.facts(ids)) if ids else []
        self.clock.lap("verify")
        for n, protocol in enumerate(self.protocols):
            written = tables(protocol, found)
            self.clock.lap("combine")
            told = told_in(*(written[name].take(places) for name in ("verdicts", "reasons")))
            verify_sample(self._question(n), protocol.columns, told, people)
            self.clock.lap("verify")
            outputs[protocol.id].add(written)
            self.clock.lap("write")
            if self.request.evidence:
                self._evidence(protocol, extract, outputs[protocol.id])
        self.verified += len(people)

    def _told(self, n: int) -> dict[str, Any]:
        """Say what was found wrong, and which criteria stay unknown for want of a table or code."""
        told, by_element = dict(self.examined), self._asking(n)
        told["unmapped"] = {
            name: by_element[name] for name in told.get("unmapped", ()) if name in by_element
        }
        told["not_recognised"] = {
            name: {"why": why, "criteria": by_element[name]}
            for name, why in told.get("not_recognised", {}).items()
            if name in by_element
        }
        for what in ("missing_tables", "empty_tables"):
            told[what] = {
                table: sorted({id for name in names for id in by_element.get(name, ())})
                for table, names in told.get(what, {}).items()
            }
        return told

    def _asking(self, n: int) -> dict[str, list[str]]:
        """Return of each element the criteria that ask about it."""
        found: dict[str, list[str]] = {}
        for column in self.protocols[n].columns:
            if column.counts:
                for name in column.rule.elements():
                    found.setdefault(name, []).append(column.criterion.id)
        return found

    def _document(self, n: int) -> Mapping[str, Any]:
        document, request = self.request.documents[n], self.request
        known = document.study.study
        return {
            "schema": "gradatim.run/1",
            "protocol": {
                "id": known.id,
                "version": known.version,
                "name": document.name,
                "sha256": document.sha256,
            },
            **self.population.about(),
            **self._told(n),
            "on": request.on.isoformat(),
            "anchors": {name: day.isoformat() for name, day in request.anchors[n].items()},
            "readings": dict(request.readings),
            "people": {"screened": self.people},
            "verified": {"sample": self.verified, "differences": 0},
            "seconds": {name: round(s, 3) for name, s in self.clock.seconds.items()},
        }
