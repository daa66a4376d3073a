"""A gateway before a registry, on the wire: it tells what is uploaded, and can be slow, refuse, or stop half-way. Standard library only.

It stands in its own container (`python -c`, with this file's text) or in a thread of the grader's process. Each request goes to the registry
on a connection of its own. While a block of `Registry.watch` looks at a repository, each of its requests is told; a block may ask for more:

slow      seconds for which the answer to each part of an upload is held back
refuse    a tag under which no manifest is taken: 403, as from a registry that protects it
hold      bytes of an upload that go through; there it stops until the block lets it go on, or the registry is gone

A registry that is not there, or that goes away in the middle of a request, is answered for: 502, as by any gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

CONTROL_PORT = 4999
FIRST_PORT = 5000  # the next registries have the next ports
HOLD_LIMIT = 30.0  # seconds for which an upload stands still at most
REST_LIMIT = 5.0  # seconds for which the rest of a request that was answered already is read
TELL_LIMIT = 3.0  # seconds
HEAD_LIMIT = 256 * 1024
PLACE = re.compile(r"/v2/(?P<name>.+)/(?P<kind>blobs|manifests|tags)/(?P<rest>.*)")
REFUSED = {"errors": [{"code": "DENIED", "message": "this tag is protected"}]}
WORDS = {400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway"}


@dataclass
class Watch:
    """What one block of the grader looks at, and what it asks for."""

    name: str
    tell: Callable[[dict[str, Any]], None]
    slow: float = 0.0
    refuse: str = ""
    hold: int = 0
    goes_on: bool = False  # it was told to hold nothing any more
    held: set[asyncio.Event] = field(default_factory=set)
    under_way: int = 0  # requests that have begun and were not told yet

    async def all_told(self) -> None:
        """Returns once each request that has begun was told, or after TELL_LIMIT seconds: a client has its answer a moment before that."""
        end = asyncio.get_running_loop().time() + TELL_LIMIT
        while self.under_way and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.005)

    def go_on(self) -> None:
        """Lets every upload that stands still go on, and each that comes."""
        self.goes_on = True
        for event in self.held:
            event.set()


@dataclass
class Request:
    """A request as it came: its head, and what is known of its body."""

    method: str
    path: str
    lines: list[bytes]  # the head's, without those that say how long the connection lasts
    length: int
    is_chunked: bool
    begun: float = field(default_factory=time.monotonic)
    taken: int = 0  # bytes of its body that have come
    over: asyncio.Event = field(default_factory=asyncio.Event)  # it was answered, or need not stand still any longer

    @property
    def place(self) -> re.Match[str] | None:
        """The repository that it is about, and what of it."""
        return PLACE.fullmatch(urlsplit(self.path).path)

    @property
    def is_upload(self) -> bool:
        """Whether it brings a part of a blob."""
        place = self.place
        return bool(place and place["kind"] == "blobs" and self.method in ("PATCH", "PUT", "POST"))

    def told(self, status: int) -> dict[str, Any]:
        """What a block hears of it; `digest` is that of a blob whose upload it ends. They are told as they end, and `begun` gives their order."""
        digest = parse_qs(urlsplit(self.path).query).get("digest", [None])[0] if self.is_upload else None
        seen = {"method": self.method, "path": self.path, "status": status, "bytes": self.taken, "begun": self.begun}
        return seen | {"digest": digest if status == 201 else None}


def parsed(head: bytes) -> Request:
    """The request of a head. Raises ValueError if it is none."""
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    method, path, _ = first.decode("latin-1").split(" ")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    kept = [line for line in lines if not line.lower().startswith((b"connection:", b"keep-alive:"))]
    is_chunked = fields.get(b"transfer-encoding", b"").lower() == b"chunked"
    return Request(method, path, [first, *kept], int(fields.get(b"content-length", b"0")), is_chunked)


async def pieces(request: Request, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The body of a request as it comes, piece by piece, in the form in which it came; ends early if the client does."""
    while request.is_chunked:
        line = await reader.readline()
        yield line
        size = int(line.split(b";")[0] or b"0", 16) if line.strip() else 0
        if not size:
            while line.strip():  # what may stand behind the last chunk, up to an empty line
                line = await reader.readline()
                yield line
            return
        async for piece in _exactly(size, reader):
            request.taken += len(piece)
            yield piece
        yield await reader.readexactly(2)
    async for piece in _exactly(request.length, reader):
        request.taken += len(piece)
        yield piece


async def _exactly(size: int, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size and (piece := await reader.read(min(size, 65536))):
        size -= len(piece)
        yield piece


class Server:
    """The gateway itself: takes the clients of each registry on a port of its own, and graders, who know the token, on another."""

    def __init__(self, targets: list[tuple[str, int]], token: str) -> None:
        self.targets, self.token = targets, token
        self.watches: list[Watch] = []
        self._servers: list[asyncio.Server] = []
        # The connections: once a client has said all it has to say, the loop itself holds none that still waits.
        self._held: set[asyncio.Task[None] | None] = set()

    async def listen(self, host: str, control_port: int, first_port: int) -> tuple[int, list[int]]:
        """Begins to listen; returns the port for graders, and those for the registries. Port 0 takes free ones."""
        for number, target in enumerate(self.targets):

            async def serve(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int] = target
            ) -> None:
                self._held.add(mine := asyncio.current_task())
                try:
                    await self._serve(reader, writer, target)
                except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    pass  # the client is gone, or speaks something else
                finally:
                    self._held.discard(mine)
                    writer.close()

            port = first_port and first_port + number
            self._servers.append(await asyncio.start_server(serve, host, port, limit=HEAD_LIMIT))
        self._servers.append(await asyncio.start_server(self._control, host, control_port))
        *data, control = (server.sockets[0].getsockname()[1] for server in self._servers)
        return control, data

    def close(self) -> None:
        """Listens no longer."""
        for server in self._servers:
            server.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int]
    ) -> None:
        first = await reader.readexactly(1)
        if not first.isalpha():  # TLS, which an engine tries first: left without an answer it waits for 10 s
            await reader.read(HEAD_LIMIT)
            await self._answer(writer, 400)
            return
        request = parsed(first + await reader.readuntil(b"\r\n\r\n"))
        place = request.place
        watches = [watch for watch in self.watches if place and place["name"] == watch.name]
        is_manifest = place and place["kind"] == "manifests" and request.method == "PUT"
        for watch in watches:
            watch.under_way += 1
        try:
            if is_manifest and any(watch.refuse == place["rest"] for watch in watches):  # type: ignore[index]
                status = await self._answer(writer, 403, json.dumps(REFUSED).encode())
                await self._rest(request, reader)
            else:
                status = await self._hand_on(request, reader, writer, target, watches)
            for watch in watches:
                watch.tell(request.told(status))
        finally:
            for watch in watches:
                watch.under_way -= 1

    async def _hand_on(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        target: tuple[str, int],
        watches: list[Watch],
    ) -> int:
        """Hands a request on to the registry, and its answer back; returns the status."""
        try:
            from_registry, to_registry = await asyncio.open_connection(*target, limit=HEAD_LIMIT)
        except OSError:
            status = await self._answer(writer, 502)
            await self._rest(request, reader)
            return status
        to_registry.write(b"\r\n".join([*request.lines, b"Connection: close", b"", b""]))
        body = asyncio.ensure_future(self._body(request, reader, to_registry, watches))
        try:
            status = await self._back(request, from_registry, writer, watches)
        except (OSError, asyncio.IncompleteReadError):
            status = await self._answer(writer, 502)
        finally:
            request.over.set()
            with contextlib.suppress(TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
                await asyncio.wait_for(body, REST_LIMIT)
            to_registry.close()
        return status

    async def _body(
        self, request: Request, reader: asyncio.StreamReader, to_registry: asyncio.StreamWriter, watches: list[Watch]
    ) -> None:
        """Hands the body on. If the registry is gone, its rest is read all the same: a client first sends, then listens."""
        is_there = True
        async for piece in pieces(request, reader):
            if is_there:
                try:
                    to_registry.write(piece)
                    await to_registry.drain()
                except OSError:
                    is_there = False
            for watch in watches:
                is_due = request.is_upload and watch.hold and request.taken > watch.hold
                if is_due and not watch.goes_on and not request.over.is_set():
                    watch.held.add(request.over)
                    watch.tell({"held": request.path, "bytes": request.taken})
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(request.over.wait(), HOLD_LIMIT)
                    watch.held.discard(request.over)

    async def _back(
        self, request: Request, from_registry: asyncio.StreamReader, writer: asyncio.StreamWriter, watches: list[Watch]
    ) -> int:
        """Hands the registry's answer back; returns its status."""
        head = await from_registry.readuntil(b"\r\n\r\n")
        while head.split(b" ")[1][:1] == b"1":  # it says that it waits for the body
            writer.write(head)
            head = await from_registry.readuntil(b"\r\n\r\n")
        if request.is_upload and (slow := max([watch.slow for watch in watches], default=0.0)):
            await asyncio.sleep(slow)
        lines = head.rstrip(b"\r\n").split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith((b"connection:", b"keep-alive:"))]
        writer.write(b"\r\n".join([*kept, b"Connection: close", b"", b""]))
        while piece := await from_registry.read(65536):
            writer.write(piece)
            await writer.drain()
        return int(head.split(b" ")[1])

    async def _answer(self, writer: asyncio.StreamWriter, status: int, body: bytes = b"") -> int:
        """An answer of the gateway's own."""
        kind = "application/json" if body else "text/plain"
        text = body or WORDS[status].encode()
        head = f"HTTP/1.1 {status} {WORDS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + text)
        await writer.drain()
        return status

    async def _rest(self, request: Request, reader: asyncio.StreamReader) -> None:
        """Reads the rest of a request that was answered already: a connection that is closed before that takes the answer with it."""

        async def read() -> None:
            async for _ in pieces(request, reader):
                continue

        with contextlib.suppress(TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
            await asyncio.wait_for(read(), REST_LIMIT)

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def tell(event: dict[str, Any]) -> None:
            writer.write(json.dumps(event).encode() + b"\n")

        watch = None
        try:
            asked = json.loads(await reader.readline() or b"{}")
            if not secrets.compare_digest(str(asked.pop("token", "")), self.token):
                return
            watch = Watch(tell=tell, **asked)
            self.watches.append(watch)
            tell({"ready": True})
            while line := await reader.readline():
                if json.loads(line).get("end"):
                    watch.go_on()
                    await watch.all_told()
                    tell({"end": True})
                else:
                    watch.go_on()
        except (OSError, ValueError, TypeError):
            return
        finally:
            if watch:
                self.watches.remove(watch)
                watch.go_on()
            writer.close()


async def _main() -> None:
    targets = [(host, int(port)) for host, _, port in (word.rpartition(":") for word in sys.argv[1:])]
    server = Server(targets, os.environ["GATEWAY_TOKEN"])
    await server.listen("0.0.0.0", CONTROL_PORT, FIRST_PORT)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
