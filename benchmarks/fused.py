"""Trials that one process trains together against as many processes on the same cores.

`epochs`: the training alone, without Ray. n perceptrons on the digits (scenario ``digits_fused``)
are trained as one batch of models in one process, or by n processes that share the cores, each
with the loop that anybody would write for one model. Importing and setting up come before the
clock starts.

`sweeps`: whole sweeps of the scenario under ASHA, n trials at once: a process for each core (with
``--gpu`` for the device) against one for each trial, start of Ray excluded. What a report, a
decision and a process cost is in it.

Arms of a case take turns within a round, in changing order. With ``--gpu`` the models are on a
CUDA device, and the trials of a sweep take a share of it; that has not been tried yet.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness

THREADS = {"OMP_NUM_THREADS": "1"}
CONFIG = {"lr": 0.1, "momentum": 0.9, "l2": 1e-5, "smoothing": 0.0, "batch_size": 32}
GOAL_AT = 8  # trials


def main() -> None:
    """Run the benchmark, or one process of it."""
    if sys.argv[1:2] == ["--process"]:
        asked = json.loads(sys.argv[2])
        print(json.dumps(PROCESSES[asked.pop("kind")](**asked)))
        return
    parser = harness.options(__doc__ or "")
    parser.add_argument("--case", nargs="+", choices=("epochs", "sweeps"), default=["epochs"])
    parser.add_argument("--trials", nargs="+", type=int, default=[1, 4, 8, 16])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--gpu", action="store_true", help="train on a CUDA device")
    arguments = parser.parse_args()
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    figures: dict[str, Any] = {}
    for case in arguments.case:
        measure = _epochs if case == "epochs" else _sweep
        figures[case] = {n: _compare(measure, n, rounds, arguments) for n in arguments.trials}
    harness.finish(arguments, figures, _goals(figures.get("epochs", {})))


def _compare(
    measure: Callable[..., dict[str, float]], n: int, rounds: int, arguments: argparse.Namespace
) -> dict[str, list[dict[str, float]]]:
    arms = ("together", "apart")
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in arms}
    for turn in range(rounds):
        for arm in arms[:: 1 if turn % 2 == 0 else -1]:
            found[arm].append(measure(arm, n, arguments))
    print(f"{n} trials")
    for what in found["together"][0]:
        columns = {arm: [each[what] for each in found[arm]] for arm in arms}
        ratios = [b / a for a, b in zip(columns["together"], columns["apart"], strict=True)]
        told = "; ".join(f"{arm} {harness.spread(columns[arm])}" for arm in arms)
        print(f"  {what}: {told}; ratio {harness.spread(ratios)}", flush=True)
    return found


def _epochs(arm: str, n: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Return the wall and CPU milliseconds that an epoch of one trial takes."""
    epochs = 10 if arguments.quick else 40
    asked = {"kind": arm, "epochs": epochs, "gpu": arguments.gpu}
    numbers = [n] if arm == "together" else [1] * n
    with tempfile.TemporaryDirectory() as folder:
        processes = [
            _start({**asked, "n": number, "folder": folder, "parties": len(numbers)})
            for number in numbers
        ]
        told = [_told(process) for process in processes]
    wall_s = max(each["ended"] for each in told) - min(each["began"] for each in told)
    cpu_s = sum(each["cpu_s"] for each in told)
    return {
        "wall ms per epoch of a trial": 1e3 * wall_s / (n * epochs),
        "CPU ms per epoch of a trial": 1e3 * cpu_s / (n * epochs),
    }


def _sweep(arm: str, n: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Return what a trial of a sweep takes, of which n run at once."""
    asked = {"kind": "sweep", "arm": arm, "n": n, "trials": 32 if arguments.quick else 128}
    return _told(_start({**asked, "gpu": arguments.gpu}))


def _start(asked: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--process", json.dumps(asked)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **THREADS}
    )


def _told(process: subprocess.Popen[str]) -> Any:
    told, _ = process.communicate()
    if process.returncode:
        sys.exit(f"a process of the benchmark failed with {process.returncode}")
    return json.loads(told.splitlines()[-1])


# What runs in processes --------------------------------------------------------------------


def _train(
    epoch: Callable[[list[Any]], object], n: int, epochs: int, folder: str, parties: int, gpu: bool
) -> dict[str, float]:
    import torch

    if gpu != torch.cuda.is_available():
        sys.exit("--gpu and the machine contradict each other")
    torch.set_num_threads(1)
    trials = [_trial({**CONFIG, "lr": 0.01 * (1 + number)}) for number in range(n)]
    epoch(trials)  # kernels are chosen
    _meet(folder, parties)
    began, cpu = time.time(), time.process_time()
    for _ in range(epochs):
        epoch(trials)
    if gpu:
        torch.cuda.synchronize()
    return {"began": began, "ended": time.time(), "cpu_s": time.process_time() - cpu}


def _together(**asked: Any) -> dict[str, float]:
    def epoch(trials: list[Any]) -> None:
        for trial in trials:
            trial.draw_epoch()
        trials[0].train_together(trials)

    return _train(epoch, **asked)


def _apart(**asked: Any) -> dict[str, float]:
    import torch
    from torch.nn import functional

    def epoch(trials: list[Any]) -> None:
        for trial in trials:
            trial.draw_epoch()
            told = trial.hyperparameters()
            options = {"lr": told["lr"], "momentum": told["momentum"], "weight_decay": told["l2"]}
            if not hasattr(trial, "optimizer"):
                trial.optimizer = torch.optim.SGD(trial.model.parameters(), **options)
            for rows in trial.order.to(trial.device).split(trial.config["batch_size"]):
                logits = trial.model(trial.images[rows])
                loss = functional.cross_entropy(logits, trial.labels[rows])
                trial.optimizer.zero_grad()
                loss.backward()
                trial.optimizer.step()
            with torch.no_grad():
                rows = torch.as_tensor(trial.split.validation)
                logits = trial.model(trial.images[rows])
                functional.cross_entropy(logits, trial.labels[rows]).item()

    return _train(epoch, **asked)


def _trial(config: dict[str, Any]) -> Any:
    from tuner.bundled.digits_fused import DigitsFused

    kind = type("Trial", (DigitsFused,), {"_setup_logdir": lambda self: None, "trial_id": "t"})
    trial = kind(config)
    trial.ensure_setup()
    return trial


def _meet(folder: str, parties: int) -> None:
    """Wait until every process is ready."""
    Path(folder, str(os.getpid())).touch()
    while len(list(Path(folder).iterdir())) < parties:
        time.sleep(0.01)


def _run_sweep(arm: str, n: int, trials: int, gpu: bool) -> dict[str, float]:
    import ray

    import tuner

    cpus = os.cpu_count() or 1
    ray.init(num_cpus=cpus, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    share = {"cpu": cpus / n, **({"gpu": 1 / n} if gpu else {})}
    fuse = n if gpu else max(1, n // cpus)
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.monotonic(), _cpu_s()
        tuner.run(
            "digits_fused", scheduler="asha", searcher="random", num_samples=trials, seed=0,
            fuse=fuse if arm == "together" else 1, resources=share, max_concurrent_trials=n,
            storage_path=folder, name="sweep", progress="none",
        )  # fmt: skip
        wall_s = time.monotonic() - began
        ray.shutdown()  # what its processes took is known once they have ended
        cpu_s = _cpu_s() - cpu
    return {"wall s per trial": wall_s / trials, "CPU s per trial": cpu_s / trials}


def _cpu_s() -> float:
    own = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in own)


PROCESSES: dict[str, Callable[..., dict[str, float]]] = {
    "together": _together,
    "apart": _apart,
    "sweep": _run_sweep,
}


def _goals(epochs: dict[int, dict[str, list[dict[str, float]]]]) -> list[harness.Goal]:
    if GOAL_AT not in epochs:
        return []
    what = "CPU ms per epoch of a trial"
    arms = {arm: [each[what] for each in runs] for arm, runs in epochs[GOAL_AT].items()}
    ratio = statistics.median(arms["apart"]) / statistics.median(arms["together"])
    told = f"{what}: {GOAL_AT} processes over one that trains {GOAL_AT} trials"
    return [harness.Goal(told, ratio, 1.5, "at least")]


if __name__ == "__main__":
    main()
