"""What can be meant: the choices that a form offers, from the state of the trial."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.delegations import waiting
from gradatim.conduct.policies import RULES
from gradatim.conduct.policies.verdicts import rule
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.consent import ISO_639_1
from gradatim.conduct.views.delegation_log import may_confirm
from gradatim.conduct.views.logs import open_pregnancies, unscheduled_visits
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.dosing.accountability import adds_up
from gradatim.dosing.inventory import Container
from gradatim.dosing.movements import BETWEEN_SITES, ON_HAND, ON_ITS_WAY, PRODUCT_TRANSITIONS
from gradatim.protocol.study import Study
from gradatim.web.forms.labels import CHOICES, GRADES, choice_words

Choices = list[tuple[str, Any]]


_MOVES = {"ProductReleased": "released", "TemperatureExcursionAssessed": "assessed fit"}
"""What an act does to a bag, where only bags in some states can be meant."""
_OF_WHAT_IS_LEFT = frozenset(
    {"ProductQuarantined", "TemperatureExcursion", "ProductReturned", "ProductDestroyed"}
)
"""Acts about bags of which something is left."""
_ON_THE_WAY_TOO = frozenset({"ProductQuarantined", "TemperatureExcursion"})
"""Acts that may be about bags on their way between two sites, told by either."""


class FormContext(NamedTuple):
    """What a form is filled in about.

    Args:
        event: name of the act.
        access: of the user.
        site: where it is recorded; "" is the trial as a whole.
        participant: whom it is about, if anybody.
        given: fields whose value the page gives already, as text.
        today: the day, by the site's clock.
        head_hash: hash of the ledger's last entry, for what is decided on it.
        on_paper: whether it is entered from paper.
    """

    event: str
    access: Access
    site: str
    participant: Participant | None
    given: Mapping[str, str]
    today: Any
    head_hash: str = ""
    on_paper: bool = False

    @property
    def state(self) -> State:
        """The trial now."""
        return self.access.state

    @property
    def study(self) -> Study | None:
        """The protocol that applies; None before one is active."""
        if not self.state.versions:
            return None
        return self.state.governing("schedule", self.participant)


def _adverse_events(asked: FormContext) -> Choices | None:
    if asked.participant is None:
        return None
    return [
        (number, f"{number} {one.event.term}")
        for number, one in courses(asked.state, asked.participant).items()
    ]


def _lots(asked: FormContext) -> Choices:
    mine = [
        lot
        for lot in asked.state.lots.values()
        if any(bag.is_at((asked.site,)) for bag in lot.containers.values())
    ]
    return [(lot.id, lot.id) for lot in mine]


def _can_be_meant(asked: FormContext, bag: Container) -> bool:
    """Whether an act can be about a bag: one that is used up is not offered for a dose."""
    free = bag.reserved_for is None or (
        bag.on_its_shelf
        and bag.reserved_for[0] == (asked.participant.id if asked.participant else "")
    )
    if asked.event == "ShipmentReceived":
        return bag.status in BETWEEN_SITES and bag.shipment == asked.given.get("shipment")
    if asked.event == "ProductShipped":
        whole = not bag.gone and bag.reserved_for is None and bag.site == asked.site
        return whole and bag.status in ("quarantined", "released")
    if bag.status in ON_ITS_WAY:
        return asked.event in _ON_THE_WAY_TOO
    if asked.event == "ProductAssigned":
        return bag.status == "released" and free
    if asked.event == "ProductDifferenceExplained":
        return not adds_up(bag) or bool(bag.open_faults)
    if move := _MOVES.get(asked.event):
        return (bag.status, move) in PRODUCT_TRANSITIONS
    if asked.event in _OF_WHAT_IS_LEFT:
        return bag.status in ON_HAND or (bag.status == "infused" and bag.left > 0)
    return True


def _bags(asked: FormContext) -> Choices:
    """Return the bags of the lot that is spoken of, or of all lots of the site."""
    lot = asked.given.get("lot")
    return bag_choices(
        bag
        for bag in asked.state.inventory.containers
        if lot in (None, "", bag.lot) and bag.is_at((asked.site,)) and _can_be_meant(asked, bag)
    )


def _shipments(asked: FormContext) -> Choices:
    """Return the shipments to or from a site of which something is on its way, or missing."""
    lot = asked.given.get("lot")
    waited = [
        one
        for one in asked.state.inventory.containers
        if one.status in BETWEEN_SITES and asked.site in one.sites and lot in (None, "", one.lot)
    ]
    told = dict.fromkeys((one.shipment, one.site, one.bound_for) for one in waited)
    return [(number, f"{number} ({site} → {to})") for number, site, to in told]


def _other_sites(asked: FormContext) -> Choices:
    """Return the other sites of the trial that are open."""
    open_ = [site for site, status in asked.state.sites.items() if status == "open"]
    return [(site, site) for site in open_ if site != asked.site]


def bag_choices(bags: Iterable[Container]) -> Choices:
    """Return bags as choices, each number once, with every lot that has it and how it stands."""
    found: dict[str, list[str]] = {}
    for bag in bags:
        found.setdefault(bag.id, []).append(f"{bag.lot}, {bag.status}")
    return [(number, f"{number} ({'; '.join(where)})") for number, where in found.items()]


def _others(asked: FormContext) -> Choices:
    """Return the other numbers of the site that go on."""
    one = asked.participant
    return [
        (other.id, other.id)
        for other in asked.access.participants("participants")
        if one is None or (other.id != one.id and other.site == one.site and not other.merged_into)
    ]


def _sites(asked: FormContext) -> Choices:
    mine = [asked.site] if asked.site and not asked.access.may(asked.event) else asked.state.sites
    return [(site, site) for site in mine]


def _visits(asked: FormContext) -> Choices:
    study = asked.study
    return [(name, one.label) for name, one in study.schedule.encounters.items()] if study else []


def _levels(asked: FormContext) -> Choices:
    if not asked.state.versions:
        return []
    return [
        (str(one.number), f"{one.number} {one.label}")
        for one in asked.state.study.treatment.dose_levels
    ]


def _criteria(asked: FormContext) -> Choices:
    if not asked.state.versions:
        return []
    study = asked.state.governing("eligibility", asked.participant)
    return [(one.id, f"{one.id} {one.text[:100]}") for one in study.criteria]


def _candidates(asked: FormContext) -> Choices | None:
    if asked.participant is None:
        return None
    return [(one.id, one.label) for one in possible_dlts(asked.state, asked.participant)]


def _rules(asked: FormContext) -> Choices:
    return [
        (one.key, one.text)
        for one in unanswered_rules(asked.state, asked.today)
        if one.action == "pause"
    ]


def _elements(asked: FormContext) -> Choices:
    study = asked.study
    return (
        [
            (name, one.label)
            for name, one in study.elements.items()
            if one.kind == "adverse_event"
            and name not in ("adverse_event", "dose_limiting_toxicity")
        ]
        if study
        else []
    )


def _staff(asked: FormContext) -> Choices:
    """Give who has a task at the site, or in the whole trial."""
    return [
        (user, f"{user} ({', '.join(str(CHOICES.get(r, r)) for r in sorted(roles))})")
        for (user, site), roles in asked.state.roles.items()
        if roles and site in ("", asked.site)
    ]


def _committee(asked: FormContext) -> Choices:
    return [
        (user, user)
        for (user, _site), roles in asked.state.roles.items()
        if "safety_committee" in roles
    ]


def _laboratories(asked: FormContext) -> Choices:
    return [(name, name) for name in dict.fromkeys(lab for lab, _v in asked.state.ranges)]


def _range_versions(asked: FormContext) -> Choices:
    return [(v, v) for v in dict.fromkeys(v for _lab, v in reversed(asked.state.ranges))]


def _versions(asked: FormContext) -> Choices:
    return [(one.version, one.version) for one in reversed(asked.state.versions)]


def _languages(asked: FormContext) -> Choices:
    """Give the languages of the approved forms first, then every other by its code."""
    called = {"zh-CN": _("Chinese"), "en": _("English")}
    approved = [one.language for one in asked.state.consent_forms]
    tags = dict.fromkeys([*approved, *called, *sorted(ISO_639_1)])
    return [(tag, called.get(tag, tag)) for tag in tags]


def _queries(asked: FormContext) -> Choices:
    return [
        (one.id, f"{one.id}: {one.question[:80]}")
        for one in asked.state.queries.values()
        if one.status != "closed"  # an answer can be given anew until then
    ]


def _grades(asked: FormContext) -> Choices:
    return list(GRADES.items())


def _doses(asked: FormContext) -> Choices:
    planned = asked.study.treatment.administration.doses if asked.study else 1
    return [(str(n), str(n)) for n in range(1, (planned or 1) + 1)]


def _conduct_rules(asked: FormContext) -> Choices:
    """Give the rules that a fact can break."""
    return sorted({(rule(one), rule(one)) for some in RULES.values() for one in some})


def _of_kinds(*kinds: str) -> Callable[[FormContext], Choices | None]:
    """Give what finds the elements of these kinds."""

    def found(asked: FormContext) -> Choices | None:
        elements = asked.study.elements if asked.study else {}
        return [(name, one.label) for name, one in elements.items() if one.kind in kinds]

    return found


def _pregnancies(asked: FormContext) -> Choices | None:
    if asked.participant is None:
        return None
    return [
        (str(at), f"{at} {choice_words('person', one.person)}, {one.detected_on}")
        for at, one in open_pregnancies(asked.state, asked.participant)
    ]


def _extra_visits(asked: FormContext) -> Choices | None:
    if asked.participant is None:
        return None
    return [
        (one.visit, f"{one.occurred_on} {one.reason}")
        for _, one, _ in unscheduled_visits(asked.state, asked.participant)
    ]


def _delegations(asked: FormContext) -> Choices:
    """Return the delegations for which the user is the second person."""
    return [
        (str(of), f"{one.user}: {choice_words('role', one.role)}")
        for of, one in waiting(asked.state)
        if one.site == asked.site and may_confirm(asked.access, of)
    ]


_OF_EVENT: Mapping[tuple[str, str], Callable[[FormContext], Choices | None]] = {
    ("ShipmentReceived", "shipment"): _shipments,
    ("ConcomitantMedicationRecorded", "elements"): _of_kinds("exposure"),
    ("MedicalHistoryRecorded", "elements"): _of_kinds("condition", "procedure"),
    ("PregnancyOutcomeReported", "of"): _pregnancies,
    ("DelegationConfirmed", "of"): _delegations,
}
"""Choices for a field of one event only."""
_OF_FIELD: Mapping[str, Callable[[FormContext], Choices | None]] = {
    "adverse_event": _adverse_events,
    "lot": _lots,
    "into": _others,
    "at_site": _sites,
    "to_site": _other_sites,
    "bags": _bags,
    "bag": _bags,
    "encounter": _visits,
    "visit": _extra_visits,
    "level": _levels,
    "criterion": _criteria,
    "criteria": _criteria,
    "candidate": _candidates,
    "candidates": _candidates,
    "departs_from": _conduct_rules,
    "stopping_rules": _rules,
    "elements": _elements,
    "obtained_by": _staff,
    "decided_by": _staff,
    "members": _committee,
    "laboratory": _laboratories,
    "ranges_version": _range_versions,
    "query": _queries,
    "grade": _grades,
    "dose": _doses,
}
_NEW = {
    ("ProductReceived", "lot"),
    ("ProductReceived", "bags"),
    ("ReferenceRangesRecorded", "laboratory"),
    ("AdverseEventReported", "adverse_event"),
}
"""What an act names for the first time, so that there is nothing to choose from."""


def choices_of(asked: FormContext, field: str) -> Choices | None:
    """Give the choices for a field; None where anything may be entered."""
    if (asked.event, field) in _NEW:
        return None
    if field == "version" and asked.event == "TrainingRecorded":
        return _versions(asked)
    if field == "of_protocol":
        return _versions(asked)
    if field == "language":
        return _languages(asked)
    of = _OF_EVENT.get((asked.event, field)) or _OF_FIELD.get(field)
    return of(asked) if of else None
