"""The dose document `gradatim.dose/1`: what other programs read."""

from datetime import datetime
from typing import Any

from gradatim.core.quantity import Quantity
from gradatim.dosing.draws import Draw
from gradatim.dosing.prepared import Check, Prepared
from gradatim.dosing.steps import Step
from gradatim.protocol.load import Document

SCHEMA = "gradatim.dose/1"


def dose_document(protocol: Document, prepared: Prepared) -> dict[str, Any]:
    """Give the document of one preparation, plain and ready for JSON.

    Volumes are in mL, the duration in minutes, DMSO in g/kg, the deviation a fraction of the dose;
    what cannot be computed is null. `bags` counts the containers opened.
    """
    study, level = protocol.study.study, prepared.level
    counts = prepared.rules.counts if prepared.of_cells and prepared.rules else None
    return {
        "schema": SCHEMA,
        "protocol": {"id": study.id, "version": study.version, "sha256": protocol.sha256},
        "level": {
            "number": level.number,
            "label": level.label,
            "dose": level.dose,
            "unit": level.unit,
        },
        "status": prepared.status,
        "planned": {**_quantity(prepared.planned), "counts": counts},
        "mode": prepared.mode if prepared.of_cells else None,
        "cells": prepared.planned.value if prepared.of_cells else None,
        "volume_ml": prepared.drawn_ml,
        "bags": len(prepared.draws) or None,
        "infused_ml": prepared.infused_ml,
        "infused_cells": prepared.infused_cells,
        "discarded_ml": prepared.discarded_ml,
        "discarded_cells": prepared.discarded_cells,
        "deviation": prepared.deviation,
        "minimum_duration_min": prepared.minimum_duration,
        "dmso_g_per_kg": prepared.dmso_per_kg,
        "units": [_draw(one, prepared.end_before[one.container.key]) for one in prepared.draws],
        "steps": [_step(one) for one in prepared.steps],
        "checks": [_check(one) for one in prepared.checks],
        "rests_on": [
            {"what": one.what, "value": one.value, "basis": str(one.basis), "source": one.source}
            for one in prepared.rests_on
        ],
    }


def _quantity(one: Quantity) -> dict[str, Any]:
    return {"value": one.value, "unit": one.unit}


def _draw(one: Draw, end_before: datetime | None) -> dict[str, Any]:
    return {
        "id": one.container.id,
        "lot": one.container.lot or None,
        "volume_ml": one.source.volume_ml,
        "drawn_ml": one.drawn_ml,
        "infused_ml": one.infused_ml,
        "held_ml": one.held_ml,
        "discarded_ml": one.discarded_ml,
        "infused_cells": one.infused_cells,
        "discarded_cells": one.discarded_cells,
        "end_before": end_before.isoformat() if end_before else None,
    }


def _step(one: Step) -> dict[str, Any]:
    return {
        "label": one.label,
        "formula": one.formula,
        "numbers": [{"name": name, **_quantity(number)} for name, number in one.numbers],
        "arithmetic": one.arithmetic,
        "result": _quantity(one.result),
    }


def _check(one: Check) -> dict[str, Any]:
    reasons = [leaf.reason for leaf in one.verdict.deciding() if leaf.reason]
    return {
        "id": one.name,
        "truth": one.verdict.truth.word,
        "because": "; ".join(one.verdict.clauses()),
        "unknown_because": str(reasons[0]) if reasons else None,
    }
