"""BASMI, the mobility index of ankylosing spondylitis, in two versions that do not mix.

A version with eleven steps exists too; its cut-offs could not be confirmed, so it is left out.
"""

from gradatim.clinical.formulas import Score, formula
from gradatim.core.quantity import compare

Sided = float | tuple[float | None, float | None] | None
"""One measure, or the measures of the left and the right side, which are averaged."""


def basmi_linear(
    lateral_flexion: Sided,
    tragus_to_wall: Sided,
    schober: float | None,
    intermalleolar: float | None,
    rotation: Sided,
) -> Score:
    """Spinal mobility, linear version, 0 (free) to 10; not interchangeable with other versions.

    Args:
        lateral_flexion: lateral lumbar flexion, cm.
        tragus_to_wall: cm.
        schober: lumbar flexion by the modified Schober test, cm.
        intermalleolar: maximal intermalleolar distance, cm.
        rotation: cervical rotation, degrees.

    Returns:
        The mean of the five items, each held within 0 to 10; none if one (or a side) is missing.

    Source: van der Heijde et al., Ann Rheum Dis 2008;67:489-93, Table 3.
    """
    items = _basmi_items(lateral_flexion, tragus_to_wall, schober, intermalleolar, rotation)
    return formula("basmi_linear").calculate(items)


# item: (limit of 0 points, limit of 2 points, whether a larger measure is better); a measure on a
# limit has 1 point
_THREE_POINT = {
    "lateral_flexion": (10, 5, True),
    "tragus_to_wall": (15, 30, False),
    "schober": (4, 2, True),
    "intermalleolar": (100, 70, True),
    "rotation": (70, 20, True),
}


def basmi_three_point(
    lateral_flexion: Sided,
    tragus_to_wall: Sided,
    schober: float | None,
    intermalleolar: float | None,
    rotation: Sided,
) -> Score:
    """Spinal mobility, original three-point version: the sum of five items of 0, 1 or 2 points.

    Args:
        lateral_flexion: lateral lumbar flexion, cm.
        tragus_to_wall: cm.
        schober: lumbar flexion by the modified Schober test, cm.
        intermalleolar: maximal intermalleolar distance, cm.
        rotation: cervical rotation, degrees.

    Returns:
        The sum, 0 (free) to 10; none if an item (or a side) is missing.

    Source: Jenkinson et al., J Rheumatol 1994;21:1694-8; Sieper et al., Ann Rheum Dis 2009;68
    Suppl 2:ii1-44, Table 7.
    """
    items = _basmi_items(lateral_flexion, tragus_to_wall, schober, intermalleolar, rotation)
    # The linear version asks for the same measures, so its faults are this version's too.
    linear = formula("basmi_linear").calculate(items)
    if linear.value is None:
        return linear
    return Score(
        float(sum(_points(name, value) for name, value in items.items() if value is not None))
    )


def _basmi_items(
    lateral_flexion: Sided,
    tragus_to_wall: Sided,
    schober: float | None,
    intermalleolar: float | None,
    rotation: Sided,
) -> dict[str, float | None]:
    return {
        "lateral_flexion": _mean_of_sides(lateral_flexion),
        "tragus_to_wall": _mean_of_sides(tragus_to_wall),
        "schober": schober,
        "intermalleolar": intermalleolar,
        "rotation": _mean_of_sides(rotation),
    }


def _mean_of_sides(measure: Sided) -> float | None:
    if not isinstance(measure, tuple):
        return measure
    left, right = measure
    return None if left is None or right is None else (left + right) / 2


def _points(name: str, value: float) -> int:
    none, two, larger_is_better = _THREE_POINT[name]
    better, worse = (">", "<") if larger_is_better else ("<", ">")
    if compare(value, better, none):
        return 0
    return 2 if compare(value, worse, two) else 1
