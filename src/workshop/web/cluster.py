"""A Redis Cluster is asked from inside its network: the addresses that its nodes announce do not lead there from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from workshop.engine.run import Run
from workshop.pictures import cluster
from workshop.pictures.canvas import State
from workshop.pictures.cluster import Cluster, Fall, Node, Span
from workshop.web.finding import Found, addresses, name_of

PART = "\x1e"  # stands between two answers
ANSWER_LIMIT = 8.0  # seconds
EACH = 30  # keys that are asked for on each primary
# One call asks a node for its view, and each primary in that view for the number of its keys and some of them. No node has more than a second.
ASKED = f"""
nodes=$(redis-cli CLUSTER NODES) || exit 1
printf '%s{PART}' "$nodes" "$(redis-cli --json CLUSTER SHARDS)" "$(redis-cli CLUSTER INFO)"
echo "$nodes" | while read -r id at flags of sent got epoch link slots; do
    case "$flags/$slots" in *fail*|*handshake*|*/) continue ;; esac
    at=${{at%%@*}}
    printf '%s\\n%s{PART}' "$id" "$(printf 'DBSIZE\\nSCAN 0 COUNT {EACH}\\n' | timeout 1 redis-cli --json -h "${{at%:*}}" -p "${{at##*:}}")"
done
"""
STATES = {"paused": "paused: it hangs", "running": "", "restarting": "restarting"}


@dataclass
class Told:
    """What a node told: each node by id as (address, flags, id of its primary, spans), the shards, and of each primary keys and how many."""

    nodes: dict[str, tuple[str, set[str], str, tuple[Span, ...]]] = field(default_factory=dict)
    shards: dict[str, str] = field(default_factory=dict)  # by node: what stands for its shard
    counts: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    is_down: bool = False

    @property
    def is_of_few(self) -> bool:
        """Whether it finds most primaries silent: then it is the one that has lost its network."""
        primaries = [flags for _, flags, _, spans in self.nodes.values() if spans]
        return sum(bool(flags & {"fail", "fail?"}) for flags in primaries) * 2 > len(primaries)

    @property
    def myself(self) -> str:
        """The id of the one that tells."""
        return next(id for id, (_, flags, _, _) in self.nodes.items() if "myself" in flags)


def read(out: str) -> Told:
    """What ASKED printed. Raises ValueError if that is no cluster's answer."""
    view, shards, info, *primaries = out.split(PART)[:-1]
    told = Told(is_down="cluster_state:fail" in info)
    for line in view.splitlines():
        id, at, flags, of, _, _, _, _, *spans = line.split()
        if "handshake" not in flags:
            told.nodes[id] = (at.partition("@")[0], set(flags.split(",")), of, _spans(spans))
    for place, shard in enumerate(json.loads(shards)):
        told.shards |= {one["id"]: str(place) for one in shard["nodes"]}
    for one in primaries:
        id, *lines = one.splitlines()
        if len(lines) == 2:
            keys = [
                key for key in json.loads(lines[1])[1] if "\ufffd" not in key
            ]  # of what is no text the slot is not known here
            told.counts[id] = (int(lines[0]), sorted(keys))
    return told


def _spans(words: Sequence[str]) -> tuple[Span, ...]:
    """The slots at the end of a node's line; those in brackets are on their way and still where they were."""
    found = [word.partition("-") for word in words if not word.startswith("[")]
    return tuple((int(first), int(last or first)) for first, _, last in found)


def fall(key: str) -> Fall:
    """Where a key falls."""
    from redis.crc import key_slot

    return Fall(key, key_slot(key.encode()), cluster.hashed(key))


def falls(counts: Mapping[str, tuple[int, list[str]]]) -> tuple[Fall, ...]:
    """Some of the keys, of each primary in turn; of each first those with a hash tag."""
    tagged = lambda key: cluster.hashed(key) == key  # noqa: E731
    rows = [sorted(keys, key=tagged)[: cluster.SHOWN] for _, keys in counts.values()]
    turns = [row[turn] for turn in range(cluster.SHOWN) for row in rows if turn < len(row)]
    return tuple(map(fall, sorted(turns[: cluster.SHOWN])))


class Asked:
    """The clusters that were looked at: what each was like before, and the names of nodes that are gone."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # by a node's id: what it was called when its container ran
        self._before: dict[str, Cluster] = {}
        self._ids: dict[str, set[str]] = {}  # of the nodes that were there then
        self.members: set[str] = set()  # the containers that were found to be nodes

    def where(self, key: str) -> str:
        """Where a key falls in the cluster that was looked at last, and why."""
        last = next(reversed(self._before.values()), None)
        return cluster.where(last, fall(key)) if last and key else ""

    def look(self, run: Run, group: str, there: Sequence[Found], said: Mapping[str, State]) -> Cluster | None:
        """The cluster of some containers; None if they are none, or none of them answers."""
        before = self._before.get(group)
        told, teller = _told(run, there, before.teller if before else "")
        if told is None:
            return None
        if not self._ids.get(group, set()) & set(told.nodes):  # another cluster, with the same names
            before = None
        self._ids[group] = set(told.nodes)
        self._names[told.myself] = teller
        at = {ip: one for one in there for ip in addresses(one)}
        for id, (address, *_) in told.nodes.items():
            if one := at.get(address.rpartition(":")[0]):
                self._names[id] = name_of(one)
                self.members.add(one["Id"])
        containers = {name_of(one): one for one in there}
        names = {id: self._names.get(id, address) for id, (address, *_) in told.nodes.items()}
        nodes = tuple(
            Node(
                names[id],
                told.shards.get(id, id),
                spans,
                names.get(of),
                told.counts[id][0] if id in told.counts else None,
                _trouble(containers.get(names[id]), flags),
            )
            for id, (_, flags, of, spans) in told.nodes.items()
        )
        made = Cluster(names[told.myself], nodes, falls(told.counts), (), told.is_down, said)
        events = before.events if before else ()
        if before:
            now = datetime.now().strftime("%H:%M:%S")
            events += tuple(f"{now}  {event}" for event in cluster.changes(before, made))
        made = replace(made, events=events[-cluster.SHOWN :])
        self._before.pop(group, None)  # the one that was looked at last stands last
        self._before[group] = made
        return made


def _told(run: Run, there: Sequence[Found], first: str) -> tuple[Told | None, str]:
    """What the first node that answers tells, begun with the one called `first`, and its name; one that has lost most of the others is heard only if there is no better."""
    last: tuple[Told | None, str] = (None, "")
    for one in sorted(there, key=lambda one: (not any(addresses(one)), name_of(one) != first, one["Name"])):
        if one["State"]["Status"] != "running":
            continue
        done = run.docker("exec", one["Name"].lstrip("/"), "sh", "-c", ASKED, timeout=ANSWER_LIMIT)
        try:
            told = read(done.out)
        except (ValueError, StopIteration):
            continue
        if told.nodes and not told.is_of_few:
            return told, name_of(one)
        last = last if last[0] or not told.nodes else (told, name_of(one))
    return last


def _trouble(container: Mapping[str, Any] | None, flags: set[str]) -> str:
    """What is wrong with a node: with its container, which is known at once, or as the others find it."""
    if container is not None:
        state = container["State"]
        if state["Status"] not in STATES:
            return f"ended, exit code {state['ExitCode']}" if state["Status"] == "exited" else str(state["Status"])
        if not addresses(container):
            return "has no network"
        if STATES[state["Status"]]:
            return STATES[state["Status"]]
    if "fail" in flags:
        return "failed, say the others"
    return "silent" if "fail?" in flags else ""
