"""A network on the way to a PostgreSQL, which a test can let swallow everything, or cut."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Passes bytes on between a port of this machine and the socket of a server.

    Args:
        host: the folder of the server's socket.
    """

    def __init__(self, host: str) -> None:
        self.path = f"{host}/.s.PGSQL.5432"
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.ways: dict[socket.socket, socket.socket] = {}
        self.swallows = self.is_cut = self.ended = False
        self.woken, self._wake = socket.socketpair()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def swallow(self) -> None:
        """Take what comes and pass nothing on, as a network that lost its way or a hung server."""
        self.swallows = True

    def cut(self) -> None:
        """Close every connection and refuse new ones, as a server that is down."""
        self.is_cut = True
        self._poke()

    def mend(self) -> None:
        """Be a network again; connections that were swallowed are lost."""
        self._poke(drop=True)
        self.swallows = self.is_cut = False

    def drop(self) -> None:
        """Close every connection; new ones are passed on."""
        self._poke(drop=True)

    def _poke(self, drop: bool = False) -> None:
        done = threading.Event()
        self._asked = (drop or self.is_cut, done)
        self._wake.send(b"x")
        done.wait(10)

    def end(self) -> None:
        self.ended = True
        self._poke(drop=True)
        self.thread.join()
        self.listening.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as self.waiting:
            self.waiting.register(self.listening, selectors.EVENT_READ)
            self.waiting.register(self.woken, selectors.EVENT_READ)
            while not self.ended:
                for key, _ in self.waiting.select():
                    self._one(key.fileobj)

    def _one(self, came: object) -> None:
        assert isinstance(came, socket.socket)
        if came is self.woken:
            self.woken.recv(1)
            drop, done = self._asked
            for one in list(self.ways) if drop else []:
                self._close(one)
            done.set()
        elif came is self.listening:
            self._accept()
        elif came in self.ways:
            self._pass_on(came)

    def _accept(self) -> None:
        client, _ = self.listening.accept()
        if self.is_cut:
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.path)
        self.ways |= {client: server, server: client}
        for one in (client, server):
            self.waiting.register(one, selectors.EVENT_READ)

    def _pass_on(self, came: socket.socket) -> None:
        said = b""
        with suppress(OSError):
            said = came.recv(65536)
        if not said:
            self._close(came)
        elif not self.swallows:
            with suppress(OSError):
                self.ways[came].sendall(said)

    def _close(self, one: socket.socket) -> None:
        other = self.ways.pop(one, None)
        if other is None:
            return
        self.ways.pop(other, None)
        for each in (one, other):
            self.waiting.unregister(each)
            each.close()


@contextmanager
def relay(host: str) -> Iterator[Relay]:
    """Give a relay to a server, until the block ends."""
    made = Relay(host)
    try:
        yield made
    finally:
        made.end()
