"""3+3 in its variants, and three per level without expansion, as decision tables.

Storer BE (1989), Design and analysis of phase I clinical trials, Biometrics 45:925-937, design A;
Korn EL, Midthune D, Chen TT, Rubinstein LV, Christian MC, Simon RM (1994), A comparison of two
phase I trial designs, Statistics in Medicine 13:1799-1806, section 2 (with de-escalation).
"""

from dataclasses import dataclass

from gradatim.dosefinding.decision_table import Action, Table, empty_actions
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.designs.table import TableDesign, refuse_unless_committee

STORER = "Storer 1989, Biometrics 45:925-937, design A"
KORN = "Korn et al. 1994, Statistics in Medicine 13:1799-1806, section 2"
THREE = "one cohort of three at each level, as a planned enrolment of three per level suggests"

E, S, H, DU, X = (Action.ESCALATE, Action.STAY, Action.HOLD, Action.ELIMINATE, Action.STOP)


@dataclass(frozen=True)
class ThreePerGroupSettings(DesignSettings):
    """Settings of three per level.

    Args:
        committee: what the committee is taken to decide after 1 of 3 when operating
            characteristics are computed: one of `table.COMMITTEES`.
    """

    committee: str = "stop"

    def check(self) -> None:
        """Check also what the committee is taken to do."""
        super().check()
        refuse_unless_committee(self.committee)


def three_plus_three(settings: DesignSettings, *, de_escalate: bool = False) -> TableDesign:
    """Return 3+3: 0 of 3 escalate, 1 of 3 three more, at most 1 of 6 escalate, else too toxic.

    Args:
        settings: what it is told.
        de_escalate: whether three more are treated at the dose below, if only three were treated
            there, once a dose was too toxic (Korn's variant).
    """
    toxic = DU if de_escalate else X
    rows = {3: (E, S, toxic, toxic), 6: (E, E, toxic, toxic, toxic, toxic, toxic)}
    below = (
        "three more are treated at the level below, if it had only three"
        if de_escalate
        else "the level below is selected"
    )
    return TableDesign(
        table=_table(rows),
        doses=settings.doses,
        cohort=3,
        maximum=6 * settings.doses,
        start=settings.start - 1,
        name="three_plus_three_korn" if de_escalate else "three_plus_three",
        source=KORN if de_escalate else STORER,
        per_level=6,
        expand_top=False,
        settings=(
            "none of 3 with a DLT, or at most 1 of 6: the next level; 1 of 3: three more",
            f"2 or more at a level: it is too toxic, and {below}",
        ),
        clauses={
            E: "as 3+3 does with none of 3 or at most 1 of 6",
            S: "as 3+3 treats three more after 1 of 3",
            toxic: "as 2 or more at a level are too many",
        },
    )


def three_per_group(settings: ThreePerGroupSettings) -> TableDesign:
    """Return three per level: 0 of 3 next level, 1 of 3 hold for the committee, 2 or more stop."""
    return TableDesign(
        table=_table({3: (E, H, X, X)}),
        doses=settings.doses,
        cohort=3,
        maximum=3 * settings.doses,
        start=settings.start - 1,
        name="three_per_group",
        source=THREE,
        per_level=3,
        expand_top=False,
        committee=settings.committee,
        settings=(
            "none of 3 with a DLT: the next level; 1 of 3: hold, the committee decides; "
            "2 or more of 3: stop",
            f"computed as if the committee would {settings.committee} after 1 of 3",
        ),
        clauses={
            E: "as none of 3 had a DLT",
            H: "as 1 of 3 is neither clear",
            X: "as 2 or more of 3 are too many",
        },
    )


def _table(rows: dict[int, tuple[Action, ...]]) -> Table:
    actions = empty_actions(max(rows))
    for n, row in rows.items():
        actions[n, : n + 1] = row
    return Table(actions)
