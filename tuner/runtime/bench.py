"""Trials on one real GPU of a Ray cluster, alone and together, for a probe.

Each is what a sweep's trial would be: the same class in a worker of its own, with the same bounds.
All workers of a measurement lie in one placement group that holds the whole GPU, so that nobody
else is on it, and that all of them are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any, cast

import ray
from ray.tune.result import RESULT_DUPLICATE
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from tuner.errors import ResourcesError, SweepFailedError
from tuner.gpu_sharing import Alone, Together, share_of
from tuner.planning import Plan
from tuner.resources import Bundle, bundle_of, describe_bundle
from tuner.runtime.connect import nodes
from tuner.runtime.device_reading import DeviceReading, read_device
from tuner.runtime.exhaustion import Exhausted, exhausted
from tuner.runtime.storage import TrialStorage
from tuner.runtime.trial import SweepTrial
from tuner.runtime.trials import Trials
from tuner.store import last_line

__all__ = ["PROBES", "Probation", "RayBench"]

PROBES = "probe"
"""What the ids of trials begin with that only measure."""

_REPORTS = 5
_AT_MOST_S = 20.0
_TOGETHER_S = 6.0
_AT_ONCE_S = 2.0
_PATIENCE_S = 120.0

Read = Callable[[], DeviceReading | None]


class Probation:
    """Trains one configuration after the other for a while; lives in a worker process.

    Args:
        trainable: The class that trains.
        read: Looks at the device.
    """

    def __init__(self, trainable: Any, read: Read) -> None:
        self._trainable = trainable
        self._read = read
        self._trial: Any = None
        self._ended = False
        self._first_s = 0.0

    def begin(self, config: Mapping[str, Any], storage: Any) -> None:
        """Take up a configuration; libraries are loaded with its first report, kernels chosen."""
        if self._trial is None or self._trial.reset(dict(config), storage) is not True:
            self._trial = self._trainable(dict(config), storage)
        self._ended, began = False, time.monotonic()
        self._step()
        self._first_s = time.monotonic() - began

    def steps(self, reports: int, at_most_s: float) -> tuple[int, float]:
        """Train for so many reports; return how many there were, and the seconds they took."""
        began, made, taken = time.monotonic(), 0, 0.0
        while made < reports and taken < at_most_s and self._step():
            made, taken = made + 1, time.monotonic() - began
        return (made, taken) if made else (1, self._first_s)

    def reading(self) -> DeviceReading | None:
        """Return what the process takes of its device."""
        return self._read()

    def _step(self) -> bool:
        """Train for one report; return whether there was one."""
        if self._ended:
            return False
        result = self._trial.train()
        returned = RESULT_DUPLICATE in result  # a function's end, told as one more report
        self._ended = returned or bool(result.get("done"))
        return not returned


class RayBench:
    """A GPU of the cluster, a context; see `tuner.gpu_sharing.Bench`.

    Configurations that are tried alone share a worker, one after the other.

    Args:
        plan: The sweep whose trials are tried.
        storage: Where they would save.
        read: Looks at a device; runs in a worker.
        together_s: How long trials are timed together, in seconds.
        say: Shows a line to the user.
    """

    def __init__(
        self,
        plan: Plan,
        storage: TrialStorage,
        *,
        read: Read = read_device,
        together_s: float = _TOGETHER_S,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.device, self.total_bytes = "", 0
        self._trials = Trials(plan, storage, lambda _: None)
        self._takes = {k: v for k, v in bundle_of(plan.spec.resources).items() if k != "GPU"}
        self.cpus = _trials_per_gpu(self._takes, nodes())
        self._read = read
        self._together_s = together_s
        self._say = say
        self._numbers = count()
        self._alone = ExitStack()
        self._worker: Any = None  # of those that are tried alone

    def __enter__(self) -> RayBench:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker, and give the GPU back."""
        self._dismiss()

    def alone(self, config: Mapping[str, Any]) -> Alone:
        """Train a configuration for some reports, with nobody else on the GPU.

        Raises:
            ResourcesError: It used no GPU.
            SweepFailedError: It failed, for another reason than want of memory.
        """
        if self._worker is None:
            (self._worker,) = self._alone.enter_context(self._workers(1))
        try:
            ray.get(self._worker.begin.remote(*self._arguments(config, 1)))
            made, taken = ray.get(self._worker.steps.remote(_REPORTS, _AT_MOST_S))
            reading = ray.get(self._worker.reading.remote())
        except ray.exceptions.RayError as error:
            self._dismiss()  # as a trial's worker is, after a failure
            _reraise_unless_exhausted(error)
            return Alone(config, None)
        if reading is None:
            raise ResourcesError(
                "gpu='auto' measures trials that train with torch on a CUDA device, and this one "
                "used none; give a number, such as resources={'gpu': 0.25}"
            )
        self.device, self.total_bytes = reading.name, reading.total_bytes
        return Alone(
            config,
            reading.peak_bytes,
            context_bytes=reading.context_bytes,
            step_s=taken / made,
            utilisation=reading.utilisation,
        )

    def together(self, config: Mapping[str, Any], trials: int) -> Together:
        """Train so many trials of a configuration at once.

        Raises:
            SweepFailedError: One failed, for another reason than want of memory.
        """
        self._dismiss()
        try:
            with self._workers(trials) as workers:
                arguments = [self._arguments(config, trials) for _ in workers]
                pairs = zip(workers, arguments, strict=True)
                ray.get([worker.begin.remote(*each) for worker, each in pairs])
                most = 1_000_000
                timed = [worker.steps.remote(most, self._together_s) for worker in workers]
                rate = sum(made / taken for made, taken in ray.get(timed))
        except ray.exceptions.RayError as error:
            _reraise_unless_exhausted(error)
            rate = 0.0
        return Together(trials, rate)

    @contextmanager
    def _workers(self, number: int) -> Iterator[list[Any]]:
        """Yield workers that share a GPU."""
        held = {name: number * amount for name, amount in self._takes.items()} | {"GPU": 1.0}
        group = placement_group([held])
        try:
            _wait_for_room(group, held, self._say)
            yield [self._start(share_of(number), group) for _ in range(number)]
        finally:
            remove_placement_group(group)  # and with it what runs there

    def _start(self, share: float, group: Any) -> Any:
        others = {k: v for k, v in self._takes.items() if k not in ("CPU", "memory")}
        options: dict[str, Any] = {
            "num_cpus": self._takes.get("CPU", 0),
            "num_gpus": share,
            "memory": self._takes.get("memory"),
            "resources": others,
            "scheduling_strategy": PlacementGroupSchedulingStrategy(group),
        }
        return ray.remote(Probation).options(**options).remote(self._trials.kind, self._read)

    def _arguments(self, config: Mapping[str, Any], number: int) -> tuple[dict[str, Any], Any]:
        """Return what a trial's worker gets, of a trial that shares the GPU with so many."""
        trial_id = f"{PROBES}{next(self._numbers):04d}"
        trial = cast(SweepTrial, self._trials.make(trial_id, dict(config), announce=False))
        trial.take([{**self._takes, "GPU": share_of(number)}])
        return trial.worker_arguments()

    def _dismiss(self) -> None:
        self._worker = None
        self._alone.close()


def _wait_for_room(group: Any, held: Bundle, say: Callable[[str], None]) -> None:
    """Return once a placement group has its room; whoever waits is told for what.

    Raises:
        ResourcesError: It was not free for too long.
    """
    if group.wait(_AT_ONCE_S):
        return
    say(
        f"waiting for {describe_bundle(held)} on one node, for up to {_PATIENCE_S:.0f} s: a probe "
        "measures a GPU that nobody else uses; a number, such as --gpus-per-trial 0.25, does "
        "without a probe"
    )
    if not group.wait(_PATIENCE_S):
        raise ResourcesError(
            f"a probe needs {describe_bundle(held)} for itself, and that was not free for "
            f"{_PATIENCE_S:.0f} s; try again later, or give a number, such as "
            "resources={'gpu': 0.25}"
        )


def _trials_per_gpu(takes: Mapping[str, float], cluster: list[dict[str, float]]) -> int | None:
    """Return how many trials the rest of the best node allows per GPU; None for any number."""
    rest = {name: amount for name, amount in takes.items() if name != "GPU" and amount}
    if not rest:
        return None
    rates = [
        min(node.get(name, 0) / amount for name, amount in rest.items()) / node["GPU"]
        for node in cluster
        if node.get("GPU")
    ]
    return max(1, int(max(rates, default=1) + 1e-9))


def _reraise_unless_exhausted(error: Exception) -> None:
    told = str(error)
    if exhausted(told) is not Exhausted.device:
        raise SweepFailedError(f"a probe of the GPU failed: {last_line(told)}") from error
