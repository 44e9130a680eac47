"""`gradatim synthetic`: a made-up population to prescreen, as an OMOP warehouse in Parquet."""

from pathlib import Path
from typing import Annotated

import typer

from gradatim.cli.options import AsJson

_Out = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to make; must hold nothing")
]
PeopleWanted = Annotated[int, typer.Option(metavar="N", help="How many people")]
_Seed = Annotated[int, typer.Option(metavar="S", help="The same seed gives the same people")]
_Candidates = Annotated[
    float, typer.Option(metavar="SHARE", help="Share of candidates for the bundled trial, 0 to 1")
]
AsOf = Annotated[
    str, typer.Option(metavar="DATE", help="Planned first dose, 14 days after screening")
]


def synthetic(
    out: _Out,
    people: PeopleWanted,
    seed: _Seed = 1,
    candidates: _Candidates = 0.01,
    as_of: AsOf = "2026-11-16",
    json: AsJson = False,
) -> None:
    """Make up a population as an OMOP CDM 5.4 warehouse, a folder of Parquet files.

    Background people, and candidates for the bundled trial, many at the edge of a criterion.
    """
    from gradatim.cli.options import day_option
    from gradatim.synthetic.population import write_population

    day = day_option(as_of, "--as-of")
    with _Bar(people, quiet=json) as bar:
        counts = write_population(
            out, people, seed, candidates=candidates, as_of=day, progress=bar.update
        )
    if json:
        from gradatim.cli.output import print_json

        print_json(
            {"schema": "gradatim.synthetic/1", "folder": str(out), "seed": seed, "rows": counts}
        )
    else:
        print(f"{counts['person']:,} people, {sum(counts.values()):,} rows in {out}")


class _Bar:
    """A progress bar on stderr, shown once the work has taken a second."""

    def __init__(self, people: int, quiet: bool) -> None:
        import sys
        import time

        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("Making up people", total=people)
        self._wanted = sys.stderr.isatty() and not quiet
        self._clock, self._begun, self._shown = time.monotonic, time.monotonic(), False

    def update(self, done: int) -> None:
        """Show how many people are done."""
        from gradatim.cli.progress import SHOW_AFTER_SECONDS

        late = self._clock() - self._begun > SHOW_AFTER_SECONDS
        if self._wanted and late and not self._shown:
            self._progress.start()
            self._shown = True
        self._progress.update(self._task, completed=done)

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()
