"""Reading of the tables that travel with this floor."""

import csv
from importlib.resources import files


def text(table: str) -> str:
    """Give the text of a table of this floor, by file name.

    Source: the package's own `tables` folder.
    """
    return files("gradatim.clinical").joinpath("tables", table).read_text(encoding="utf-8")


def rows(table: str) -> list[dict[str, str]]:
    """Give the rows of a CSV table of this floor, by file name; every cell is a string.

    Source: the package's own `tables` folder.
    """
    return list(csv.DictReader(text(table).splitlines()))
