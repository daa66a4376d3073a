"""A client of a stream of events, as `GET /feed` sends them: it listens in the background while a check does other things."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from typing import Any

from workshop.patience import until
from workshop.runtimes.contract import Service
from workshop.wire.probe import RedisProbe

FIELDS = (":", "event:", "id:", "retry:", "data\n")  # what a line may begin with that has no data
CONNECT_LIMIT = 5.0  # seconds in which the connection must be there


class Listener:
    """Listens to server-sent events (`data: …`, then an empty line) until it is closed, or until the service ends the stream.

    `heard` are the events so far, each as the JSON or else the text that it is, `unended` are the data lines that no empty line has followed yet, `status` and `media` are those of the answer once it has begun, `odd` is a line
    that belongs to no event, `has_ended` says whether the stream is over, and `silent` for how many seconds no event has come; what only shows that the service is alive is none.
    """

    def __init__(self, service: Service, path: str) -> None:
        self.heard: list[Any] = []
        self.unended: list[str] = []
        self.status: int | None = None
        self.media = ""
        self.has_ended = False
        self.odd = ""
        self._last = time.monotonic()
        self.asked = f"curl -N {service.url}{path}"
        service.noted(self.asked)
        self._connection = http.client.HTTPConnection(service.host, service.port, timeout=CONNECT_LIMIT)
        self._socket: socket.socket | None = None
        threading.Thread(target=self._listen, args=(path,), daemon=True).start()

    def _listen(self, path: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            self._connection.connect()
            self._socket = self._connection.sock
            self._socket.settimeout(None)
            self._connection.request("GET", path, headers={"Accept": "text/event-stream"})
            with self._connection.getresponse() as answer:
                self.status, self.media = answer.status, answer.headers.get_content_type()
                self._hear(answer)
        self.has_ended = True

    def _hear(self, answer: http.client.HTTPResponse) -> None:
        lines = self.unended
        while line := answer.readline().decode("utf-8", "replace"):
            if line.startswith("data:"):
                lines.append(line[5:].strip())
            elif not line.strip() and lines:
                self._last = time.monotonic()
                self.heard.append(_read("\n".join(lines)))
                lines.clear()
            elif line.strip() and not line.startswith(FIELDS):
                self.odd = self.odd or line.strip()

    @property
    def silent(self) -> float:
        """The seconds since the last event, or since it began to listen."""
        return time.monotonic() - self._last

    def close(self) -> None:
        """Hangs up."""
        with contextlib.suppress(OSError):
            if self._socket:
                self._socket.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def audience(redis: RedisProbe, channel: str) -> int:
    """How many have subscribed to a channel."""
    counts: Any = redis.pubsub_numsub(channel)
    return int(dict(counts)[channel])


def listen(redis: RedisProbe, channel: str, path: str, *services: Service) -> list[Listener]:
    """Listeners at these services, once Redis knows of as many more on the channel."""
    before = audience(redis, channel)
    made = [Listener(service, path) for service in services]
    until(lambda: audience(redis, channel) >= before + len(made), CONNECT_LIMIT)
    return made


def _read(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data
