"""A small sound protocol, and changes to it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import yaml

from gradatim.protocol.load import Document, parse

Change = Callable[[dict[str, Any]], object]

SMALL = """
schema: gradatim.protocol/1
study:
  {id: T1, version: "1", title: A small trial, phase: {value: 1, basis: stated, source: record},
   condition: {value: none, basis: stated, source: record}}
treatment:
  arms: []
  dose_levels: [{number: 1, label: low, dose: 10, unit: mg, basis: stated, source: record}]
  product: {name: P, type: tablet, basis: stated, source: record}
  administration: {route: oral, basis: stated, source: record}
safety:
  dose_limiting_toxicity:
    {definition: {event: toxicity}, reading: any, basis: assumed,
     window: {anchor: first_dose, from: 0 days, to: 28 days, bounds: "[]"}}
  stopping_rules: []
  escalation: {design: boin, cohort_size: 3, maximum_per_level: 9, reading: as is,
               basis: stated, source: record}
schedule:
  anchors:
    screening: {label: screening, moves_with_first_dose: false, basis: stated, source: record}
    first_dose: {label: first dose, moves_with_first_dose: true, basis: stated, source: record}
  encounters:
    screening:
      {label: screening, basis: stated, source: record,
       window: {anchor: screening, from: -28 days, to: 0 days, bounds: "[]"}}
  activities: {}
endpoints: []
elements:
  alt: {kind: measurement, label: ALT, unit: U/L,
        codes: [{system: loinc, codes: [1742-6], basis: stated, source: record}]}
  toxicity: {kind: adverse_event, label: toxicity}
  willing: {kind: answer, label: willing}
eligibility:
  record_text: "ALT of at most 3 x ULN and willing to come."
  connectives: [and]
  criteria:
    - {id: I1, category: inclusion, text: ALT of at most 3 x ULN, reading: as written,
       basis: stated, source: record, knowable_at: warehouse,
       rule: {compare: alt, is: "<= 3 x ULN", at: [screening]}}
    - {id: I2, category: inclusion, text: willing to come., reading: as written,
       basis: stated, source: record, knowable_at: screening, rule: {attested: willing}}
"""


def small(change: Change | None = None) -> Document:
    """Parse the small protocol, after a change."""
    data = copy.deepcopy(yaml.safe_load(SMALL))
    if change:
        change(data)
    unshared = json.loads(json.dumps(data, default=str))  # the dumper would write aliases
    return parse(yaml.safe_dump(unshared, sort_keys=False, width=100).encode(), "small.yaml")


def criterion(data: dict[str, Any], i: int = 0) -> Any:
    """Give a criterion of the plain document."""
    return data["eligibility"]["criteria"][i]
