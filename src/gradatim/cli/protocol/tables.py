"""A protocol as a person reads it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradatim.core.quantity import shown_unit
from gradatim.protocol.base import Basis
from gradatim.rules.describe import describe, window_words

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gradatim.protocol.eligibility import EligibilityCriterion
    from gradatim.protocol.load import Document
    from gradatim.protocol.questions import Question
    from gradatim.protocol.study import Study

BASIS_STYLE = {Basis.STATED: "green", Basis.REGISTRY: "green", Basis.RULED: "green"}


def protocol_tables(document: "Document") -> Iterator["RenderableType"]:
    """Give the parts of a protocol in reading order."""
    study = document.study
    yield Text.assemble((f"{study.study.id}  ", "bold"), study.study.title)
    yield Text(f"version {study.study.version}, sha256 {document.sha256}", "dim")
    yield _identification(study)
    yield _levels(study)
    yield _safety(study)
    yield _visits(study)
    yield Text("\nEligibility", "bold")
    for criterion in study.criteria:
        yield _criterion(study, criterion)
    yield Text()
    yield _elements(study)


def basis_text(basis: Basis) -> Text:
    """Give a basis so that what is not settled stands out."""
    return Text(str(basis), BASIS_STYLE.get(basis, "bold yellow"))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _identification(study: "Study") -> Table:
    table = _table("The study", "", "", "basis")
    one = study.study
    for name, fact in (
        ("phase", one.phase),
        ("condition", one.condition),
        ("sponsor", one.sponsor),
        ("planned enrolment", one.planned_enrolment),
        *(("objective", objective) for objective in one.objectives),
    ):
        if fact is not None:
            table.add_row(name, str(fact.value), basis_text(fact.basis))
    for endpoint in study.endpoints:
        table.add_row(
            f"{endpoint.level} endpoint",
            f"{endpoint.label}: {endpoint.measure}",
            basis_text(endpoint.basis),
        )
    return table


def _levels(study: "Study") -> Table:
    treatment = study.treatment
    table = _table(f"Treatment: {treatment.product.name}", "level", "dose", "basis")
    for level in treatment.dose_levels:
        dose = f"{level.dose:,.10g} {shown_unit(level.unit)}"
        table.add_row(f"{level.number} {level.label}", dose, basis_text(level.basis))
    how = treatment.administration
    doses = {None: "number of doses not known", 1: "one dose"}.get(how.doses, f"{how.doses} doses")
    doses += f" every {how.interval}" if how.interval else ""
    table.add_row("given", f"{how.route}, {doses}", basis_text(how.basis))
    table.add_row("before a dose", treatment.gate.reading, basis_text(treatment.gate.basis))
    return table


def _safety(study: "Study") -> Table:
    safety = study.safety
    table = _table("Safety", "", "", "basis")
    dlt = safety.dose_limiting_toxicity
    table.add_row("dose-limiting toxicity", dlt.reading, basis_text(dlt.basis))
    table.add_row("its window", window_words(dlt.window, study), basis_text(dlt.basis))
    design = safety.escalation
    table.add_row("escalation", f"{design.design}: {design.reading}", basis_text(design.basis))
    for other in design.alternatives:
        table.add_row(
            f"  or {other.name.replace('_', ' ')}", f"{other.design}: {other.reading}", ""
        )
    if asked := design.recommended_level:
        words = (
            f"called recommended with {asked.evaluable} evaluable participants or more, "
            f"at most {asked.at_most} of them with a dose-limiting toxicity"
        )
        table.add_row("a dose level is", words, basis_text(asked.basis))
    for rule in safety.stopping_rules:
        table.add_row(f"{rule.action} ({rule.id})", rule.reading, basis_text(rule.basis))
    if safety.sentinel:
        table.add_row(
            "sentinel",
            f"{safety.sentinel.wait} before the next participant",
            basis_text(safety.sentinel.basis),
        )
    return table


def _visits(study: "Study") -> Table:
    table = _table("Visits", "visit", "days", "done", "basis")
    for name, visit in study.schedule.encounters.items():
        done = [a.label for a in study.schedule.activities.values() if name in a.encounters]
        table.add_row(
            visit.label, window_words(visit.window, study), ", ".join(done), basis_text(visit.basis)
        )
    return table


def _criterion(study: "Study", one: "EligibilityCriterion") -> Padding:
    text = Text.assemble(
        (f"{one.id} ", "bold"),
        f"{one.category}, ",
        basis_text(one.basis),
        f", knowable at {one.knowable_at.replace('_', ' ')}\n",
    )
    if one.text:
        text.append(f"“{one.text}”\n", "italic")
    text.append(f"{one.reading_name}: {one.reading}\n")
    text.append(f"= {describe(one.rule, study)}", "cyan")
    for other in one.alternatives:
        text.append(f"\n  or {other.name}: {other.reading}\n     = ", "dim")
        text.append(describe(other.rule, study), "dim cyan")
    return Padding(text, (1, 0, 0, 0))


def _elements(study: "Study") -> Table:
    table = _table(
        "What is asked of each person, by the name that is also its local code",
        "name",
        "kind",
        "label and unit",
        "codes",
    )
    for name, element in study.elements.items():
        groups = [f"{group.system} {' '.join(group.codes)}" for group in element.codes]
        groups += [f"perhaps {group.system} {' '.join(group.codes)}" for group in element.perhaps]
        groups += [", ".join(names) for names in (element.drugs, element.drug_classes) if names]
        groups += ["derived"] if element.derived else []
        unit = shown_unit(element.unit)
        table.add_row(
            name, element.kind, f"{element.label}{', ' if unit else ''}{unit}", "; ".join(groups)
        )
    return table


def question_text(one: "Question") -> Text:
    """Give one of the sponsor's questions."""
    flag = " SAFETY" if one.safety else ""
    text = Text.assemble(
        (f"{one.number}.", "bold"), (flag, "bold red"), f" {one.asks}\n", f"   now: {one.now}\n"
    )
    for choice in one.choices:
        text.append(f"   - {choice}\n", "cyan")
    if one.why:
        text.append(f"   {one.why}\n", "dim")
    state = "settled" if one.settled else "open"
    if ruling := one.ruling:
        outcome = ruling.outcome or "ruled without an outcome"
        state += f"; {outcome} {ruling.on} by {ruling.by}: {ruling.answer}"
    text.append(f"   {state}; answer with a ruling on {one.key}\n", "dim")
    return text
