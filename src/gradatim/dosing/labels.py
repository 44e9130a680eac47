"""The code on the label of a container: its lot and its number, as a scanner types them."""

import re

from gradatim.dosing.inventory import ContainerKey

_PLAIN = re.compile(r"(?P<lot>[^/\s|]+)\s*[/|\s]\s*(?P<bag>[^/\s|]+)")
_GS1 = re.compile(r"(?:\(\d{2,4}\)[^()]*)*")
_BATCH, _SERIAL = "10", "21"


def label_code(lot: str, number: str) -> str:
    """Return what the label of a container says: `L1/001`."""
    return f"{lot}/{number}"


def read_label(code: str) -> ContainerKey | None:
    """Return lot and number from a scanned code; None where it cannot be read.

    It is read as `LOT/BAG`, or as GS1 element strings with batch (10) and serial number (21).
    Source: GS1 General Specifications, 3.2 (application identifiers).
    """
    text = code.strip()
    if text.startswith("(") and _GS1.fullmatch(text):
        parts = dict(re.findall(r"\((\d{2,4})\)([^()]*)", text))
        lot, bag = parts.get(_BATCH, "").strip(), parts.get(_SERIAL, "").strip()
        return (lot, bag) if lot and bag else None
    found = _PLAIN.fullmatch(text)
    return (found["lot"], found["bag"]) if found else None
