"""What a protocol says of informed consent and of training: who may, and what is asked of them.

A protocol that is silent is read with caution; such a reading is `assumed`.
"""

from typing import Literal

from pydantic import Field

from gradatim.protocol.base import Basis, Sourced

Consenter = Literal["investigator", "coordinator", "nurse"]
Handling = Literal["refused", "deviation", "not asked"]


class InformedConsent(Sourced):
    """Who obtains informed consent, and from whom."""

    obtained_by: list[Consenter] = Field(
        default=["investigator", "coordinator"],
        min_length=1,
        description="Tasks whose holders may inform a person and obtain consent",
    )
    representative: bool = Field(
        default=False,
        description="Whether a legally authorised representative may consent for a participant",
    )


class Training(Sourced):
    """What becomes of an act that takes training by somebody who does not have it."""

    never: Handling = Field(
        default="refused", description="Of whoever was trained on no version of the protocol"
    )
    on_earlier_version: Handling = Field(
        default="deviation",
        description="Of whoever was trained, but not on the version that applies",
    )


SILENT_CONSENT = InformedConsent(basis=Basis.ASSUMED, source="the protocol does not say")
SILENT_TRAINING = Training(basis=Basis.ASSUMED, source="the protocol does not say")
