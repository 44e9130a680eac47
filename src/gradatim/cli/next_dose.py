"""`gradatim next-dose`: what a protocol's design advises after these outcomes."""

from gradatim.cli.design.options import Complete, DesignOptions, Outcomes, ReadingOption
from gradatim.cli.options import AsJson, Protocol


def next_dose(
    protocol: Protocol,
    outcomes: Outcomes,
    reading: ReadingOption = "",
    complete: Complete = False,
    json: AsJson = False,
) -> None:
    """Say what the protocol's design advises next, why, and what could still change it.

    N is a participant without a dose-limiting toxicity, T with one, P pending (the window is open),
    C a candidate nobody has adjudicated, which counts as one. The committee decides.
    """
    from gradatim.cli.design import decided

    decided(DesignOptions(protocol=protocol, reading=reading), outcomes, complete, json)
