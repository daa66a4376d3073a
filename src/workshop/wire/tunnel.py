"""A way to a Redis that is not published: through `docker exec`, byte by byte, so that a client from outside speaks to it as if it were inside."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from workshop.engine import engine
from workshop.engine.run import Run

PORT = 6379
GRACE = 2.0  # seconds in which the docker command ends by itself once nobody speaks any more
# Debian's images have bash, Alpine's have nc. When nobody speaks any more, the second `cat` ends, and then the first.
INSIDE = f"""if command -v bash >/dev/null; then
    exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{PORT} && {{ cat <&3 & cat >&3; kill $!; wait; }}' 2>/dev/null
fi
exec nc 127.0.0.1 {PORT}"""


def through(run: Run, container: str) -> socket.socket:
    """A socket whose other end is port 6379 inside a container. It ends with the run, at the latest."""
    mine, other = socket.socketpair()
    process = engine.talk("exec", "-i", container, "sh", "-c", INSIDE, keeper=run)
    for work in (_bring, functools.partial(_fetch, run)):
        threading.Thread(target=work, args=(process, other), daemon=True).start()
    return mine


def _bring(process: subprocess.Popen[bytes], other: socket.socket) -> None:
    """What Redis says, until it has ended."""
    assert process.stdout
    with contextlib.suppress(OSError):
        while said := os.read(process.stdout.fileno(), 65536):
            other.sendall(said)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)


def _fetch(run: Run, process: subprocess.Popen[bytes], other: socket.socket) -> None:
    """What the client says, until it has closed its end or Redis is gone; then the docker command ends."""
    assert process.stdin and process.stdout
    with contextlib.suppress(OSError):
        while said := other.recv(65536):
            process.stdin.write(said)
            process.stdin.flush()
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ValueError):  # the run has ended, and needs to be told nothing
        run.ended(process.pid)
    process.stdout.close()
    other.close()


def client(dial: Callable[[], socket.socket], **options: Any) -> Any:
    """A client of redis-py whose connections are made by `dial`."""
    import redis

    class Dialled(redis.Connection):
        def _connect(self) -> socket.socket:
            made = dial()
            made.settimeout(self.socket_timeout)
            return made

    return redis.Redis(connection_pool=redis.ConnectionPool(connection_class=Dialled, **options))
