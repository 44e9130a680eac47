"""The trial's protocol with other rules of preparation, and bags to prepare from."""

from datetime import datetime
from typing import Any

from gradatim.dosing.inventory import Container
from gradatim.dosing.product import Concentration
from gradatim.protocol.load import load
from gradatim.protocol.study import Study

TRIAL = load("nct05962762").study
TABLET = load("example_oncology_tablet").study
LABELLED = Concentration(1e7, "viable", "post-thaw")
TOTAL = Concentration(1e7, "total", "release", viability=0.9, recovery=0.95)
THAW = datetime(2026, 11, 16, 9)
END = datetime(2026, 11, 16, 11)
EXPIRY = datetime(2026, 12, 31)


def with_rules(**changes: object) -> Study:
    """The trial, with changes to `treatment.preparation`."""
    rules = TRIAL.treatment.preparation
    assert rules is not None
    return _with(preparation=rules.model_copy(update=changes))


def with_administration(**changes: object) -> Study:
    """The trial, with changes to `treatment.administration`."""
    return _with(administration=TRIAL.treatment.administration.model_copy(update=changes))


def _with(**changes: object) -> Study:
    return TRIAL.model_copy(update={"treatment": TRIAL.treatment.model_copy(update=changes)})


def bags(
    number: int, concentration: Concentration = LABELLED, volume_ml: float = 5.0, **more: Any
) -> list[Container]:
    """So many alike bags that lack nothing."""
    good: dict[str, Any] = {
        "lot": "L1",
        "expiry": EXPIRY,
        "dmso_fraction": 0.1,
        "thawed_at": THAW,
        "certified_viability": 0.9,
    }
    return [
        Container(
            f"bag {n:02}",
            **{"volume_ml": volume_ml, **concentration._asdict(), **good, **more},
        )
        for n in range(1, number + 1)
    ]
