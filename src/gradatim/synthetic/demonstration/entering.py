"""How people come to the trial in the demonstration, and as far as each of them gets."""

from datetime import date, timedelta
from functools import partial

from gradatim.conduct.events import participants
from gradatim.conduct.simulate.dosing import plan_dose
from gradatim.conduct.simulate.entering import DAYS_OF_SCREENING, registered
from gradatim.conduct.simulate.repeating import tested
from gradatim.conduct.simulate.run import Run, staff
from gradatim.conduct.views.eligibility import eligibility
from gradatim.synthetic.demonstration.following import Followed

BEFORE_DOSE = 2
"""Days before the first dose on which who fits is confirmed and takes a place."""


def comes(run: Run, site: str, part: str, follow: Followed) -> None:
    """Somebody comes to be screened today."""
    name = registered(run, site)
    first_dose = run.today + timedelta(days=DAYS_OF_SCREENING)
    follow.before(run, name, first_dose)
    if part.startswith("treated"):
        run.on(first_dose - timedelta(days=BEFORE_DOSE), partial(_enters, run, name, first_dose))
    elif part == "fails":
        run.later(BEFORE_DOSE * 4, partial(_fails, run, name, first_dose))
    elif part == "eligible":
        run.on(
            first_dose - timedelta(days=BEFORE_DOSE + 1), partial(_confirmed, run, name, first_dose)
        )


def _confirmed(run: Run, name: str, first_dose: date) -> None:
    site = run.participant(name).site
    lead = staff(site, "investigator")
    run.do(
        participants.EligibilityConfirmed,
        lead,
        site,
        participant=name,
        signer=lead,
        first_dose_on=first_dose,
    )


def _enters(run: Run, name: str, first_dose: date) -> None:
    """Be confirmed as eligible, take a place, and be dosed on the day planned."""
    _confirmed(run, name, first_dose)
    one, cohort = run.participant(name), run.state.cohort
    assert cohort is not None
    run.do(
        participants.ParticipantEnrolled,
        staff(one.site, "coordinator"),
        one.site,
        participant=name,
        level=cohort.level,
    )
    run.on(first_dose - timedelta(days=1), partial(tested, run, name, first_dose))
    run.on(first_dose, partial(plan_dose, run, name))


def _fails(run: Run, name: str, first_dose: date) -> None:
    """Leave, for the criteria that the records show to be unmet."""
    one = run.participant(name)
    found = eligibility(run.state, one, run.today, first_dose)
    unmet = [finding for finding in found.findings if finding.passes is False]
    reason = "; ".join(f"{finding.criterion.id}: {finding.because}" for finding in unmet)
    run.do(
        participants.ScreenFailed,
        staff(one.site, "investigator"),
        one.site,
        participant=name,
        criteria=tuple(finding.criterion.id for finding in unmet),
        reason=reason[:4_000],
    )
