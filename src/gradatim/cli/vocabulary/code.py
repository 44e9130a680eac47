"""What a vocabulary and a protocol say of one code, as a document."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradatim.core.codes import code_named, normalised

if TYPE_CHECKING:
    from gradatim.protocol.elements import Element
    from gradatim.protocol.load import Document
    from gradatim.vocabulary.concepts import Code
    from gradatim.vocabulary.graph import Vocabulary


def shown_codes(
    text: str, vocabulary: "Vocabulary | None", protocol: str = ""
) -> list[dict[str, Any]]:
    """Return what a code is: once for each system that has it, if none is named.

    Args:
        text: the code, as a person writes it.
        vocabulary: where to look it up; None: only the protocol knows codes.
        protocol: path or name of a protocol, whose elements are asked; empty: none.
    """
    from gradatim.protocol.load import load

    system, code = code_named(text)
    document = load(protocol) if protocol else None
    systems = [system] if system else _systems(code, vocabulary, document)
    return [_shown((one, normalised(one, code)), vocabulary, document) for one in systems]


def _systems(code: str, vocabulary: "Vocabulary | None", document: "Document | None") -> list[str]:
    found = set(vocabulary.systems(code)) if vocabulary else set()
    for element in document.study.elements.values() if document else ():
        for group in element.codes:
            if normalised(group.system, code) in group.codes:
                found.add(group.system)
    return sorted(found)


def _shown(
    code: "Code", vocabulary: "Vocabulary | None", document: "Document | None"
) -> dict[str, Any]:
    concept = vocabulary.concept(*code) if vocabulary else None
    links: dict[str, Iterable[Code]] = dict.fromkeys(_LINKS, ())
    if vocabulary:
        broader = vocabulary.broader(*code)
        links["broader"] = broader
        links["above"] = sorted(vocabulary.above(*code) - {code, *broader})
        links["parts"] = vocabulary.parts(*code)
        links["perhaps"] = sorted(vocabulary.perhaps(*code))
        links["replaced_by"] = vocabulary.replacements(*code)
    elements = _elements(code, vocabulary, document) if document else {}
    return {
        "system": code[0],
        "code": code[1],
        "name": concept.name if concept else "",
        "active": concept.active if concept else True,
        "known": bool(concept or elements.get("used")),
        **{key: [_named(one, vocabulary) for one in some] for key, some in links.items()},
        "elements": elements,
    }


_LINKS = ("broader", "above", "parts", "perhaps", "replaced_by")


def _named(code: "Code", vocabulary: "Vocabulary | None") -> dict[str, str]:
    concept = vocabulary.concept(*code) if vocabulary else None
    return {"system": code[0], "code": code[1], "name": concept.name if concept else ""}


def _elements(
    code: "Code", vocabulary: "Vocabulary | None", document: "Document"
) -> dict[str, list[str]]:
    """Return the elements of a protocol by what the code says about them."""
    from gradatim.evidence.codebook import Codebook, CodeMeaning
    from gradatim.protocol.elements import COVERABLE

    study = document.study
    codebook = Codebook(study.elements, study.study.id, vocabulary)
    found: dict[str, list[str]] = {one.value: [] for one in CodeMeaning}
    for name, element in study.elements.items():
        outcome = codebook.outcome([code], name)
        if outcome == CodeMeaning.USED or (element.kind in COVERABLE and _coded(element)):
            found[outcome.value].append(name)
    return found


def _coded(element: "Element") -> bool:
    return bool(element.codes or element.drugs or element.drug_classes)
