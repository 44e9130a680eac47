"""Options that say what a source holds, shared by the commands that read people."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gradatim.evidence.source_description import Described
    from gradatim.vocabulary.graph import Vocabulary

Exhaustive = Annotated[
    list[str],
    typer.Option(
        metavar="KIND",
        help="condition, exposure or procedure: no record of it means that it did not happen",
    ),
]
Observed = Annotated[str, typer.Option(metavar="FROM..TO", help="The days the source observed")]
Describe = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What the source holds completely (YAML)")
]
Ranges = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A laboratory's limits, for values without their own"),
]
VocabularyFile = Annotated[
    Path | None,
    typer.Option(
        "--vocabulary", metavar="FILE", help="What codes are, from `gradatim vocabulary build`"
    ),
]


def described(
    path: Path | None, exhaustive: list[str], observed: str, ranges: Path | None
) -> "Described":
    """Join what the options and the file say of the source; options go before the file.

    Raises:
        UnusableInput: the file or an option cannot be used.
    """
    from dataclasses import replace

    from gradatim.cli.options import observed_days
    from gradatim.core.errors import UnusableInput
    from gradatim.evidence.coverage import declare
    from gradatim.evidence.source_description import Described, read_description

    if observed and not exhaustive:
        raise UnusableInput(
            "there is nothing that the source is exhaustive for",
            "--observed",
            todo="declare what it holds with --exhaustive KIND",
        )
    told = read_description(path) if path else Described()
    coverage = {**told.coverage, **declare(exhaustive, *observed_days(observed))}
    return replace(told, coverage=coverage, reference_ranges=ranges or told.reference_ranges)


def only_warehouses(source: str, told: "Described") -> None:
    """Refuse what would be passed over in silence.

    Raises:
        UnusableInput: something is said that holds of warehouses alone.
    """
    from gradatim.core.errors import UnusableInput

    if told.observation_period:
        raise UnusableInput(
            "observation_period is only for warehouses",
            source,
            "there is no such table in FHIR",
            "leave it out, or give the days with --observed FROM..TO",
        )


def opened_vocabulary(file: Path | None) -> "Vocabulary | None":
    """Open a vocabulary file, if one is given.

    Raises:
        UnusableInput: it is missing, damaged or no vocabulary.
    """
    if file is None:
        return None
    from gradatim.vocabulary.graph import Vocabulary

    return Vocabulary.open(file)
