"""Run the benchmarks that take minutes, and write their tables into docs/benchmarks.md."""

import platform
from importlib.metadata import version

from benchmarks import conduct, dosefinding, screening, startup
from benchmarks.page import write_table


def main() -> None:
    """Measure, print, and write the figures for the documentation."""
    python = f"Python {platform.python_version()}, {platform.machine()}, one core"
    packages = ", ".join(f"{name} {version(name)}" for name in ("msgspec", "pydantic"))
    write_table("figures", f"{python}; {packages}.",
                (row for part in (screening, startup) for row in part.rows()))  # fmt: skip
    dosefinding.measure(large=False)
    conduct.main()


if __name__ == "__main__":
    main()
