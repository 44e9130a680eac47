"""What the rules of conduct say when they are not kept: the English of every sentence, each once.

A deviation on the ledger keeps the identifier of its sentence. A name here is therefore never given
to another sentence, and what is in the holes of one keeps its name.
"""

from collections.abc import Iterable
from datetime import datetime

from gradatim.core.message import Argument, Pair, Template, Term, join


class Breach(Template):
    """Why a fact does not keep a rule of conduct, or why nobody knows whether it does."""

    STOPPED = "dosing has been stopped for good"
    PAUSED = "dosing is paused (entry {entry}: {reason})"
    LOCKED = "the data are locked"
    NO_SUCH_STEP = "{participant} is {status}: {act} does not follow on that"
    NO_CONSENT = "no consent of {participant} is recorded"
    CONSENT = "{participant}: consent {status}"
    CONSENT_LATER = "consent was given on {day}, after this"
    CONSENT_OUTDATED = "{participant} has not consented since version {version}, which asks for it"
    CONSENT_TO_FORM = (
        "{participant} has not consented to version {version} of the consent form: "
        "record renewed consent to it"
    )
    NO_SUCH_FORM = (
        "no consent form of version {version} is known to be approved: correct the version, "
        "or have the sponsor record the approval"
    )
    OLD_FORM = "version {version} of the consent form was signed; version {version2} is in force"
    NO_SUCH_LANGUAGE = "version {version} of the consent form is not approved in {language}"
    MAY_NOT_OBTAIN_CONSENT = "{user} does not have the task of {task} at the site"
    NO_REPRESENTATIVE = (
        "another has consented for {participant}, which the protocol does not foresee"
    )
    NO_CAPACITY = "by what right the representative acts is not said"
    UNTRAINED = (
        "{user} has not been trained on the protocol: record the training, or have it done by "
        "somebody who is trained"
    )
    TRAINED_ON_ANOTHER = "{user} has not been trained on version {version} of the protocol"
    PROHIBITED_MEDICATION = "{drug} is prohibited by the protocol ({rules})"
    ANOMALY_NOT_REPORTED = (
        "no serious adverse event of {participant} with a congenital anomaly is named: report it"
    )
    NOTHING_TO_RENEW = "no consent was given before"
    BEFORE_CONSENT = "entries {entries} are of procedures before consent"
    NOT_CONFIRMED = "nobody has confirmed that {participant} is eligible"
    CONFIRMED_LATER = "that {participant} is eligible was confirmed on {day}, after this"
    PLACE_LATER = "{participant} took a place on {day}, after this"
    CORRECTED_SINCE = "entries were corrected since it was confirmed, and now: {why}"
    VISIT_MISSED = "{participant} missed {visit}"
    NO_SUCH_VISIT = "the schedule of {participant} has no {visit}"
    OUTSIDE_WINDOW = "{visit} on {day}, window {first} to {last}"
    REPORTED_LATE = "it was due by {moment}"
    NO_INVESTIGATOR = (
        "{user} is no investigator: the {what} judged before counts "
        "until an investigator has signed otherwise"
    )
    RELATION_NOT_JUDGED = "{user} is no investigator: the relation counts as not judged"
    SIGNED_BEFORE = (
        "{adverse_event} is signed: the {what} judged before counts until an "
        "investigator has signed otherwise"
    )
    LESS_UNSIGNED = "{rests}: that its {what} is less is not signed"
    OWN_ENTRIES = "{user} recorded entries {entries} and says that they are as in the source"
    OWN_QUERY = "{user} opened the query and answers it"
    AFTER_DEATH = "{participant} died on {day}, before this"
    NO_SUCH_PROPOSAL = "there is no proposal {proposal}"
    PROPOSAL = "{proposal} is {status}"
    NO_PLACE = "{participant} has no place in a cohort"
    LEVEL_LEFT = "level {level} was left; level {level2} is open"
    REPLACED = "{participant} was replaced"
    NOT_IN_TREATMENT = "{participant} is {status}"
    NOT_OF_OTHER = "{why}: record it of {participant} as well, before the number is given up"
    NO_PREPARATION = "no preparation of dose {dose} is recorded"
    NOT_VERIFIED = "nobody has verified the preparation of dose {dose}"
    PREPARED_AT = "it was prepared at {moment}, after this"
    VERIFIED_AT = "it was verified at {moment}, after this"
    CHECKLIST_NOT_SIGNED = "no checklist of dose {dose} is signed"
    CHECKLIST_SIGNED_ON = "it was signed on {day}"
    CHECKLIST_SIGNED_AT = "it was signed at {moment}, after the dose had begun"
    CHECKLIST_ON_PAPER = (
        "it was entered from paper at {moment}, before the dose began: sign it here, for this dose"
    )
    HELD_BY_MEASURE = "the urgent safety measure of entry {entry} holds {held}"
    NO_APPROVAL = "no approval of the {authority} authority is recorded"
    APPROVAL_LAPSED = "the {authority} approval ended on {day}: record its renewal"
    NO_AGREEMENT = (
        "for later doses, record that the ethics committee agreed that those in treatment go on"
    )
    PAPER_DATED = "it is dated {day}, and the paper was signed on {day2}"
    NOT_ON_PAPER = "this is not signed on paper: sign it here, on the day on which it is given"
    DATED_AHEAD = (
        "it is dated {day}, and given on {day2}: date it {day2}, or record the time "
        "zone of the site where the day there is another"
    )
    DATED_BACK = (
        "it is dated {day}, and given on {day2}: date it {day2}, or enter what was "
        "signed on paper as its transcription"
    )
    CRITERION = "{criterion}: {why}"
    ITEM = "{item}: {why}"
    RESULT_NOT_JUDGED = "{term} {grade} on {day} (entry {entry}): no investigator has judged it"
    RESULT_SIGNIFICANT = "{term} {grade} on {day} (entry {entry}): judged clinically significant"
    DOSES_PLANNED = "the protocol plans {n}"
    DOSE_GIVEN = "dose {dose} has been given"
    DOSE_WITHHELD = "dose {dose} has been withheld"
    LATER_DOSE_GIVEN = "dose {dose} has been given already"
    EARLIER_DOSE_OPEN = "dose {doses} is neither given nor withheld"
    INTERVAL = "dose {dose} was given on {day}; the next may be from {day2}"
    LIMITING = "{candidates} counts as dose-limiting"
    PREGNANT = "{participant} is pregnant (entry {entry})"
    PERHAPS_PREGNANT = "whether {participant} is still pregnant is not known (entry {entry})"
    NO_LEVEL = "{participant} has no level"
    DESIGN_SILENT = "the design has no advice: {why}"
    NOT_TOLERATED = "level {level} is not tolerated ({why})"
    NOT_ABOVE = "the design supports no dose above level {level} ({why})"
    NO_DOSE_SUPPORTED = "the design supports no dose ({why})"
    SENTINEL_SIGNED_FOR = "{participant} is signed for at level {level} and not yet dosed"
    SENTINEL_OBSERVED = "{participant} has had {n} of {n2} infusions to be observed"
    SENTINEL_WATCHED = "{participant}, the first at this level, is watched until {day}"
    SENTINEL_IN_PLACE = (
        "{participant} is watched until {day}, in the place of {others}, who was not observed"
    )
    HAS_DIED = "{participant} has died"
    DOSED_ON = "{participant} was dosed on {day}; the next may be from {day2}"
    BAGS = "{kind} {bags}"
    BAGS_PERHAPS = "{kind} {bags}: whether that was before the dose ended is not recorded"
    NOT_SET_ASIDE = "not set aside for this dose: {bags}"
    NO_DOSE_LEVEL = "{participant} has no dose level"
    NO_WEIGHT = "no body weight of {participant} is recorded"
    PLANNED_DOSE = "level {level} is {quantity}"
    PLANNED_DOSE_BY = "level {level} is {quantity}, by {weight}"
    NO_WEIGHT_NAMED = "the weight it was computed from is not recorded"
    ANOTHER_WEIGHT = (
        "{kg} kg is no weight of the day that is recorded, which is {kg2} kg: "
        "record the weight, or correct the preparation"
    )
    PLANNED_UNKNOWN = "what was planned is not recorded in that unit"
    OFF_PLANNED = "it is {off} off the planned dose; {tolerance} is accepted"
    CELLS_UNKNOWN = "how many {counted} cells a bag holds is not known"
    CELLS_OTHER = "{ml} mL hold {n} {counted} cells, not {n2}"
    PREPARATION_UNKNOWN = "no preparation is known"
    PREPARED_BEFORE = (
        "dose {dose} was prepared before, by entry {entry}: say what became of those bags"
    )
    BAGS_GIVEN = "{bags}"
    BAGS_NOT_NAMED = (
        "the bags given for dose {dose} are not those that were prepared for it, and not named"
    )
    MORE_THAN_DRAWN = "bag {bag}: {n} {measure} given, and {n2} drawn from it"
    VOLUMES_DIFFER = "{ml} mL given, and {ml2} mL by the bags"
    AMOUNT_GIVEN_OTHER = "what was given of the bags held {n}, not {n2}"
    MORE_THAN_LEFT = "bag {bag}: {n} {measure}, and {n2} are left"
    NOTHING_TO_EXPLAIN = "the account of bag {bag} adds up"
    ANOTHER_DIFFERENCE = "bag {bag}: {n} {measure} are not accounted for now, not {n2}"
    AT_THAT_SITE = "{participant} is at site {site}"
    SITE_NOT_OPEN = "site {site} is not open"
    TRANSFER_WAITS = "a transfer to site {site} waits already (entry {entry})"
    NO_TRANSFER = "no transfer of {participant} to site {site} is proposed"
    OWN_TRANSFER = "{user} proposed it: another person takes the participant over"
    DOSE_UNDER_WAY = "dose {dose} is prepared: give it, or withhold it, before the transfer"
    BAGS_SHIPPED = "{bags}"
    NOT_ARRIVED = "of shipment {shipment} did not arrive: {bags}"
    NOT_SENT = "not sent with shipment {shipment}: {bags}"
    BAGS_ELSEWHERE = "{bags}"
    NOT_CHECKED_BY_TWO = "{n} of {n2} people are recorded to have checked at the bedside"
    TOO_FEW_IDENTIFIERS = "{n} identifiers of the person, and {n2} are asked for"
    ANOTHER_PERSON = "the code '{code}' is not that of {participant}"
    ANOTHER_BAG = "the label '{code}' is of no bag that is prepared for dose {dose}"
    BAG_NOT_SCANNED = "not checked: {bags}"
    BAG_NOT_FIT = "bag {bag} is {status}"
    DEPARTS = "{what}: have it corrected, or name the difference and verify it all the same"
    FOUND_OTHER = "the second person found {n}, and {n2} is recorded: have it corrected"


class Standing(Template):
    """Parts of those sentences: what stands in the way, and what it rests on."""

    BAG = "{bag} is {status}"
    NO_BAG = "lot {lot} has no bag {bags}"
    AT_SITE = "bag {bag} is at site {site} by the account"
    ON_ITS_WAY = "bag {bag} is on its way to site {site}"
    OPENED = "bag {bag} has been opened"
    HELD_FOR = "bag {bag} is held for {participant}, dose {dose}"
    NOT_PREPARED = "bag {bag} of lot {lot} was not prepared for this dose"
    PREPARED_FOR = "bag {bag} of lot {lot} was prepared for {participant}, dose {dose}"
    TENFOLD = "{amount} are {times} times the {planned} planned"
    OFF = "{amount} are {off} off the {planned} planned"
    NO_PLAN = "what the dose should be is not known: {why}"
    GRADE = "grade {n}"
    PERHAPS_GRADE = "perhaps grade {n}"
    IS_CANDIDATE = "{adverse_event} is a candidate for a dose-limiting toxicity"
    BEARS_OUT_RULE = "{adverse_event} is what a stopping rule stands on"
    FIRED = "stopping rule '{rule}' has fired ({action}): {who}"
    MAY_HAVE_FIRED = "stopping rule '{rule}' may have fired ({action}): {who}"
    FIRED_AT = "stopping rule '{rule}' at level {level} has fired ({action}): {who}"
    MAY_HAVE_FIRED_AT = "stopping rule '{rule}' at level {level} may have fired ({action}): {who}"


def told_moment(moment: datetime) -> Term:
    """Return a moment as it is told, to the minute, by the clock that it was written with."""
    return Term(f"{moment:%Y-%m-%d %H:%M %Z}")


def listed(words: Iterable[object]) -> Argument:
    """Return words of records, such as numbers of participants or bags, one after another.

    Args:
        words: one at least.
    """
    return join([Term(str(one)) for one in words], Pair.COMMA)


def any_of(words: Iterable[object]) -> Argument:
    """Return words of records of which one is meant, with `or` between them.

    Args:
        words: one at least.
    """
    return join([Term(str(one)) for one in words], Pair.OR)
