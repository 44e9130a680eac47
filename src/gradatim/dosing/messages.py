"""What the limits of a prepared dose say: the English of every sentence, each once."""

from gradatim.core.message import Template


class Limit(Template):
    """Whether a limit is kept."""

    NO_THAW = "no time of the thaw is given; the infusion must end {hours} h after it"
    NO_END_SINCE_THAW = "no end of the infusion is given; it must end by {moment}"
    ENDS_BEFORE_THAW = "the infusion ends {hours} h before the thaw"
    ENDS_IN_TIME = "ends {span} after the thaw, within {hours} h"
    ENDS_LATE = "ends {span} after the thaw, more than {hours} h"
    NO_EXPIRY = "no expiry is given"
    NO_END = "no end of the infusion is given; expires {moment}"
    EXPIRES = "expires {moment}"
    EXPIRED = "expired {moment}"
    NO_VIABILITY = "no viability is known; at least {percent} % is needed"
    VIABLE = "{percent} % viable ({counted}), at least {percent2} %"
    NOT_VIABLE = "{percent} % viable ({counted}), less than {percent2} %"
    AT_RELEASE = "at release"
    AFTER_THAW = "after the thaw"
    ON_CERTIFICATE = "certificate"
    NO_VOLUME = "there is no volume to infuse"
    NO_DURATION = "no duration is given; at least {minutes} min for {ml} mL"
    SLOW = "{rate} mL/min, at most {limit} mL/min"
    FAST = "{rate} mL/min, more than {limit} mL/min"
    DMSO_UNKNOWN = "how much dimethyl sulfoxide is unknown; at most {limit} g/kg"
    LITTLE_DMSO = "{amount} g/kg of dimethyl sulfoxide, at most {limit} g/kg"
    MUCH_DMSO = "{amount} g/kg of dimethyl sulfoxide, more than {limit} g/kg"
    NOT_VERIFIED = "nobody has verified it yet"
    NOT_PREPARED = "nobody has prepared it yet"
    ONE_PERSON = "{person} prepared and verified it: another person must verify"
    TWO_PEOPLE = "prepared by {person}, verified by {person2}"
