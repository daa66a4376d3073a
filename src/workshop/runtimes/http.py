"""Asking a service over HTTP, whatever it does: an answer that never ends or never comes costs no more than the time limit."""

from __future__ import annotations

import contextlib
import http.client
import json as jsonlib
import shlex
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from workshop.outcomes import Mismatch
from workshop.values import same

TIME_LIMIT = 5.0  # seconds for one answer, from the first byte sent to the last received
BODY_LIMIT = 4 * 1024 * 1024  # bytes of a body that are read
SHOWN = 400  # characters of a body that a report shows

ANY = object()


class Problem(StrEnum):
    """What came in place of a whole HTTP answer, in the words of a report."""

    REFUSED = "connection refused"
    RESET = "connection reset"
    NO_CONNECTION = "no connection"
    NO_ANSWER = "no answer"
    NOT_HTTP = "something that is not HTTP"
    BROKEN_OFF = "an answer that breaks off"
    BODY_UNFINISHED = "a header and then a body that had not ended"
    BODY_WITHOUT_END = "a body without end"


@dataclass
class Answer:
    """What came back. `status` is None where no HTTP answer came; `problem` then says what came instead."""

    asked: str
    method: str = "GET"
    path: str = "/"  # without the query
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    problem: Problem | None = None
    detail: str = ""  # what more there is to say of the problem
    log: Callable[[], str] = lambda: ""  # what the service printed during the request
    ended: Callable[[], Any] = lambda: None  # what was seen of the service, if it ended during the request
    service: Any = None  # who was asked

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body read as JSON, or None where it is none."""
        try:
            return jsonlib.loads(self.body)
        except ValueError:
            return None

    @property
    def content_type(self) -> str:
        """The media type without its parameters, for instance text/html."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def __str__(self) -> str:
        """What a report shows as the actual answer."""
        if self.problem:
            return f"{self.problem}{self.detail}"
        text = self.text.strip()
        more = f" … ({len(self.body)} bytes)" if len(text) > SHOWN else ""
        return f"{self.status} {text[:SHOWN]}{more}".strip()

    def fail(self, problem: Problem, detail: str = "") -> None:
        """Notes what came in place of an answer."""
        self.problem, self.detail = problem, detail

    def expect(
        self,
        status: int | Collection[int],
        *,
        json: Any = ANY,
        text: Any = ANY,
        media: str | None = None,
    ) -> Answer:
        """Raises Mismatch unless the answer has the status (or one of several) and, if given, the JSON, the text, the media type.

        `json` is a value to equal, or a type. `text` is the exact body, trailing line ends aside. Of `media`, `application/json`
        takes `application/problem+json` too.
        """
        statuses = {status} if isinstance(status, int) else set(status)
        wanted = " or ".join(str(number) for number in sorted(statuses))
        if json is not ANY:
            wanted += (
                f" with JSON {'(any object)' if json is dict else jsonlib.dumps(json, ensure_ascii=False)[:SHOWN]}"
            )
        if text is not ANY:
            wanted += f" {text[:SHOWN]}"
        if media is not None:
            wanted += f" as {media}"
        right = self.problem is None and self.status in statuses
        if right and media is not None:
            kind = self.content_type
            right = kind == media or (media == "application/json" and kind.endswith("+json"))
        if right and json is not ANY:
            right = isinstance(self.json, json) if isinstance(json, type) else same(self.json, json)
        if right and text is not ANY:
            right = self.text.rstrip("\r\n") == text
        if right:
            return self
        raise Mismatch(
            asked=self.asked,
            expected=wanted,
            actual=f"{self} as {self.content_type}" if media and self.status in statuses else str(self),
            answer=self,
            statuses=statuses,
        )


def ask(
    method: str,
    host: str,
    port: int,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    json: Any = ANY,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    limit: float = TIME_LIMIT,
) -> Answer:
    """One request and its answer. Redirects are not followed. Takes at most `limit` seconds and reads at most BODY_LIMIT bytes."""
    address = path
    if query:
        path += "?" + urlencode(query)
    sent = dict(headers or {})
    if json is not ANY:
        data = jsonlib.dumps(json, ensure_ascii=False).encode()
        sent.setdefault("Content-Type", "application/json")
    within, after = f" in {limit:.0f} s", f" after {limit:.0f} s"
    answer = Answer(curl(method, f"http://{host}:{port}{path}", sent, data), method, address)
    start = time.monotonic()
    connection = http.client.HTTPConnection(host, port, timeout=limit)
    late = threading.Event()
    opened: list[socket.socket] = []  # the connection lets go of its socket once the header is there

    def end() -> None:
        late.set()
        with contextlib.suppress(OSError, IndexError):
            opened[0].shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit, end)
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        opened.append(connection.sock)
        connection.request(method, path, body=data, headers={"Connection": "close", **sent})
        response = connection.getresponse()
        answer.status, answer.headers = response.status, {name.lower(): value for name, value in response.getheaders()}
        answer.body = response.read(BODY_LIMIT + 1)
        if len(answer.body) > BODY_LIMIT:
            answer.body = answer.body[:BODY_LIMIT]
            answer.fail(Problem.BODY_WITHOUT_END, f" (more than {BODY_LIMIT // 2**20} MB)")
        elif late.is_set():
            answer.fail(Problem.BODY_UNFINISHED, after)
    except ConnectionRefusedError:
        answer.fail(Problem.REFUSED)
    except (http.client.RemoteDisconnected, ConnectionError):
        answer.fail(*((Problem.NO_ANSWER, within) if late.is_set() else (Problem.RESET,)))
    except http.client.IncompleteRead:
        answer.fail(*((Problem.BODY_UNFINISHED, after) if late.is_set() else (Problem.BROKEN_OFF,)))
    except http.client.HTTPException as error:
        answer.fail(*((Problem.NO_ANSWER, within) if late.is_set() else (Problem.NOT_HTTP, f" ({error!r})")))
    except TimeoutError:
        answer.fail(*((Problem.NO_ANSWER, within) if answer.status is None else (Problem.BODY_UNFINISHED, after)))
    except OSError as error:
        answer.fail(Problem.NO_CONNECTION, f" ({error})")
    finally:
        timer.cancel()
        connection.close()
    answer.seconds = time.monotonic() - start
    return answer


def curl(method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> str:
    """The request as a line to copy into a terminal. A body over 400 characters is shortened."""
    words = ["curl", "-i"]
    if method != "GET":
        words += ["-X", method]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    if data is not None:
        text = data.decode("utf-8", "replace")
        words += ["-d", text if len(text) <= SHOWN else f"{text[:60]}…"]
    return shlex.join([*words, url])


def raw(host: str, port: int, data: bytes, limit: float = 3.0) -> bytes:
    """What a server sends back for some bytes that need be no HTTP, up to the end or as far as it comes in `limit` seconds of silence."""
    received = b""
    with contextlib.suppress(OSError), socket.create_connection((host, port), limit) as connection:
        connection.settimeout(limit)
        connection.sendall(data)
        while len(received) < BODY_LIMIT and (chunk := connection.recv(4096)):
            received += chunk
    return received


def speaks_tls(host: str, port: int, limit: float = 1.0) -> bool:
    """Whether what listens there completes a TLS handshake, whatever its certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        contextlib.suppress(OSError),
        socket.create_connection((host, port), limit) as connection,
        context.wrap_socket(connection),
    ):
        return True
    return False
