"""Screening one person from a bundle of 500 resources, beside merely decoding its JSON."""

import argparse
import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from benchmarks.bundle import large_bundle
from benchmarks.measure import in_turn
from gradatim.core.truth import Truth
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.load import decode
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.load import load
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from gradatim.screening.assess import assess
from gradatim.screening.readings import plan
from gradatim.synthetic.cases import Case

RESOURCES = 500
Step = tuple[str, Callable[[], object]]


def main(arguments: list[str] | None = None) -> None:
    """Measure and print; the figures of the documentation are written with all others."""
    asked = argparse.ArgumentParser("python -m benchmarks screening", description=__doc__)
    asked.add_argument("--vocabulary", type=Path, help="beside none, a vocabulary file")
    for row in rows(asked.parse_args(arguments).vocabulary):
        print(*row, sep="\n  ", flush=True)


def rows(vocabulary: Path | None = None) -> Iterator[tuple[str, str, str]]:
    """Give what was measured: title, figures, ratio to the limit.

    Args:
        vocabulary: a vocabulary file with which everything is measured once more.
    """
    document = load("nct05962762")
    case, bundle = large_bundle(document, RESOURCES)
    content = msgspec.json.encode(bundle)
    del bundle
    gc.collect()
    gc.freeze()  # as the command does once its protocol is loaded
    size = f"{RESOURCES} resources, {len(content) / 1e3:.0f} kB"
    for held in (None, vocabulary) if vocabulary else (None,):
        codebook = book(document.study, held)
        beside = f", vocabulary {held.name}" if held else ""
        for title, call in _steps(document.study, case, content, codebook):
            pair = in_turn(call, lambda: msgspec.json.decode(content))
            yield (
                f"{title} ({size}{beside})",
                f"{pair.a * 1e3:.2f} ms, {1 / pair.a:.0f} people/s on one core",
                f"{pair.ratio:.1f} x decoding the JSON ({pair.lowest:.1f} to {pair.highest:.1f})",
            )


def book(study: Study, vocabulary: Path | None) -> Codebook:
    """Return a protocol's codebook, with a vocabulary if there is one."""
    if vocabulary is None:
        return Codebook(study.elements, study.study.id)
    from gradatim.vocabulary.graph import Vocabulary

    return Codebook(study.elements, study.study.id, Vocabulary.open(vocabulary))


def _steps(study: Study, case: Case, content: bytes, codebook: Codebook) -> Iterator[Step]:
    """Return what is measured: reading, evaluating too, and all that the command does."""
    chosen = plan(study)
    assert case.on is not None
    on = case.on
    anchors = {name: case.anchors.get(name, on) for name in study.schedule.anchors}

    def facts() -> Facts:
        decoded = decode(content, "bundle")
        return read_facts(decoded, codebook, study.elements, on=on, coverage=case.coverage())

    def verdicts() -> list[Truth]:
        situation = Situation(study, facts(), anchors, on)
        return [evaluate(one.rule, situation).truth for one in study.criteria]

    def screen() -> object:
        return assess(study, facts(), anchors, on, chosen)

    yield "read", facts
    yield "read, evaluate and explain all criteria", verdicts
    yield "the same with every horizon, and what is missing", screen


if __name__ == "__main__":
    main()
