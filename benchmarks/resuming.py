"""How long it takes until a sweep that was stopped can go on: `Tuner.restore` against `resume`.

A sweep of trials that have all ended, under ASHA, with five reports each at most. Both sides get
the same trials back and find nothing left to run: what is measured is reading the record and
bringing trials, scheduler and searcher to where they were. Ray Tune brings back less: ASHA's rungs
are empty after it (ray-project/ray #30838).

Ray's experiment is one that it made of a few trials, whose entries in its snapshot are copied
under other ids. Ours is made by Ray Tune's own controller over workers that train in no time, and
is marked as one whose driver was killed right after the last trial: what has finished is not
replayed at all.
Each measurement is a process of its own with a Ray that is up; the sides take turns.
"""

from __future__ import annotations

import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import harness

GOAL_RATIO = 10
TRIALS, QUICK_TRIALS = 10_000, 1_000
REPORTS = 5
SEED_TRIALS = 4


def train(config: dict[str, Any]) -> None:
    """A trial that does nothing but report."""
    from ray import tune

    for epoch in range(1, REPORTS + 1):
        tune.report({"loss": config["x"] + 1 / epoch, "epoch": epoch})


def make_ray(trials: int, folder: Path) -> None:
    """Leave an experiment of Ray Tune with so many trials that ended."""
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler

    asha = ASHAScheduler(time_attr="epoch", metric="loss", mode="min", max_t=REPORTS)
    tune.Tuner(
        train,
        param_space={"x": tune.uniform(0, 1)},
        tune_config=tune.TuneConfig(num_samples=SEED_TRIALS, scheduler=asha),
        run_config=tune.RunConfig(storage_path=str(folder), name="sweep", verbose=0),
    ).fit()
    (snapshot,) = (folder / "sweep").glob("experiment_state*.json")
    content = json.loads(snapshot.read_text())
    entries = content["trial_data"]
    ids = [json.loads(state)["trial_id"] for state, _ in entries]
    copies = []
    for index in range(trials):
        state, metadata = entries[index % len(entries)]
        own = f"{ids[0].partition('_')[0]}_{index:05d}"
        old = ids[index % len(entries)]
        copies.append([state.replace(old, own), metadata.replace(old, own)])
    snapshot.write_text(json.dumps(content | {"trial_data": copies}))


def resume_ray(folder: Path) -> int:
    from ray import tune

    tuner = tune.Tuner.restore(str(folder / "sweep"), trainable=train)
    return len(tuner.fit())


def make_ours(trials: int, folder: Path) -> None:
    """Leave a sweep with so many trials that ended."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sweep"))
    from virtual import VirtualActors

    from tuner.planning import resolve_plan
    from tuner.runtime.execution import Execution
    from tuner.runtime.recorder import Recorder
    from tuner.runtime.stopping import Stop
    from tuner.runtime.storage import Checkpoints, TrialStorage
    from tuner.store import SweepLayout, SweepWriter, write_spec

    plan = resolve_plan(scenario(), {**options(trials), "storage_path": str(folder)})
    layout = SweepLayout.create(folder / "sweep")
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
    recorder = Recorder(writer, plan.spec, say=print)
    checkpoints = Checkpoints.local(layout.checkpoints_dir)
    storage = TrialStorage(checkpoints, None)
    execution = Execution(
        plan,
        storage=storage,
        remove_checkpoint=checkpoints.remove,
        recorder=recorder,
        callbacks=[],
    )
    controller: Any = execution._controller
    controller._actor_manager = VirtualActors(
        layout.checkpoints_dir, lambda config, _, epoch: config["x"] + 1 / epoch, 16,
        lambda *_: False,
    )  # fmt: skip
    controller._slots = execution._source.limit = 16
    execution.run(Stop(), writer.maybe_flush)
    writer.close()
    write_spec(layout, {"spec": plan.spec.to_json(), "status": "running", "started": 0.0})


def resume_ours(folder: Path) -> int:
    import tuner

    sweep = tuner.resume(folder / "sweep", scenario=scenario(), progress="none")
    return len(sweep.trials())


def scenario() -> Any:
    from ray import tune

    import tuner

    return tuner.Scenario(
        name="trivial", trainable=train, space={"x": tune.uniform(0, 1)}, metric="loss",
        mode="min", time_attr="epoch", max_t=REPORTS,
    )  # fmt: skip


def options(trials: int) -> dict[str, Any]:
    return {"scheduler": "asha", "searcher": "random", "num_samples": trials, "name": "sweep",
            "seed": 0}  # fmt: skip


def measure(side: str, step: str, trials: int, folder: Path) -> None:
    """Do one step in this process, and print its seconds."""
    import ray

    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR,
    )  # fmt: skip
    if step == "make":
        (make_ray if side == "ray" else make_ours)(trials, folder)
        return
    from tuner.store import SweepLayout, load, write_spec
    from tuner.sweep import resume  # noqa: F401

    if side == "tuner":  # the round before left it finished
        sweep = load(folder / "sweep")
        content = {**sweep.state, "spec": sweep.spec.to_json(), "status": "running"}
        write_spec(SweepLayout(sweep.path), content)
    started, cpu = time.monotonic(), time.process_time()
    found = (resume_ray if side == "ray" else resume_ours)(folder)
    assert found == trials, f"{found} of {trials} trials came back"
    seconds = {"wall_s": time.monotonic() - started, "cpu_s": time.process_time() - cpu}
    print(json.dumps(seconds))


def in_a_process(side: str, step: str, trials: int, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--step", side, step, str(trials), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    last = done.stdout.strip().splitlines()[-1:] or ["{}"]
    return json.loads(last[0]) if step == "resume" else {}


def main() -> None:
    parser = harness.options(__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", nargs=4, help="(used by this script itself)")
    arguments = parser.parse_args()
    if arguments.step:
        side, step, trials, folder = arguments.step
        measure(side, step, int(trials), Path(folder))
        return
    trials = QUICK_TRIALS if arguments.quick else TRIALS
    rounds = 1 if arguments.quick else arguments.rounds
    figures: dict[str, list[dict[str, float]]] = {"ray": [], "tuner": []}
    with tempfile.TemporaryDirectory() as scratch:
        for side in figures:
            (Path(scratch) / side).mkdir()
            in_a_process(side, "make", trials, Path(scratch) / side)
        for index in range(rounds):
            for side, measured in figures.items():
                measured.append(in_a_process(side, "resume", trials, Path(scratch) / side))
                print(f"round {index + 1}: {side:5} {measured[-1]['wall_s']:.2f} s", flush=True)
    pairs = zip(figures["ray"], figures["tuner"], strict=True)
    ratios = [ray["wall_s"] / ours["wall_s"] for ray, ours in pairs]
    print(f"{trials} trials: {min(ratios):.1f}x to {max(ratios):.1f}x")
    goal = harness.Goal(
        f"times faster than Tuner.restore, {trials} trials",
        statistics.median(ratios), GOAL_RATIO, "at least",
    )  # fmt: skip
    harness.finish(arguments, {"trials": trials, **figures}, [goal])


if __name__ == "__main__":
    main()
