"""A Redis Cluster of six nodes for lesson 19, three primaries with a replica each: brought up, and looked at. `clusters` has its drills.

The nodes call one another by address, and name themselves to clients by their containers' names: inside the network these lead to them.
The grader stands outside and asks each node on its published port.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from workshop.engine import engine, helpers, images
from workshop.engine.engine import must
from workshop.engine.limits import LIMITS, NO_OUTSIDE_NAMES
from workshop.engine.run import Run
from workshop.outcomes import Unchecked
from workshop.patience import until

if TYPE_CHECKING:
    from redis import Redis

SLOTS = 16384
PORT = 6379
NODE_TIMEOUT = 1000  # milliseconds of silence after which a node is thought to have failed
UP_LIMIT = 40.0  # seconds; it takes 3 to 5
TAKEN_OVER = 15.0  # seconds in which a replica must have taken over; it takes 2 to 3
SCRIPTS = ("eval", "evalsha", "fcall")
LAYOUT = {"n1": "n5", "n2": "n6", "n3": "n4"}  # primary → replica, as redis-cli --cluster create lays them out
ALONE = ("--dir", "/tmp", "--save", "", "--appendonly", "no", "--protected-mode", "no")
SETTINGS = (
    *("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT), "--cluster-config-file", "nodes.conf"),
    *("--cluster-preferred-endpoint-type", "hostname", "--repl-diskless-sync-delay", "0"),
)


@dataclass
class Node:
    """One node. `name` is what a timeline calls it, `container` its name in the network."""

    name: str
    container: str
    ip: str = ""
    port: int = 0  # on the host; another one once it was cut off
    id: str = ""
    is_away: bool = False  # killed, or cut off


class Nodes:
    """The nodes, up, and what they know. `Cluster` adds what is done to them."""

    def __init__(self, run: Run, network: str, note: Callable[[str], None]) -> None:
        self.run, self._network, self._note = run, network, note
        self._everyone = run.name("cluster")
        names = sorted([*LAYOUT, *LAYOUT.values()])
        self.nodes = {name: Node(name, run.name(name)) for name in names}
        self._words = itertools.count(1)
        self._lone: Node | None = None
        self._clients: dict[int, Redis] = {}  # by the port on the host

    @classmethod
    def up(cls, run: Run, network: str, note: Callable[[str], None] = lambda asked: None) -> Self:
        """Six nodes in the network, each replica in step with its primary. Raises Unchecked if they do not come up."""
        images.need_image(images.REDIS)
        made = cls(run, network, note)
        try:
            with ThreadPoolExecutor(len(made.nodes)) as pool:
                list(pool.map(made._start_in_cluster, made.nodes.values()))
            made._form()
        except BaseException:
            made.end()
            raise
        return made

    @property
    def url(self) -> str:
        """The address of all nodes under one name, for a service in the network."""
        return f"redis://{self._everyone}:{PORT}"

    def _start(self, node: Node, settings: Sequence[str]) -> None:
        named = ("--network-alias", self._everyone) if settings else ()
        placed = ("--network", self._network, *named, *NO_OUTSIDE_NAMES)
        isolated = ("--user", "65534", "--tmpfs", "/data", *placed, *engine.publish(PORT))
        flags = (*helpers.own(self.run, node.container), *LIMITS, *isolated, "--entrypoint", "redis-server")
        must(self.run.docker("run", "--detach", *flags, images.REDIS, *ALONE, *settings, timeout=60))
        self._find(node)

    def _start_in_cluster(self, node: Node) -> None:
        self._start(node, (*SETTINGS, "--cluster-announce-hostname", node.container))

    def _find(self, node: Node) -> None:
        shape = f'{{{{(index .NetworkSettings.Networks "{self._network}").IPAddress}}}}'
        node.ip = must(self.run.docker("inspect", "--format", shape, node.container)).out.strip()
        node.port = helpers.published(self.run, node.container, PORT)

    def _form(self) -> None:
        """Joins the nodes, gives the slots out, and waits until every replica is in step: before that, what is written can be lost."""
        end = time.monotonic() + UP_LIMIT
        nodes, primaries = list(self.nodes.values()), list(LAYOUT)
        for number, node in enumerate(nodes):
            self._until(end, "answer", functools.partial(self._answers, node))
            node.id = str(self.ask(node, "CLUSTER", "MYID"))
            self.ask(node, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for number, name in enumerate(primaries):
            first, last = (SLOTS * at // len(primaries) for at in (number, number + 1))
            self.ask(self.nodes[name], "CLUSTER", "ADDSLOTSRANGE", first, last - 1)
        for one, other in itertools.combinations(nodes, 2):
            self.ask(one, "CLUSTER", "MEET", other.ip, PORT)
        self._until(end, "know one another", lambda: all(len(self.view(node)) == len(nodes) for node in nodes))
        for name, replica in LAYOUT.items():
            self._until(end, "take their replicas", functools.partial(self._follows, self.nodes[replica], name))
        self._until(end, "agree on who serves what", self.is_well)

    def _answers(self, node: Node) -> bool:
        import redis

        try:
            return bool(self.connect(node).ping())
        except redis.RedisError:
            return False

    def _follows(self, replica: Node, primary: str) -> bool:
        import redis

        try:
            return self.ask(replica, "CLUSTER", "REPLICATE", self.nodes[primary].id) in (True, "OK")
        except redis.ResponseError:  # it has not heard of that node yet
            return False

    def _until(self, end: float, what: str, ask: Callable[[], object]) -> None:
        if not until(ask, end - time.monotonic(), 0.03):
            raise Unchecked(
                f"The workshop's Redis Cluster did not come up: in {UP_LIMIT:.0f} s its nodes did not {what}. Look whether the machine "
                "is busy, then run the check again."
            )

    def connect(self, node: Node) -> Redis:
        """A client of one node, which follows no redirect."""
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        if node.port not in self._clients:
            self._clients[node.port] = Redis(
                engine.host(),
                node.port,
                decode_responses=True,
                socket_timeout=5.0,
                socket_connect_timeout=2.0,
                retry=Retry(NoBackoff(), 1),
            )
        return self._clients[node.port]

    def ask(self, node: Node, *command: Any) -> Any:
        """What a node answers to a command. It is noted as a line to copy."""
        self._note("redis-cli " + " ".join(map(str, command))[:200])
        return self.connect(node).execute_command(*command)

    # What the nodes know.

    def view(self, node: Node) -> dict[str, dict[str, Any]]:
        """The nodes as one of them sees them, by id; those that it has not met properly are left out."""
        found = self.connect(node).execute_command("CLUSTER NODES")
        return {one["node_id"]: one for one in found.values() if "handshake" not in one["flags"]}

    def here(self) -> list[Node]:
        """The nodes that are neither killed nor cut off."""
        return [node for node in self.nodes.values() if not node.is_away]

    def named(self, id: str) -> Node:
        """The node of an id."""
        return next(node for node in self.nodes.values() if node.id == id)

    def owner(self, slot: int, view: Mapping[str, Mapping[str, Any]] | None = None) -> Node | None:
        """The node that serves a slot, in one node's view or in that of the first that is here; None if there is none."""
        for id, one in (view or self.view(self.here()[0])).items():
            spans = [(int(span[0]), int(span[-1])) for span in one["slots"]]
            if any(first <= slot <= last for first, last in spans):
                return self.named(id)
        return None

    def primaries(self) -> list[Node]:
        """The nodes that serve slots now and are here, by name."""
        served = [self.named(id) for id, one in self.view(self.here()[0]).items() if one["slots"]]
        return sorted((node for node in served if not node.is_away), key=lambda node: node.name)

    def replica_of(self, primary: Node) -> Node:
        """A replica of a primary that is here. Raises Unchecked if it has none."""
        view = self.view(self.here()[0])
        for id, one in view.items():
            if one["master_id"] == primary.id and not self.named(id).is_away:
                return self.named(id)
        raise Unchecked(f"{primary.name} has no replica any more.")

    def slot(self, key: str) -> int:
        """The slot of a key, as a node says it."""
        return int(self.ask(self.here()[0], "CLUSTER", "KEYSLOT", key))

    def key_on(self, primary: Node, word: str) -> str:
        """A key, not used so far, that a primary serves: `word`, a colon and a number."""
        from redis.crc import key_slot

        view = self.view(primary)
        spans = [(int(span[0]), int(span[-1])) for span in view[primary.id]["slots"]]
        for number in self._words:
            slot = key_slot(f"{word}:{number}".encode())
            if any(first <= slot <= last for first, last in spans):
                return f"{word}:{number}"
        raise AssertionError  # the numbers never end

    def sizes(self) -> dict[str, int]:
        """How many keys each primary has, by the name of the node."""
        return {node.name: int(self.connect(node).dbsize()) for node in self.primaries()}

    def written(self, act: Callable[[], object]) -> dict[str, int]:
        """How often each command that writes, EXEC or a script was carried out on the primaries while `act` ran."""
        before, _, after = self._calls(), act(), self._calls()
        grown = {name: count - before.get(name, 0) for name, count in after.items()}
        return {name: count for name, count in sorted(grown.items()) if count > 0}

    def _calls(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for node in self.primaries():
            client = self.connect(node)
            writing = {"exec", *client.execute_command("COMMAND LIST", "FILTERBY", "ACLCAT", "write"), *SCRIPTS}
            for name, told in client.info("commandstats").items():
                command = name.removeprefix("cmdstat_")
                if command in writing:
                    counts[command] = counts.get(command, 0) + told["calls"]
        return counts

    def values(self, keys: Iterable[str]) -> dict[str, str | None]:
        """The values of keys, each read from the primary that serves it now."""
        from redis.crc import key_slot

        view, by_owner = self.view(self.here()[0]), dict[str, list[str]]()
        for key in keys:
            owner = self.owner(key_slot(key.encode()), view)
            if owner:
                by_owner.setdefault(owner.name, []).append(key)
        found: dict[str, str | None] = {}
        for name, mine in by_owner.items():
            pipe = self.connect(self.nodes[name]).pipeline(transaction=False)
            for key in mine:
                pipe.get(key)
            found |= dict(zip(mine, pipe.execute(), strict=True))
        return found

    def is_well(self) -> bool:
        """Whether all that are here agree on who serves what, find all slots served, and each replica is in step with its primary."""
        views = [self.view(node) for node in self.here()]
        served = [sorted((id, tuple(map(tuple, one["slots"]))) for id, one in view.items()) for view in views]
        if any(one != served[0] for one in served):
            return False
        for node, view in zip(self.here(), views, strict=True):
            told = self.connect(node).info("replication")
            state = self.connect(node).execute_command("CLUSTER INFO")["cluster_state"]
            in_step = told["role"] == "master" or told["master_link_status"] == "up"
            present = [one for id, one in view.items() if not self.named(id).is_away]
            if state != "ok" or not in_step or any("fail" in one["flags"] for one in present):
                return False
        return True

    def wait_until_well(self, limit: float = TAKEN_OVER) -> None:
        """Returns once it is well. Raises Unchecked if it does not come to be."""
        if not until(self._is_well_now, limit, 0.05):
            raise Unchecked(
                "The workshop's Redis Cluster did not settle. Look whether the machine is busy, then run the check again."
            )

    def _is_well_now(self) -> bool:
        import redis

        try:
            return self.is_well()
        except redis.RedisError:  # a node is coming back
            return False

    def end(self) -> None:
        """Removes its containers."""
        alone = [self._lone.container] if self._lone else []
        helpers.remove(self.run, *(node.container for node in self.nodes.values()), *alone)
