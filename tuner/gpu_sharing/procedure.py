"""How a probe goes: each configuration by itself, then more and more trials together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from tuner.errors import ResourcesError
from tuner.gpu_sharing.choosing import candidates, choose, rises, share_of, trials_that_fit
from tuner.gpu_sharing.measurements import Alone, Probe, Together
from tuner.plurals import counted

__all__ = ["Bench", "run_probe"]


class Bench(Protocol):
    """A GPU on which trials can be tried."""

    device: str
    """The name of the GPU."""

    total_bytes: int
    """Its memory."""

    cpus: int | None
    """How many trials the CPUs of its node allow per GPU; None for any number."""

    def alone(self, config: Mapping[str, Any]) -> Alone:
        """Train a configuration for some reports, with nobody else on the GPU."""

    def together(self, config: Mapping[str, Any], trials: int) -> Together:
        """Train so many trials of a configuration at once."""


def run_probe(
    bench: Bench,
    configs: Sequence[Mapping[str, Any]],
    say: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> Probe:
    """Return how many trials should share a GPU.

    Memory is judged by the largest of the configurations, throughput by the one of middle size:
    most trials are like that.

    Args:
        bench: Where trials are tried.
        configs: What stands for the space, at least one.
        say: Shows a line to the user.
        clock: Seconds, monotonic.

    Raises:
        ResourcesError: None of the configurations fits a whole GPU.
    """
    began = clock()
    alone = []
    for number, config in enumerate(configs, start=1):
        say(f"measuring configuration {number} of {len(configs)} on a GPU")
        alone.append(bench.alone(config))
    fitting = sorted((each for each in alone if each.fits), key=lambda each: each.peak_bytes or 0)
    if not fitting:
        raise ResourcesError(
            f"a trial needs at most a whole GPU ({bench.total_bytes / 2**30:.1f} GiB), and none of "
            f"{len(alone)} configurations fits; make the models smaller, or give resources of "
            "several GPUs"
        )
    middle = fitting[len(fitting) // 2].config
    most = trials_that_fit(alone, bench.total_bytes)
    most = most if bench.cpus is None else max(1, min(most, bench.cpus))
    together: list[Together] = []
    for trials in candidates(most):
        say(f"measuring {counted(trials, 'trial')} at once")
        together.append(bench.together(middle, trials))
        if not rises(together):
            break
    trials = choose(together)
    return Probe(
        device=bench.device,
        total_bytes=bench.total_bytes,
        cpus=bench.cpus,
        alone=tuple(alone),
        together=tuple(together),
        trials=trials,
        share=share_of(trials),
        seconds=clock() - began,
    )
