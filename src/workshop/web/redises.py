"""Redis while somebody looks at it: its keys, and each command as it arrives. Nothing listens any more once nobody looks."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from workshop.pictures import commands, keys
from workshop.pictures.canvas import State
from workshop.web.picture import Picture
from workshop.wire import tunnel
from workshop.wire.monitor import Monitor

ANSWER_LIMIT = 5.0  # seconds; `docker exec` takes 0.1, and some on a busy machine
IDLE = 8.0  # seconds without a look, after which nothing listens any more: a page that is open looks more often
SHUNNED = 6.0  # seconds
NEW_ONES = 2  # of which the first look takes longer, in one look


@dataclass(frozen=True)
class Place:
    """A Redis: `id` is that of this start of it, `dial` leads there, `who` names a client by its address, `inside` is what those in its container are called."""

    id: str
    name: str  # begins the names of its pictures
    title: str
    dial: Callable[[], socket.socket]
    who: Callable[[str], str]
    inside: str = ""


class NoPlainRedis(Exception):
    """It is a node of a cluster, which has a picture of its own."""


class _Watched:
    """A Redis that is being looked at."""

    def __init__(self, place: Place) -> None:
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self.place = place
        options = {"decode_responses": True, "encoding_errors": "replace", "socket_timeout": ANSWER_LIMIT}
        self.client = tunnel.client(place.dial, **options, retry=Retry(NoBackoff(), 0))
        try:
            if self.client.info("cluster").get("cluster_enabled"):
                raise NoPlainRedis
        except BaseException:
            self.client.close()
            raise
        self.monitor = Monitor(place.dial)

    def keys(self, state: State) -> Picture:
        """Its keys as they are."""
        self.monitor.own.add(self.client.client_info()["addr"])
        found = keys.of(self.client)
        found = keys.Database(found.keys, found.count, state)
        return Picture(f"{self.place.name}redis", f"{self.place.title}: its keys", keys.svg(found), keys.text(found))

    def commands(self) -> Picture:
        """What arrived lately."""
        rows, pings = commands.rows(self.monitor.commands, self.place.who, self.place.inside)
        made = commands.Arrived(rows, pings, self.monitor.is_resting)
        title = f"{self.place.title}: commands as they arrive"
        return Picture(f"{self.place.name}commands", title, commands.svg(made), commands.text(made))

    def close(self) -> None:
        """Ends both connections."""
        self.monitor.close()
        self.client.close()


class Redises:
    """All that are being looked at."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._shunned: dict[str, float] = {}  # until when what did not answer is left alone

    def look(self, places: list[tuple[Place, State]]) -> list[Picture]:
        """The pictures of these; no other is watched any longer."""
        self._stay()
        with self._lock:
            gone = [id for id in self._watched if id not in {place.id for place, _ in places}]
            for id in gone:
                self._watched.pop(id).close()
        made, new = list[Picture](), 0
        for place, state in places:
            new += place.id not in self._watched and time.monotonic() >= self._shunned.get(place.id, 0)
            if new > NEW_ONES and place.id not in self._watched:  # the rest at the next look: nobody waits for all
                continue
            try:
                if watched := self._of(place):
                    made += [watched.keys(state), watched.commands()]
            except Exception as error:  # it hangs, is going, asks for a password, or is none: a later look begins anew
                self._drop(place.id)
                self._shunned[place.id] = time.monotonic() + (math.inf if isinstance(error, NoPlainRedis) else SHUNNED)
        return made

    def commands(self) -> list[Picture]:
        """What arrived lately, at each that is being looked at; asks nobody."""
        self._stay()
        with self._lock:
            watched = list(self._watched.values())
        return [one.commands() for one in watched]

    def close(self) -> None:
        """Nobody looks any more."""
        for id in list(self._watched):
            self._drop(id)

    def _of(self, place: Place) -> _Watched | None:
        with self._lock:
            found = self._watched.get(place.id)
        if time.monotonic() < self._shunned.get(place.id, 0):
            return None
        if found and not found.monitor.is_open:
            self._drop(place.id)
            found = None
        if found is None:
            found = _Watched(place)
            with self._lock:
                self._watched[place.id] = found
        return found

    def _drop(self, id: str) -> None:
        with self._lock:
            found = self._watched.pop(id, None)
        if found:
            found.close()

    def _stay(self) -> None:
        with self._lock:
            if self._timer:
                self._timer.cancel()
            self._timer = threading.Timer(IDLE, self.close)
            self._timer.daemon = True
            self._timer.start()


def direct(host: str, port: int) -> Callable[[], socket.socket]:
    """The way to a Redis that is published."""
    return lambda: socket.create_connection((host, port), ANSWER_LIMIT)


def named(addresses: dict[str, str], inside: str = "", others: str = "your machine") -> Callable[[str], str]:
    """Who a client is: by its address the name of a container; those in the same one are `inside`, all the rest are `others`."""

    def who(client: str) -> str:
        host = client.rpartition(":")[0]
        if not host:
            return "script"
        return addresses.get(host) or (inside if inside and host in ("127.0.0.1", "[::1]") else others)

    return who
