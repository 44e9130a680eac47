"""Answers, age and sex in CQL."""

from gradatim.exports.cql.elements import ANY_DAY, RecordedElements
from gradatim.exports.cql.library import CannotExpress, string
from gradatim.exports.cql.windows import anchor, inside
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Age, Attested, Sex


def attested(node: Attested, title: str, of: RecordedElements) -> str:
    """Write an answer that only a person can give: null until someone gives it."""
    element = of.study.elements[node.attested]
    answers = of.answers(node.attested)
    _refuse_read_out(element)
    window = node.within or (element.fresh.window if element.fresh else None)
    within = inside(of.library, [window], "V")
    if window and node.within is None:
        undated = ANY_DAY.format("V")
        within = f"if {undated} then true else {within}"
    pick = of.library.function("Any of" if node.value == "any" else "Latest of")
    return (
        f"{pick}({answers} V\n  let inside: {within}\n  where inside is not false\n"
        f"  return Tuple {{ first: V.first, last: V.last, inside: inside, says: V.says }})"
    )


def _refuse_read_out(element: Element) -> None:
    if element.allergies or element.codes:
        raise CannotExpress(f"{element.label} is read out of allergies as well")


def age(node: Age, title: str, of: RecordedElements) -> str:
    """Write an age in completed years; null if it depends on the day of birth."""
    library = of.library
    at, op, years = anchor(library, node.age), node.is_.op, f"{node.is_.number:g}"
    completed, first, last = map(library.function, ("Completed years", "Born first", "Born last"))
    oldest, youngest = f"{completed}({first}(), {at})", f"{completed}({last}(), {at})"
    if op == "=":
        return (
            f"case when {oldest} = {youngest} then {oldest} = {years}\n"
            f"  when {oldest} < {years} or {youngest} > {years} then false\n"
            f"  else null end"
        )
    return (
        f"case when {oldest} {op} {years} and {youngest} {op} {years} then true\n"
        f"  when not ({oldest} {op} {years}) and not ({youngest} {op} {years}) then false\n"
        f"  else null end"
    )


def sex(node: Sex, title: str, of: RecordedElements) -> str:
    """Write administrative sex; null if it is neither female nor male."""
    return (
        f"if Patient.gender.value in {{ 'female', 'male' }} then Patient.gender.value = "
        f"{string(node.sex)} else null"
    )
