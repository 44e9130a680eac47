"""What rules say of a person: the English of every sentence, each once.

A hole is filled by what its name says: `label` and `visit` by the protocol's words, `drug`, `code`
and `method` by those of a record, `n` by a number, `day` by a day; a digit tells several apart.
"""

from gradatim.core.message import Message, Template
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth


class Clause(Template):
    """Why a rule holds, does not hold, or is not known to."""

    ALWAYS = "always so"
    NEVER = "never so"
    TOO_OLD = "{label}: the last answer is too old"
    NOT_ANSWERED = "{label}: not answered"
    ANSWERED = "{label}: {answer} ({day})"
    DENIED = "{label}: said on {day} not to have happened"
    NO_BIRTH = "the date of birth is not recorded"
    AGE = "{years} years old on {day}"
    BORN = "born {day}: {clause}"
    NO_SEX = "sex is not recorded as female or male"
    FEMALE = "sex: female"
    MALE = "sex: male"
    NONE = "no {labels} recorded"
    NONE_OVER = "no {labels} recorded {over}"
    NOT_KNOWN = "no record of {labels}, and none that there was none"
    NOT_KNOWN_OVER = "no record of {labels} {over}, and none that there was none"
    PERHAPS = "whether {labels} is recorded is not known"
    PERHAPS_OVER = "whether {labels} is recorded {over} is not known"
    NOT_DUE = "{label}: the {visits} visit is not yet due"
    NOT_OF_THE_DATE = "{measured}: no value of the right date"
    NOT_OF_THE_VISIT = "{measured}: no value of the right date for the {visit} visit"
    NO_RECORD = "{measured}: no record"
    NO_RECORD_AT_VISIT = "{measured}: no record for the {visit} visit"
    NOR_COMPUTED = "{clause} (not computed either: no {labels})"
    NOT_COMPUTED = "{label} on {day} could not be computed: {why}"
    NO_NUMBER = "{label} on {day} is not a number"
    NOT_SETTLED = "{label} on {day} is not known: {why}"
    TAKEN_THEN = "{drug} was taken then"
    NOT_IN_UNIT = "{value} cannot be compared in {unit}"
    NO_REFERENCE = "{value} came without its {reference}"
    REFERENCE_IN = "{value}: its {reference} is in {unit}"
    REFERENCE_IS = "{value}: its {reference} is {n}"
    BOUND = "{value} is known only as a bound, against {limit}"
    COMPARED = "{value} is {comparison}"
    RATIO_BOUND = "{value} is {n} x {reference} ({n2}), known only as a bound, against {limit}"
    RATIO = "{value} is {n} x {reference} ({n2}), {comparison}"
    NO_RESULT = "{label} without a result on {day}"
    RESULT = "{label} {code} on {day}"
    INDECISIVE = "{clause} is neither positive nor negative"
    BY_THE_DATE = "whether this counts depends on the exact date"
    CONFLICT = "these contradict each other"
    TAKEN = "{drug} taken on {day}"
    DOSE = "{doses}: {dose} on {day}, {comparison}"
    MEAN_DOSE = "{doses}: {dose} on average from {day} to {day2}, {comparison}"
    UNLESS_STABLE = "exempt only if stable: {clause}"
    BEING_TAKEN = "{drug} is being taken"
    LAST_TAKEN = "{drug} last taken {day}"
    WAIT_FROM = "{wait} before {day} begin on {day2}"
    WAIT = "{wait} before {day}"
    ON = "{event} on {day}"
    SINCE_OPEN = "{event} since {day}, until a day not known"
    SINCE = "{event} since {day}, ongoing"
    FROM_TO = "{event} from {day} to {day2}"
    PERHAPS_COUNTS = "whether this counts is not settled"
    COUNT = "{n} of at least {n2} {label}"
    COUNT_OF = "{n} of at least {n2} {label} ({drugs})"
    DAYS = "{n} of at least {n2} days of {label}"
    DAYS_EACH = "{n} of at least {n2} days of each of {n3} {label}"
    BY_DATES = "{clause}, depending on exact dates"
    BY_DAYS_TAKEN = "{clause}, depending on the days on which it was taken"
    BY_DOUBTS = "{clause}, depending on {doubts}"
    PERHAPS_MORE = "there may be more than is recorded"
    DOUBTED = "{clause}, {doubt}"


class TimeOnDrug(Template):
    """Since when a drug has been taken."""

    LONG_ENOUGH = "{clause}, started for {length}"
    TOO_SHORT = "{clause}, not started for {length}"
    PERHAPS = "{clause}, perhaps not started for {length}"


class TimeOnDose(Template):
    """Since when a dose has been the same."""

    LONG_ENOUGH = "{clause}, dose unchanged for {length}"
    TOO_SHORT = "{clause}, not dose unchanged for {length}"
    PERHAPS = "{clause}, perhaps not dose unchanged for {length}"


class Part(Template):
    """Parts of clauses."""

    YES = "yes"
    NO = "no"
    NO_ANSWER = "no answer"
    NO_YES_OR_NO = "not a yes or no"
    ON = "on {day}"
    UP_TO = "up to {day}"
    FROM_TO = "from {day} to {day2}"
    FROM = "from {day}"
    BY_METHOD = "{label} by {method}"
    VALUE = "{label} {quantity} on {day}"
    EVENT = "{label} ({code})"
    ULN = "ULN"
    LLN = "LLN"
    NO_DRUG = "none"
    DRUG = "{drug} {n} mg/d"
    DRUG_BETWEEN = "{drug} {n} to {n2} mg/d"
    DRUG_ALONE = "{drug} (dose not recorded)"
    DAYS = "{n} days ({n2} half-lives)"
    HALF_LIVES = "{n} half-lives (half-life of {drug} not established)"


class Dose(Template):
    """A daily dose in milligrams."""

    IS = "{n} mg/d"
    BETWEEN = "{n} to {n2} mg/d"
    MORE = "more than {n} mg/d"
    UNKNOWN = "an unknown dose"


class PrednisoneDose(Template):
    """A daily dose in milligrams of the prednisone that does as much."""

    IS = "{n} mg/d prednisone equivalent"
    BETWEEN = "{n} to {n2} mg/d prednisone equivalent"
    MORE = "more than {n} mg/d prednisone equivalent"
    UNKNOWN = "an unknown dose prednisone equivalent"


class Why(Template):
    """Why a value could not be computed."""

    NO_SEX = "the sex is not recorded"
    AGE_NOT_EXACT = "the age on {day} is not known exactly"
    NO_RESULT = "its inputs give no result"
    NOT_EXACT = "{label} is not an exact number"
    NO_UNIT = "{label} in no unit cannot be converted"
    UNIT = "{label} in {unit} cannot be converted"


class Comparison(Template):
    """How a value compares with a limit."""

    ABOVE = "above {quantity}"
    AT_LEAST = "at least {quantity}"
    BELOW = "below {quantity}"
    AT_MOST = "at most {quantity}"
    EXACTLY = "exactly {quantity}"
    NOT_ABOVE = "not above {quantity}"
    NOT_AT_LEAST = "not at least {quantity}"
    NOT_BELOW = "not below {quantity}"
    NOT_AT_MOST = "not at most {quantity}"
    NOT_EXACTLY = "not exactly {quantity}"
    PERHAPS_ABOVE = "perhaps above {quantity}"
    PERHAPS_AT_LEAST = "perhaps at least {quantity}"
    PERHAPS_BELOW = "perhaps below {quantity}"
    PERHAPS_AT_MOST = "perhaps at most {quantity}"
    PERHAPS_EXACTLY = "perhaps exactly {quantity}"


COMPARISONS: dict[tuple[str, Truth], Comparison] = {
    (op, truth): Comparison[prefix + name]
    for op, name in {
        ">": "ABOVE",
        ">=": "AT_LEAST",
        "<": "BELOW",
        "<=": "AT_MOST",
        "=": "EXACTLY",
    }.items()
    for truth, prefix in {TRUE: "", FALSE: "NOT_", UNKNOWN: "PERHAPS_"}.items()
}
"""How a comparison that came out so is told of."""
TIME_ON_DRUG = {
    TRUE: TimeOnDrug.LONG_ENOUGH,
    FALSE: TimeOnDrug.TOO_SHORT,
    UNKNOWN: TimeOnDrug.PERHAPS,
}
TIME_ON_DOSE = {
    TRUE: TimeOnDose.LONG_ENOUGH,
    FALSE: TimeOnDose.TOO_SHORT,
    UNKNOWN: TimeOnDose.PERHAPS,
}
REFERENCES = {"ULN": Part.ULN(), "LLN": Part.LLN()}
ANSWERS: dict[str, Message] = {"true": Part.YES(), "false": Part.NO()}

CATALOGUES: tuple[type[Template], ...] = (
    Clause,
    TimeOnDrug,
    TimeOnDose,
    Part,
    Dose,
    PrednisoneDose,
    Why,
    Comparison,
)
"""Every catalogue of the rules."""
