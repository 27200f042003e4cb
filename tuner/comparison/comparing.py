"""`compare`: several arms on several tasks with several seeds, at one budget."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tuner.budgets import Budget, parse_budget
from tuner.comparison.arenas import Arena, TaskLike, arena_of
from tuner.comparison.arm_options import check_run_options
from tuner.comparison.cells import check_contestants
from tuner.comparison.contestants import Contestant, ContestantLike, parse_contestants
from tuner.comparison.folder import ComparisonFolder
from tuner.comparison.record import failed_cell
from tuner.comparison.result import Comparison
from tuner.comparison.terms import How, Terms, differences, seeds_of
from tuner.comparison.tidings import Tidings, make_tidings
from tuner.comparison.workforce import run_cells
from tuner.errors import SpecError, nearest
from tuner.option_values import whole
from tuner.places import Uri, place_of
from tuner.simulation import ClusterModel

__all__ = ["compare", "resume_comparison"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def compare(
    tasks: TaskLike | Sequence[TaskLike],
    arms: Iterable[ContestantLike],
    *,
    budget: str | Budget,
    seeds: int | Sequence[int] = 10,
    how: How | None = None,
    workers: int | None = None,
    cluster: ClusterModel | str | None = None,
    baseline: str | None = None,
    target: float | None = None,
    storage_path: str | Path = "results",
    name: str | None = None,
    processes: int | None = None,
    retry_failed: bool = False,
    progress: str = "auto",
    **options: Any,
) -> Comparison:
    """Run every arm on every task with every seed, and return what came of it.

    Runs are *paired*: with one seed, all arms have the same master seed, the same cluster with
    the same stragglers and outages, and, where the searcher is random, the same configurations
    in the same order. All have the same budget; the report that crosses it is dropped.

    The same call goes on with a comparison that was interrupted, and runs only what is missing.
    For one machine and version, a simulated comparison has the same results however many
    processes it uses.

    Args:
        tasks: What to tune: learning curves by their spelling (``"lcbench:189873"``) or as
            `tuner.simulation.CurveTask`, which are simulated; or scenarios, by name with
            ``how="ray"`` or as objects, which are trained for real, one sweep after the other.
        arms: ``"asha:reduction_factor=3+random"``, with a label ``"fast=asha:...+random"``, with
            options of its own ``"pbt+random@num_samples=16"``, or mappings with the keys ``arm``,
            ``label`` and such options.
        budget: Of each run, such as ``"500epochs"``, ``"200trials"``, ``"2h"`` or ``"8gpuh"``.
        seeds: How many, from 0, or which.
        how: ``"simulated"`` or ``"ray"``; None to tell by the tasks, where text means curves.
        workers: So many equal workers in the simulation.
        cluster: The simulated cluster, in place of ``workers``; 1 worker where both are None.
        baseline: The label of the arm that others are measured against; None for the first of
            fifo with random search, or else for the first arm.
        target: The value to reach; None for what the baseline reaches in the end.
        storage_path: The folder that holds the comparison.
        name: Its folder below that; None for a new one.
        processes: How many runs at once, each in a process of its own; 1 to run them in this
            one; None for as many as there are CPUs. Sweeps on Ray run one after the other.
        retry_failed: Whether runs that failed earlier are to be run again.
        progress: ``"auto"``, ``"live"``, ``"lines"`` or ``"none"``.
        **options: Keywords of `tuner.run` that hold for every arm, such as ``resources``.

    Returns:
        The comparison, read from its folder. A run that fails is part of it. After Ctrl-C it is
        the comparison as far as it went.

    Raises:
        UsageError: An unknown name, an arm that cannot run on a task, a budget that cannot be
            spent, or a folder that holds something else.
    """
    check_run_options(options, "a comparison")
    contestants = parse_contestants(arms)
    arena = arena_of(tasks, how, cluster, workers)
    terms = Terms(
        how=arena.how,
        tasks=arena.describe(),
        arms=contestants,
        seeds=seeds_of(seeds),
        budget=budget if isinstance(budget, Budget) else parse_budget(budget),
        cluster=arena.cluster,
        options=options,
    )
    plans = check_contestants(terms, arena.scenarios)
    shown = {
        "baseline": _baseline(baseline, contestants),
        "target": target,
        "assumptions": arena.assumptions(plans),
        "resolved": [[cell.arm, cell.task, plan.spec.arm] for cell, plan in plans.items()],
    }
    folder = ComparisonFolder(_root(storage_path, name))
    if folder.exists():
        _check_same(folder, terms)
    return _carry_out(folder, terms, arena, shown, processes, retry_failed, progress)


def resume_comparison(
    path: str | Path,
    *,
    processes: int | None = None,
    retry_failed: bool = False,
    progress: str = "auto",
) -> Comparison:
    """Run what is missing of a comparison whose tasks all have a spelling; as `compare`.

    Raises:
        UsageError: There is no comparison, a task has no spelling, or is another one now.
    """
    stored = Comparison(path)
    folder, was = ComparisonFolder(stored.path), stored.terms
    arena = arena_of(list(was.tasks), was.how, was.cluster, None)
    terms = dataclasses.replace(was, tasks=arena.describe())
    _check_same(folder, terms)
    return _carry_out(folder, terms, arena, {}, processes, retry_failed, progress)


def _carry_out(
    folder: ComparisonFolder,
    terms: Terms,
    arena: Arena,
    shown: Mapping[str, Any],
    processes: int | None,
    retry_failed: bool,
    progress: str,
) -> Comparison:
    """Run what is missing, and leave the folder complete, however it ends."""
    most = _processes(processes, arena)
    tidings = make_tidings(progress, sys.stderr)
    status = "failed"
    with folder.acquired():
        folder.write_state(terms, status="running", **shown)
        try:
            _run_missing(folder, terms, arena, most, retry_failed, tidings)
            status = "finished"
        except KeyboardInterrupt:
            status = "interrupted"
        finally:
            tidings.close()
            folder.compact()
            folder.write_state(terms, status=status, ended=time.time())
    return Comparison(folder.root)


def _run_missing(
    folder: ComparisonFolder,
    terms: Terms,
    arena: Arena,
    processes: int,
    retry_failed: bool,
    tidings: Tidings,
) -> None:
    done = folder.statuses()
    again = "failed" if retry_failed else None
    missing = [each for each in terms.cells() if each not in done or done[each] == again]
    tidings.begin(terms.size, len(missing))

    def tick() -> None:
        folder.tick()
        tidings.tick()

    runner = arena.runner(terms, folder.sweeps_dir, tick)
    for cell, outcome in run_cells(missing, runner, min(processes, len(missing)), tick):
        if isinstance(outcome, str):
            outcome = failed_cell(cell, terms.tasks[cell.task]["mode"], outcome)
        folder.append(outcome)
        tidings.ended(outcome)


def _baseline(given: str | None, arms: Sequence[Contestant]) -> str:
    labels = [arm.label for arm in arms]
    if given is None:
        plain = (arm.label for arm in arms if str(arm.arm) == "fifo+random")
        return next(plain, labels[0])
    if given not in labels:
        raise SpecError(
            f"the baseline is the label of an arm, got {given!r}{nearest(given, labels)}"
        )
    return given


def _root(storage_path: str | Path, name: str | None) -> Path:
    name = time.strftime("comparison-%Y%m%d-%H%M%S") if name is None else name
    if not _NAME.fullmatch(name):
        raise SpecError(
            "a comparison's name starts with a letter or digit, followed by letters, digits, '_', "
            f"'-' or '.', got {name!r}"
        )
    place = place_of(storage_path)
    if isinstance(place, Uri):
        raise SpecError(f"a comparison is written to a folder of this machine, got {place}")
    return place.absolute() / name


def _check_same(folder: ComparisonFolder, terms: Terms) -> None:
    """Refuse to go on with another comparison than the one that is stored.

    Raises:
        SpecError: With what differs.
    """
    found = differences(Comparison(folder.root).terms, terms)
    if found:
        raise SpecError(
            f"{folder.root} holds a comparison under other terms: {'; '.join(found)}; go on with "
            "it as it was begun, or choose another --name"
        )


def _processes(given: int | None, arena: Arena) -> int:
    if not arena.is_parallel:
        if given not in (None, 1):
            raise SpecError(f"sweeps on Ray run one after the other, got processes={given}")
        return 1
    return len(os.sched_getaffinity(0)) if given is None else whole("processes", given, at_least=1)
