"""Decisions, tables and operating characteristics as documents that other programs read."""

from collections.abc import Sequence
from typing import Any

from gradatim.dosefinding.characteristics.calibrate import CalibratedSettings
from gradatim.dosefinding.characteristics.final_states import Estimate, OperatingCharacteristics
from gradatim.dosefinding.characteristics.pathways import PathwayStep
from gradatim.dosefinding.characteristics.worst_case import WorstCase
from gradatim.dosefinding.decision import Advice, DoseDecision
from gradatim.dosefinding.decision_table import Table
from gradatim.dosefinding.designs.base import Design

OC, COMPARE, DECISION = "gradatim.oc/1", "gradatim.compare/1", "gradatim.decision/1"
TABLE, PATHS, CALIBRATION = "gradatim.table/1", "gradatim.paths/1", "gradatim.calibration/1"

LISTS = ("selection", "patients", "dlts")
SINGLE = (
    "none_selected",
    "expected_n",
    "expected_dlts",
    "too_toxic_selected",
    "overdosed",
    "overdose_60",
    "overdose_80",
    "recommended",
)


def design_document(design: Design) -> dict[str, Any]:
    """Return a design's name, source and settings."""
    return {"name": design.name, "source": design.source, "settings": design.describe()}


def oc_document(
    design: Design, found: OperatingCharacteristics, seconds: float, worst: Sequence[WorstCase] = ()
) -> dict[str, Any]:
    """Return operating characteristics; with standard errors where they were simulated."""
    document: dict[str, Any] = {
        "schema": OC,
        "design": design.name,
        "method": found.method,
        "states": found.states,
        "error_bound": found.error_bound,
        "truth": list(found.rates),
        "limit": found.limit,
        **{name: [figure.value for figure in getattr(found, name)] for name in LISTS},
        **{name: getattr(found, name).value for name in SINGLE},
        "ends": {why.name.lower(): p for why, p in found.ends.items()},
        "sizes": {str(n): p for n, p in found.sizes.items()},
    }
    if found.days is not None:
        mean, low, half, high = found.days
        document["days"] = {"mean": mean.value, "tenth": low, "median": half, "nine_tenths": high}
    if found.method == "simulate":
        document["standard_error"] = _errors(found)
    if worst:
        document["worst_case"] = [_worst(case) for case in worst]
    return {**document, "settings": design.describe(), "seconds": round(seconds, 4)}


def _errors(found: OperatingCharacteristics) -> dict[str, Any]:
    lists: dict[str, Any] = {name: _error(getattr(found, name)) for name in LISTS}
    single = {name: getattr(found, name).error for name in SINGLE}
    days = {} if found.days is None else {"days": found.days[0].error}
    return {**lists, **single, **days}


def _error(figures: Sequence[Estimate]) -> list[float]:
    return [figure.error for figure in figures]


def _worst(case: WorstCase) -> dict[str, Any]:
    return {
        "question": case.question,
        "dose": case.dose,
        "truth": list(case.rates),
        "probability": case.probability,
    }


def decision_document(design: Design, decision: DoseDecision) -> dict[str, Any]:
    """Return a decision with its reasons."""
    called = decision.recommendation
    return {
        "schema": DECISION,
        "design": design.name,
        "action": decision.action,
        "dose": decision.dose,
        "reasons": [reason._asdict() for reason in decision.reasons],
        "distance_to_flip": [
            {"dlts": flip.dlts, **_advice(flip.advice)} for flip in decision.distance_to_flip
        ],
        "counts": [
            {"level": i, "n": n, "dlts": y, "pending": pending}
            for i, (n, y, pending) in enumerate(decision.counts, 1)
        ],
        "resolutions": [
            {"outcomes": " ".join(map(str, way.cohorts)), **_advice(way.advice)}
            for way in decision.resolutions
        ],
        "recommendation": None if called is None else called._asdict(),
        "notes": list(decision.notes),
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {"action": advice.action, "dose": advice.dose}


def table_document(design: Design, table: Table) -> dict[str, Any]:
    """Return a decision table: for each number of participants the actions for 0, 1, ... DLTs."""
    actions = {str(n): [table.of(n, y).sign for y in range(n + 1)] for n in table.sizes()}
    return {"schema": TABLE, **design_document(design), "actions": actions}


def paths_document(design: Design, steps: Sequence[PathwayStep]) -> dict[str, Any]:
    """Return dose-transition pathways as a list of steps, each naming the one before it."""
    listed = [{**step._asdict(), "advice": _advice(step.advice)} for step in steps]
    return {"schema": PATHS, "design": design.name, "steps": listed}


def calibration_document(design: str, candidates: Sequence[CalibratedSettings]) -> dict[str, Any]:
    """Return the settings that were tried, best first."""
    listed = [
        {**candidate._asdict(), "curves": [_worst(curve) for curve in candidate.curves]}
        for candidate in candidates
    ]
    return {"schema": CALIBRATION, "design": design, "candidates": listed}
