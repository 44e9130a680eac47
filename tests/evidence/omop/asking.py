"""Asks a small warehouse whether things ever happened, by both readings, which must agree."""

from typing import Any

from gradatim.core.truth import Truth
from gradatim.core.verdict import Reason
from gradatim.evidence.omop.facts import facts
from gradatim.evidence.omop.mapping import relation
from gradatim.evidence.omop.options import Options, Warehouse
from gradatim.evidence.omop.vocabulary import concepts
from gradatim.protocol.elements import COVERABLE
from gradatim.protocol.nodes import Event
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation
from gradatim.rules.population.answers import ask
from gradatim.rules.population.plan import Plan
from gradatim.screening.feasibility.reasons import REASONS
from gradatim.screening.prescreen.output_tables import Compiled, VerdictColumn, tables
from gradatim.screening.prescreen.verify import expected

Answers = dict[Any, dict[str, tuple[Truth, Reason | None]]]


def answers(store: Warehouse, study: Study, options: Options) -> Answers:
    """Ask whether each element of a kind that can be declared ever happened to anybody.

    Returns:
        of each person, by element, what both the engine and the specification say.
    """
    rules = {
        name: Event(event=name) for name, one in study.elements.items() if one.kind in COVERABLE
    }
    known = concepts(store, study, options.coverage)
    found = relation(store, study, options, known)
    plan = Plan(found)
    anchors = dict.fromkeys(study.schedule.anchors, options.on)
    columns = tuple(
        VerdictColumn(name, study.criteria[0], rule, True) for name, rule in rules.items()
    )
    compiler = plan.of(study, anchors, options.on)
    protocol = Compiled(
        "asked", columns, tuple(compiler.term(rule) for rule in rules.values()), plan
    )
    told, _ = ask(plan, study.elements, found, store.fetch, lambda table, _: table, lambda _: None)
    written = tables(protocol, told)
    verdicts, reasons = (written[name].to_pydict() for name in ("verdicts", "reasons"))
    people = list(verdicts["person_id"])
    engine: Answers = {
        person: {name: (Truth(verdicts[name][n]), REASONS.get(reasons[name][n])) for name in rules}
        for n, person in enumerate(people)
    }
    for id, one in zip(people, facts(store, study, options, people, known), strict=True):
        situation = Situation(study, one, anchors, options.on)
        specified = {name: expected(rule, situation) for name, rule in rules.items()}
        assert engine[id] == specified, id
    return engine
