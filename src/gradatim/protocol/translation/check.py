"""Does a translation say all that its protocol says, and nothing else?"""

from collections.abc import Iterator, Mapping

from gradatim.core.documents import Steps
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.references import Fault
from gradatim.protocol.study import Study
from gradatim.protocol.translation.document import CriterionWording, Translation, Wording


def differences(translation: Translation, study: Study) -> Iterator[Fault]:
    """Give what is unknown to the protocol, and what is missing or out of date (warnings)."""
    if translation.study != study.study.id:
        yield Fault(("study",), f"this is of {translation.study}, not of {study.study.id}")
        return
    yield from _labels(translation, study)
    for id in translation.criteria:
        if study.criterion(id) is None:
            yield Fault(("criteria", id), f"the protocol has no criterion {id}")
    for criterion in study.criteria:
        known = translation.criteria.get(criterion.id, CriterionWording())
        yield from _criterion(criterion, known)


def _labels(translation: Translation, study: Study) -> Iterator[Fault]:
    every = {one.label for one in study.elements.values()} | set(scheduled_labels(study))
    for words in translation.labels:
        if words not in every:
            yield Fault(("labels", words), f"the protocol has no label {words!r}")
    for words in shown_labels(study):
        if words not in translation.labels:
            yield Fault(("labels",), f"the label {words!r} is not translated", warning=True)


def _criterion(criterion: EligibilityCriterion, known: CriterionWording) -> Iterator[Fault]:
    path: Steps = ("criteria", criterion.id)
    if criterion.text:
        yield from _wording((*path, "text"), known.text, criterion.text)
    elif known.text:
        yield Fault((*path, "text"), f"the record has no words for {criterion.id}")
    readings = readings_of(criterion)
    for name in known.readings:
        if name not in readings:
            yield Fault((*path, "readings", name), f"{criterion.id} has no reading {name!r}")
    for name, words in readings.items():
        yield from _wording((*path, "readings", name), known.readings.get(name), words)


def _wording(path: Steps, known: Wording | None, words: str) -> Iterator[Fault]:
    what = " ".join(map(str, path[1:]))
    if known is None:
        yield Fault(path, f"{what} is not translated", warning=True)
    elif known.of(words) is None:
        yield Fault(path, f"{what} has changed since it was translated", warning=True)


def readings_of(criterion: EligibilityCriterion) -> Mapping[str, str]:
    """Give every reading of a criterion in the protocol's words, by its name."""
    others = {one.name: one.reading for one in criterion.alternatives}
    return {criterion.reading_name: criterion.reading, **others}


def scheduled_labels(study: Study) -> list[str]:
    """Give the labels of anchors, visits and activities."""
    plan = study.schedule
    labels = [one.label for one in plan.anchors.values()]
    labels += [one.label for one in plan.encounters.values()]
    labels += [one.label for one in plan.activities.values()]
    return list(dict.fromkeys(labels))


def shown_labels(study: Study) -> list[str]:
    """Give the labels that an eligibility sheet can show."""
    rules = [
        rule
        for one in study.criteria
        for other in one.alternatives
        for rule in (other.rule, *other.also.values())
    ]
    rules += [one.rule for one in study.criteria]
    names = [name for rule in rules for name in rule.elements()]
    for name in names:  # grows: what an element is derived from is shown as well
        derived = study.elements[name].derived
        names += [one for one in (derived.inputs.values() if derived else ()) if one not in names]
    labels = [study.elements[name].label for name in names]
    return list(dict.fromkeys([*labels, *scheduled_labels(study)]))
