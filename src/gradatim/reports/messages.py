"""What an eligibility sheet says beside the verdicts: the English of every sentence, each once."""

from gradatim.core.message import Template


class Sentence(Template):
    """What decides for the planned first dose, and what comes next."""

    FAILS = "{n} criterion fails for a first dose on {day}."
    FAIL = "{n} criteria fail for a first dose on {day}."
    ONE_UNKNOWN = "No criterion fails for a first dose on {day}, but {n} is unknown."
    SEVERAL_UNKNOWN = "No criterion fails for a first dose on {day}, but {n} are unknown."
    EVERY_ONE_PASSES = "Every criterion passes for a first dose on {day}."
    NO_DAY = "No first-dose day is known on which no criterion fails."
    SETTLE_IT = "It must be settled first."
    SETTLE_THEM = "They must be settled first."
    EARLIEST = "The earliest first dose on which no criterion fails is {day}."
    LOST = "On that day {lost}."
    LOST_ONE_FAILS = "On that day {lost}, among them {n} that fails now."
    LOST_SOME_FAIL = "On that day {lost}, among them {n} that fail now."
    STALE = "On that day {lost}: values are too old by then and must be repeated."
    STALE_ONE_FAILS = (
        "On that day {lost}, among them {n} that fails now: "
        "values are too old by then and must be repeated."
    )
    STALE_SOME_FAIL = (
        "On that day {lost}, among them {n} that fail now: "
        "values are too old by then and must be repeated."
    )
    OPEN_ALREADY = "{n} criterion is unknown already and must be settled."
    SOME_OPEN_ALREADY = "{n} criteria are unknown already and must be settled."


class Loss(Template):
    """How many criteria that are settled now are unknown on a later day."""

    ONE = "{n} criterion settled now is unknown"
    SEVERAL = "{n} criteria settled now are unknown"


class RecordPart(Template):
    """How a record is shown: what it says, of when, and its reference limits."""

    YES = "yes"
    NO = "no"
    CODE = "{code}"
    AMOUNT = "{amount}"
    CODE_AMOUNT = "{code} {amount}"
    ON = "on {day}"
    FROM_TO = "from {day} to {day2}"
    FROM = "from {day} on"
    LIMITS = "{n} to {n2}"
    HIGHEST = "up to {n}"
    LOWEST = "from {n}"
