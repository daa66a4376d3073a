"""What the engine publishes on 127.0.0.1 of its host, on the same ports of 127.0.0.1 in here.

A container has a 127.0.0.1 of its own, on which nothing that `docker run --publish` or a compose file publishes is there. So each published port is
listened to here, as long as its container runs, and leads to the container's own address on its own network. The workshop's container is on none
of those networks: it would keep `docker compose down` from removing them. The gate connects for it (`guests/gate.py`).

As with the engine's own proxy, a connection is taken first, and is closed again if nobody listens in the container.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from workshop.engine import engine

EVENTS = ("start", "die", "connect", "disconnect")
SHAPE = '{{.Action}} {{.Actor.ID}} {{index .Actor.Attributes "container"}}'
HERE = "127.0.0.1"
REACHED_HERE = (HERE, "0.0.0.0")  # published on one of these, a port is found on 127.0.0.1
CHUNK = 65536  # bytes
# Connections: one that only waits for its container has nobody else who holds it.
HELD: set[asyncio.Task[None] | None] = set()


class Place(NamedTuple):
    """An address of a container's, on its network."""

    address: str
    port: int


def published(found: dict[str, Any]) -> dict[int, Place]:
    """The ports on which what `docker inspect` describes is found on 127.0.0.1 of the engine's host, each with its place in the container."""
    settings = found["NetworkSettings"]
    addresses = [one["IPAddress"] for one in settings["Networks"].values() if one["IPAddress"]]
    if not (found["State"]["Running"] and addresses):
        return {}
    return {
        int(outer["HostPort"]): Place(addresses[0], int(inner.removesuffix("/tcp")))
        for inner, bound in (settings["Ports"] or {}).items()
        for outer in bound or []
        if inner.endswith("/tcp") and outer["HostIp"] in REACHED_HERE
    }


class Mirror:
    """Serves the engine's published ports on `here`, from `__enter__` to the block's end. `gate` is the socket of the gate."""

    def __init__(self, gate: Path, here: str = HERE) -> None:
        self._gate, self._here = str(gate), here
        self._served: dict[str, dict[int, asyncio.Server]] = {}  # by container
        self._looks: dict[str, asyncio.Task[None]] = {}  # the last look at each container
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Mirror:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        following = asyncio.create_task(self._follow())
        self._ready.set()
        await self._over.wait()
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following

    async def _follow(self) -> None:
        """Follows the engine's events; where they end, as when it is started again, from the beginning."""
        while True:
            filters = [word for name in EVENTS for word in ("--filter", f"event={name}")]
            events = await self._docker("events", *filters, "--format", SHAPE)
            assert events.stdout
            try:
                for container in (await self._said("ps", "--quiet", "--no-trunc")).decode().split():
                    self._look_soon(container)
                async for line in events.stdout:
                    action, actor, *of_network = line.decode().split()
                    if action == "die":
                        self._forget_look(actor)
                        self._close(actor)
                    else:
                        self._look_soon(of_network[0] if action in ("connect", "disconnect") else actor)
            finally:
                await ended(events)
                for container in [*self._looks]:
                    self._forget_look(container)
                for container in [*self._served]:
                    self._close(container)
            await asyncio.sleep(1)

    async def _docker(self, *words: str) -> asyncio.subprocess.Process:
        own, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        return await asyncio.create_subprocess_exec(
            engine.command(), *words, stdin=nowhere, stdout=own, stderr=nowhere
        )

    async def _said(self, *words: str) -> bytes:
        """What a docker command prints. Where nobody waits for it any longer, it is ended."""
        command = await self._docker(*words)
        try:
            return (await command.communicate())[0]
        finally:
            if command.returncode is None:
                await ended(command)

    def _soon(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself keeps only a weak hold of it
        task.add_done_callback(self._tasks.discard)
        return task

    def _look_soon(self, container: str) -> None:
        self._forget_look(container)
        self._looks[container] = self._soon(self._look(container))

    def _forget_look(self, container: str) -> None:
        if look := self._looks.pop(container, None):
            look.cancel()

    def _close(self, container: str) -> None:
        """Ends what is served of a container. Connections that are there end by themselves."""
        for server in self._served.pop(container, {}).values():
            server.close()

    async def _look(self, container: str) -> None:
        """Serves what a container publishes now."""
        found = json.loads(await self._said("inspect", container) or b"[]")
        self._close(container)
        served = self._served.setdefault(container, {})
        for port, place in (published(found[0]) if found else {}).items():
            with contextlib.suppress(OSError):  # something else listens there, as it may on any machine
                served[port] = await asyncio.start_server(leading_to(place, self._gate), self._here, port)


async def ended(process: asyncio.subprocess.Process) -> None:
    """Ends a process and closes what led to it."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()


def leading_to(place: Place, gate: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What serves a connection so that it leads to a place, through the gate at this socket."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        HELD.add(mine := asyncio.current_task())
        try:
            from_inside, inner = await asyncio.open_connection(sock=await connected(place, gate))
            try:
                await asyncio.gather(_pass_on(reader, inner), _pass_on(from_inside, writer))
            finally:
                inner.close()
        except OSError:  # nobody listens there
            return
        finally:
            HELD.discard(mine)
            writer.close()

    return lead


async def connected(place: Place, gate: str) -> socket.socket:
    """A connection to a place, of the gate's making. Raises OSError if there is none."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as asked:
        asked.setblocking(False)
        await loop.sock_connect(asked, gate)
        await loop.sock_sendall(asked, f"{place.address} {place.port}\n".encode())
        is_answered = asyncio.Event()
        loop.add_reader(asked, is_answered.set)
        try:
            await is_answered.wait()
        finally:
            loop.remove_reader(asked)
        found = socket.recv_fds(asked, 1, 1)[1]
    if not found:
        raise ConnectionRefusedError
    made = socket.socket(fileno=found[0])
    made.setblocking(False)
    return made


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes from one side goes to the other, its end as well."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
