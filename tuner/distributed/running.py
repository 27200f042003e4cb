"""`run_ranks`: starts a process for each bundle of a trial, and watches them until all ended."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.exceptions import RayActorError, RayError
from ray.train._internal.session import get_session
from ray.tune import Checkpoint, PlacementGroupFactory
from ray.util.placement_group import get_current_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from tuner.distributed.layout import lay_out
from tuner.distributed.process import RankProcess
from tuner.distributed.rank import Report
from tuner.errors import RankFailedError, SpecError

__all__ = ["forward_reports", "run_ranks"]

_LOOK_EVERY_S = 0.5  # whether the trial was stopped
_AFTERMATH_S = 2.0  # in which other ranks may fail because of the first


def run_ranks(function: Callable[..., Any], *args: Any, timeout_s: float = 600.0) -> None:
    """Run a function on several processes at once, joined by `torch.distributed`.

    Called by a trial's function, it starts one process for each bundle that the trial takes beside
    its own first one (``Scenario(resources=[{}, {"cpu": 1, "gpu": 1}, {"cpu": 1, "gpu": 1}])``),
    on whichever node the bundle lies, and calls ``function(rank, *args)`` in each. The process
    group is initialised: NCCL where every rank has a GPU of its own, Gloo otherwise. What rank 0
    reports through `Rank.report` are the trial's reports.

    It returns when all ranks have returned. If one fails, the trial fails with its error; if the
    trial is stopped, or its worker dies, the ranks are gone.

    Args:
        function: A function of a `Rank` and ``args``.
        *args: Handed on, such as the trial's config.
        timeout_s: How long the ranks wait for each other when they meet, and in each exchange.

    Raises:
        SpecError: It is not called in a trial's function, or the trial takes a single bundle.
        RankFailedError: A rank failed.
    """
    session = get_session()
    if session is None:
        raise SpecError("run_ranks is called in a trial's function, and no trial runs here")
    with _processes(session.trial_resources) as processes:
        _carry_out(processes, function, args, timeout_s, session.stop_event.is_set)


@contextmanager
def _processes(shape: PlacementGroupFactory) -> Iterator[list[Any]]:
    """Start a process for each bundle but the first; end them in any case."""
    own = 0 if shape.head_bundle_is_empty else 1
    bundles = shape.bundles[own:]
    if not bundles:
        raise SpecError(
            f"run_ranks needs a bundle for each rank beside the trial's own, got {shape.bundles}; "
            'give the scenario resources=[{}, {"cpu": 1}, {"cpu": 1}]'
        )
    group: Any = get_current_placement_group()  # there is one for each trial's worker
    processes = []
    try:
        for index, bundle in enumerate(bundles, own):
            where = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index)
            processes.append(_start(bundle, where))
        yield processes
    finally:
        for process in processes:
            ray.kill(process)


def _start(bundle: dict[str, float], where: PlacementGroupSchedulingStrategy) -> Any:
    cpus, gpus = bundle.pop("CPU", 0.0), bundle.pop("GPU", 0.0)
    memory = bundle.pop("memory", 0.0)
    actor: Any = ray.remote(RankProcess)
    return actor.options(
        num_cpus=cpus,
        num_gpus=gpus,
        memory=memory or None,
        resources=bundle,
        scheduling_strategy=where,
        max_concurrency=2,  # the function, and what asks for its reports
    ).remote(cpus, gpus)


def _carry_out(
    processes: Sequence[Any],
    function: Callable[..., Any],
    args: Sequence[Any],
    timeout_s: float,
    is_stopped: Callable[[], bool],
) -> None:
    seats = _wait_for([each.seat.remote() for each in processes], is_stopped)
    host, number = seats[0].host, len(processes)
    (port,) = _wait_for([processes[0].open_store.remote(host, number)], is_stopped)
    seed, checkpoint = random.getrandbits(31), tune.get_checkpoint()
    calls = [
        process.run.remote(function, args, place, (host, port), seed, checkpoint, timeout_s)
        for process, place in zip(processes, lay_out(seats), strict=True)
    ]
    forward_reports(processes[0], calls, is_stopped)


def forward_reports(
    first: Any, calls: Sequence[ray.ObjectRef[Any]], is_stopped: Callable[[], bool]
) -> None:
    """Hand on what rank 0 reports, until all ranks have returned.

    Args:
        first: The process of rank 0.
        calls: Resolve when a rank has returned, by rank.
        is_stopped: Whether the trial is to end.

    Raises:
        RankFailedError: One failed.
    """
    running = list(calls)
    asked = first.next_report.remote(False)
    while running:
        awaited = [*running, *([asked] if asked is not None else [])]
        done, _ = ray.wait(awaited, timeout=_LOOK_EVERY_S)
        if is_stopped():
            raise SystemExit  # as tune.report ends a function's thread
        for call in done:
            if call != asked:
                _check(calls, call)
                running.remove(call)
            elif (report := _report_of(asked, calls)) is None:
                asked = None
            else:
                _hand_on(report)
                asked = first.next_report.remote(True)


def _report_of(asked: ray.ObjectRef[Any], calls: Sequence[ray.ObjectRef[Any]]) -> Report | None:
    try:
        report: Report | None = ray.get(asked)
    except RayError:  # its process died
        _check(calls, calls[0])
        raise
    return report


def _hand_on(report: Report) -> None:
    if report.files is None:
        tune.report(report.metrics)
        return
    with tempfile.TemporaryDirectory() as folder:
        report.write_files(Path(folder))
        tune.report(report.metrics, checkpoint=Checkpoint.from_directory(folder))


def _check(calls: Sequence[ray.ObjectRef[Any]], call: ray.ObjectRef[Any]) -> None:
    """Raise if a rank has failed, with the error that came first.

    When a process dies, ranks that wait for it fail too, perhaps before its end is known.
    """
    if _error_of(call) is None:
        return
    ended, _ = ray.wait(list(calls), num_returns=len(calls), timeout=_AFTERMATH_S)
    errors = {number: _error_of(calls[number]) for number in map(calls.index, ended)}
    failed = {n: error for n, error in errors.items() if error is not None}
    dead = [n for n, error in failed.items() if isinstance(error, RayActorError)]
    number = dead[0] if dead else calls.index(call)
    error = failed[number]
    cause = getattr(error, "cause", None) or error
    told = str(cause).strip() or "no message"
    failure = RankFailedError(
        f"rank {number} of {len(calls)} failed: {type(cause).__name__}: {told}"
    )
    if isinstance(error, RayActorError):  # without Ray's own message, which cannot travel on
        failure.death = RayActorError(error.actor_id, str(error), preempted=error.preempted)
    raise failure from error


def _error_of(call: ray.ObjectRef[Any]) -> Exception | None:
    try:
        ray.get(call)
    except RayError as error:
        return error
    return None


def _wait_for(calls: Sequence[ray.ObjectRef[Any]], is_stopped: Callable[[], bool]) -> list[Any]:
    """Return what the calls return, as long as the trial is not stopped."""
    waiting = list(calls)
    while waiting:
        done, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=_LOOK_EVERY_S)
        if is_stopped():
            raise SystemExit
        ray.get(done)  # raises what one has failed of, while others may not come at all
    return [ray.get(call) for call in calls]
