"""Whoever sends or takes slowly, straight at the application's own port."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from gradatim.web.operations.healthcheck import health_fault
from tests.waiting import wait_until
from tests.web.operations.installed import Installation, Serving

HALF = {
    "the first line": b"GET /sign-in/ HT",
    "the headers": b"GET /sign-in/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "a form": (
        b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nuser"
    ),
    "a document": (
        b"POST /api/events HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
    ),
}


def place_of(server: Serving) -> tuple[str, int]:
    host, _, port = server.address.removeprefix("http://").rpartition(":")
    return host, int(port)


@pytest.mark.parametrize("what", HALF)
def test_half_a_request_holds_no_thread(small: Installation, what: str):
    """Three times as many of them as there are threads; each is put out, others are answered."""
    small.begin()
    small.more["GRADATIM_CLIENT_SECONDS"] = "1"
    with small.served(workers=1) as server, ExitStack() as open_:
        slow = []
        for _ in range(12):
            one = open_.enter_context(socket.create_connection(place_of(server)))
            one.sendall(HALF[what])
            slow.append(one)
        wait_until(lambda: health_fault(place_of(server)[1], {}) == "", "an answer to others")
        for one in slow:
            one.settimeout(60)
            while one.recv(4096):  # what it is told, if anything, and then the end
                pass
    assert '"level": "error"' not in small.log.read_text()


def test_a_byte_now_and_then_is_no_request(small: Installation):
    """The time is for all of it, not between one byte and the next."""
    small.begin()
    small.more["GRADATIM_CLIENT_SECONDS"] = "1"
    with small.served(workers=1) as server:
        slow = socket.create_connection(place_of(server))
        slow.sendall(b"GET /sign-in/ HTTP/1.1\r\nX-Slow: ")

        def put_out() -> bool:
            try:
                slow.sendall(b"x")
                slow.setblocking(False)
                return slow.recv(1) == b""
            except BlockingIOError:
                return False
            except OSError:
                return True
            finally:
                slow.setblocking(True)

        wait_until(put_out, "the end of a connection")
        slow.close()


def test_a_request_that_comes_in_pieces_is_answered(small: Installation, tmp_path: Path):
    """Within the time that it has."""
    small.begin()
    with small.served(workers=1) as server, socket.create_connection(place_of(server)) as one:
        for piece in (b"GET /hea", b"lthz HTTP/1.1\r\nHo", b"st: localhost\r\n\r\n"):
            one.sendall(piece)
        assert answer_of(one).startswith(b"HTTP/1.1 200")
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer_of(one).startswith(b"HTTP/1.1 200")


def answer_of(connection: socket.socket) -> bytes:
    """Return an answer, whose head and body may come apart."""
    came = b""
    while not came.endswith(b'{"status": "ok"}'):
        more = connection.recv(4096)
        assert more, came
        came += more
    return came
