"""Screening one person from a bundle of 500 resources, beside merely decoding its JSON."""

import gc
from collections.abc import Iterator

import msgspec

from benchmarks.bundle import large_bundle
from benchmarks.measure import in_turn
from gradatim.core.truth import Truth
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.sources.fhir import read
from gradatim.evidence.sources.fhir_load import decode
from gradatim.protocol.load import load
from gradatim.rules.evaluate import evaluate
from gradatim.rules.situation import Situation
from gradatim.screening.assess import assess
from gradatim.screening.readings import plan

RESOURCES = 500


def rows() -> Iterator[tuple[str, str, str]]:
    """Give what was measured: title, figures, ratio to the limit."""
    document = load("nct05962762")
    study = document.study
    case, bundle = large_bundle(document, RESOURCES)
    content = msgspec.json.encode(bundle)
    codebook, chosen = Codebook(study.elements), plan(study)
    assert case.on is not None
    on = case.on
    anchors = {name: case.anchors.get(name, on) for name in study.schedule.anchors}

    def facts() -> object:
        decoded = decode(content, "bundle")
        return read(decoded, codebook, study.elements, on=on, coverage=case.coverage())

    def verdicts() -> list[Truth]:
        situation = Situation(study, facts(), anchors, on)  # type: ignore[arg-type]
        return [evaluate(one.rule, situation).truth for one in study.criteria]

    def screen() -> object:
        return assess(study, facts(), anchors, on, chosen)  # type: ignore[arg-type]

    del bundle
    gc.collect()
    gc.freeze()  # as the command does once its protocol is loaded
    size = f"{RESOURCES} resources, {len(content) / 1e3:.0f} kB"
    for title, call in (("read", facts), ("read, evaluate and explain all criteria", verdicts),
                        ("the same with every horizon, and what is missing", screen)):  # fmt: skip
        pair = in_turn(call, lambda: msgspec.json.decode(content))
        yield (
            f"{title} ({size})",
            f"{pair.a * 1e3:.2f} ms, {1 / pair.a:.0f} people/s on one core",
            f"{pair.ratio:.1f} x decoding the JSON ({pair.lowest:.1f} to {pair.highest:.1f})",
        )
