"""Run the benchmarks that take minutes, and write their tables into docs/benchmarks.md.

python -m benchmarks                                   all of them
python -m benchmarks screening [--vocabulary FILE]     one person, with a vocabulary too
python -m benchmarks recall PATH [--vocabulary FILE]   what is recognised of real data
python -m benchmarks guard [--write]                   is any promised ratio worse by a third?
python -m benchmarks histories [NUMBER] [FIRST]        is anything in a ledger that should not be?
"""

import platform
import sys
from importlib.metadata import version

from benchmarks import conduct, dosefinding, guard, histories, recall, screening, startup
from benchmarks.page import write_table
from gradatim.core.errors import UnusableInput


def main() -> None:
    """Measure, print, and write the figures for the documentation."""
    alone = {
        "screening": screening.main,
        "recall": recall.main,
        "guard": guard.main,
        "histories": histories.main,
    }
    if len(sys.argv) > 1 and sys.argv[1] in alone:
        try:
            sys.exit(alone[sys.argv[1]](sys.argv[2:]))
        except UnusableInput as error:
            print(error, file=sys.stderr)
            sys.exit(2)
    python = f"Python {platform.python_version()}, {platform.machine()}, one core"
    packages = ", ".join(f"{name} {version(name)}" for name in ("msgspec", "pydantic"))
    write_table(
        "figures",
        f"{python}; {packages}.",
        (row for part in (screening, startup) for row in part.rows()),
    )
    dosefinding.measure(large=False)
    conduct.main()


if __name__ == "__main__":
    main()
