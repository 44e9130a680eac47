"""The bundled trial's candidates, screened once for all tests of this folder, and a page reader."""

from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

from gradatim.core.verdict import Verdict
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.load import Document, bundled, load
from gradatim.screening.assess import Eligibility, assess
from gradatim.screening.readings import plan
from gradatim.synthetic.cases import load_cases

TRIAL = "nct05962762"
Result = tuple[Eligibility, Facts]


@cache
def document() -> Document:
    return load(TRIAL)


@cache
def people() -> dict[str, Result]:
    cases = load_cases(bundled()[TRIAL].parent / "candidates.yaml").cases
    return {case.id: _screened(case) for case in cases}


def _screened(case) -> Result:
    study = document().study
    facts = read_facts(
        case.bundle(study.elements),
        Codebook(study.elements),
        study.elements,
        on=case.on,
        coverage=case.coverage(),
    )
    anchors = {**dict.fromkeys(study.schedule.anchors, case.on), **case.anchors}
    return assess(study, facts, anchors, case.on, plan(study, case.readings)), facts


def one_with(status: str) -> Result:
    """Give the first candidate of that status."""
    return next(found for found in people().values() if found[0].status == status)


def with_texts(one: Eligibility, text: str) -> Eligibility:
    """Give the same eligibility with every free text of the protocol and the verdicts replaced."""
    findings = tuple(
        replace(
            finding,
            criterion=finding.criterion.model_copy(update={"text": text, "reading": text}),
            verdict=_said(finding.verdict, text),
        )
        for finding in one.findings
    )
    return replace(one, person=text, findings=findings, recheck=(text,))


def _said(verdict: Verdict, text: str) -> Verdict:
    children = tuple(_said(child, text) for child in verdict.children)
    evidence = tuple(fact._replace(id=text, code=text, method=text) for fact in verdict.evidence)
    return verdict._replace(message=text, children=children, evidence=evidence)


VOID = {"meta", "br", "link", "img", "col", "input", "hr"}


class Page(HTMLParser):
    """A page as a list of tags with their attributes, and its text without style sheets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]
