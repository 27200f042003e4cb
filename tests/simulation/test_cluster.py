"""What a cluster holds, and how it is spelled."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ResourcesError, SpecError
from tuner.simulation import ClusterModel, Node, parse_cluster


@pytest.mark.parametrize(
    ("text", "resources", "places"),
    [
        ("3", {"gpu": 9}, (1, 1, 1)),  # slots hold any trial
        ("2x4gpu", {"cpu": 8, "gpu": 1}, (4, 4)),  # nothing is said of CPUs
        ("4gpu+2gpu+1gpu", {"gpu": 2}, (2, 1, 0)),
        ("4gpu+2gpu+1gpu", {"gpu": 1 / 3}, (12, 6, 3)),
        ("4gpu", {"gpu": 0.6}, (4,)),  # two of 0.6 do not fit one GPU
        ("2x(cpu=32,gpu=8) + 1x64cpu", {"cpu": 4}, (8, 8, 16)),
        ("2x(cpu=32,gpu=8) + 1x64cpu", {"cpu": 1, "gpu": 0.5}, (16, 16, 0)),
        ("16cpu", {"cpu": 0.5, "memory": 1e12}, (32,)),  # memory is there in plenty
    ],
)
def test_places(text: str, resources: dict[str, float], places: tuple[int, ...]) -> None:
    assert parse_cluster(text).places(resources) == places


@pytest.mark.parametrize(
    ("text", "resources", "words"),
    [
        ("8x4gpu", {"gpu": 5}, "a trial takes gpu=5, and no node of 8x4gpu holds one"),
        ("16cpu", {"cpu": 1, "gpu": 1}, "a trial takes cpu=1, gpu=1, and no node of 1x16cpu"),
        ("8x4gpu", {"cpu": 1}, r"a node of 4gpu says nothing of its CPUs: write \(cpu=16,gpu=4\)"),
        ("8x4gpu", {}, "follows from their configurations, which is not simulated on nodes"),
    ],
)
def test_what_no_node_holds_is_refused(text: str, resources: dict[str, float], words: str) -> None:
    with pytest.raises(ResourcesError, match=words):
        parse_cluster(text).places(resources)


def test_a_spelling() -> None:
    cluster = parse_cluster("2x(cpu=32, gpu=8)+1x64cpu: start_s=10, losses_fail=true")
    big, small = Node(cpu=32, gpu=8), Node(cpu=64)
    assert cluster == ClusterModel(nodes=(big, big, small), start_s=10, losses_fail=True)
    assert str(cluster) == "2x(cpu=32,gpu=8)+1x64cpu:losses_fail=true,start_s=10.0"
    assert str(ClusterModel(25)) == "25"


seconds = st.floats(0, 1e9)
nodes = st.builds(Node, cpu=st.floats(0.5, 1e6), gpu=st.integers(0, 16)) | st.builds(
    Node, gpu=st.integers(1, 16)
)
clusters = st.builds(
    ClusterModel,
    start_s=seconds,
    save_s=seconds,
    nodes=st.lists(nodes, min_size=1, max_size=5).map(tuple),
    straggler_share=st.floats(0, 1),
    straggler_factor=st.floats(1, 100),
    node_mtbf_s=st.floats(1e-3, 1e9) | st.just(math.inf),
    losses_fail=st.booleans(),
)


@given(clusters)
def test_the_spelling_round_trips(cluster: ClusterModel) -> None:
    assert parse_cluster(str(cluster)) == cluster


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a cluster is spelled as 25, 8x4gpu"),
        ("many", "'many' is no group of nodes in 'many': spell nodes as 8x4gpu"),
        ("8x4gpu+", "'' is no group of nodes"),
        ("8x4tpu", "'8x4tpu' is no group of nodes"),
        ("0x4gpu", "a group has at least one node, got '0x4gpu'"),
        ("(gpuz=4)", "a node has CPUs and GPUs, got 'gpuz' .*did you mean 'gpu'"),
        ("(gpu=4,gpu=5)", "gpu is given twice"),
        ("(cpu=many)", "cpu='many' in .* is no number"),
        ("0.5gpu", "a whole number of GPUs >= 0, got gpu=0.5"),
        ("0cpu", "a node without GPUs needs CPUs, got cpu=0.0"),
        ("25:start=5", "unknown option 'start' of a cluster; did you mean 'start_s'"),
        ("25:start_s=soon", "start_s of a cluster is a number, got 'soon'"),
        ("25:losses_fail=1", "losses_fail of a cluster is true or false, got 1"),
        ("25:start_s", "every option is keyword=value, got 'start_s'"),
        ("0", "at least one slot, got slots=0"),
    ],
)
def test_what_spells_no_cluster_is_refused(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        parse_cluster(text)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({}, "either slots or nodes, got slots=None and 0 nodes"),
        ({"slots": 1, "nodes": (Node(cpu=1),)}, "either slots or nodes, got slots=1 and 1 node:"),
        ({"slots": 1, "start_s": -1.0}, "start_s must be a number of seconds >= 0, got -1.0"),
        ({"slots": 1, "save_s": math.nan}, "save_s must be a number of seconds >= 0, got nan"),
        ({"slots": 1, "epoch_noise": -0.1}, "epoch_noise must be a number of standard deviations"),
        ({"slots": 1, "node_mtbf_s": 0.0}, r"node_mtbf_s must be above 0 \(inf: never\), got 0.0"),
        ({"slots": 1, "straggler_share": 2.0}, r"straggler_share must be in \[0, 1\], got 2.0"),
        ({"slots": 1, "straggler_factor": 0.5}, "straggler_factor must be at least 1, got 0.5"),
    ],
)
def test_an_impossible_cluster_is_refused(model: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        ClusterModel(**model)
