"""Declared coverage: for which kinds, and over which days, no record means "did not happen"."""

from collections.abc import Iterable
from datetime import date

from gradatim.core.errors import UnusableInput
from gradatim.evidence.facts import Observed
from gradatim.protocol.elements import COVERABLE


def declare(
    kinds: Iterable[str], since: date | None = None, until: date | None = None
) -> dict[str, Observed]:
    """Declare kinds exhaustive over the days observed (None: without limit).

    Judgement, consent, contraception, pregnancy, participation and other answers cannot be covered:
    that nobody asked is no answer.

    Raises:
        UnusableInput: a kind cannot be declared, or the days are the wrong way round.
    """
    declared = {}
    for kind in kinds:
        if kind not in COVERABLE:
            raise UnusableInput(
                f"the kind {kind!r} cannot be declared exhaustive",
                "--exhaustive",
                "answers stay unknown until someone gives them",
                f"use one of {', '.join(COVERABLE)}",
            )
        declared[kind] = Observed(since, until)
    if since and until and since > until:
        raise UnusableInput(
            f"the observed days end ({until}) before they begin ({since})",
            "--observed",
            todo="give FROM..TO in that order",
        )
    return declared
