"""What a prescreen of an earlier version wrote is read, and counts as it did."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from tests.earlier.conftest import Command, Earlier
from tests.earlier.make import counted

FILES = {
    "verdicts.parquet",
    "margins.parquet",
    "reasons.parquet",
    "evidence.parquet",
    "funnel.json",
    "run.json",
    "protocol.yaml",
}
SINCE = {"not_known.json"}
"""Files that a run has had since the first folder was made."""


def runs(earlier: Earlier) -> dict[str, Path]:
    """Unpack every run; give its folder by its name."""
    tops = {name.partition("/")[0] for name in earlier.facts["prescreens"]}
    folders = {top: earlier.unpacked(f"prescreen-{top}") for top in tops}
    return {
        name: folders[name.partition("/")[0]].parent / name for name in earlier.facts["prescreens"]
    }


def test_feasibility_counts_what_it_counted(earlier: Earlier, gradatim: Command) -> None:
    """People, and of each criterion how many fail it, leave it open, pass it."""
    for name, run in runs(earlier).items():
        assert {one.name for one in run.iterdir()} - SINCE == FILES
        code, output = gradatim("feasibility", run, "--suppress", "0", "--json")
        assert code == 0, output
        now, then = counted(json.loads(output)), earlier.facts["prescreens"][name]
        assert now == then


def test_the_counts_are_those_of_the_verdicts(earlier: Earlier) -> None:
    """Counted here from the columns, without gradatim.

    0 is false, 1 unknown, 2 true; whom an exclusion criterion is true of fails it.
    """
    for name, run in runs(earlier).items():
        then, verdicts = earlier.facts["prescreens"][name], pq.read_table(run / "verdicts.parquet")
        assert verdicts.num_rows == then["people"]["screened"]
        status = verdicts["status"].to_pylist()
        assert status.count("ineligible") == then["people"]["excluded"]
        funnel = json.loads((run / "funnel.json").read_text("utf-8"))
        for one in funnel["criteria"]:
            truths = (0, 1, 2) if one["category"] == "inclusion" else (2, 1, 0)
            column = verdicts[one["id"]].to_pylist()
            assert [column.count(truth) for truth in truths] == then["criteria"][one["id"]]


def test_the_page_is_made(earlier: Earlier, gradatim: Command) -> None:
    for name, run in runs(earlier).items():
        page = earlier.work / "page.html"
        code, output = gradatim("feasibility", run, "-o", page)
        assert code == 0, output
        protocol = json.loads((run / "run.json").read_text("utf-8"))["protocol"]["id"]
        assert protocol in page.read_text("utf-8"), name
