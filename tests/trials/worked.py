"""Run a trial's worked participants the whole way: FHIR Bundle, facts, verdicts."""

from collections.abc import Iterator

from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.load import Document, bundled, load
from gradatim.screening.assess import Eligibility, assess
from gradatim.screening.readings import plan
from gradatim.synthetic.cases import Case, Cases, load_cases
from gradatim.synthetic.written import Expectation


class Trial:
    """A bundled trial with its worked participants."""

    def __init__(self, name: str) -> None:
        """Load the trial of that name."""
        self.document: Document = load(name)
        self.study = self.document.study
        self.codebook = Codebook(self.study.elements, self.study.study.id)
        self.cases: Cases = load_cases(bundled()[name].parent / "participants.yaml")

    def facts(self, case: Case) -> Facts:
        """Write the case as a Bundle and read it back."""
        bundle = case.bundle(self.study.elements)
        assert case.on is not None
        return read_facts(
            bundle, self.codebook, self.study.elements, on=case.on, coverage=case.coverage()
        )

    def assess(self, case: Case, readings: dict[str, str] | None = None) -> Eligibility:
        """Screen the case under its own readings, or those given."""
        on = case.on
        assert on is not None
        anchors = {name: case.anchors.get(name, on) for name in self.study.schedule.anchors}
        chosen = plan(self.study, case.readings if readings is None else readings)
        return assess(self.study, self.facts(case), anchors, on, chosen)

    def differences(self, case: Case) -> Iterator[str]:
        """Give every way in which the verdicts are not those worked out by hand."""
        yield from _differences(self.assess(case), case.expect)
        if case.default is not None:
            yield from _differences(self.assess(case, {}), case.default)
        not_used = {one.id: one.why for one in self.facts(case).not_used}
        for record, why in case.expect.not_used.items():
            if why not in not_used.get(record, ""):
                yield f"{record} should be not used: {why}; got {not_used.get(record)}"


def _differences(one: Eligibility, expect: Expectation) -> Iterator[str]:
    found = {finding.criterion.id: finding for finding in one.findings}
    for id, truth in expect.truth.items():
        if found[id].verdict.truth is not truth:
            got = found[id].verdict.truth.name
            yield f"{id}: expected {truth.name}, got {got} because {found[id].because}"
    for id, reason in expect.because_of.items():
        if found[id].unknown_because != reason:
            yield f"{id}: expected unknown because {reason}, got {found[id].unknown_because}"
    if expect.status and one.status != expect.status:
        yield f"status: expected {expect.status}, got {one.status}"
    if expect.judges_eligible_from and one.eligible_from != expect.eligible_from:
        yield f"eligible_from: expected {expect.eligible_from}, got {one.eligible_from}"
    if expect.repeat is not None and set(one.repeat) != set(expect.repeat):
        yield f"repeat: expected {expect.repeat}, got {one.repeat}"
    if expect.recheck is not None and bool(one.recheck) is not expect.recheck:
        yield f"recheck: expected {expect.recheck}, got {one.recheck}"
