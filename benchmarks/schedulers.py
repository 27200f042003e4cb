"""What a report costs in the scheduler, as a sweep grows: Ray's ASHA and median rule, and ours.

Schedulers are driven as Ray Tune's controller drives them, without one: `on_trial_add` for a new
trial, `on_trial_result` for each report, `on_trial_complete` for a trial that ends. CONCURRENT
trials run at a time, of EPOCHS epochs at most; most are stopped early. A sweep is run until so
many trials have begun, then batches of further reports are timed, in which trials come and go as
before. Figures are CPU time of the scheduler's calls, a trial's completion included; the sides
take turns, batch by batch, with garbage collection off.

Ray's past is not run through report by report, which would take hours: decisions are the same, so
what Ray's tables would hold is put into them. Its median rule is timed with few reports, and not
at 100,000 trials.
"""

from __future__ import annotations

import functools
import gc
import random
import statistics
import time
import tracemalloc
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import harness
from ray.tune.experiment import Trial
from ray.tune.schedulers import AsyncHyperBandScheduler, MedianStoppingRule, TrialScheduler

from tuner.schedulers.asha import ASHA
from tuner.schedulers.median import MedianStopping
from tuner.schedulers.promotion import PromotionASHA

SIZES = (1_000, 2_000, 10_000, 100_000)
QUICK_SIZES = (1_000, 2_000, 10_000)
MEDIAN_SIZE = 2_000  # at which the goal for the median rule is set
MEDIAN_BEARS = 10_000  # the most trials at which Ray's median rule is timed
EPOCHS = 27
CONCURRENT = 64
BATCH, RAYS_BATCH, RAYS_MEDIAN_BATCH = 5_000, 500, 20  # reports
MEMORY_TRIALS = 6_000
GOAL: dict[str, Any] = {"metric": "loss", "mode": "min", "time_attr": "epoch"}
LADDER: dict[str, Any] = {**GOAL, "max_t": EPOCHS, "reduction_factor": 3}
RULE: dict[str, Any] = {**GOAL, "grace_period": 1, "min_time_slice": float("inf")}

History = dict[str, "array[float]"]


class FakeTrial:
    """As much of a trial as schedulers look at, and its curve."""

    def __init__(self, number: int, draw: random.Random) -> None:
        self.trial_id = f"t{number:07d}"
        self.status = Trial.PENDING
        self.epoch = 0
        self._level, self._draw = draw.random(), draw

    def next_result(self) -> dict[str, Any]:
        self.epoch += 1
        loss = self._level + 1 / self.epoch + 0.05 * self._draw.random()
        return {"epoch": self.epoch, "training_iteration": self.epoch, "loss": loss}


class Sweep:
    """A sweep that never ends, under one scheduler.

    Args:
        scheduler: Decides.
        seed: Draws the curves, and who reports next.
    """

    search_alg = None

    def __init__(self, scheduler: TrialScheduler, seed: int = 0) -> None:
        self.scheduler: Any = scheduler
        self.history: History = {}
        self.running: list[FakeTrial] = []
        self._draw = random.Random(seed)
        self._live: set[FakeTrial] = set()
        self._ns = self._calls = 0

    def get_live_trials(self) -> set[FakeTrial]:
        return self._live

    def run_until(self, trials: int) -> None:
        """Go on until so many trials have begun."""
        while len(self.history) < trials:
            self._report()

    def take_over(self, other: Sweep) -> None:
        """Take over another sweep's trials; the scheduler must know them already."""
        self.history = {key: array("d", losses) for key, losses in other.history.items()}
        self.running = list(other.running)
        self._live = set(other.running)

    def time_reports(self, number: int) -> float:
        """Return the CPU microseconds that the scheduler takes for each of some further reports."""
        self._ns = self._calls = 0
        gc.collect()
        gc.disable()
        for _ in range(number):
            self._report()
        gc.enable()
        return (self._ns - self._calls * clock_ns()) / number / 1e3

    def _report(self) -> None:
        """Have one trial report, and carry out what the scheduler says."""
        while len(self.running) < CONCURRENT:
            self._start()
        place = self._draw.randrange(CONCURRENT)
        trial = self.running[place]
        result = trial.next_result()
        self.history[trial.trial_id].append(result["loss"])
        answer = self._ask(self.scheduler.on_trial_result, self, trial, result)
        if answer == TrialScheduler.STOP or trial.epoch >= EPOCHS:
            self._ask(self.scheduler.on_trial_complete, self, trial, result)
            trial.status = Trial.TERMINATED
            self._live.remove(trial)
        elif answer == TrialScheduler.PAUSE:
            trial.status = Trial.PAUSED
        else:
            return
        self.running[place] = self.running[-1]
        self.running.pop()

    def _start(self) -> None:
        """Give a free slot to whom the scheduler promotes, or to a new trial."""
        trial = None
        if isinstance(self.scheduler, PromotionASHA):  # the others have no wish
            trial = self._ask(self.scheduler.choose_trial_to_run, self)
        if trial is None:
            trial = FakeTrial(len(self.history), self._draw)
            self.history[trial.trial_id] = array("d")
            self._live.add(trial)
            self._ask(self.scheduler.on_trial_add, self, trial)
        trial.status = Trial.RUNNING
        self.running.append(trial)

    def _ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        started = time.process_time_ns()
        answer = call(*arguments)
        self._ns += time.process_time_ns() - started
        self._calls += 1
        return answer


@functools.cache
def clock_ns() -> float:
    """Return what two readings of the clock take that follow one another."""
    readings = [time.process_time_ns() for _ in range(100_001)]
    return (readings[-1] - readings[0]) / 100_000


def rays_asha(ours: Sweep) -> Sweep:
    """Return Ray's ASHA with the rungs that it would have after the same sweep."""
    scheduler: Any = AsyncHyperBandScheduler(**LADDER)
    (bracket,) = scheduler._brackets
    for milestone, recorded in bracket._rungs:
        for trial_id, losses in ours.history.items():
            if len(losses) >= milestone:
                recorded[trial_id] = -losses[milestone - 1]
    scheduler._trial_info = {trial.trial_id: bracket for trial in ours.running}
    return continued(scheduler, ours)


def rays_median(ours: Sweep) -> Sweep:
    """Return Ray's median rule with the results that it would have after the same sweep."""
    scheduler: Any = MedianStoppingRule(**RULE)
    running = {trial.trial_id: trial for trial in ours.running}
    for trial_id, losses in ours.history.items():
        results = [{"epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses, start=1)]
        if trial_id in running and results:
            scheduler._results[running[trial_id]] = results
        elif results:
            scheduler._results[trial_id] = [*results, results[-1]]  # Ray adds the last one twice
    return continued(scheduler, ours)


def continued(scheduler: TrialScheduler, ours: Sweep) -> Sweep:
    """Return a sweep that goes on where ours is, under another scheduler."""
    sweep = Sweep(scheduler, seed=1)
    sweep.take_over(ours)
    return sweep


# Ours, what it is compared with, how many reports of Ray's are a batch, and up to which size.
PAIRS: dict[str, tuple[Callable[[], TrialScheduler], Callable[[Sweep], Sweep] | None, int, int]] = {
    "asha": (lambda: ASHA(**LADDER), rays_asha, RAYS_BATCH, max(SIZES)),
    "median": (lambda: MedianStopping(**RULE), rays_median, RAYS_MEDIAN_BATCH, MEDIAN_BEARS),
    "promotion": (lambda: PromotionASHA(**LADDER), None, 0, 0),
}


def measure(name: str, size: int, rounds: int) -> dict[str, list[float]]:
    """Return the microseconds per report of both sides at one size, round by round."""
    make, rays_twin, rays_batch, bears = PAIRS[name]
    ours = Sweep(make())
    ours.run_until(size)
    rays = rays_twin(ours) if rays_twin is not None and size <= bears else None
    figures: dict[str, list[float]] = {"tuner": []} | ({"ray": []} if rays is not None else {})
    for turn in range(rounds):
        sides = [("tuner", ours, BATCH)]
        if rays is not None:
            sides.append(("ray", rays, rays_batch))
        for side, sweep, batch in sides if turn % 2 == 0 else reversed(sides):
            figures[side].append(sweep.time_reports(batch))
    return figures


def bytes_per_trial(name: str) -> float:
    """Return what a trial after the first third leaves in memory, the benchmark's own apart."""
    sweep = Sweep(PAIRS[name][0]())
    tracemalloc.start()

    def alive() -> int:
        gc.collect()
        own = tracemalloc.Filter(inclusive=False, filename_pattern=__file__)
        return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([own]).traces)

    sweep.run_until(MEMORY_TRIALS // 3)
    before, trials = alive(), len(sweep.history)
    sweep.run_until(MEMORY_TRIALS)
    grown = alive() - before
    tracemalloc.stop()
    return grown / (len(sweep.history) - trials)


def main() -> None:
    parser = harness.options((__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, help="how many batches of each side")
    arguments = parser.parse_args()
    sizes = QUICK_SIZES if arguments.quick else SIZES
    rounds = arguments.rounds or (3 if arguments.quick else 7)
    figures: dict[str, Any] = {"bytes_per_trial": {}}
    for name in PAIRS:
        figures[name] = {}
        size = figures["bytes_per_trial"][name] = bytes_per_trial(name)
        print(f"{name:10} {size:,.0f} bytes per trial")
        for size in sizes:
            measured = figures[name][str(size)] = measure(name, size, rounds)
            cells = "   ".join(f"{side} {harness.spread(us)}" for side, us in measured.items())
            print(f"{name:10} {size:7,} trials, us per report: {cells}", flush=True)
    harness.finish(arguments, figures, goals(figures, sizes))


def goals(figures: dict[str, Any], sizes: Sequence[int]) -> list[harness.Goal]:
    """Return the figures against the goals."""

    def us(name: str, size: int, side: str = "tuner") -> float:
        return statistics.median(figures[name][str(size)][side])

    first, last = sizes[0], sizes[-1]
    found = [
        harness.Goal(
            f"{name}, us per report at {last:,} / {first:,} trials",
            us(name, last) / us(name, first), 2, "at most",
        )
        for name in ("asha", "median")
    ]  # fmt: skip
    ratio = us("median", MEDIAN_SIZE, "ray") / us("median", MEDIAN_SIZE)
    return [
        *found,
        harness.Goal(f"median, Ray / tuner at {MEDIAN_SIZE:,} trials", ratio, 100, "at least"),
    ]


if __name__ == "__main__":
    main()
