"""What goes wrong follows from the seed alone, for each node by itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tuner.simulation import ClusterModel, Curve
from tuner.simulation.incidents import Incident, Kind, incidents
from tuner.simulation.pace import Pace


def first(model: ClusterModel, seed: int, number: int = 200) -> list[Incident]:
    places = model.places({"cpu": 1})
    return list(itertools.islice(incidents(model, places, seed), number))


def test_nothing_happens_by_default() -> None:
    assert first(ClusterModel(100), seed=0) == []


def test_a_seed_repeats_and_another_differs() -> None:
    model = ClusterModel(3, node_mtbf_s=10.0, node_repair_s=1.0, worker_mtbf_s=20.0)
    assert first(model, 1) == first(model, 1) != first(model, 2)
    times = [incident.at for incident in first(model, 1)]
    assert times == sorted(times)


def test_a_node_is_lost_and_returns_after_its_repair() -> None:
    model = ClusterModel(2, node_mtbf_s=10.0, node_repair_s=3.0)
    for node in (0, 1):
        own = [incident for incident in first(model, 0) if incident.target == node]
        for lost, back in zip(own[::2], own[1::2], strict=False):
            assert (lost.kind, back.kind) == (Kind.LOSS, Kind.RETURN)
            assert back.at == pytest.approx(lost.at + 3.0)


def test_a_node_has_a_stream_of_its_own() -> None:
    """Two more nodes change nothing for the first one, nor do crashes."""
    few = ClusterModel(1, node_mtbf_s=10.0)
    many = ClusterModel(3, node_mtbf_s=10.0, worker_mtbf_s=5.0)
    lost = [each for each in first(many, 7, 2000) if each.target == 0 and each.kind is Kind.LOSS]
    expected = [each for each in first(few, 7, 2000) if each.kind is Kind.LOSS]
    assert lost[:50] == expected[:50]


def test_rates_are_those_of_the_model() -> None:
    """1,000 gaps of mean 8 s: the mean is within 4 standard errors, 8 / sqrt(1000) each."""
    crashes = first(ClusterModel(10, worker_mtbf_s=80.0), 0, 1000)
    assert crashes[-1].at / 1000 == pytest.approx(8.0, abs=4 * 8.0 / np.sqrt(1000))
    assert {incident.target for incident in crashes} == set(range(10))


def test_no_slowness_leaves_the_curve_alone() -> None:
    curve = Curve({"loss": [1.0]}, [1.0])
    assert Pace(ClusterModel(1), 1, 0).slowed(curve, number=0, node=0) is curve


def test_slow_nodes_are_a_share_and_slow_by_the_factor() -> None:
    model = ClusterModel(1000, straggler_share=0.3, straggler_factor=4.0)
    pace, curve = Pace(model, 1000, 5), Curve({"loss": [1.0, 2.0]}, [1.0, 2.0], fails_at=2)
    taken = [tuple(pace.slowed(curve, number=0, node=node).seconds) for node in range(1000)]
    assert set(taken) == {(1.0, 2.0), (4.0, 8.0)}
    assert 230 < taken.count((4.0, 8.0)) < 370  # 300, and 5 standard deviations of 14.5
    assert pace.slowed(curve, number=0, node=taken.index((4.0, 8.0))).fails_at == 2


def test_noise_belongs_to_the_trial_and_only_slows() -> None:
    pace = Pace(ClusterModel(2, epoch_noise=0.5), 2, 3)
    curve = Curve({"loss": [1.0] * 1000}, [1.0] * 1000)
    here, there = (pace.slowed(curve, number=4, node=node).seconds for node in (0, 1))
    other = pace.slowed(curve, number=5, node=0).seconds
    assert here == there != other
    assert min(here) >= 1.0
    # E[1 + 0.5 |z|] = 1 + 0.5 sqrt(2 / pi) = 1.399; a standard error is 0.5 * 0.603 / sqrt(1000).
    assert np.mean(here) == pytest.approx(1.399, abs=0.05)
