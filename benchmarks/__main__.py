"""Run every benchmark and print the table that docs/benchmarks.md holds."""

import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import screening, startup

FIGURES = Path(__file__).parent.parent / "docs" / "benchmarks-figures.md"


def main() -> None:
    """Measure, print, and write the figures for the documentation."""
    python = f"Python {platform.python_version()}, {platform.machine()}, one core"
    packages = ", ".join(f"{name} {version(name)}" for name in ("msgspec", "pydantic"))
    lines = [f"{python}; {packages}.", "", "| what | measured | ratio |", "|---|---|---|"]
    for part in (screening, startup):
        for row in part.rows():
            lines.append(f"| {' | '.join(row)} |")
            print(*row, sep="\n  ")
    FIGURES.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
