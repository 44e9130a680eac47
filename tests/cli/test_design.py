"""`gradatim design` and `next-dose`: documents, tables for people, and bad input."""

import json
from pathlib import Path

import pytest

TRIALS = Path(__file__).parents[2] / "trials"
RATES = "0.05,0.12,0.30,0.45,0.60"
BOIN = ("--design", "boin", "--target", "0.3")


def test_oc_writes_the_document_of_the_contract(run):
    """Exact figures of BOIN with five doses and ten cohorts of three."""
    ran = run("design", "oc", *BOIN, "--truth", RATES, "--cohort-size", "3", "--cohorts", "10",
              "--start", "1", "--json")  # fmt: skip
    found = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (found["schema"], found["design"], found["method"]) == ("gradatim.oc/1", "boin", "exact")
    assert (found["states"], found["error_bound"]) == (6564, 0.0)
    assert found["selection"] == pytest.approx([0.005118, 0.198753, 0.579432, 0.200263, 0.016222],
                                               abs=5e-7)  # fmt: skip
    assert found["none_selected"] == pytest.approx(0.000211, abs=5e-7)
    assert found["patients"] == pytest.approx([3.88, 8.50, 11.76, 4.99, 0.86], abs=0.005)
    assert found["expected_n"] == pytest.approx(29.9946, abs=5e-5)
    assert sum(found["dlts"]) == pytest.approx(found["expected_dlts"])
    assert found["seconds"] > 0
    assert "standard_error" not in found


def test_simulated_figures_have_standard_errors_and_follow_the_seed(run):
    """The same seed gives the same figures, whatever the number of threads."""
    ask = ("design", "oc", *BOIN, "--truth", RATES, "--method", "simulate", "--trials", "20000",
           "--seed", "7", "--json")  # fmt: skip
    one, two = (json.loads(run(*ask, "--threads", n).out) for n in (1, 2))
    other = json.loads(run(*ask[:-2], "8", "--json").out)
    assert one["method"] == "simulate"
    assert one["selection"] == two["selection"] != other["selection"]
    assert set(one["standard_error"]) >= {"selection", "patients", "dlts", "expected_n"}
    assert all(0 < error < 0.01 for error in one["standard_error"]["selection"])


def test_auto_says_which_method_it_took(run):
    """Eight doses and sixty participants are too many states for a few seconds."""
    ran = run("design", "oc", *BOIN, "--cohorts", "20", "--trials", "2000", "--json", "--truth",
              "0.02,0.05,0.1,0.2,0.3,0.4,0.5,0.6")  # fmt: skip
    assert json.loads(ran.out)["method"] == "simulate"


def test_time_is_the_protocols_unless_given(run):
    """With arrivals the length of the trial is told, with its spread."""
    ask = ("design", "oc", "--protocol", "nct05962762", "--truth", "0.05,0.1,0.2", "--arrivals",
           "14", "--trials", "2000", "--json")  # fmt: skip
    usual = json.loads(run(*ask).out)["days"]
    longer = json.loads(run(*ask, "--window", "84").out)["days"]
    assert usual["tenth"] < usual["median"] < usual["nine_tenths"]
    assert longer["median"] > usual["median"] + 56


def test_next_dose_gives_reasons_and_what_would_flip_it(run):
    """As a document."""
    found = json.loads(run("next-dose", "nct05962762", "1NNN 2NNT", "--json").out)
    assert (found["schema"], found["action"], found["dose"]) == ("gradatim.decision/1", "stay", 2)
    assert "1 of 3 participants at level 2" in found["reasons"][0]["text"]
    assert "Storer" in found["reasons"][0]["source"]
    assert found["distance_to_flip"] == [{"dlts": 1, "action": "stop", "dose": 1},
                                         {"dlts": -1, "action": "escalate", "dose": 3}]  # fmt: skip
    assert found["counts"][1] == {"level": 2, "n": 3, "dlts": 1, "pending": 0}


def test_next_dose_waits_for_pending_outcomes_and_shows_each(run):
    """Pending is never a guess."""
    found = json.loads(run("next-dose", "nct05962762", "1NNN 2NNP", "--json").out)
    assert found["action"] == "pending"
    assert [(one["outcomes"], one["action"]) for one in found["resolutions"]] == [
        ("1NNN 2NNN", "escalate"), ("1NNN 2NNT", "stay")]  # fmt: skip


def test_next_dose_reads_the_other_design(run):
    """Three per level, the reading that fits nine participants, holds after one of three."""
    found = json.loads(
        run("next-dose", "nct05962762", "1NNT", "--reading", "three_per_group", "--json").out
    )
    assert found["action"] == "hold"


def test_next_dose_for_people_names_level_basis_and_who_decides(run):
    """The label of the level, that the design is assumed, and that the committee decides."""
    out = " ".join(run("next-dose", "nct05962762", "1NNN 2NNN 3NNN").out.split())
    assert "Stop; level 3 is selected" in out
    assert "Highest administered: level 3, n = 3; not a recommended level" in out
    assert "High-dose group" in out
    assert "design assumed in the protocol. The committee decides." in out


def test_the_table_is_shown_written_and_read_back(run, tmp_path):
    """A written table is a design that decides the same."""
    path = tmp_path / "table.csv"
    ran = run("design", "table", *BOIN, "-o", path)
    assert "de-escalate and never give this dose" in ran.out
    own = run("design", "oc", "--table", path, "--target", "0.3", "--truth", RATES, "--json")
    boin = run("design", "oc", *BOIN, "--truth", RATES, "--json")
    assert json.loads(own.out)["selection"] == json.loads(boin.out)["selection"]


def test_paths_compare_and_calibrate_print_documents(run):
    """Each has its schema."""
    paths = json.loads(run("design", "paths", "--protocol", "nct05962762", "--json").out)
    assert paths["schema"] == "gradatim.paths/1"
    assert len(paths["steps"]) == 4 + 2 * 4
    compared = json.loads(run("design", "compare", "--protocol", "nct05962762", "--json").out)
    assert {one["design"] for one in compared["results"]} == {
        "three_plus_three", "three_plus_three_korn", "three_per_group"}  # fmt: skip
    tried = json.loads(run("design", "calibrate", *BOIN, "--levels", "3", "--vary",
                           "cutoff=0.85,0.95", "--json").out)  # fmt: skip
    assert len(tried["candidates"]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("oc", *BOIN, "--truth", RATES, "--worst-case", "0.1"),
        ("oc", *BOIN, "--truth", RATES, "--method", "simulate", "--trials", "500"),
        ("compare", "--design", "boin", "--design", "mtpi", "--target", "0.3", "--levels", "3"),
        ("paths", "1NNN", "--design", "three_plus_three_korn", "--levels", "3"),
        ("calibrate", *BOIN, "--levels", "3", "--vary", "cutoff=0.9", "--risk", "0.01"),
        ("decide", "1NNN 2NPP", "--design", "crm", "--target", "0.3", "--levels", "5"),
        ("table", "--design", "three_per_group"),
    ],
    ids=lambda words: words[0],
)
def test_tables_for_people(run, words):
    """They print, and name the design."""
    ran = run("design", *words)
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) > 4


FAULTS = {
    "a rate of 1": (("oc", *BOIN, "--truth", "0.1,0.2,1"), "level 3, 1, is not a rate"),
    "a falling curve": (("oc", *BOIN, "--truth", "0.1,0.4,0.3"), "fall from level 2 to level 3"),
    "no number": (("oc", *BOIN, "--truth", "0.1,x"), "'x' is not a number"),
    "no target": (("oc", "--design", "boin", "--truth", RATES), "needs a target"),
    "target": (("oc", "--design", "boin", "--target", "0.9", "--truth", RATES), "outside 0.05"),
    "no design": (("oc", "--truth", RATES), "no design is named"),
    "two designs": (("oc", *BOIN, "--protocol", "nct05962762", "--truth", RATES), "more than one"),
    "unknown": (("oc", "--design", "boim", "--truth", RATES), "there is no design 'boim'"),
    "cohort of 0": (("oc", *BOIN, "--cohort-size", "0", "--truth", RATES), "0 is not from 1"),
    "setting": (("oc", *BOIN, "--set", "cutof=0.9", "--truth", RATES), "no setting 'cutof'"),
    "whole": (("oc", *BOIN, "--set", "stop_at=2.5", "--truth", RATES),
              "cannot be '2.5'. Give a whole number"),
    "method": (("oc", *BOIN, "--method", "guess", "--truth", RATES), "no method 'guess'"),
    "levels": (("decide", "1NNN", *BOIN), "number of dose levels is not known"),
    "level 4 of 3": (("decide", "4NNN", *BOIN, "--levels", "3"), "'4NNN' is at level 4"),
    "skipping": (("decide", "1NNN 3NNN", *BOIN, "--levels", "3"), "skips a level"),
    "letters": (("decide", "1NXN", *BOIN, "--levels", "3"), "has the letter X"),
    "no table": (("table", "--design", "crm", "--target", "0.3"), "has no decision table"),
    "no file": (("oc", "--table", "nowhere.csv", "--truth", RATES), "nowhere.csv"),
    "vary": (("calibrate", *BOIN, "--levels", "3", "--vary", "color=1"), "cannot be varied"),
    "times": (("oc", *BOIN, "--window", "28", "--truth", RATES), "how often participants arrive"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "says"), FAULTS.values(), ids=FAULTS)
def test_bad_input_is_one_message(run, words, says):
    """Exit code 2, nothing on stdout, one line that says what."""
    ran = run("design", *words)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.strip().splitlines()) == 1
    assert says in ran.err


def test_a_protocol_whose_design_cannot_be_built_is_faulty(run, tmp_path):
    """`protocol check` builds every design, and names the line."""
    text = (TRIALS / "example_oncology_tablet" / "protocol.yaml").read_text(encoding="utf-8")
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace("design: boin", "design: boin\n    settings: {cutof: 0.9}"))
    ran = run("protocol", "check", path)
    assert ran.code == 1
    assert "a design has no setting 'cutof'" in ran.out
