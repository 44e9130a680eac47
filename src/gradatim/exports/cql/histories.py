"""Events, counts, days of exposure and plain washouts in CQL."""

from gradatim.core.dates import Duration
from gradatim.exports.cql.elements import RecordedElements
from gradatim.exports.cql.library import CannotExpress, string
from gradatim.exports.cql.spans import FIRST, LAST
from gradatim.exports.cql.terminology import ingredient_codes
from gradatim.exports.cql.windows import BEGUN, LASTING, ends, inside
from gradatim.protocol.base import Window
from gradatim.protocol.nodes import Count, Days, Event, NotWashedOut


def event(node: Event, title: str, of: RecordedElements) -> str:
    """Write whether something happened."""
    if node.grade is not None or node.related is not None:
        raise CannotExpress("grades of adverse events, which are not read from FHIR")
    if node.asks_of_the_course:
        raise CannotExpress("seriousness, outcome and duration, which the ledger knows")
    named = [node.event] if isinstance(node.event, str) else node.event
    if len(named) == 1:
        return _event(node, named[0], of)
    parts = []
    for one in named:
        label = of.study.elements[one].label
        parts.append(of.library.define(f"{title}: {label}", _event(node, one, of)))
    return "\n  or ".join(parts)


def _event(node: Event, element: str, of: RecordedElements) -> str:
    records = of.occurrences(element)
    days = LASTING if node.counts == "overlap" else BEGUN
    within = inside(of.library, [node.within], "S", days).replace("\n", "\n    ")
    spared = "".join(_not_one_of(of.occurrences(one)) for one in node.except_)
    absent = of.absent(element, *ends(of.library, node.within))
    happened = of.library.function("Happened")
    return (
        f"{happened}({records} S\n  where not S.denies{spared}\n"
        f"  return all ({within}\n    and (if S.doubtful then null else true)),\n  {absent})"
    )


def _not_one_of(records: str) -> str:
    return f"\n    and not exists ({records} X where not X.denies and X.id = S.id)"


def taken_on(element: str, of: RecordedElements) -> str:
    """Write whether a drug was taken on the day of a value `V`."""
    records = of.occurrences(element)
    library = of.library
    begun = f"{library.function('Is on or before')}(S.start_first, S.start_last, V.last)"
    lasted = f"{library.function('Is on or after')}(S.end_first, S.end_last, V.first)"
    unsure = "S.doubtful or V.first != V.last"
    absent = of.absent(element, "V.first", "V.last")
    return (
        f"{library.function('Happened')}({records} S where not S.denies\n"
        f"        return all ({begun}\n          and {lasted}\n"
        f"          and (if {unsure} then null else true)),\n        {absent})"
    )


def washout(node: NotWashedOut, title: str, of: RecordedElements) -> str:
    """Write a washout of plain calendar lengths: a drug taken in the window before the anchor."""
    if node.exempt:
        raise CannotExpress("a washout with an exemption for a stable dose")
    if any(one.length is None or one.only for one in node.longest_of):
        raise CannotExpress("a washout counted in half-lives, which are not part of the record")
    lengths = sorted({one.length for one in node.longest_of if one.length})
    if len(lengths) != 1:
        raise CannotExpress("a washout with several lengths")
    window = Window.model_validate(
        {"anchor": node.before, "from": -lengths[0], "to": Duration(), "bounds": node.bounds}
    )
    return event(Event(event=node.not_washed_out, within=window), title, of)


def count(node: Count, title: str, of: RecordedElements) -> str:
    """Write whether there are at least so many ingredients, or records."""
    starting = inside(of.library, [node.within], "B", BEGUN)
    records = _by_ingredient(node.count, of)
    key = "B.ingredient" if node.distinct == "ingredient" else "B.id"
    rows = of.library.define(
        f"{title}: records",
        f"{records} B\n  let inside: {starting}\n  where inside is not false\n"
        f"  return all Tuple {{ key: {key}, surely: inside and not B.doubtful }}",
    )
    absent = of.absent(node.count, *ends(of.library, node.within))
    return (
        f"case\n  when Count(distinct ({rows} R where R.surely return R.key)) >= "
        f"{node.at_least} then true\n  when Count(distinct ({rows} R return R.key)) >= "
        f"{node.at_least} then null\n  else {absent}\nend"
    )


def _by_ingredient(element: str, of: RecordedElements) -> str:
    """Define the records of a drug with the ingredient that each names."""
    label = of.study.elements[element].label
    codes = ",\n  ".join(
        f"Tuple {{ code: {string(code)}, ingredient: {string(one)} }}"
        for code, one in ingredient_codes(of.study.elements[element])
    )
    none = "List<Tuple { code String, ingredient String }> { }"
    table = of.library.define(f"{label} ingredients", f"{{\n  {codes} }}" if codes else none)
    records = of.occurrences(element)
    return of.library.define(
        f"{label} records by ingredient",
        f"{records} S\n  where not S.denies\n  return all Tuple {{ id: S.id,\n"
        f"    ingredient: Coalesce(First({table} D where D.code in S.codes return D.ingredient),\n"
        f"      First(S.codes), ''),\n"
        f"    start_first: S.start_first, start_last: S.start_last,\n"
        f"    end_first: S.end_first, end_last: S.end_last, doubtful: S.doubtful }}",
    )


def days(node: Days, title: str, of: RecordedElements) -> str:
    """Write whether exposure lasted at least so many days."""
    records = _by_ingredient(node.days, of)
    first, last = ends(of.library, node.within)
    low = FIRST if first == "null" else first + " + 1 day" * (node.within.bounds[0] == "(")
    high = LAST if last == "null" else last + " - 1 day" * (node.within.bounds[1] == ")")
    surely = _spans(records, "S.start_last", "S.end_first", low, high, " and not S.doubtful", of)
    maybe = _spans(records, "S.start_first", "S.end_last", low, high, "", of)
    sure = of.library.define(f"{title}: days at least", _total(node, surely))
    most = of.library.define(f"{title}: days at most", _total(node, maybe))
    absent = of.absent(node.days, first, last)
    return (
        f"case\n  when {sure} >= {node.at_least} then true\n"
        f"  when {most} >= {node.at_least} then null\n  else {absent}\nend"
    )


def _spans(
    records: str, start: str, end: str, low: str, high: str, only: str, of: RecordedElements
) -> str:
    later, earlier = of.library.function("Later"), of.library.function("Earlier")
    return (
        f"({records} S\n"
        f"    let begun: {later}({start}, {low}), ended: {earlier}({end}, {high})\n"
        f"    where begun <= ended{only}\n"
        f"    return all Tuple {{ ingredient: S.ingredient, spent: Interval[begun, ended] }})"
    )


_LENGTH = "return all (difference in days between start of I and end of I) + 1"


def _total(node: Days, spans: str) -> str:
    """Write the number of days; of a calendar day taken twice as the node counts it."""
    if node.per == "union":
        return f"Coalesce(Sum((collapse ({spans} P return P.spent)) I\n  {_LENGTH}), 0)"
    own = f"collapse (\n    {spans} P where P.ingredient = G return P.spent)"
    each = (
        f"(distinct ({spans} P return P.ingredient)) G\n"
        f"  return all Coalesce(Sum(({own}) I\n    {_LENGTH}), 0)"
    )
    if node.per == "sum":
        return f"Coalesce(Sum({each}), 0)"
    return f"Coalesce(({each}\n  sort desc)[{node.ingredients - 1}], 0)"
