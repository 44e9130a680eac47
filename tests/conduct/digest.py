"""All that a state says, as text, to compare states by."""

from dataclasses import fields

from gradatim.conduct.state import State


def digest(state: State) -> str:
    """Give everything that a state says; of a protocol its version and hash."""
    parts = []
    for one in fields(state):
        if one.name.startswith("_"):  # what was worked out
            continue
        value = getattr(state, one.name)
        if one.name == "versions":
            value = [(each.version, each.sha256, each.applies, each.position) for each in value]
        parts.append(f"{one.name}={value!r}")
    return "\n".join(parts)
