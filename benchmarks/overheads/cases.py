"""Which sweeps are compared, and the figures and goals of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from overheads.claims import (
    COUNTS,
    Case,
    Claim,
    cpu,
    cpu_per_trial,
    crashes,
    growth,
    ideal,
    main_per_report,
    memory_per_trial,
    no_more_processes,
    ratio,
    wall,
    wall_per_trial,
)
from overheads.occupation import busy_share, slots_used
from overheads.work import Work

WORKER_GB = 0.15  # of memory: a worker that has imported Ray Tune, what it shares aside


def trivial(quick: bool) -> Case:
    """Trials that report five times and do nothing. Ray Tune's cost per trial has no trend."""
    few, many = (6, 30) if quick else (100, 500)
    return Case(
        "Trivial trials of 5 reports on 2 slots",
        {
            "ray": ("ray", Work(few, 2, reports=5)),
            "reuse": ("reuse", Work(many, 2, reports=5)),
            "lean": ("lean", Work(many, 2, reports=5)),
            "tuner": ("tuner", Work(many, 2, reports=5)),
            "tuner, 10x": ("tuner", Work(10 * many, 2, reports=5)),
        },
        {"CPU s/trial": cpu_per_trial, "wall s/trial": wall_per_trial, **COUNTS},
        [
            ratio("CPU per trial, ray / tuner", "ray", "tuner", cpu_per_trial, 50),
            ratio("CPU per trial, lean / tuner", "lean", "tuner", cpu_per_trial, 2),
            Claim(
                "CPU per trial, ten times the trials / tuner",
                lambda at: cpu_per_trial(at["tuner, 10x"]) / cpu_per_trial(at["tuner"]),
                1.3,
                "at most",
            ),
            Claim("KB of driver memory per trial", memory_per_trial, 15, "at most"),
            no_more_processes("tuner"),
            no_more_processes("tuner, 10x"),
        ],
    )


def slots(quick: bool) -> Case:
    """Trials of a second on more slots than cores; starting the workers is included."""
    work = Work(24, 4, step_s=0.3) if quick else Work(384, 16, step_s=1.0)
    return Case(
        f"{work.trials} trials of {work.step_s} s on {work.slots} slots",
        {"reuse": ("reuse", work), "tuner": ("tuner", work)},
        {"wall s": wall, "busy share": busy_share, "slots used": slots_used, **COUNTS},
        [
            Claim("share of slot seconds busy once warm", lambda at: busy_share(at["tuner"]), 0.8),
            Claim(
                "slots never used", lambda at: work.slots - slots_used(at["tuner"]), 0, "at most",
                counted=True,
            ),
            ratio("wall, reuse / tuner", "reuse", "tuner", wall, 1.5),
            no_more_processes("tuner"),
        ],
    )  # fmt: skip


def failures(quick: bool) -> Case:
    """Trials of which some end their worker's process."""
    return Case(
        "Trials of which a twentieth crashes, on 2 slots",
        {"tuner": ("tuner", Work(40 if quick else 200, 2, crashes=0.05))},
        {"wall s": wall, "crashes": crashes, **COUNTS},
        [no_more_processes("tuner")],
        rounds=1,
    )


def training(quick: bool) -> Case:
    """A small convolutional network under ASHA, the same configurations on each side."""
    work = Work(3 if quick else 200, 2, scenario="digits_cnn")
    others = ["reuse"] if quick else ["ray", "reuse", "cold"]
    return Case(
        f"digits_cnn under ASHA, {work.trials} trials on 2 slots",
        {arm: (arm, work) for arm in (*others, "tuner")},
        {"wall s": wall, "CPU s": cpu, "epochs": lambda run: run.reports, **COUNTS},
        [
            ratio(f"{name}, {other} / tuner", other, "tuner", figure)
            for other in others
            for name, figure in (("CPU", cpu), ("wall", wall))
        ],
        rounds=2,
    )


def controller(quick: bool) -> Case:
    """The driver's main thread per report: real workers, and virtual ones that cost nothing."""
    few, many, most = (2, 4, 64) if quick else (16, 64, 512)
    real = Work(2 * many, few, reports=24, step_s=0.02 if quick else 0.32)
    virtual = Work(4 * most, 16, reports=10)
    return Case(
        "The driver's main thread",
        {
            f"{few} real": ("tuner", real),
            f"{many} real": ("tuner", replace(real, slots=many)),
            "16 virtual": ("virtual", virtual),
            f"{most} virtual": ("virtual", replace(virtual, slots=most)),
        },
        {"µs/report": lambda run: 1e6 * main_per_report(run), "wall s": wall},
        [
            growth("16 virtual", f"{most} virtual"),
            growth(f"{few} real", f"{many} real"),
        ],
        rounds=2,
    )


def bookkeeping(quick: bool) -> Case:
    """Ray's release test of many short trials, scaled. Ray Tune's cost per trial has no trend."""
    few, many, at_once, step_s = (4, 20, 4, 0.2) if quick else (100, 1000, 16, 1.0)
    short, long = Work(few, at_once, step_s=step_s), Work(many, at_once, step_s=step_s)
    others = (
        {"reuse": ("reuse", long)} if quick else {"ray": ("ray", short), "reuse": ("reuse", long)}
    )
    return Case(
        f"Bookkeeping: {many} trials of {step_s} s on {at_once} slots",
        {**others, "tuner": ("tuner", long)},
        {"CPU s/trial": cpu_per_trial, "wall s": wall, "ideal s": ideal, **COUNTS},
        [
            ratio(f"CPU per trial, {other} / tuner", other, "tuner", cpu_per_trial, 2)
            for other in others
        ],
        rounds=1,
    )


def throughput(quick: bool) -> Case:
    """Ray's release test of many reports, scaled. No trial waits, so that no actor is reused."""
    trials = 4 if quick else _that_fit(96, 32)
    work = Work(trials, trials, reports=5 if quick else 150, step_s=0.2)
    return Case(
        f"Result throughput: {trials} trials at once, 5 reports/s each, {work.reports} reports",
        {arm: (arm, work) for arm in ("ray", "tuner")},
        {"CPU s": cpu, "wall s": wall, **COUNTS},
        [ratio("CPU, ray / tuner", "ray", "tuner", cpu, 2)],
        rounds=1,
    )


def _that_fit(many: int, few: int) -> int:
    """Return ``many`` where the memory holds as many workers, else ``few``."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    free_gb = int(found[1]) / 1e6 if found else 0.0
    return many if free_gb > many * WORKER_GB else few


CASES: dict[str, Callable[[bool], Case]] = {
    case.__name__: case
    for case in (trivial, slots, failures, training, controller, bookkeeping, throughput)
}
