"""How much trials that share a GPU do together, and how well ``gpu="auto"`` chooses their number.

Needs one NVIDIA GPU; takes about 20 minutes, with ``--quick`` about 5. For each workload 1, 2, 4,
8 and 16 trials of one configuration train at once, each with its share of the GPU and of its
memory; then ``tuner.probe`` chooses a number by itself, for the whole space of the workload.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import Any

import torch
from gpus.throughput import Throughput, measure
from gpus.workloads import WORKLOADS, Workload
from harness import Goal, finish, options

import tuner
from tuner.errors import SweepFailedError
from tuner.runtime.connect import connect, quiet_ray

BY_HAND = (1, 2, 4, 8, 16)
AUTO_AT_LEAST = 0.9  # of the best number by hand


def compare(workload: Workload, numbers: tuple[int, ...], *, quick: bool) -> dict[str, Any]:
    """Return what numbers by hand and the chosen one come to."""
    cpu = min(1.0, (os.cpu_count() or 1) / max(numbers))
    start_s, train_s = (20.0, 10.0) if quick else (40.0, 30.0)
    found: dict[int, Throughput] = {}

    def rate(trials: int) -> Throughput:
        if trials not in found:
            seconds = start_s + 2 * trials + train_s
            found[trials] = measure(workload, trials, cpu=cpu, seconds=seconds)
            print(f"  {found[trials]}", flush=True)
        return found[trials]

    for trials in numbers:
        rate(trials)
    best = max(found.values(), key=lambda each: each.reports_per_s)
    probe = tuner.probe(workload.scenario, resources={"cpu": cpu}, progress="none")
    for line in probe.lines():
        print(f"  {line}", flush=True)
    chosen = rate(probe.trials)
    alone = found[1].reports_per_s
    return {
        "by_hand": [asdict(each) for each in found.values()],
        "probe": probe.to_json(),
        "best_trials": best.trials,
        "speedup": best.reports_per_s / alone if alone else 0.0,
        "auto_of_best": chosen.reports_per_s / best.reports_per_s if best.reports_per_s else 0.0,
        "deaths": sum(each.deaths for each in found.values()),
    }


def goals(figures: dict[str, dict[str, Any]]) -> list[Goal]:
    found = []
    for name, told in figures.items():
        what = f"{name}: auto, of the best number by hand"
        found.append(Goal(what, told["auto_of_best"], AUTO_AT_LEAST, "at least"))
        found.append(Goal(f"{name}: deaths", told["deaths"], 0, "at most"))
    return found


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--workload", nargs="+", choices=list(WORKLOADS), help="these only")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("this benchmark needs an NVIDIA GPU that torch sees, and there is none here")
    device = torch.cuda.get_device_name()
    with quiet_ray():
        try:
            connect(None, num_gpus=1)
        except SweepFailedError as error:
            sys.exit(str(error))
        numbers = BY_HAND[::2] if arguments.quick else BY_HAND
        figures: dict[str, dict[str, Any]] = {}
        for name in arguments.workload or WORKLOADS:
            print(f"{name} on {device}", flush=True)
            figures[name] = compare(WORKLOADS[name], numbers, quick=arguments.quick)
            best, speedup = figures[name]["best_trials"], figures[name]["speedup"]
            print(f"  best: {best} trials, {speedup:.2f} times one", flush=True)
    finish(arguments, {"device": device, **figures}, goals(figures))


if __name__ == "__main__":
    main()
