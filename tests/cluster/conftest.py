"""A Ray cluster of three nodes on this machine, each in namespaces of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cluster" / "local"))

from namespaces import why_no_namespaces
from ray_nodes import LocalCluster

# Seconds instead of a quarter of a minute until Ray takes a silent node for dead.
PROMPT = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
}


@pytest.fixture(scope="session")
def whole_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Three nodes with 4, 2 and 1 GPUs; the first has one CPU, the others four."""
    reason = why_no_namespaces()
    if reason is not None:
        pytest.skip(f"a cluster of namespaces: {reason}")
    folder = tmp_path_factory.mktemp("nodes")
    cluster = LocalCluster.up(folder, cpus=(1, 4, 4), gpus=(4, 2, 1), settings=PROMPT)
    yield cluster
    cluster.down()


@pytest.fixture
def cluster(whole_cluster: LocalCluster) -> LocalCluster:
    """The same, with all nodes up, whatever a test before did to them."""
    down = [name for name, node in whole_cluster.nodes.items() if not node.is_up]
    if "n1" in down:  # the others belong to a head that is gone
        for name in whole_cluster.nodes.keys() - set(down):
            whole_cluster.kill(name)
        down = list(whole_cluster.nodes)
    whole_cluster.start(*down)
    return whole_cluster
