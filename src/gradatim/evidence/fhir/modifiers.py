"""Modifier elements: what may turn the meaning of a record into another one.

No modifier extension is understood here, and no implicit rules. A record that carries one is not
used, and what it may be about stays open. The modifiers that FHIR itself defines, such as a status
or `doNotPerform`, are read with the records.

Source: HL7 FHIR R4 (4.0.1), sections 2.4.2 (Modifier Extensions), 2.20.0.1 (Resource.implicitRules)
and 8.1.10 (Patient.link).
"""

from typing import Any

import msgspec

from gradatim.core.errors import UnusableInput
from gradatim.evidence.fhir.datatypes import Resource

_EXTENSION = "modifierExtension"
_RULES = "implicitRules"
_OWN_RECORDS = ("contained", "resource")
"""Parts that hold resources: each carries modifiers of its own."""
_REPLACED = "replaced-by"
_CURRENT = "give the person's current Patient, without what its sender alone understands"


def may_be_modified(bundle: Resource) -> bool:
    """Whether a modifier may stand anywhere in a Bundle: a quick look before the thorough one."""
    try:
        content = msgspec.json.encode(bundle)
    except (TypeError, ValueError, RecursionError):
        return True
    return any(name.encode() in content for name in (_EXTENSION, _RULES))


def modifier(record: Resource) -> str:
    """Return which modifier of a record is not understood; empty where there is none.

    Every level of it is looked at, the resources that it contains left out.
    """
    if record.get(_RULES) is not None:
        return "implicit rules that are not understood"
    left: list[Any] = [record]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += part
        elif isinstance(part, dict):
            if part.get(_EXTENSION):
                return f"a modifier extension that is not understood{_named(part)}"
            left += [one for key, one in part.items() if key not in _OWN_RECORDS]
    return ""


def _named(part: Resource) -> str:
    listed = part[_EXTENSION]
    first = listed[0] if isinstance(listed, list) else None
    url = first.get("url") if isinstance(first, dict) else None
    if not isinstance(url, str):
        return ""
    shown = "".join(letter for letter in url[:120] if letter.isprintable())
    return f" ({shown})"


def refuse_modified(bundle: Resource) -> None:
    """Refuse a Bundle that says of itself that it must be read by rules of its own.

    Raises:
        UnusableInput: it has implicit rules.
    """
    if bundle.get(_RULES) is not None:
        raise UnusableInput(
            "this Bundle cannot be understood",
            "Bundle.implicitRules",
            "it must be read by rules of its own",
            "export it as plain FHIR R4",
        )


def refuse_patient(patient: Resource, id_: str) -> None:
    """Refuse a Patient who is not to be used, or not as it stands.

    Args:
        patient: the Patient resource.
        id_: its place, such as `Patient/p1`.

    Raises:
        UnusableInput: it has a modifier, is inactive, or is replaced by another Patient.
    """
    why, where = modifier(patient), id_
    if why:
        why = f"it carries {why}"
    elif patient.get("active") is False:
        why, where = "active is false: the record is no longer in use", f"{id_}.active"
    elif _is_replaced(patient.get("link")):
        why, where = f"it is {_REPLACED} another Patient", f"{id_}.link"
    if why:
        raise UnusableInput("this Patient cannot be used", where, why, _CURRENT)


def _is_replaced(links: Any) -> bool:
    listed = links if isinstance(links, list) else [links]
    return any(isinstance(one, dict) and one.get("type") == _REPLACED for one in listed)
