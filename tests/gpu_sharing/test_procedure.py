from __future__ import annotations

import json

import pytest
from benches import MB, FormulaBench

from tuner.errors import ResourcesError
from tuner.gpu_sharing import Probe, run_probe

CONFIGS = [{"width": 2500}, {"width": 100}, {"width": 200}]


def test_trials_share_a_gpu_as_far_as_they_fit() -> None:
    bench = FormulaBench(total_mb=16_000, saturates_at=100)
    probe = run_probe(bench, CONFIGS)
    # 15,200 MB over 2,750 + 500: 4
    assert (probe.trials, probe.share) == (4, 0.25)
    assert [each.trials for each in probe.together] == [1, 2, 4]
    assert {config["width"] for config, _ in bench.tried} == {200}  # neither extreme


def test_beyond_what_keeps_a_gpu_busy_nobody_is_added() -> None:
    bench = FormulaBench(total_mb=160_000, saturates_at=2)
    probe = run_probe(bench, CONFIGS)
    assert (probe.trials, probe.share) == (2, 0.5)
    assert [trials for _, trials in bench.tried] == [1, 2, 4]  # and no more than one too many


def test_the_choice_is_nearly_as_good_as_the_best_by_hand() -> None:
    for saturates_at in (1, 2, 3, 5, 8, 11, 16):
        for slows in (0.0, 0.02, 0.2):
            bench = FormulaBench(160_000, saturates_at, slows=slows)
            probe = run_probe(bench, CONFIGS)
            by_hand = FormulaBench(160_000, saturates_at, slows=slows)
            rates = {k: by_hand.together(CONFIGS[2], k).reports_per_s for k in (1, 2, 4, 8, 16)}
            assert rates[probe.trials] >= 0.9 * max(rates.values())


def test_cpus_bound_the_number() -> None:
    probe = run_probe(FormulaBench(160_000, saturates_at=16, cpus=3), CONFIGS)
    assert probe.trials == 3
    assert probe.share == 0.3333
    assert any("suffice for 3 trials" in line for line in probe.lines())


def test_what_fits_nowhere_is_told_and_left_out() -> None:
    probe = run_probe(FormulaBench(total_mb=2_000), CONFIGS)
    assert probe.trials == 2
    assert [each.fits for each in probe.alone] == [False, True, True]
    assert "1 of 3 configurations need more than a whole GPU" in list(probe.lines())


def test_a_gpu_that_holds_none_is_refused() -> None:
    with pytest.raises(ResourcesError, match=r"whole GPU \(0.2 GiB\), and none of 3"):
        run_probe(FormulaBench(total_mb=200), CONFIGS)


def test_it_tells_what_it_does_and_survives_json() -> None:
    said: list[str] = []
    moments = iter([0.0, 42.0])
    probe = run_probe(FormulaBench(), CONFIGS, said.append, clock=lambda: next(moments))
    assert said[:2] == [
        "measuring configuration 1 of 3 on a GPU",
        "measuring configuration 2 of 3 on a GPU",
    ]
    assert "measuring 4 trials at once" in said
    assert Probe.from_json(json.loads(json.dumps(probe.to_json()))) == probe
    assert list(probe.lines()) == [
        "gpu=0.25: 4 trials on each GPU (Formula 1, 16,000 MB), measured in 42 s",
        "memory: 100 to 2,500 MB at most, of 3 configurations, and 500 MB for each process",
        "reports/s of all trials on a GPU together: 10 with 1, 20 with 2, 40 with 4",
    ]
    assert probe.alone[0].peak_bytes == 2500 * MB
