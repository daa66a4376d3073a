"""The workshop's Redis Cluster on a live engine: it is well when it is up, it goes with its run, and one that does not come up is nobody's mistake."""

import pytest

from workshop.clusters import nodes
from workshop.clusters.cluster import Cluster
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.outcomes import Unchecked
from workshop.runtimes.docker import Session


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
    assert left_of(run.id) == []


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
