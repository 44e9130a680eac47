"""The page by which a site takes its list of who is who."""

import csv
import io

import pytest

from gradatim.conduct.events.participants import IdentificationListExported
from gradatim.conduct.identification import COLUMNS
from gradatim.web.live_trial import Running
from tests.web.conftest import PASSWORD, state
from tests.web.test_erasure import NAME, registered

PATH = "/identification/S01/"


@pytest.mark.parametrize("user", ["investigator.S01.1", "coordinator.S01.1"])
def test_whoever_signs_is_given_the_list_and_that_is_recorded(app: Running, signed_in, user: str):
    number = registered(app, signed_in)
    client = signed_in(user)
    page = client.get(PATH).content.decode()
    assert NAME not in page, "what the page shows is not the list"
    answer = client.post(PATH, {"password": PASSWORD})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    name = f"identification-S01-{state(app).position}.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert tuple(lines[0]) == COLUMNS
    assert [number, NAME] in [line[:2] for line in lines]
    made = state(app).events[state(app).position]
    assert isinstance(made, IdentificationListExported)
    assert (made.recorded_by, made.site) == (user, "S01")
    assert made.participants == (number,), "the others were made up without keys"
    assert made.signature is not None
    assert user in client.get(PATH).content.decode()


@pytest.mark.parametrize("said", [{}, {"password": ""}, {"password": "wrong"}])
def test_without_a_signature_nothing_is_given_and_nothing_recorded(
    app: Running, signed_in, said: dict[str, str]
):
    registered(app, signed_in)
    at = state(app).position
    answer = signed_in("coordinator.S01.1").post(PATH, said)
    assert answer.status_code == 422
    assert NAME not in answer.content.decode()
    assert state(app).position == at


@pytest.mark.parametrize(
    "user",
    ["nurse.S01.1", "pharmacist.S01.1", "investigator.S02.1", "sponsor.1", "monitor.1", "data.1"],
)
def test_nobody_else_finds_it(app: Running, signed_in, user: str):
    at = state(app).position
    client = signed_in(user)
    assert client.get(PATH).status_code == 404
    assert client.post(PATH, {"password": PASSWORD}).status_code == 404
    assert PATH not in client.get("/participants/").content.decode()
    assert state(app).position == at


def test_each_site_has_a_link_to_its_own(app: Running, signed_in):
    page = signed_in("coordinator.S01.1").get("/participants/").content.decode()
    assert PATH in page
    assert "/identification/S02/" not in page
    assert signed_in("coordinator.S01.1").get("/identification/S09/").status_code == 404
