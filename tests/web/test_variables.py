"""Templates speak of nothing that their views do not pass: Django would leave it out in silence."""

import re
from collections import Counter
from typing import Any

import pytest
from django.template import engines

from scripts.web_pages import PAGES, prescreened, spoken_of
from tests.web.conftest import state

MARK = re.compile("¡([^!]*)!")
MAY_BE_ABSENT = {
    "row.value": "an empty row of results",
    "row.low": "an empty row of results",
    "row.high": "an empty row of results",
    "widget.attrs.id": "Django's own, of a part of a field",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with a prescreen run."""
    return prescreened(tmp_path_factory.mktemp("prescreen"))


@pytest.fixture
def marked(monkeypatch):
    """Mark what a template speaks of and is not there."""
    backend: Any = engines["django"]
    monkeypatch.setattr(backend.engine, "string_if_invalid", "¡%s!")


def test_every_page_is_given_what_its_template_speaks_of(app, signed_in, settings, runs, marked):
    settings.PRESCREEN = runs
    names = {**spoken_of(state(app)), "invitation": "none"}
    absent: Counter[str] = Counter()
    for user in filter(None, PAGES):
        client = signed_in(user)
        for path in (one.format(**names) for one in PAGES[user]):
            page = client.get(path).content.decode()
            absent.update(MARK.findall(page))
    assert set(absent) == set(MAY_BE_ABSENT), absent
