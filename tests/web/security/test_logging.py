"""ASVS V16: what stands in the log, what does not, and what a fault tells."""

import json
import logging
import sys

import pytest
from django.test import Client
from django.urls import include, path

from gradatim.web.access import public
from gradatim.web.live_trial import Running
from gradatim.web.logs import Json
from gradatim.web.rate_limiter import COUNTS
from gradatim.web.views import faults
from tests.web.conftest import state
from tests.web.security.attacks import event_form, treated

SECRET = "Li Wei, born 1990-02-28"


@public
def breaking(request, about):
    """Fail as a fault of this program would, with somebody's name in the message."""
    raise LookupError(SECRET)


urlpatterns = [path("breaking/<str:about>/", breaking), path("", include("gradatim.web.urls"))]
handler500 = faults.broken


def lines(caplog) -> list[dict]:
    """Give what the log would say, line by line."""
    return [json.loads(Json().format(one)) for one in caplog.records]


def test_a_fault_tells_its_number_and_nothing_else(app: Running, settings, caplog):
    """To the user the number; to the log the places in the program; to neither the values."""
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    response = client.get("/breaking/S01-001/?name=Li")
    text, told = response.content.decode(), lines(caplog)
    assert response.status_code == 500
    number = next(one["request"] for one in told if one.get("route") == "breaking/<str:about>/")
    assert number in text
    assert not [word for word in ("LookupError", "Traceback", "Li Wei", ".py") if word in text]
    fault = next(one for one in told if one.get("error"))
    assert fault["error"] == "LookupError"
    assert "breaking" in fault["places"]
    assert not [word for word in ("Li Wei", "1990", "S01-001", "name=") if word in json.dumps(told)]
    assert response["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in response


def test_every_request_has_its_line_without_whom_it_is_about(app: Running, signed_in, caplog):
    one = treated(app)
    signed_in("nurse.S01.1").get(f"/participants/{one.id}/?language=x")
    line = next(said for said in lines(caplog) if said["logger"] == "gradatim.request")
    assert line["route"] == "participants/<str:id>/"
    assert (line["user"], line["status"], line["method"]) == ("nurse.S01.1", 200, "GET")
    assert line["at"].endswith("+00:00")
    assert one.id not in json.dumps(lines(caplog))


def test_what_was_refused_is_logged_with_who_tried(app: Running, signed_in, caplog):
    """Another site's participant, a page of another task, a forged form, an act not one's own."""
    there = treated(app, "S02")
    signed_in("nurse.S01.1").get(f"/participants/{there.id}/")
    signed_in("monitor.1").get("/record/DoseAdministered/?site=S01")
    Client(enforce_csrf_checks=True).post("/sign-in/", {})
    said = [
        (one["user"], one["status"], one["route"])
        for one in lines(caplog)
        if one["logger"] == "gradatim.request"
    ]
    assert said == [
        ("nurse.S01.1", 404, "participants/<str:id>/"),
        ("monitor.1", 404, "record/<str:event>/"),
        ("", 403, "sign-in/"),
    ]


def test_failed_attempts_to_sign_in_are_logged_without_what_was_typed(app: Running, caplog):
    said = {"username": "nurse.S01.1", "password": "not the right password"}
    Client().post("/sign-in/", said)
    told = lines(caplog)
    assert [one for one in told if "login failure" in one["message"] and one["level"] == "warning"]
    assert not [word for word in said.values() if word in json.dumps(told)]


def test_a_form_with_faults_says_nothing_of_them_in_the_log(app: Running, signed_in, caplog):
    path_, said = event_form(app, term=SECRET, onset=SECRET)
    assert signed_in("nurse.S01.1").post(path_, said).status_code == 422
    assert signed_in("nurse.S01.1").post(path_, said | {"onset": "2026-09-20"}).status_code == 302
    assert "Li Wei" not in json.dumps(lines(caplog))
    record = next(one for one in lines(caplog) if one["logger"] == "gradatim.record")
    assert (record["act"], record["outcome"], record["position"]) == (
        "AdverseEventReported",
        "recorded",
        state(app).position,
    )


@pytest.mark.parametrize(
    "said", ['a\nb{"level": "info"}', "\r\n", "\x1b[31m", "\u2028", '"', "\x00"]
)
def test_no_line_can_be_forged(said: str):
    """Whatever stands in a message, it is one line of JSON."""
    try:
        raise ValueError(said)
    except ValueError:
        fault = sys.exc_info()
    record = logging.LogRecord("gradatim", logging.INFO, "x", 1, "%s", (said,), fault)
    line = Json().format(record)
    assert len(line.split("\n")) == 1
    assert "\r" not in line
    assert "\x1b" not in line
    assert json.loads(line)["message"] == said


def test_nobody_sees_a_debugging_page(app: Running):
    from gradatim.web import settings as installed

    assert installed.DEBUG is False
    text = Client().get("/nothing/").content.decode()
    assert "urlpatterns" not in text
    assert "settings" not in text


def test_attempts_to_pass_the_controls_by_are_logged_with_who_tried(
    app: Running, signed_in, settings, caplog
):
    """Input that is refused, a page that is stale, too much, a method and a host there is not."""
    client = signed_in("nurse.S01.1")
    COUNTS.forget()
    path_, said = event_form(app)
    client.post(path_, said | {"onset": SECRET})
    client.post("/record/TrialStopped/", {})
    client.generic("TRACE", "/participants/")
    settings.WRITES_PER_MINUTE = 2
    client.post(path_, said)
    told = [
        (one["user"], one["status"], one["route"], one["method"])
        for one in lines(caplog)
        if one["logger"] == "gradatim.request"
    ]
    assert [one[:2] for one in told] == [
        ("nurse.S01.1", 422),
        ("nurse.S01.1", 404),
        ("", 405),
        ("nurse.S01.1", 429),
    ]
    assert told[0][2:] == ("record/<str:event>/", "POST")
    warned = [one for one in lines(caplog) if one["logger"] == "gradatim.limits"]
    assert [(one["user"], one["level"]) for one in warned] == [("nurse.S01.1", "warning")]
    assert "Li Wei" not in json.dumps(lines(caplog))
