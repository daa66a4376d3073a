"""The workshop's Redis Cluster on a live engine: it is well when it is up, it goes with its run, and one that does not come up is nobody's mistake."""

import pytest

from workshop.clusters import nodes
from workshop.clusters.cluster import Cluster
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.outcomes import Unchecked
from workshop.patience import until
from workshop.pictures.cluster import text
from workshop.runtimes.docker import Session
from workshop.web import finding
from workshop.web.cluster import Asked


def left_of(run_id):
    """The containers that the engine still holds of a run."""
    return engine.docker("ps", "--all", "--quiet", "--filter", f"label=workshop.run={run_id}").out.split()


def test_it_is_well_when_it_is_up_and_goes_with_its_run(has_engine):
    with Run() as run:
        cluster = Cluster.up(run, Session(run).network())
        assert [node.name for node in cluster.primaries()] == list(nodes.LAYOUT)
        assert {primary: cluster.replica_of(cluster.nodes[primary]).name for primary in nodes.LAYOUT} == nodes.LAYOUT
        assert cluster.is_well()
        assert (cluster.slot("a{}{b}"), cluster.slot("{b}")) == (15033, 3300)
        for primary in cluster.primaries():
            assert cluster.owner(cluster.slot(cluster.key_on(primary, "word"))) is primary
        assert len(left_of(run.id)) == 6
        is_drawn_as_it_is(run, cluster)
    assert left_of(run.id) == []


def is_drawn_as_it_is(run, cluster):
    """Its picture says what its nodes say; then one is killed, and the picture tells at once, and who has taken over."""
    picture = Asked()
    look = lambda: picture.look(run, "", finding.of_run(run), {})  # noqa: E731
    victim = cluster.primaries()[1]
    for key in ("notes:{anna}:texts", cluster.key_on(victim, "word")):
        cluster.connect(cluster.owner(cluster.slot(key))).set(key, 1)
    seen, view, sizes = look(), cluster.view(victim), cluster.sizes()
    assert seen.served == nodes.SLOTS
    assert {node.name: node.copies for node in seen.nodes} == {
        **dict.fromkeys(nodes.LAYOUT),
        **{replica: primary for primary, replica in nodes.LAYOUT.items()},
    }
    for node in seen.nodes:
        told = view[cluster.nodes[node.name].id]["slots"]
        assert [[str(slot) for slot in span] for span in node.spans] == told
        assert node.keys == sizes.get(node.name)
    assert {fall.key: fall.slot for fall in seen.falls} == {fall.key: cluster.slot(fall.key) for fall in seen.falls}
    assert len(seen.falls) == 2
    cluster.kill(victim)
    gone = next(node for node in look().nodes if node.name == victim.name)
    assert gone.trouble == "ended, exit code 137"
    heir = nodes.LAYOUT[victim.name]
    assert until(
        lambda: f"{heir} is primary now: it has taken over from {victim.name}" in text(look()), nodes.TAKEN_OVER
    )


def test_nodes_that_end_at_once_are_unchecked_and_leave_nothing(has_engine, monkeypatch):
    monkeypatch.setattr(nodes, "UP_LIMIT", 1.0)
    monkeypatch.setattr(nodes, "SETTINGS", (*nodes.SETTINGS, "--no-such-directive", "yes"))
    with Run() as run:
        with pytest.raises(Unchecked):
            Cluster.up(run, Session(run).network())
        assert left_of(run.id) == []


def test_a_cluster_that_never_agrees_is_unchecked_and_says_what_it_lacks(has_engine, monkeypatch):
    monkeypatch.setattr(nodes, "UP_LIMIT", 1.0)
    monkeypatch.setattr(nodes, "LAYOUT", {"n1": "n2"})  # one primary
    monkeypatch.setattr(nodes, "SLOTS", 16383)  # slot 16383 has nobody
    with Run() as run:
        with pytest.raises(Unchecked, match="agree on who serves what"):
            Cluster.up(run, Session(run).network())
        assert left_of(run.id) == []
