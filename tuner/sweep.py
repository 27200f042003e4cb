"""`run`: one scenario, one scheduler, one searcher, from the call to the Parquet."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Unpack

from ray.tune import Callback

from tuner.errors import SpecError, StorageError, TunerError
from tuner.options import SweepOptions
from tuner.planning import Plan, resolve_plan
from tuner.progress import SilentView, View, make_view
from tuner.provenance import provenance
from tuner.runtime.board import Board
from tuner.runtime.connect import connect, nodes, quiet_ray, wait_until_fits
from tuner.runtime.execution import Execution
from tuner.runtime.recorder import Recorder
from tuner.runtime.resources import bundle_of
from tuner.runtime.stopping import Stop, stop_signals
from tuner.runtime.storage import TrialStorage
from tuner.scenario import Scenario
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec

__all__ = ["run"]

_SHOW_EVERY_S = 0.25

_log = logging.getLogger(__name__)


def run(scenario: str | Scenario, **options: Unpack[SweepOptions]) -> Sweep:
    """Run a sweep, blocking until it ended, and return it.

    Args:
        scenario: A `Scenario`, or how to load one: a bundled name, ``"pkg.module"``, or the path
            of a ``.py`` file.
        **options: The keywords of `tuner.SweepOptions`, explained in `tuner.SweepSpec`. Without
            any, ASHA stops trials that HyperOpt's TPE suggests.

    Returns:
        The sweep, readable with pandas. A failed trial does not raise; see ``Sweep.exit_code``.
        After Ctrl-C or SIGTERM it is the sweep as far as it went.

    Raises:
        UsageError: The call, scenario, folder or request for resources cannot work.
        SweepFailedError: The sweep could not be carried on; what was reported is kept.
    """
    callbacks = _checked(options.get("callbacks", ()))
    plan = resolve_plan(scenario, options)
    view = make_view(options.get("progress", "auto"), sys.stderr)
    layout = SweepLayout.create(Path(plan.spec.storage_path) / plan.spec.name)
    with quiet_ray():
        try:
            sweep_run = _Run(plan, layout, view, callbacks)
        except BaseException:
            shutil.rmtree(layout.root, ignore_errors=True)  # nothing ran: the name stays free
            view.close()
            raise
        stop = Stop()
        with stop_signals(stop):  # after Ray started, which sets handlers of its own
            sweep_run.carry_out(stop)
    return load(layout.root)


class _Run:
    """One sweep, from its empty folder to its complete one.

    Making it connects to Ray, waits for room, and sets everything up for the first trial.
    """

    def __init__(
        self, plan: Plan, layout: SweepLayout, view: View, callbacks: Sequence[Callback]
    ) -> None:
        spec = plan.spec
        connect(spec.address, num_cpus=spec.num_cpus, num_gpus=spec.num_gpus, say=view.message)
        wait_until_fits(bundle_of(spec.resources), spec.wait_for_resources_s, view.message)
        self._view = view
        self._writer = SweepWriter(
            layout, metric=spec.metric, mode=spec.mode, time_attr=spec.time_attr
        )
        recorder = Recorder(self._writer, spec, say=view.message)
        files_dir = layout.artifacts_dir if callbacks else None
        self._storage = TrialStorage(layout.checkpoints_dir, files_dir)
        self._execution = Execution(
            plan, storage=self._storage, recorder=recorder, callbacks=callbacks
        )
        surroundings = self._execution.surroundings
        self._board = Board(plan, str(layout.root), recorder=recorder, surroundings=surroundings)
        self._record = _SpecRecord(plan, layout)
        self._next_show = 0.0

    def carry_out(self, stop: Stop) -> None:
        """Run the sweep and leave its folder complete, however it ends."""
        self._record.write("running")
        status, message = "failed", ""
        try:
            self._execution.run(stop, self._tick)
            self._writer.close()
            status = "interrupted" if stop.reason == "interrupted" else "finished"
            message = stop.reason if stop.reason and status == "finished" else ""
        except KeyboardInterrupt:
            status, message = "interrupted", "interrupted twice"
        except TunerError as failure:
            message = str(failure)
            raise
        finally:
            self._keep_what_can_be_kept(status, message)
            self._storage.remove_temporary_files()
            self._show(lambda: self._view.close(self._board.snapshot()))
            self._view.close()

    def _tick(self) -> None:
        """Between two events: write rows when it is time, and bring the view up to date."""
        self._writer.maybe_flush()
        now = time.monotonic()
        if now >= self._next_show:
            self._next_show = now + _SHOW_EVERY_S
            self._show(lambda: self._view.update(self._board.snapshot()))

    def _show(self, show: Callable[[], None]) -> None:
        """Show something; what cannot be shown is no reason to end a sweep."""
        try:
            show()
        except Exception:
            _log.exception("the progress view failed; the sweep goes on without it")
            self._view = SilentView()

    def _keep_what_can_be_kept(self, status: str, message: str) -> None:
        """Write what is left; a disk that refuses has been reported already."""
        with suppress(StorageError):
            self._writer.close()
        with suppress(StorageError):
            self._record.write(status, message)


class _SpecRecord:
    """Writes ``sweep.json``: the spec, where it came from, and how the sweep stands."""

    def __init__(self, plan: Plan, layout: SweepLayout) -> None:
        self._layout = layout
        self._fixed: dict[str, Any] = {
            "spec": plan.spec.to_json(),
            "started": time.time(),
            **provenance(),
            "nodes": nodes(),
        }

    def write(self, status: str, message: str = "") -> None:
        ended = None if status == "running" else time.time()
        write_spec(
            self._layout, {**self._fixed, "status": status, "message": message, "ended": ended}
        )


def _checked(callbacks: Sequence[Callback]) -> Sequence[Callback]:
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise SpecError(f"callbacks must be ray.tune.Callback objects, got {callback!r}")
    return callbacks
