"""What turns out to have been a mistake when a trial is looked through at its end."""

from gradatim.conduct.events import participants, safety
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.simulate.run import Run, staff
from gradatim.conduct.state import Participant
from gradatim.conduct.transitions import SCREEN_FAILED

_SIGNED = Signature("Simulated signer", "This entry was made in error, and is to count no more.")


def come_to_light(run: Run) -> None:
    """Set right what was recorded of the wrong person, twice, or too early."""
    people = list(run.state.participants.values())
    for one in [one for one in people if one.status == "completed"][:1]:
        _medication_error_of_another(run, one)
        _found_again(run, one)
    for site in run.state.sites:
        failed = [one for one in people if one.site == site and one.status == SCREEN_FAILED]
        if len(failed) > 1:
            _one_person(run, *failed[:2])
            break


def _say(run: Run, one: Participant, kind: type[Event], **fields: object) -> int:
    """An investigator records an act about a participant."""
    lead = staff(one.site, "investigator")
    return run.do(kind, lead, one.site, participant=one.id, **fields)


def _error(run: Run, one: Participant, of: int, reason: str) -> int:
    lead = staff(one.site, "investigator")
    return run.do(participants.EntryVoided, lead, one.site, of=of, reason=reason, signature=_SIGNED)


def _medication_error_of_another(run: Run, one: Participant) -> None:
    """What bears on a dose counts until a second person has signed that it does not."""
    at = _say(run, one, safety.MedicationErrorReported, description="the wrong line was flushed")
    said = _error(run, one, at, "it was another patient of the ward")
    nurse = staff(one.site, "nurse")
    run.do(participants.VoidConfirmed, nurse, one.site, of=said, signature=_SIGNED)


def _found_again(run: Run, one: Participant) -> None:
    """Somebody did not come, was thought to be lost, and is found."""
    (end, *_) = one.entries_of[participants.Disposition]
    _error(run, one, end, "the last visit had not been held")
    _say(run, one, participants.Disposition, status="lost to follow-up")
    _say(run, one, participants.ParticipantFound, reason="had moved, and telephones")
    _say(run, one, participants.Disposition, status="completed")


def _one_person(run: Run, one: Participant, other: Participant) -> None:
    """Two who look alike are two people, or one who came twice."""
    _say(
        run,
        one,
        participants.NamesakeStated,
        at_site=one.site,
        reason="a cousin of the same name comes next week",
    )
    _say(run, one, participants.ParticipantsMerged, into=other.id, reason="one passport, two names")
