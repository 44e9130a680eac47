"""Acts that are signed, and what each signature means.

Source: 21 CFR 11.50: a signature shows the printed name of the signer, when it was made, and what
it means. The time is the record's own; name and meaning stand in it, under the ledger's hash.
"""

from collections.abc import Mapping

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import records as d
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event

MEANINGS: Mapping[type[Event], str] = {
    t.RulingSigned: "I answer this question for the sponsor.",
    t.ProtocolActivated: "I put this version of the protocol into force for the sponsor.",
    t.ProtocolAmended: "I put this version of the protocol into force for the sponsor.",
    t.RoleGranted: "I delegate this task to this person.",
    t.TrialResumed: "I agree that dosing goes on.",
    t.TrialStopped: "I end dosing for good.",
    p.HistoryDeclaredComplete: "What is recorded of these kinds is all that the sources hold.",
    p.CriterionAttested: "I have judged this criterion myself.",
    d.RecordJudged: "I have judged what this record is, and what it is not.",
    p.EligibilityConfirmed: "I have checked every criterion; this person is eligible.",
    p.ParticipantReplaced: "I agree that this place is given to another.",
    p.PersonalDataErased: "I order that this person's identifying data be destroyed.",
    x.ProductReleased: "I release these bags for use.",
    x.PreparationVerified: "I have checked this preparation, and did not make it.",
    x.PreDoseChecklistSigned: "I have checked every item; this dose may be given now.",
    f.ClinicalSignificanceSigned: "I have judged this result.",
    s.AdverseEventClassified: "I have judged of which watched events this is one.",
    s.AdverseEventAssessed: "I judge causality and expectedness for the sponsor.",
    s.DoseLimitingToxicityAdjudicated: "I have judged whether this was dose-limiting.",
    s.ProtocolDeviationReviewed: "I have judged this deviation.",
    r.SourceDataVerified: "I have compared these entries with their source.",
    r.DoseDecision: "I have seen the data of this cut, and agree with this decision.",
    r.ProposalMade: "I have seen the data, propose this to the committee, and agree with it.",
    r.ProposalSigned: "I have seen the data, and agree with what is proposed.",
    r.DataLocked: "The data are final.",
    r.DataUnlocked: "I open the data again.",
}
"""What it means to sign each of them."""


JUDGEMENT = "I have judged this adverse event."
"""What an investigator signs who makes an adverse event less than was judged."""
CORRECTION = "I have seen this correction, and sign what the entry says now."
"""What is signed where signed content is corrected; the act's own meaning follows."""


def meaning_of_correction(kind: type[Event]) -> str:
    """Return what it means to sign a correction of an entry of this type."""
    own = JUDGEMENT if kind in _JUDGED else MEANINGS.get(kind, "")
    return f"{CORRECTION} {own}".rstrip()


_JUDGED = (s.AdverseEventReported, s.AdverseEventUpdated, s.AdverseEventResolved)
