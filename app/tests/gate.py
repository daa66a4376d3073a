"""A gate between the service and Redis: open, shut, or with nothing that passes. So an outage needs no server to be killed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Gate:
    """Listens on a port of this machine and passes everything on to Redis, while it is open."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._passes = threading.Event()
        self._passes.set()
        self._ends: list[socket.socket] = []
        self._open(0)
        self.port = self._listener.getsockname()[1]

    def _open(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was shut
            while True:
                client, _ = listener.accept()
                redis = socket.create_connection(self._target)
                self._ends += [client, redis]
                for pair in ((client, redis), (redis, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passes.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nothing listens any more, and every connection ends."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    @contextlib.contextmanager
    def shut(self) -> Iterator[None]:
        """Within the block connections are refused, as if Redis were stopped."""
        self.close()
        try:
            yield
        finally:
            self._open(self.port)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Within the block connections are accepted and nothing passes, as if Redis were paused; afterwards everything does."""
        self._passes.clear()
        try:
            yield
        finally:
            self._passes.set()
