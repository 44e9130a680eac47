"""Reading of the tables that travel with this floor."""

import csv
from importlib.resources import files


def csv_rows(table: str) -> list[dict[str, str]]:
    """Give the rows of a CSV table of this floor, by file name; every cell is a string.

    Source: the package's own `tables` folder.
    """
    text = files("gradatim.safety").joinpath("tables", table).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
