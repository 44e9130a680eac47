"""Run every benchmark and write the table of docs/benchmarks.md."""

import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import screening, startup

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def main() -> None:
    """Measure, print, and write the figures for the documentation."""
    python = f"Python {platform.python_version()}, {platform.machine()}, one core"
    packages = ", ".join(f"{name} {version(name)}" for name in ("msgspec", "pydantic"))
    lines = [f"{python}; {packages}.", "", "| what | measured | ratio |", "|---|---|---|"]
    for part in (screening, startup):
        for row in part.rows():
            lines.append(f"| {' | '.join(row)} |")
            print(*row, sep="\n  ")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join(lines)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
