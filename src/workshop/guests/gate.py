"""Connects to containers for somebody who is on none of their networks. Standard library only.

`python -IS gate.py SOCKET` runs in a container on the engine's own network (`network_mode: host`), from which the address of every container is
reached. Who connects to the socket and writes `ADDRESS PORT` and a line end gets the connection itself, as a file descriptor beside one byte;
or nothing, if nobody listens there.
"""

import contextlib
import socket
import sys
import threading
from pathlib import Path

LIMIT = 10.0  # seconds for a connection


def answer(asking: socket.socket) -> None:
    """One connection, asked for and handed over."""
    with asking, contextlib.suppress(OSError, ValueError):
        asking.settimeout(LIMIT)
        with asking.makefile("r") as lines:
            address, port = lines.readline().split()
        with socket.create_connection((address, int(port)), LIMIT) as found:
            socket.send_fds(asking, [b"+"], [found.fileno()])


def serve(path: str) -> None:
    """Answers on a socket of this path, without end."""
    Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        Path(path).chmod(0o666)  # only those who mount its folder see it
        server.listen(128)
        while True:
            threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    serve(sys.argv[1])
