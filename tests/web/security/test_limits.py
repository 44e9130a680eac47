"""ASVS V2.4 and V15.1: how often somebody may ask, counted by all processes together."""

import multiprocessing

import pytest
from django.test import Client

from gradatim.core.errors import UnusableInput
from gradatim.web.configuration import configuration
from gradatim.web.live_trial import Running
from gradatim.web.operations.smoke_test import Visitor
from gradatim.web.rate_limiter import COUNTS, SLOTS, Count, Counts
from tests.web.conftest import PASSWORD, state
from tests.web.operations.conftest import small  # noqa: F401
from tests.web.operations.installed import Installation
from tests.web.security.attacks import event_form, treated
from tests.web.security.test_data import GOOD


@pytest.fixture(autouse=True)
def uncounted():
    COUNTS.forget()


def told(client: Client, path: str, times: int) -> list[int]:
    return [client.get(path).status_code for _n in range(times)]


def test_a_user_who_asks_too_much_has_to_wait(app: Running, signed_in, settings):
    """One user in all sessions together; others go on, and the time to wait is told."""
    settings.REQUESTS_PER_MINUTE = 3
    here, there = signed_in("nurse.S01.1"), signed_in("nurse.S01.1")
    assert told(here, "/", 2) + told(there, "/account/", 2) == [200, 200, 200, 429]
    refused = here.get("/participants/")
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 121
    assert f"Wait {refused['Retry-After']} second" in refused.content.decode()
    assert treated(app).id not in refused.content.decode()
    assert signed_in("nurse.S02.1").get("/").status_code == 200
    assert here.get("/static/gradatim/gradatim.css").status_code == 200


def test_records_have_a_limit_of_their_own(app: Running, signed_in, settings, caplog):
    """What was refused is not recorded, is logged, and pages are read meanwhile."""
    settings.WRITES_PER_MINUTE = 2
    client, before = signed_in("nurse.S01.1"), state(app).position
    sent = []
    for n in range(3):
        path, said = event_form(app, request=f"limit-{n}")
        sent.append(client.post(path, said).status_code)
    assert sent == [302, 302, 429]
    assert state(app).position == before + 2
    line = next(one for one in caplog.records if one.name == "gradatim.limits")
    assert (line.user, line.levelname) == ("nurse.S01.1", "WARNING")
    assert client.get("/participants/").status_code == 200


def test_an_upload_and_an_export_count_as_records(app: Running, signed_in, settings):
    settings.WRITES_PER_MINUTE = 1
    client = signed_in("data.1")
    assert client.post("/audit/export/", {"recipient": "sponsor"}).status_code == 200
    assert client.post("/audit/proof/", {}).status_code == 429
    assert client.put("/nowhere/").status_code == 429


def test_strangers_are_counted_by_their_address(app: Running, settings):
    """With five times as much: a hospital often has one address for all."""
    settings.REQUESTS_PER_MINUTE, settings.WRITES_PER_MINUTE = 4, 2
    guess = {"username": "nobody", "password": PASSWORD}
    sent = [
        Client().post("/sign-in/", guess | {"username": f"n{n}"}).status_code for n in range(11)
    ]
    assert sent == [422] * 10 + [429]
    assert told(Client(), "/sign-in/", 10) == [200] * 9 + [429]
    assert Client(REMOTE_ADDR="192.0.2.7").get("/sign-in/").status_code == 200


@pytest.mark.slow
def test_work_as_usual_is_far_from_the_limit():
    """Fifty users from one address, each asking every five seconds, a fifth of it records."""
    counts = Counts()
    for n in range(120):
        for user in range(50):
            now = 1_000 + 5.0 * n + user / 50
            assert counts.wait(f"user-{user}", 240, now) == 0
            assert n % 5 or counts.wait(f"user-{user}-writes", 60, now) == 0


def test_the_last_minute_counts_wherever_it_begins():
    """Not twice as much around the turn of a minute; and the wait that is told is enough."""
    counts = Counts()
    assert [counts.wait("one", 10, 59.9) for _n in range(10)] == [0] * 10
    assert counts.wait("one", 10, 59.9) > 0
    wait = counts.wait("one", 10, 60.1)
    assert 1 <= wait <= 7
    assert counts.wait("one", 10, 60.1 + wait) == 0
    assert [counts.wait("two", 1, at) > 0 for at in (0.0, 30.0, 61.0, 120.0)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("before", [0, 3, 10])
@pytest.mark.parametrize("during", [0, 1, 9, 10])
@pytest.mark.parametrize("gone", [0.0, 0.5, 0.999])
def test_the_wait_that_is_told_is_enough(before: int, during: int, gone: float):
    count = Count(1, 7, before, during)
    wait = count.wait(10, gone)
    later = 7 + gone + wait / 60
    assert count.at(int(later)).wait(10, later - int(later)) == 0
    assert wait <= 121


def _ask(counts: Counts, times: int, went: list[int]) -> None:
    went[:] = [counts.wait("one", 100, 5.0) for _n in range(times)]


def test_processes_count_together():
    """Forked from one, as the workers are: no more than the limit for all of them, none lost."""
    counts, fork = Counts(), multiprocessing.get_context("fork")
    ran = [fork.Process(target=_ask, args=(counts, 20, [])) for _n in range(4)]
    for one in ran:
        one.start()
    for one in ran:
        one.join()
    left = [counts.wait("one", 100, 5.0) for _n in range(21)]
    assert left[:20] == [0] * 20
    assert left[20] > 0


def test_more_keys_than_places_let_go_of_the_oldest():
    counts = Counts()
    for n in range(SLOTS):
        counts.wait(f"old-{n}", 5, 0.0)
    assert [counts.wait("new", 1, 600.0) > 0 for _n in range(2)] == [False, True]


@pytest.mark.parametrize("said", ["9", "0", "-5", "many", "1e3", "٣٠٠٠"])
@pytest.mark.parametrize("name", ["GRADATIM_REQUESTS_PER_MINUTE", "GRADATIM_WRITES_PER_MINUTE"])
def test_no_limit_is_no_setting(name: str, said: str):
    with pytest.raises(UnusableInput, match=name):
        configuration(GOOD | {name: said})


def test_the_limits_can_be_set():
    usual = configuration(GOOD)
    assert (usual.requests, usual.writes) == (240, 60)
    more = {"GRADATIM_REQUESTS_PER_MINUTE": "500", "GRADATIM_WRITES_PER_MINUTE": "90"}
    set_ = configuration(GOOD | more)
    assert (set_.requests, set_.writes) == (500, 90)


@pytest.mark.slow
def test_the_workers_of_a_server_count_together(small: Installation):  # noqa: F811
    """Served as it is installed: three workers let through what one would."""
    small.begin()
    small.more["GRADATIM_REQUESTS_PER_MINUTE"] = "10"
    with small.served(workers=3) as server:
        came = [Visitor(server.address).ask("/sign-in/").status for _n in range(60)]
        assert came == [200] * 50 + [429] * 10
        assert Visitor(server.address).ask("/healthz").status == 200
