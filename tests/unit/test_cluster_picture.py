"""The picture of a Redis Cluster: what six nodes told is read, drawn and told in words; and what became of it when a primary was killed."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from workshop.pictures import cluster
from workshop.pictures.canvas import State
from workshop.pictures.cluster import Cluster, Fall, Node
from workshop.web.cluster import PART, Asked, fall, falls, read

HOSTILE = '<script>alert("1")</script>\x1b[31m&]]>'
# What six nodes of lesson 19 told (redis:8), their ids cut to eight letters: when all was well …
VIEW = """009d78fa 172.28.0.4:6379@16379,n6 slave d44fe333 0 1795973596000 10 connected
60054924 172.28.0.7:6379@16379,n1 slave 0c4b6018 0 1795973596052 9 connected
54d590e8 172.28.0.2:6379@16379,n4 master - 0 1795973597586 8 connected 10923-16383
d44fe333 172.28.0.3:6379@16379,n2 myself,master - 0 0 10 connected 5461-10922
1e191fd8 172.28.0.6:6379@16379,n3 slave 54d590e8 0 1795973596000 8 connected
0c4b6018 172.28.0.5:6379@16379,n5 master - 0 1795973597420 9 connected 0-5460"""
# … when n4 had been killed and n3 had taken over …
AFTER = VIEW.replace("n4 master -", "n4 master,fail -").replace("8 connected 10923-16383", "8 connected")
AFTER = AFTER.replace(
    "n3 slave 54d590e8 0 1795973596000 8 connected", "n3 master - 0 1795973613242 11 connected 10923-16383"
)
# … and what a node without a network told.
ALONE = """0c4b6018 172.28.0.5:6379@16379,n5 slave,fail? 60054924 1795973211638 1795973209529 1 disconnected
1e191fd8 172.28.0.6:6379@16379,n3 myself,master - 0 0 3 connected 10923-16383
009d78fa 172.28.0.4:6379@16379,n6 master,fail? - 1795973211119 1795973208611 7 disconnected 5461-10922
60054924 172.28.0.7:6379@16379,n1 master,fail? - 1795973210557 1795973208000 1 disconnected 0-5460"""
SHARDS = json.dumps(
    [
        {"slots": [0, 5460], "nodes": [{"id": "60054924"}, {"id": "0c4b6018"}]},
        {"slots": [5461, 10922], "nodes": [{"id": "009d78fa"}, {"id": "d44fe333"}]},
        {"slots": [10923, 16383], "nodes": [{"id": "1e191fd8"}, {"id": "54d590e8"}]},
    ]
)
COUNTS = ('54d590e8\n2\n["0",["a{}{b}","{anna}:x"]]', 'd44fe333\n2\n["0",["colour","animal"]]', "0c4b6018\n")


def answer(view, state="ok", counts=COUNTS):
    """What one call to a node printed."""
    return "".join(f"{part}{PART}" for part in (view, SHARDS, f"cluster_state:{state}\r\ncluster_size:3", *counts))


WELL = Cluster(
    "n1",
    (
        Node("n1", "a", ((0, 5460),), keys=1),
        Node("n4", "a", copies="n1"),
        Node("n2", "b", ((5461, 10922),), keys=12),
        Node("n5", "b", copies="n2"),
        Node("n3", "c", ((10923, 16000), (16002, 16383)), keys=0),
    ),
    (Fall("colour", 9502, "colour"), Fall("notes:{anna}:texts", 15278, "anna")),
    parts={"slots": State.PASSED},
)
KILLED = replace(
    WELL,
    nodes=(*WELL.nodes[:2], Node("n2", "b", ((5461, 10922),), trouble="ended, exit code 137"), *WELL.nodes[3:]),
    is_down=True,
)
TAKEN_OVER = replace(
    WELL,
    nodes=(
        *WELL.nodes[:2],
        Node("n2", "b", trouble="ended, exit code 137"),
        Node("n5", "b", ((5461, 10922),)),
        WELL.nodes[4],
    ),
)
BACK = replace(TAKEN_OVER, nodes=(*WELL.nodes[:2], Node("n2", "b", copies="n5"), *TAKEN_OVER.nodes[3:]))


def texts(made):
    """All that is written in the picture."""
    return [element.text for element in ET.fromstring(cluster.svg(made)).iter() if element.tag.endswith("text")]


def classes(made):
    return {word for element in ET.fromstring(cluster.svg(made)).iter() for word in element.get("class", "").split()}


def test_what_a_node_tells_is_read():
    told = read(answer(VIEW))
    assert told.nodes["54d590e8"] == ("172.28.0.2:6379", {"master"}, "-", ((10923, 16383),))
    assert told.nodes["1e191fd8"][2] == "54d590e8"
    assert told.shards["1e191fd8"] == told.shards["54d590e8"] != told.shards["d44fe333"]
    assert told.counts == {"54d590e8": (2, ["a{}{b}", "{anna}:x"]), "d44fe333": (2, ["animal", "colour"])}
    assert (told.myself, told.is_down, told.is_of_few) == ("d44fe333", False, False)
    after = read(answer(AFTER, "fail"))
    assert "fail" in after.nodes["54d590e8"][1]
    assert after.nodes["1e191fd8"][3] == ((10923, 16383),)
    assert after.is_down


def test_a_node_without_a_network_is_known_by_its_view():
    assert read(answer(ALONE)).is_of_few


def test_slots_on_their_way_and_single_slots_are_read():
    view = "54d590e8 172.28.0.2:6379@16379,n4 myself,master - 0 0 8 connected 1 5-7 [93->-d44fe333]"
    assert read(answer(view, counts=())).nodes["54d590e8"][3] == ((1, 1), (5, 7))


@pytest.mark.parametrize("out", ["", "ERR This instance has cluster support disabled\n", f"x{PART}"])
def test_what_is_no_clusters_answer_is_refused(out):
    with pytest.raises(ValueError):
        read(out)


def test_keys_fall_where_redis_says():
    found = falls({"n1": (2, ["a{}{b}", "notes:{anna}:texts"]), "n2": (1, ["colour"])})
    assert found == (
        Fall("a{}{b}", 15033, "a{}{b}"),
        Fall("colour", 9502, "colour"),
        Fall("notes:{anna}:texts", 15278, "anna"),
    )
    many = falls({"n1": (500, [f"k{n:03}" for n in range(500)]), "n2": (1, ["{tag}"])})
    assert len(many) == cluster.SHOWN
    assert "{tag}" in {fall.key for fall in many}


@pytest.mark.parametrize(
    ("key", "counts"),
    [
        ("{a}b", "a"),
        ("x{a}{b}", "a"),
        ("a{}{b}", "a{}{b}"),
        ("a}b{c}", "c"),
        ("{a", "{a"),
        ("a}", "a}"),
        ("{{a}}", "{a"),
    ],
)
def test_what_of_a_key_counts(key, counts):
    assert cluster.hashed(key) == counts


def test_any_key_can_be_tried():
    assert cluster.where(WELL, fall("x{a}")) == "hash tag a → slot 15495, on n3"
    assert cluster.where(WELL, fall("a{}{b}")) == "no whole hash tag: the whole key counts → slot 15033, on n3"
    assert cluster.where(KILLED, fall("colour")).endswith("slot 9502, which nobody serves now")
    assert Asked().where("colour") == ""


def test_slots_nodes_and_keys_are_drawn():
    written = texts(WELL)
    assert {"Cluster · 16383 of 16384 slots are served", "as n1 sees it", "slots 0–5460"} <= set(written)
    assert {"primary", "replica of n1", "12 keys", "1 key", "slot 9502 · n2", "hash tag anna"} <= set(written)
    assert "passed" in classes(WELL)
    assert {"failed", "over"}.isdisjoint(classes(WELL))
    words = cluster.text(WELL)
    assert "n3: primary, slots 10923–16000, 16002–16383, 0 keys" in words
    assert "key notes:{anna}:texts: hash tag anna → slot 15278, on n3" in words


def test_a_node_that_is_gone_is_red_and_its_slots_are_nobodys():
    written = texts(KILLED)
    assert "Cluster · 10921 of 16384 slots are served" in written
    assert {"nobody", "ended, exit code 137", "slot 9502 · nobody"} <= set(written)
    assert "as n1 sees it · it refuses every key" in written
    assert {"failed", "bad", "over"} <= classes(KILLED)
    assert "slot 9502, which nobody serves now" in cluster.text(KILLED)


def test_nodes_that_are_no_cluster_yet_say_so():
    alone = Cluster("n1", (Node("n1", "n1"),), is_down=True)
    assert "as n1 sees it · it has not met the other nodes yet" in texts(alone)
    assert "no slot is given out yet" in cluster.text(replace(alone, nodes=(*alone.nodes, Node("n2", "n2"))))


def test_what_changes_is_told():
    assert cluster.changes(WELL, WELL) == []
    assert cluster.changes(WELL, KILLED) == ["n2: ended, exit code 137"]
    assert cluster.changes(KILLED, TAKEN_OVER) == ["n5 is primary now: it has taken over from n2"]
    assert cluster.changes(TAKEN_OVER, BACK) == ["n2 is back: replica of n5"]
    moved = replace(
        WELL,
        nodes=(
            replace(WELL.nodes[0], spans=((0, 5465),)),
            *WELL.nodes[1:2],
            replace(WELL.nodes[2], spans=((5466, 10922),)),
            *WELL.nodes[3:],
        ),
    )
    assert cluster.changes(WELL, moved) == ["n1 has 5 slots more, from n2"]


def test_a_node_stays_in_its_place_when_a_replica_takes_over():
    order = lambda made: [[node.name for node in nodes] for nodes in made.shards]  # noqa: E731
    assert order(WELL) == order(KILLED) == order(TAKEN_OVER) == order(BACK) == [["n1", "n4"], ["n2", "n5"], ["n3"]]


def test_nothing_that_a_stranger_named_gets_out_of_a_text():
    named = replace(
        WELL,
        teller=HOSTILE,
        nodes=(Node(HOSTILE, "a", ((0, 16383),), trouble=HOSTILE), Node("x", "a", copies=HOSTILE)),
        falls=(Fall(HOSTILE, 1, HOSTILE[1:]),),
        events=(HOSTILE,),
    )
    drawn = cluster.svg(named)
    assert "<script" not in drawn
    assert "\x1b" not in drawn + cluster.text(named)
    assert ET.fromstring(drawn).get("aria-label")
