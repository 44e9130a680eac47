"""`gradatim next-dose`: what a protocol's design advises after these outcomes."""

from typing import Annotated

import typer

from gradatim.cli.design.options import AsJson, DesignOptions, Reading

Protocol = Annotated[
    str, typer.Argument(metavar="PROTOCOL", help="Path of a protocol.yaml, or a bundled trial")
]
Outcomes = Annotated[
    str, typer.Argument(metavar="OUTCOMES", help='Such as "1NNN 2NNT": level, then T, N, P or C')
]
Complete = Annotated[
    bool, typer.Option("--complete", help="The last cohort is complete though smaller than planned")
]


def next_dose(
    protocol: Protocol,
    outcomes: Outcomes,
    reading: Reading = "",
    complete: Complete = False,
    json: AsJson = False,
) -> None:
    """Say what the protocol's design advises next, why, and what could still change it.

    N is a participant without a dose-limiting toxicity, T with one, P pending (the window is open),
    C a candidate nobody has adjudicated, which counts as one. The committee decides.
    """
    from gradatim.cli.design import decided

    asked = DesignOptions("", None, None, None, None, None, "", protocol, reading, [])
    decided(asked, outcomes, complete, json)
