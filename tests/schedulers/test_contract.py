"""What every scheduler owes a sweep, on random streams of events.

A name that is added to the registry is tested without a change here. Ray's own classes under
names of their own (``ray_...``) are what Ray makes them, and are left out.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from ray.tune.schedulers import TrialScheduler

from tuner.arms import parse_choice
from tuner.scenario import Scenario
from tuner.schedulers import SCHEDULERS, Decision, Supervisor, build_scheduler
from tuner.schedulers.policy import PolicyReplay, PolicyStep

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder

from streams import FakeSweep, Stream

MAX_T = 9
NAMES = sorted(name for name in SCHEDULERS if not name.startswith("ray_"))
VARIANTS = (
    "asha:brackets=3,reduction_factor=2",
    "hyperband:reduction_factor=2",
    "median:min_samples_required=1,hard_stop=false",
    "pbt:synch=true,perturbation_interval=2",
)
ARMS = (*NAMES, *VARIANTS)
STREAMS = 1000  # of each name, half of them without a supervisor
FEWER = dict.fromkeys(VARIANTS, 100) | {"pb2": 30}  # whose pandas takes its time
VAGUE = ("decided at", "ended the trial while it decided about another")

SCENARIO = Scenario(
    name="s",
    trainable=lambda config: None,
    space={"lr": tune.loguniform(0.001, 1.0), "batch": tune.choice([16, 32, 64])},
    metric="loss",
    mode="min",
    time_attr="epoch",
    max_t=MAX_T,
    checkpoints=True,
)


@pytest.fixture(autouse=True)
def quick_bandit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have PB2 choose in no time, from the same data: its Gaussian process takes 50 ms."""

    def select(x: Any, y: Any, current: Any, newpoint: Any, bounds: Any, num_f: int) -> Any:
        seen = np.sum(x) + np.sum(y) + (0.0 if current is None else np.sum(current))
        return (np.random.rand(len(bounds)) + seen + np.sum(newpoint)) % 1.0

    monkeypatch.setattr("ray.tune.schedulers.pb2._select_config", select)


def policy_replay() -> PolicyReplay:
    configs = [{"lr": lr, "batch": 16} for lr in (0.1, 0.2, 0.3)]
    steps = [PolicyStep(time, config) for time, config in zip((0, 2, 5), configs, strict=True)]
    return PolicyReplay(steps, time_attr="epoch")


FROM_FILES = {"pbt_replay": policy_replay}  # whose keywords name a sweep


def build(arm: str, seed: int) -> TrialScheduler:
    if arm in FROM_FILES:
        return FROM_FILES[arm]()
    return build_scheduler(parse_choice(arm), SCENARIO, seed=seed)


def streams(arm: str, *, supervised: bool) -> Iterator[Stream]:
    ahead = True if SCHEDULERS[parse_choice(arm).name].population else None
    number = FEWER.get(arm, STREAMS)
    half = range(number // 2) if supervised else range(number // 2, number)
    for seed in half:
        yield Stream.drawn(seed, max_t=MAX_T, ahead=ahead)


def is_ours(arm: str) -> bool:
    return type(build(arm, 0)).__module__.startswith("tuner.")


class Supervised(FakeSweep):
    """A stream under the supervision of a sweep, and what was decided."""

    def __init__(self, arm: str, stream: Stream, **options: Any) -> None:
        self.decisions: list[Decision] = []
        supervisor = Supervisor(
            build(arm, stream.seed),
            metric="loss",
            mode="min",
            time_attr="epoch",
            max_t=MAX_T,
            seed=stream.seed,
            observe=self.decisions.append,
        )
        super().__init__(supervisor, stream, **options)

    def run(self, *args: Any) -> Supervised:
        super().run(*args)
        assert self.scheduler.failure is None
        assert self.scheduler.refusal is None
        return self


@pytest.mark.parametrize("arm", ARMS)
def test_equal_reports_lead_to_equal_decisions_with_their_reasons(arm: str) -> None:
    """Same seed, same decisions: no matter in which order a report's keys stand, which late,
    doubled and unknown reports come between, and whether a trial diverges or fails."""
    ours, outside = is_ours(arm), (random.getstate(), np.random.get_state()[1].tobytes())
    for stream in streams(arm, supervised=True):
        noise = random.Random(stream.seed)
        noisy = Supervised(arm, stream, noise=noise, divergence="reports").run()
        clean = Supervised(arm, stream).run()
        assert noisy.log == clean.log, stream
        assert noisy.ended, stream
        for decision in noisy.decisions:
            check_reason(decision, ours)
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == outside


def check_reason(decision: Decision, ours: bool) -> None:
    text = decision.reason.text
    assert text
    assert "\n" not in text
    assert not (ours and any(words in text for words in VAGUE)), text
    json.dumps(dict(decision.reason.details), allow_nan=False)


@pytest.mark.parametrize("arm", [arm for arm in ARMS if is_ours(arm)])
def test_restored_in_the_middle_it_decides_as_if_nothing_had_been(arm: str, tmp_path: Path) -> None:
    """Fresh scheduler and fresh trials, as in another process; without a supervisor.

    The same sweep is not interrupted, and gets reports that must change nothing.
    """
    file = tmp_path / "state.json"
    for stream in streams(arm, supervised=False):
        rng = random.Random(stream.seed)
        whole = FakeSweep(build(arm, stream.seed), stream, noise=rng).run()
        assert whole.ended, stream
        halves = FakeSweep(build(arm, stream.seed), stream)
        halves.run(steps=rng.randint(1, 3 * stream.trials))
        halves.scheduler.save(str(file))
        json.loads(file.read_text(), parse_constant=pytest.fail)  # which is called for NaN
        fresh = build(arm, stream.seed)
        fresh.restore(str(file))
        halves.replace_scheduler(fresh)
        assert halves.run().log == whole.log, stream
