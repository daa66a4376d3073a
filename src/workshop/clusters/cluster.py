"""What lesson 19 does with a Redis Cluster: kills a node, cuts one off, has one hang, moves slots, writes to one from inside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workshop.clusters.nodes import PORT, TAKEN_OVER, Node, Nodes
from workshop.clusters.writers import Noting
from workshop.engine.engine import must
from workshop.outcomes import Unchecked
from workshop.patience import Ahead, until

STOP = "/tmp/stop"
GROUP = 5  # keys that WRITING writes before it asks WAIT
WRITING = """
i=0; rm -f {stop}
while [ ! -e {stop} ] && [ $i -lt 1000 ]; do
  i=$((i + 1))
  {{ for j in 1 2 3 4 5; do echo "SET {key}:$i:$j $i"; done; echo "WAIT 1 20"; }} | redis-cli
done
"""


@dataclass(frozen=True)
class Written:
    """What a node took that was written to from inside: the keys that it acknowledged, by whether `WAIT 1 20` then counted a replica."""

    confirmed: tuple[str, ...]
    alone: tuple[str, ...]


class Cluster(Nodes):
    """The fixture `cluster`. Made by `Cluster.up`."""

    def kill(self, node: Node) -> None:
        """SIGKILL, and it stays away."""
        must(self.run.docker("kill", node.container))
        node.is_away = True

    def cut_off(self, node: Node) -> None:
        """Takes a node's network away. It goes on running."""
        must(self.run.docker("network", "disconnect", self._network, node.container))
        node.is_away = True

    def join_again(self, node: Node) -> None:
        """Gives a node its network back."""
        must(self.run.docker("network", "connect", "--alias", self._everyone, self._network, node.container))
        self._find(node)
        node.is_away = False

    @contextlib.contextmanager
    def paused(self, node: Node) -> Iterator[None]:
        """A node hangs within the block: its connections stay, and it answers nothing."""
        must(self.run.docker("pause", node.container))
        try:
            yield
        finally:
            must(self.run.docker("unpause", node.container))

    def writing_inside(self, node: Node, key: str) -> Ahead[Written]:
        """Writes to a node from inside its container, `key:1:1`, `key:1:2`, …, and asks now and then how many replicas have it, until `stop_writing`."""
        script = WRITING.format(stop=STOP, key=key)

        def write() -> Written:
            done = self.run.docker("exec", node.container, "sh", "-c", script, timeout=60)
            lines = [line for line in done.out.splitlines() if line.strip()]
            confirmed, alone = list[str](), list[str]()
            for number in range(len(lines) // (GROUP + 1)):
                *answers, count = lines[number * (GROUP + 1) : (number + 1) * (GROUP + 1)]
                taken = [f"{key}:{number + 1}:{at + 1}" for at, answer in enumerate(answers) if answer == "OK"]
                (alone if count == "0" else confirmed).extend(taken)
            return Written(tuple(confirmed), tuple(alone))

        return Ahead(write)

    def stop_writing(self, node: Node) -> None:
        """Ends what writes to a node from inside."""
        must(self.run.docker("exec", node.container, "touch", STOP))

    @contextlib.contextmanager
    def without_network(self, node: Node, key: str, drill: Noting) -> Iterator[list[str]]:
        """A node has no network within the block, while a client inside it goes on writing. After the block, once the cluster
        is well again, the list has the keys that the node acknowledged while no replica had them.
        """
        alone, writing = list[str](), self.writing_inside(node, key)
        self.cut_off(node)
        drill.note(node.name, "has no network any more; a client inside goes on writing to it")
        yield alone
        self.stop_writing(node)
        alone.extend(writing.get().alone)
        drill.note(node.name, f"acknowledged {len(alone)} writes while WAIT counted no replica")
        self.join_again(node)
        drill.note(node.name, "has its network again")
        self.wait_until_well()

    def taken_over(self, slot: int, before: Node) -> Node:
        """The node that serves a slot instead of the one `before`, once all that are here say so. Raises Unchecked if none comes to do it."""

        def new() -> Node | None:
            owners = [self.owner(slot, self.view(node)) for node in self.here()]
            same = all(owner is owners[0] for owner in owners)
            return owners[0] if same and owners[0] is not before else None

        found = until(new, TAKEN_OVER, 0.05)
        if found is None:
            raise Unchecked(
                f"No replica took over from {before.name} in {TAKEN_OVER:.0f} s: the machine may be too busy."
            )
        return found

    def begin_move(self, slot: int, source: Node, target: Node) -> None:
        """Opens a slot for its move to another primary: from now on its keys may be on either side."""
        self.ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        self.ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)

    def move_keys(self, keys: Sequence[str], source: Node, target: Node) -> None:
        """Moves keys of a slot that is being moved."""
        if keys:
            self.ask(source, "MIGRATE", target.ip, PORT, "", 0, 5000, "KEYS", *keys)

    def end_move(self, slot: int, source: Node, target: Node) -> None:
        """Moves all keys of the slot that are left, and tells the primaries whose it is now."""
        while keys := self.ask(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            self.move_keys(keys, source, target)
        for node in (target, source, *(node for node in self.primaries() if node not in (source, target))):
            self.ask(node, "CLUSTER", "SETSLOT", slot, "NODE", target.id)

    @contextlib.contextmanager
    def moving(self, slot: int, source: Node, target: Node, keys: Sequence[str], drill: Noting) -> Iterator[None]:
        """A slot is on its way to another primary within the block, and these of its keys have moved."""
        self.begin_move(slot, source, target)
        drill.note(source.name, f"begins to hand slot {slot} over to {target.name}")
        self.move_keys(keys, source, target)
        drill.note(target.name, f"has {len(keys)} of its keys")
        try:
            yield
        finally:
            self.end_move(slot, source, target)
            drill.note(target.name, f"serves slot {slot}")

    def is_down(self) -> bool:
        """Whether a node that is here says that the cluster is down."""
        states = [self.connect(node).execute_command("CLUSTER INFO")["cluster_state"] for node in self.here()]
        return "fail" in states

    def require_full_coverage(self, wanted: bool) -> None:
        """Whether the nodes that are here refuse every key while some slot has nobody."""
        for node in self.here():
            self.ask(node, "CONFIG", "SET", "cluster-require-full-coverage", "yes" if wanted else "no")

    def lone_url(self) -> str:
        """The address of one more Redis, which is no node of a cluster."""
        if self._lone is None:
            lone = Node("alone", self.run.name("alone"))
            self._start(lone, ())
            self._lone = lone
        return f"redis://{self._lone.container}:{PORT}"
