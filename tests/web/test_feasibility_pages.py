"""The page of feasibility: what is asked, where it is refused, what is never shown."""

import json
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.http import QueryDict
from typer.testing import CliRunner

from gradatim.cli.main import app as command
from gradatim.conduct.access import SEES
from gradatim.screening.feasibility.count import funnel
from gradatim.screening.feasibility.movable_limits import grid
from gradatim.screening.feasibility.question import question
from gradatim.web.live_trial import Running
from gradatim.web.views.feasibility import funnel_shown, open_run
from gradatim.web.views.feasibility_asked import Said, movable_limits, read_question
from tests.markup import markup
from tests.web.browser import IN_BROWSER, Person, launched

browser = pytest.fixture(scope="module")(launched)
MOVED = ("I0:age:18", "15")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A folder with one run, of a made-up warehouse."""
    root = tmp_path_factory.mktemp("prescreen")
    made = CliRunner().invoke(
        command,
        ["synthetic", "-o", str(root / "warehouse"), "--people", "3000", "--candidates", "0.3"],
    )
    assert made.exit_code == 0, made.output
    ran = CliRunner().invoke(
        command,
        [
            "prescreen",
            "nct05962762",
            f"parquet:{root / 'warehouse'}",
            "-o",
            str(root / "runs" / "first"),
        ],
    )
    assert ran.exit_code == 0, ran.output
    return root / "runs"


@pytest.fixture
def folder(root: Path, tmp_path: Path, settings) -> Path:
    """The folder of runs that the operator named; a copy, to be damaged at will."""
    shutil.copytree(root, tmp_path / "runs")
    settings.PRESCREEN = tmp_path / "runs"
    return tmp_path / "runs"


def ask(folder: Path, **said) -> tuple[Said, dict[str, str]]:
    run = open_run(folder / "first")
    sent = QueryDict(mutable=True)
    for name, value in said.items():
        sent.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    return read_question(run.document.study, run.files, sent)


def test_the_counts_are_those_of_the_command(folder):
    """The page counts as `gradatim feasibility` does, for the run as it was and asked otherwise."""
    run = open_run(folder / "first")
    assert funnel_shown(run, Said()) == funnel(run.files, run.document, None, 5)
    other = (
        next(one for one in run.document.study.criteria if one.id == "E10c").alternatives[0].name
    )
    said = Said(("I1a",), (("E10c", other),), (MOVED,))
    wanted = question(
        run.document.study, run.files.readings, said.without, dict(said.readings), dict(said.limits)
    )
    assert funnel_shown(run, said) == funnel(run.files, run.document, wanted, 5)


def test_every_number_in_every_table_is_one_that_may_be_shown(app: Running, signed_in, folder):
    """Every count is a multiple of five or said to be fewer than five or ten."""
    text = signed_in("sponsor.1").get("/feasibility/", {"limit-" + MOVED[0]: MOVED[1]})
    found = markup(text).split('id="found"')[1]
    cells = re.findall(r'<td class="n">([^<]*)</td>', found)
    assert len(cells) > 100
    for cell in cells:
        shown = cell.replace("&lt;", "<").replace(",", "")
        assert shown in ("<5", "<10") or int(shown) % 5 == 0, cell


def test_nobody_is_listed(app: Running, signed_in, folder):
    """No identifier of a person of the run stands on the page, nor where the run came from."""
    for name in ("verdicts", "margins", "reasons"):
        path = folder / "first" / f"{name}.parquet"
        table = pq.read_table(path)
        at = table.column_names.index("person_id")
        people = [f"pseudonym{n:06}" for n in range(table.num_rows)]
        pq.write_table(table.set_column(at, "person_id", [people]), path)
    response = signed_in("sponsor.1").get("/feasibility/")
    assert response.status_code == 200
    text = markup(response)
    assert "pseudonym" not in text
    assert str(folder) not in text
    source = json.loads((folder / "first" / "run.json").read_text())["source"]
    assert source not in text


def test_every_chart_has_its_table(app: Running, signed_in, folder):
    """A place for each picture, and as many tables beside them."""
    text = markup(signed_in("sponsor.1").get("/feasibility/"))
    drawn = set(re.findall(r'data-chart="([^"]+)"', text))
    script = re.search(r'<script id="charts"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert script
    charts = json.loads(script[1])
    assert set(charts) <= drawn
    for place in text.split('data-chart="')[1:]:
        assert "<table>" in place.split("data-chart=")[0]


def test_a_slider_for_every_limit_that_can_be_moved(app: Running, signed_in, folder):
    """Each begins at the limit itself, and every step of it can be asked."""
    run = open_run(folder / "first")
    text = markup(signed_in("sponsor.1").get("/feasibility/"))
    known = movable_limits(run.document.study, run.files)
    assert len(known) > 5
    for one in known:
        said = re.search(
            rf'name="limit-{re.escape(one.column)}" min="([^"]+)" max="([^"]+)" '
            r'step="([^"]+)" value="([^"]+)"',
            text,
        )
        assert said
        low, high, step, value = map(float, said.groups())
        steps = grid(one)
        assert (low, high, value) == (min(steps), max(steps), steps[0])
        at = [low + k * step for k in range(len(steps))]
        assert at == pytest.approx(sorted(steps))
        for number in steps[1:]:
            said_so, faults = ask(folder, **{f"limit-{one.column}": f"{number:.10g}"})
            assert not faults
            assert said_so.limits == ((one.column, repr(float(number))),)


def test_what_was_left_as_it_is_is_no_question(folder):
    """A form sent untouched asks for the run as it was."""
    run = open_run(folder / "first")
    sent = {
        f"limit-{one.column}": f"{one.limit.number:.10g}"
        for one in movable_limits(run.document.study, run.files)
    }
    sent |= {f"reading-{one.id}": "" for one in run.document.study.criteria}
    assert ask(folder, run="first", **sent) == (Said(), {})


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"limit-I0:age:18": "17.9"}, "limit-I0:age:18"),
        ({"limit-I0:age:18": "19"}, "limit-I0:age:18"),
        ({"limit-I0:age:18": "nan"}, "limit-I0:age:18"),
        ({"limit-I0:age:18": "1e400"}, "limit-I0:age:18"),
        ({"limit-I0:age:18": "17", "without": "I0"}, "limit-I0:age:18"),
        ({"limit-I0:age:18": "17", "limit-I0:age:65": "66"}, "limit-I0:age:65"),
        ({"limit-none": "1"}, "limit-none"),
        ({"without": "E99"}, "without"),
        ({"reading-I0": "no such"}, "reading-I0"),
        ({"reading-E99": "literal"}, "reading-E99"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_field(app, signed_in, folder, said, field):
    """Only steps of the grid can be asked; the words stand at the field, and the run as it was."""
    assert list(ask(folder, **said)[1]) == [field]
    response = signed_in("statistics.1").get("/feasibility/", said)
    assert response.status_code == 422
    text = markup(response)
    assert 'role="alert"' in text
    assert "Asked:" not in text
    by_script = signed_in("statistics.1").get("/feasibility/", said, headers={"HX-Request": "true"})
    assert by_script.status_code == 200


def test_all_criteria_cannot_be_left_out(folder):
    run = open_run(folder / "first")
    _said, faults = ask(folder, without=[one.id for one in run.document.study.criteria])
    assert list(faults) == ["without"]


def test_a_run_made_anew_is_read_anew(app: Running, signed_in, folder):
    """What was counted is kept only as long as the files are the same."""
    client = signed_in("statistics.1")
    before = markup(client.get("/feasibility/"))
    path = folder / "first" / "verdicts.parquet"
    for name in ("verdicts", "margins", "reasons"):
        path = folder / "first" / f"{name}.parquet"
        pq.write_table(pq.read_table(path).slice(0, 1000), path)
    after = markup(client.get("/feasibility/"))
    assert "1,000" in after.split('id="ask"')[0]
    assert "1,000" not in before.split('id="ask"')[0]


@pytest.mark.parametrize("damage", ["parquet", "protocol", "sha", "json"])
def test_a_damaged_run_is_told(app: Running, signed_in, folder, damage):
    """The page says that it cannot be read, without a path, and nothing is broken."""
    run = folder / "first"
    if damage == "parquet":
        (run / "verdicts.parquet").write_bytes(b"no such thing")
    elif damage == "protocol":
        (run / "protocol.yaml").write_text("study: [")
    elif damage == "json":
        (run / "run.json").write_text("[]")
    else:
        said = json.loads((run / "run.json").read_text())
        said["protocol"]["sha256"] = "0" * 64
        (run / "run.json").write_text(json.dumps(said))
    response = signed_in("statistics.1").get("/feasibility/")
    assert response.status_code == 422
    text = markup(response)
    assert "cannot be read" in text
    assert str(folder) not in text


def test_a_run_of_another_protocol_is_marked(app: Running, signed_in, folder):
    text = markup(signed_in("statistics.1").get("/feasibility/"))
    assert "another protocol" not in text
    run = folder / "first"
    document = (run / "protocol.yaml").read_text() + "\n# written anew\n"
    (run / "protocol.yaml").write_text(document)
    said = json.loads((run / "run.json").read_text())
    del said["protocol"]["sha256"]
    (run / "run.json").write_text(json.dumps(said))
    text = markup(signed_in("statistics.1").get("/feasibility/"))
    assert "another protocol" in text


def test_without_a_run_the_page_says_how_to_make_one(app: Running, signed_in):
    text = markup(signed_in("statistics.1").get("/feasibility/"))
    assert "gradatim prescreen" in text


@pytest.mark.parametrize("name", ["..", "../runs/first", "/etc", "first/../first", "none"])
def test_only_runs_of_the_folder_are_opened(app: Running, signed_in, folder, name):
    text = markup(signed_in("statistics.1").get("/feasibility/", {"run": name}))
    assert "gradatim prescreen" in text


def test_a_run_is_asked_otherwise(app: Running, signed_in, folder):
    """The page says what was asked, beside other counts."""
    client = signed_in("statistics.1")
    plain = markup(client.get("/feasibility/"))
    other = markup(client.get("/feasibility/", {"without": ["I0", "I1a"]}))
    assert other.split('id="found"')[1] != plain.split('id="found"')[1]
    assert "without I0" in other
    assert "without I0" not in plain


def test_a_folder_that_is_not_there_holds_no_runs(app: Running, signed_in, settings, tmp_path):
    settings.PRESCREEN = tmp_path / "nowhere"
    response = signed_in("statistics.1").get("/feasibility/")
    assert response.status_code == 200
    assert "GRADATIM_PRESCREEN" in markup(response)


@pytest.mark.parametrize(
    ("user", "role"),
    [
        ("statistics.1", "statistician"),
        ("nurse.S01.1", "nurse"),
        ("pharmacist.S01.1", "pharmacist"),
        ("committee.1", "safety_committee"),
        ("coordinator.S01.1", "coordinator"),
    ],
)
def test_only_those_who_may_see_counts_see_it(app: Running, signed_in, folder, user, role):
    wanted = 200 if role in SEES["feasibility"] else 404
    assert signed_in(user).get("/feasibility/").status_code == wanted


class TestInABrowser:
    """A slider moved, a criterion left out: counts and pictures follow."""

    pytestmark = IN_BROWSER

    def test_counts_and_pictures_follow(self, app, transactional_db, browser, live_server, folder):
        person = Person(browser, live_server.url, "statistics.1")
        person.go("/feasibility/")
        page = person.page
        page.wait_for_selector("[data-chart=funnel] svg")
        page.focus(f"[name='limit-{MOVED[0]}']")
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("#head .banner:has-text('Asked')")
        page.wait_for_selector("[data-chart=funnel] svg")
        assert "I0:age:18" in page.inner_text("#head")
        page.focus("[name='limit-I0:age:65']")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(".fault p")
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("#head .banner:has-text('Asked')")
        assert page.locator(".fault p").count() == 0
        person.close()

    def test_it_works_without_script(self, app, transactional_db, browser, live_server, folder):
        person = Person(browser, live_server.url, "statistics.1", java_script_enabled=False)
        person.go("/feasibility/")
        person.page.click("summary:has-text('As if a criterion')")
        person.page.check("[name=without][value=I1a]")
        assert "without I1a" in person.press("Count")
        person.close()

    @pytest.mark.parametrize("width", [390, 1280])
    def test_it_fits(self, app, transactional_db, browser, live_server, folder, width):
        person = Person(
            browser, live_server.url, "statistics.1", viewport={"width": width, "height": 900}
        )
        person.go("/feasibility/")
        person.page.wait_for_selector("[data-chart=funnel] svg")
        assert person.page.evaluate("document.documentElement.scrollWidth") <= width
        person.close()
