from __future__ import annotations

from typing import Any

from ray import tune

from tuner.runtime.measuring import PEAK_MEMORY, measured

MIB = 2**20


class Greedy(tune.Trainable):
    def step(self) -> dict[str, Any]:
        held = bytearray(self.config["mib"] * MIB)
        held[::4096] = b"x" * len(held[::4096])  # else the pages are not there
        return {"loss": 1.0}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.config = new_config
        return True


def test_the_peak_is_that_of_the_trial_not_of_the_worker() -> None:
    trainable = measured(Greedy)(config={"mib": 300})
    large = trainable.train()[PEAK_MEMORY]
    trainable.reset({"mib": 1})
    small = trainable.train()[PEAK_MEMORY]
    assert large - small > 200 * MIB
    assert small > MIB
