"""How the facts of a downtime journal come into the ledger: two people of their site merge them.

One who has looked at them asks, another merges. Each fact becomes an entry as one from paper does,
under a request of its own: what is broken off is gone on with, and nothing is merged twice.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from gradatim.conduct import recording
from gradatim.conduct.access import Access
from gradatim.conduct.downtime.keeping import (
    merged_at,
    request_of,
    sealing_keys_of,
    transcribed,
)
from gradatim.conduct.downtime.lines import Journal, KeptFact, MergeAsked
from gradatim.conduct.downtime.stores import DowntimeJournal
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Trial
from gradatim.core.errors import UnusableInput

MERGED_BY = ("investigator", "coordinator")
"""The roles of a site that ask for its facts to be merged, and merge them."""


class Unmerged(NamedTuple):
    """What waits of a site.

    Args:
        facts: those that are not in the ledger.
        asked_by: who has asked for all of them to be merged, as they are now.
        last: the hash of the last fact of the site, in hex: what was looked at.
    """

    facts: list[KeptFact]
    asked_by: list[str]
    last: str


class FactMerged(NamedTuple):
    """What became of a fact: recorded, or refused; or in words why it cannot be meant."""

    number: int
    outcome: RecordOutcome | str


def unmerged(trial: Trial, journal: Journal | None, site: str) -> Unmerged:
    """Return what waits of a site; while the ledger takes nothing, all that is kept waits."""
    kept = journal.facts(site) if journal is not None else []
    facts = kept if trial.standstill else [one for one in kept if merged_at(trial, one) is None]
    asked = journal.asked(site) if journal is not None else []
    last = kept[-1].line.hash.hex() if kept else ""
    return Unmerged(facts, [one.by for one in asked], last)


def ask_to_merge(
    trial: Trial, journal: DowntimeJournal, access: Access, site: str, last: str, at: datetime
) -> None:
    """Ask for the facts of a site to be merged, after having looked at them.

    Args:
        trial: on a sound ledger.
        journal: of the trial.
        access: of who asks.
        site: whose facts.
        last: the hash of the last fact that they looked at, in hex.
        at: now.

    Raises:
        UnusableInput: they may not, there is more by now, or the ledger is not that of before.
    """
    waiting = _looked_at(trial, journal, access, site, last)
    if access.user not in waiting.asked_by:
        asked = MergeAsked(site=site, by=access.user, at=at.astimezone(UTC), last=last)
        journal.ask(asked, sealing_keys_of(trial.state))


def merge(
    trial: Trial,
    journal: DowntimeJournal,
    access: Access,
    site: str,
    last: str,
    keyring: Callable[[], Keyring],
    at: datetime,
) -> list[FactMerged]:
    """Merge the facts of a site that another person has asked for; return what became of each.

    Args:
        trial: on a sound ledger.
        journal: of the trial; put away once nothing in it waits.
        access: of who merges.
        site: whose facts.
        last: the hash of the last fact that they looked at, in hex.
        keyring: gives the participants' keys.
        at: now.

    Raises:
        UnusableInput: as of `ask_to_merge`; nobody else has asked.
        CannotRecord: the ledger takes nothing; what was merged before stays so.
    """
    waiting = _looked_at(trial, journal, access, site, last)
    if not set(waiting.asked_by) - {access.user}:
        raise UnusableInput(
            "nobody merges the downtime journal alone",
            f"site {site}",
            "no other person has asked for these entries to be merged as they are now",
            "have a second investigator or coordinator of the site look at them and ask",
        )
    done = [_merged(trial, one, access.user, keyring, at) for one in waiting.facts]
    keys = sealing_keys_of(trial.state)
    journal.put_away(keys, lambda fact: merged_at(trial, fact) is not None)
    return done


def _merged(
    trial: Trial, fact: KeptFact, by: str, keyring: Callable[[], Keyring], at: datetime
) -> FactMerged:
    number, position = fact.said.number, trial.state.position
    event = transcribed(trial.state, fact.event, by, at, fact.line.sha256, number)
    try:
        outcome = recording.record(trial, event, position, request_of(fact), keyring)
    except UnusableInput as error:
        if trial.standstill is not None:
            raise
        return FactMerged(number, str(error))
    return FactMerged(number, outcome)


def _looked_at(
    trial: Trial, journal: DowntimeJournal, access: Access, site: str, last: str
) -> Unmerged:
    """Return what waits of a site, as somebody looked at it who may merge it."""
    if trial.standstill is not None:
        raise trial.standstill
    if not site or not access.has_any(MERGED_BY, site):
        raise UnusableInput(
            "the downtime journal is merged by others",
            f"site {site}",
            todo="an investigator or coordinator of the site does it",
        )
    found = journal.read(sealing_keys_of(trial.state))
    waiting = unmerged(trial, found, site)
    if found is None or waiting.last != last:
        raise UnusableInput(
            "the downtime journal has changed since it was looked at",
            f"site {site}",
            todo="look at it once more",
        )
    _refuse_another_ledger(trial, found)
    return waiting


def _refuse_another_ledger(trial: Trial, journal: Journal) -> None:
    """Refuse to merge into a ledger that has not what was known when the journal was begun."""
    at = journal.begun.position
    entry = next(iter(trial.store.read(trial.name, at - 1, at)), None)
    if entry is None or entry.hash.hex() != journal.begun.head:
        raise UnusableInput(
            "this is not the ledger on which the downtime journal was begun",
            "",
            f"entry {at} was its last, and is not there as it was",
            "restore the ledger, and verify it against a checkpoint",
        )


def text_of(outcome: RecordOutcome | str) -> str:
    """Return why a fact was not merged; empty where it was."""
    if isinstance(outcome, str):
        return outcome
    if isinstance(outcome, Recorded):
        return ""
    return outcome.verdict.text if isinstance(outcome, Refused) else "others were faster"
