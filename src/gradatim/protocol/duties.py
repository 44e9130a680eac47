"""Which duties a protocol keeps apart: tasks of one person, and what takes a second person.

A protocol that is silent keeps apart what the guidelines do; such a reading is `assumed`.
"""

from typing import Literal

from pydantic import Field

from gradatim.protocol.base import Basis, Model, Sourced

Role = Literal[
    "sponsor",
    "investigator",
    "coordinator",
    "nurse",
    "pharmacist",
    "cell_lab",
    "safety_committee",
    "data_manager",
    "monitor",
    "statistician",
    "auditor",
    "coder",
]
SecondPerson = Literal["verify a preparation", "verify source data", "answer a query"]


class TasksApart(Sourced):
    """Tasks that no one person holds together."""

    tasks: list[Role] = Field(min_length=1, description="Whoever holds one of these")
    never_with: list[Role] = Field(min_length=1, description="holds none of these")


class ActApart(Sourced):
    """What is done by another person than did what came before it.

    Who verifies a preparation did not make it, who verifies source data did not record them, and
    who answers a query did not open it.
    """

    act: SecondPerson = Field(description="What takes a second person")


class Duties(Model):
    """The table of duties that are kept apart."""

    tasks: list[TasksApart]
    acts: list[ActApart]

    def asks_second_person(self, act: SecondPerson) -> bool:
        """Whether an act is one of those that take a second person."""
        return any(one.act == act for one in self.acts)


_AT_SITES: list[Role] = ["investigator", "coordinator", "nurse", "pharmacist", "cell_lab"]
SILENT_DUTIES = Duties(
    tasks=[
        TasksApart(
            basis=Basis.ASSUMED,
            source="EMEA/CHMP/EWP/5872/03, data monitoring committees: independence",
            tasks=["safety_committee"],
            never_with=[*_AT_SITES, "sponsor"],
        ),
        TasksApart(
            basis=Basis.ASSUMED,
            source="ICH E6(R3), 3.11.4 (monitors) and 3.11.2 (auditors)",
            tasks=["monitor", "auditor", "data_manager"],
            never_with=_AT_SITES,
        ),
    ],
    acts=[
        ActApart(
            basis=Basis.ASSUMED,
            source="ISMP, Independent double checks, 2019",
            act="verify a preparation",
        ),
        ActApart(
            basis=Basis.ASSUMED,
            source="ICH E6(R3), 3.11.4: monitoring is not done by whoever enters the data",
            act="verify source data",
        ),
        ActApart(
            basis=Basis.ASSUMED,
            source="the same for queries: nobody settles their own question",
            act="answer a query",
        ),
    ],
)
"""What holds where a protocol says nothing."""
