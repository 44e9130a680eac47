"""`gradatim design` and `next-dose`: documents, tables for people, and bad input."""

import json
from pathlib import Path

import pytest

TRIALS = Path(__file__).parents[2] / "trials"
RATES = "0.05,0.12,0.30,0.45,0.60"
BOIN = ("--design", "boin", "--target", "0.3")


def test_oc_writes_the_document_of_the_contract(run):
    """Exact figures of BOIN with five doses and ten cohorts of three."""
    ran = run(
        "design",
        "oc",
        *BOIN,
        "--truth",
        RATES,
        "--cohort-size",
        "3",
        "--cohorts",
        "10",
        "--start",
        "1",
        "--json",
    )
    found = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (found["schema"], found["design"], found["method"]) == ("gradatim.oc/1", "boin", "exact")
    assert (found["states"], found["error_bound"]) == (6564, 0.0)
    assert found["selection"] == pytest.approx(
        [0.005118, 0.198753, 0.579432, 0.200263, 0.016222], abs=5e-7
    )
    assert found["none_selected"] == pytest.approx(0.000211, abs=5e-7)
    assert found["patients"] == pytest.approx([3.88, 8.50, 11.76, 4.99, 0.86], abs=0.005)
    assert found["expected_n"] == pytest.approx(29.9946, abs=5e-5)
    assert sum(found["dlts"]) == pytest.approx(found["expected_dlts"])
    assert found["seconds"] > 0
    assert "standard_error" not in found


def test_simulated_figures_have_standard_errors_and_follow_the_seed(run):
    """The same seed gives the same figures, whatever the number of threads."""
    ask = (
        "design",
        "oc",
        *BOIN,
        "--truth",
        RATES,
        "--method",
        "simulate",
        "--trials",
        "20000",
        "--seed",
        "7",
        "--json",
    )
    one, two = (json.loads(run(*ask, "--threads", n).out) for n in (1, 2))
    other = json.loads(run(*ask[:-2], "8", "--json").out)
    assert one["method"] == "simulate"
    assert one["selection"] == two["selection"] != other["selection"]
    assert set(one["standard_error"]) >= {"selection", "patients", "dlts", "expected_n"}
    assert all(0 < error < 0.01 for error in one["standard_error"]["selection"])


def test_auto_says_which_method_it_took(run):
    """Eight doses and sixty participants are too many states for a few seconds."""
    ran = run(
        "design",
        "oc",
        *BOIN,
        "--cohorts",
        "20",
        "--trials",
        "2000",
        "--json",
        "--truth",
        "0.02,0.05,0.1,0.2,0.3,0.4,0.5,0.6",
    )
    assert json.loads(ran.out)["method"] == "simulate"


def test_time_is_the_protocols_unless_given(run):
    """With arrivals the length of the trial is told, with its spread."""
    ask = (
        "design",
        "oc",
        "--protocol",
        "nct05962762",
        "--truth",
        "0.05,0.1,0.2",
        "--arrivals",
        "14",
        "--trials",
        "2000",
        "--json",
    )
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
    assert found["distance_to_flip"] == [
        {"dlts": 1, "action": "stop", "dose": 1},
        {"dlts": -1, "action": "escalate", "dose": 3},
    ]
    assert found["counts"][1] == {"level": 2, "n": 3, "dlts": 1, "pending": 0}


def test_next_dose_waits_for_pending_outcomes_and_shows_each(run):
    """Pending is never a guess."""
    found = json.loads(run("next-dose", "nct05962762", "1NNN 2NNP", "--json").out)
    assert found["action"] == "pending"
    assert [(one["outcomes"], one["action"]) for one in found["resolutions"]] == [
        ("1NNN 2NNN", "escalate"),
        ("1NNN 2NNT", "stay"),
    ]


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
        "three_plus_three",
        "three_plus_three_korn",
        "three_per_group",
    }
    tried = json.loads(
        run(
            "design", "calibrate", *BOIN, "--levels", "3", "--vary", "cutoff=0.85,0.95", "--json"
        ).out
    )
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
    "whole": (
        ("oc", *BOIN, "--set", "stop_at=2.5", "--truth", RATES),
        "cannot be '2.5'. Give a whole number",
    ),
    "method": (("oc", *BOIN, "--method", "guess", "--truth", RATES), "no method 'guess'"),
    "levels": (("decide", "1NNN", *BOIN), "number of dose levels is not known"),
    "level 4 of 3": (("decide", "4NNN", *BOIN, "--levels", "3"), "'4NNN' is at level 4"),
    "skipping": (("decide", "1NNN 3NNN", *BOIN, "--levels", "3"), "skips a level"),
    "letters": (("decide", "1NXN", *BOIN, "--levels", "3"), "has the letter X"),
    "no table": (("table", "--design", "crm", "--target", "0.3"), "has no decision table"),
    "no file": (("oc", "--table", "nowhere.csv", "--truth", RATES), "nowhere.csv"),
    "vary": (("calibrate", *BOIN, "--levels", "3", "--vary", "color=1"), "cannot be varied"),
    "another design's setting": (
        ("oc", "--design", "crm", "--target", "0.3", "--set", "cutoff=0.95", "--truth", RATES),
        "crm has no setting cutoff: it is a setting of boin,",
    ),
    "another design's, compared": (
        (
            "compare",
            "--design",
            "boin",
            "--design",
            "crm",
            "--target",
            "0.3",
            "--levels",
            "3",
            "--set",
            "cutoff=0.9",
        ),
        "crm has no setting cutoff",
    ),
    "another design's, varied": (
        (
            "calibrate",
            "--design",
            "crm",
            "--target",
            "0.3",
            "--levels",
            "3",
            "--vary",
            "cutoff=0.9",
        ),
        "--vary cutoff: crm has no setting cutoff",
    ),
    "3+3 in one cohort": (
        ("oc", "--design", "three_plus_three", "--cohorts", "1", "--truth", "0.1,0.2"),
        "cannot be kept to 1 cohorts",
    ),
    "a protocol's designs, compared otherwise": (
        ("compare", "--protocol", "nct05962762", "--cohorts", "20"),
        "are as it says",
    ),
    "a protocol's levels": (
        ("oc", "--protocol", "nct05962762", "--truth", RATES),
        "the protocol has 3 dose levels, not 5",
    ),
    "cohorts and another maximum": (
        ("oc", *BOIN, "--cohorts", "5", "--set", "maximum=30", "--truth", RATES),
        "not 30",
    ),
    "limit": (("oc", *BOIN, "--limit", "2", "--truth", RATES), "2 is not a rate"),
    "a wide prior": (
        ("oc", "--design", "blrm", "--set", "prior_sds=1000,1000", "--truth", RATES),
        "too wide",
    ),
    "a correlation of one": (
        ("oc", "--design", "blrm", "--set", "correlation=0.9999", "--truth", RATES),
        "too close to one",
    ),
    "not sound": (
        ("oc", *BOIN, "--set", "stop_too_toxic=0.2", "--truth", RATES),
        "the design boin is not sound",
    ),
    "not sound, compared": (
        ("compare", *BOIN, "--set", "stop_too_toxic=0.2", "--levels", "3"),
        "the design boin is not sound",
    ),
    "times": (("oc", *BOIN, "--window", "28", "--truth", RATES), "how often participants arrive"),
}


@pytest.mark.parametrize(("words", "says"), FAULTS.values(), ids=FAULTS)
def test_bad_input_is_one_message(run, words, says):
    """Exit code 2, nothing on stdout, one line that says what."""
    ran = run("design", *words)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.strip().splitlines()) == 1
    assert says in ran.err


def document(tmp_path, design, more=""):
    """Write the second trial's protocol with another design; give its path."""
    text = (TRIALS / "example_oncology_tablet" / "protocol.yaml").read_text(encoding="utf-8")
    path = tmp_path / f"{design}.yaml"
    path.write_text(text.replace("design: boin", f"design: {design}{more}"), encoding="utf-8")
    return path


def test_a_setting_of_another_design_is_a_fault_with_its_line(run, tmp_path):
    """Of a protocol; and what is asked of it is refused, not answered without the setting."""
    path = document(tmp_path, "crm", "\n    settings:\n      cutoff: 0.9\n      stop_at: 9")
    ran = run("protocol", "check", path)
    lines = path.read_text(encoding="utf-8").splitlines()
    for name in ("cutoff", "stop_at"):
        (number,) = [n for n, line in enumerate(lines, 1) if line.startswith(f"      {name}:")]
        assert f"{path}:{number}: crm has no setting {name}" in ran.out
    assert ran.code == 1
    ran = run("next-dose", path, "1TTTTTT")
    assert (ran.code, ran.out) == (2, "")
    assert f"{path}: safety.escalation.settings: crm has no setting cutoff" in ran.err


def test_a_protocol_that_never_escalates_is_not_sound(run, tmp_path):
    """A fault of the document; what comes next in a trial under way is answered, with a note."""
    path = document(tmp_path, "boin", "\n    settings: {stop_too_toxic: 0.2}")
    ran = run("protocol", "check", path)
    assert ran.code == 1
    assert "the design boin is not sound: a trial without any DLT stops at level 1" in ran.out
    found = json.loads(run("next-dose", path, "1NNT", "--json").out)
    assert any("not sound" in note for note in found["notes"])
    assert run("design", "oc", "--protocol", path, "--truth", RATES).code == 2


def test_a_model_in_a_protocol_has_the_hard_safety_rule(run, tmp_path):
    """Unless the document says off, which is a warning and a note."""
    ask = ("1NNN 2TTT 1NNN 1NNN", "--json")
    found = json.loads(run("next-dose", document(tmp_path, "crm"), *ask).out)
    assert (found["action"], found["dose"]) == ("stay", 1)
    off = document(tmp_path, "crm", "\n    settings: {safety: off}")
    found = json.loads(run("next-dose", off, *ask).out)
    assert (found["action"], found["dose"]) == ("escalate", 2)
    assert any("NO hard safety rule" in note for note in found["notes"])
    ran = run("protocol", "check", off)
    assert ran.code == 0
    assert "warning: no hard safety rule is on" in ran.out


def test_a_recommendation_holds_for_every_resolution(run):
    """Two pending can still make it three of twelve."""
    for outcomes, recommended in (("3NNNNNNTPP", False), ("3NNNNNNT", False), ("3NNNNNNTNN", True)):
        ran = run(
            "next-dose", "example_oncology_tablet", f"1NNN 2NNN 3NNN 4TTT {outcomes}", "--json"
        )
        found = json.loads(ran.out)
        assert (found["action"], found["dose"]) == ("stop", 3)
        assert found["recommendation"]["recommended"] is recommended


@pytest.mark.parametrize("outcomes", ["1NNN 2NNN 3NNN 2NN", "1NNN 2NNN 2NN 3N", "1NNN 2NNN 3NNN"])
def test_a_history_beyond_the_maximum_is_answered(run, outcomes):
    """Six were planned."""
    found = json.loads(
        run("design", "decide", *BOIN, "--levels", "3", "--cohorts", "2", outcomes, "--json").out
    )
    assert found["action"] == "stop"
    assert any("although the design had ended" in note for note in found["notes"])


def test_cohorts_go_before_a_protocols_maximum(run):
    """Five cohorts of three are fifteen participants, of a protocol that plans thirty."""
    ran = run(
        "design",
        "oc",
        "--protocol",
        "example_oncology_tablet",
        "--cohorts",
        "5",
        "--truth",
        RATES,
        "--json",
    )
    assert max(map(int, json.loads(ran.out)["sizes"])) == 15


def test_a_protocol_whose_design_cannot_be_built_is_faulty(run, tmp_path):
    """`protocol check` builds every design, and names the line."""
    text = (TRIALS / "example_oncology_tablet" / "protocol.yaml").read_text(encoding="utf-8")
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace("design: boin", "design: boin\n    settings: {cutof: 0.9}"))
    ran = run("protocol", "check", path)
    assert ran.code == 1
    assert "a design has no setting 'cutof'" in ran.out
