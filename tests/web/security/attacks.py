"""What the tests of an attack share: somebody attacked, what is sent, pages that show it."""

from gradatim.conduct.state import Participant
from gradatim.web.live_trial import Running
from tests.web.conftest import state

SCRIPT = "<script>alert(1)</script>"
MARK = f"'\"><img src=x onerror=alert(1)>{SCRIPT}{{{{ 7|add:7 }}}}{{% debug %}}${{7*7}}"
"""Markup, script, a way out of an attribute, and three template languages."""
NEVER = ("<script>alert", "<img src=x", "14${", "Traceback")
WATCHERS = ("investigator.S01.1", "pharmacist.S01.1", "committee.1", "data.1", "sponsor.1")
PERSON = (
    "",
    "visits/",
    "adverse-events/",
    "history/",
    "eligibility/",
    "laboratory/",
    "scores/",
    "doses/",
    "emergency/",
    "questionnaire/",
    "sources/",
)
REVIEW = ("advice", "exposure", "toxicity", "events", "shifts", "courses", "listings")


def treated(app: Running, site: str = "S01") -> Participant:
    """Give somebody who has had a dose."""
    return next(
        one
        for one in state(app).participants.values()
        if one.site == site and one.status == "treated"
    )


def event_form(app: Running, **fields) -> tuple[str, dict]:
    """Give the address of the form of an adverse event, and how it is filled in."""
    one = treated(app)
    said = {
        "term": "Cough",
        "onset": "2026-09-20",
        "scale": "CTCAE v5.0",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": "security",
    }
    return f"/record/AdverseEventReported/?site=S01&participant={one.id}", said | fields


def pages(app: Running, about: str) -> list[str]:
    """Give the pages that may show what was entered about somebody."""
    last = state(app).position
    return [
        "/",
        "/screening/",
        "/screening/log/",
        "/participants/",
        "/account/",
        "/people/",
        "/protocol/",
        "/audit/",
        "/audit/as-of/",
        "/audit/proof/",
        "/dosing/",
        *(f"/participants/{about}/{part}" for part in PERSON),
        *(f"/review/?part={part}" for part in REVIEW),
        *(f"/entries/{at}/" for at in range(last - 4, last + 1)),
        *(f"/entries/{at}/correct/" for at in range(last - 4, last + 1)),
        f"/record/AdverseEventUpdated/?participant={about}",
        f"/record/QueryAnswered/?participant={about}",
    ]
