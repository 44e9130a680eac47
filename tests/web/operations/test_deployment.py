"""What is written for whoever installs it is true: names, checks, unit, container."""

import configparser
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gradatim.web import configuration, database, settings
from gradatim.web.accounts import breached
from tests.web.operations.installed import Installation

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
NAMES = re.compile(r"\b(?:GRADATIM_[A-Z_]+|DATABASE_URL)\b")


def blocks(kind: str) -> list[str]:
    """Give the examples of a kind on the page."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_variable_is_documented_and_no_other():
    """The table names what the settings read, and nothing that they do not."""
    sources = [Path(one.__file__ or "") for one in (configuration, settings, database, breached)]
    read = {
        name
        for source in sources
        for name in re.findall(r'"(GRADATIM_[A-Z_]+|DATABASE_URL)"', source.read_text())
    }
    assert len(read) >= 9
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)) == read


def test_the_examples_name_only_what_there_is():
    """Variables and commands in the page and in the container file."""
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    assert set(NAMES.findall(PAGE + CONTAINER)) <= table
    named = set(
        re.findall(
            r"gradatim (backup|restore|serve|database migrate|trial begin|"
            r"user invite|ledger verify|ledger checkpoint)",
            PAGE,
        )
    )
    assert len(named) == 8


@pytest.mark.slow
def test_the_checks_of_a_deployment_find_nothing(small: Installation):
    """`check --deploy` as it is run where it is installed."""
    small.more = {name: value for name, value in small.more.items() if "PLAIN" not in name}
    ran = small.python(
        "-m",
        "django",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        DJANGO_SETTINGS_MODULE="gradatim.web.settings",
        GRADATIM_BEHIND_PROXY="1",
        GRADATIM_HOSTS="trial.example.org",
    )
    assert ran.returncode == 0, ran.stderr
    assert "no issues (0 silenced)" in ran.stdout


@pytest.mark.slow
def test_behind_a_proxy_it_speaks_https_only(small: Installation):
    """Without the proxy's word everything but the health check is sent to HTTPS."""
    small.begin()
    small.more |= {
        "GRADATIM_PLAIN_HTTP": "0",
        "GRADATIM_BEHIND_PROXY": "1",
        "GRADATIM_HOSTS": "trial.example.org,127.0.0.1",
    }
    with small.served() as server:
        port = server.address.rpartition(":")[2]
        healthy = small.python("-m", "gradatim.web.operations.healthcheck", port)
        assert (healthy.returncode, healthy.stderr) == (0, "")
        asked = f"""
import http.client
def ask(**more):
    line = http.client.HTTPConnection("127.0.0.1", {port})
    line.request("GET", "/sign-in/", headers=dict({{"Host": "trial.example.org"}}, **more))
    came = line.getresponse()
    return came.status, came.getheader("Location", ""), came.getheader("Set-Cookie", "")
print(ask())
print(ask(**{{"X-Forwarded-Proto": "https"}}))
print(ask(Host="evil.example.org")[0])
"""
        lines = small.python("-c", asked).stdout.splitlines()
    assert lines[0].startswith("(301, 'https://trial.example.org/sign-in/'")
    assert "__Host-csrftoken" in lines[1]
    assert "Secure" in lines[1]
    assert lines[2] == "400"
    assert small.python("-m", "gradatim.web.operations.healthcheck", port).returncode == 1


def test_the_unit_is_one(tmp_path: Path):
    """The service of the page: what it starts is there, and systemd has no objection."""
    (text,) = blocks("ini")
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    assert parser["Service"]["ExecStart"].split()[1:3] == ["serve", "--host"]
    assert parser["Service"]["Type"] == "notify"
    program = Path(sys.executable).with_name("gradatim")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not on this system")
    unit = tmp_path / "gradatim.service"
    unit.write_text(
        text.replace("/opt/gradatim/bin/gradatim", str(program)).replace(
            "User=gradatim", "User=root"
        )
    )
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        text=True,
        capture_output=True,
        check=False,
    )
    assert "gradatim.service" not in ran.stderr, ran.stderr


def test_the_proxy_says_what_the_application_believes():
    """Both headers are set over what a browser sent, and its log holds no address."""
    (text,) = blocks("nginx")
    assert "proxy_set_header X-Forwarded-Proto https;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "access_log off;" in text
    assert text.count("{") == text.count("}")


def test_the_container_runs_without_rights_and_can_be_read_only():
    """Debian slim, a user that is not root, nothing written beside the volume, a health check."""
    last = CONTAINER.rpartition("FROM ")[2]
    bases = re.findall(r"^FROM (\S+)", CONTAINER, re.MULTILINE)
    assert len(set(bases)) == 1, "what is built and what runs are of one base"
    by_digest = r"docker\.io/library/python:3\.12\.\d+-slim-bookworm@sha256:[0-9a-f]{64}"
    assert re.fullmatch(by_digest, bases[0])
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert "PYTHONDONTWRITEBYTECODE=1" in last
    assert re.search(r"HEALTHCHECK .*\\\n +CMD \[.*gradatim\.web\.operations\.healthcheck", last)
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINER, re.MULTILINE):
        assert [one for one in copied.split() if not (ROOT / one).exists()] == []
    assert "--require-hashes" in CONTAINER


def test_the_package_holds_what_the_application_shows():
    """Pages, style, words in other languages and migrations lie within what is packed."""
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert packed["targets"]["wheel"]["packages"] == ["src/gradatim"]
    web = ROOT / "src" / "gradatim" / "web"
    for folder in ("templates", "static", "accounts/migrations", "accounts/templates"):
        assert list((web / folder).rglob("*.*"))
