"""The fixture `cluster`: six Redis nodes, which the service finds at REDIS_CLUSTER_URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workshop.grading.bench import Bench

if TYPE_CHECKING:
    from workshop.clusters.cluster import Cluster


@pytest.fixture(scope="module")
def cluster(bench: Bench) -> Cluster:
    """A Redis Cluster of three primaries with a replica each, up. It needs an engine; without one its checks are unchecked."""
    return bench.cluster()
