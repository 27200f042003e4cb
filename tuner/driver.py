"""The driver of one sweep: everything that is there while it runs, and what is left at its end."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import TypeAlias

from ray.tune import Callback

from tuner.errors import StorageError, SweepBusyError, TunerError
from tuner.gpu_sharing import Probe
from tuner.planning import Plan
from tuner.progress import SilentView, View
from tuner.remarks import loss_remarks
from tuner.runtime.admission import Admission
from tuner.runtime.board import Board
from tuner.runtime.census import Census
from tuner.runtime.connect import connect, scales
from tuner.runtime.execution import Execution
from tuner.runtime.hiding import check_nothing_hides_tuner
from tuner.runtime.ledger import Tally
from tuner.runtime.metrics import Exporter
from tuner.runtime.node_tasks import live_nodes
from tuner.runtime.probing import measure_share, with_share
from tuner.runtime.recorder import Recorder
from tuner.runtime.removal import Remover
from tuner.runtime.shapes import shapes_of
from tuner.runtime.sharing import Sharing
from tuner.runtime.spec_record import SpecRecord
from tuner.runtime.stopping import Every, Stop, stop_signals
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.runtime.waiting import wait_until_fits
from tuner.scenario.late_imports import code_beside
from tuner.spec import SweepSpec
from tuner.store import Sweep, SweepWriter, load, read_history
from tuner.store.driving import DriverFolder
from tuner.store.past import read_past_trials, write_past_trials
from tuner.store.requests import take_requests
from tuner.warm_start import teach

__all__ = ["Driver", "Enough"]

Enough: TypeAlias = Callable[[Tally], bool]
"""Says between two events whether a sweep has done all that it is to do."""

_SHOW_EVERY_S = 0.25
_LOOK_FOR_REQUESTS_EVERY_S = 1.0
_LOOK_FOR_NEW_NODES_EVERY_S = 10.0
_EXPORT_EVERY_S = 5.0
_SHARE_EVERY_S = 2.0
_REMOVALS_TAKE_S = 20.0

_log = logging.getLogger(__name__)


class Driver:
    """Carries out one sweep, from its folder as it is to the complete one.

    Making it connects to Ray, waits for room, and sets everything up for the next trial.

    Args:
        plan: The sweep.
        folder: Where it lies; released at the end.
        view: Shows how it stands.
        callbacks: Of the user; told of each event, in order.
        stored: The sweep as it lies there, if it is to go on.
        enough: As `Enough`.

    Raises:
        UsageError: Ray, its nodes or the folder cannot serve the sweep.
        SweepBusyError: Another process works on it.
    """

    def __init__(
        self,
        plan: Plan,
        folder: DriverFolder,
        view: View,
        callbacks: Sequence[Callback],
        stored: Sweep | None = None,
        enough: Enough | None = None,
    ) -> None:
        self._view = view
        self._enough = enough
        self._folder = folder
        self._layout = folder.layout
        self._stop = Stop()
        self._ousted = False
        self._undelivered: StorageError | None = None
        self._leave = ExitStack()
        self._leave.callback(folder.release)
        for remark in plan.remarks:
            view.message(remark)
        try:
            folder.lock(view.message)  # before Ray starts: another driver may be at work
            self._connect(plan)
            self._open(self._measured(plan), callbacks, stored)
        except BaseException:
            self._leave.close()
            raise

    def _connect(self, plan: Plan) -> None:
        spec, say = plan.spec, self._view.message
        check_nothing_hides_tuner()
        code = code_beside(plan.scenario)
        connect(
            spec.address,
            num_cpus=spec.num_cpus,
            num_gpus=spec.num_gpus,
            code=code.values(),
            say=say,
        )
        for remark in _loss_remarks(plan):
            say(remark)
        for shape in shapes_of(plan):
            wait_until_fits(shape.times(spec.fuse), spec.wait_for_resources_s, say)
        self._admission = Admission(self._folder.place, plan.scenario.trainable, code, say)
        self._leave.callback(self._admission.close)
        self._admission.check()

    def _measured(self, plan: Plan) -> Plan:
        """Return the plan with the share of a GPU that fits, where that is to be measured."""
        self._probe: Probe | None = None
        if not plan.scenario.auto_gpu:
            return plan
        checkpoints = Checkpoints(*self._folder.checkpoints())
        self._probe = measure_share(plan, checkpoints, self._view.message)
        return with_share(plan, self._probe)

    def _open(self, plan: Plan, callbacks: Sequence[Callback], stored: Sweep | None) -> None:
        spec, layout, view = plan.spec, self._layout, self._view
        opened = SweepWriter if stored is None else SweepWriter.reopen
        self._writer = opened(
            layout,
            metric=spec.metric,
            mode=spec.mode,
            time_attr=spec.time_attr,
            secondary=spec.objectives[1:],
            before_flush=self._folder.before_flush,
        )
        recorder = self._recorder = Recorder(self._writer, spec, say=view.message)
        files_dir = layout.artifacts_dir if callbacks else None
        checkpoints = Checkpoints(*self._folder.checkpoints())
        self._remover = Remover(checkpoints)
        storage = TrialStorage(checkpoints, files_dir, spec.name)
        self._leave.callback(storage.remove_temporary_files)
        self._execution = Execution(
            plan,
            storage=storage,
            remove_checkpoint=self._remover.remove,
            recorder=recorder,
            callbacks=callbacks,
            admission=self._admission,
        )
        self._teach(plan)
        if stored is not None:
            self._restore(stored.spec, checkpoints)
        surroundings = self._execution.surroundings
        self._board = Board(
            plan,
            str(self._folder.place),
            recorder=recorder,
            surroundings=surroundings,
            in_use=self._execution.in_use,
        )
        census = Census(recorder.on_nodes)
        census.look()
        self._sharing = Sharing(spec.name, spec.share, say=view.message)
        self._leave.callback(self._sharing.leave)
        self._share()
        self._record = SpecRecord(
            plan, layout, before=stored.state if stored else None, probe=self._probe
        )
        self._chores = [
            Every(_SHOW_EVERY_S, lambda: self._show(self._update_view)),
            Every(_LOOK_FOR_REQUESTS_EVERY_S, self._take_requests),
            Every(_LOOK_FOR_NEW_NODES_EVERY_S, census.look),
            Every(_SHARE_EVERY_S, self._share),
            *self._exports(plan.spec),
        ]

    def _share(self) -> None:
        """Say what this sweep wants of the cluster, and take no more than its part of it."""
        following, around = self._execution.following, self._execution.surroundings
        if around.shares:
            following.take(self._sharing.look(around.shape, following.wants, around.nodes))

    def _exports(self, spec: SweepSpec) -> list[Every]:
        """Return what hands metrics to Ray: on a cluster, or where it is asked for."""
        if spec.metrics is False or (spec.metrics is None and spec.address is None):
            return []
        exporter = Exporter(spec.name, spec.scenario, self._board.snapshot)
        self._leave.callback(exporter.export)  # nothing runs any more
        return [Every(_EXPORT_EVERY_S, exporter.export)]

    def _teach(self, plan: Plan) -> None:
        """Teach the searcher what earlier sweeps have shown, from a copy that a resume finds."""
        spec, copy = plan.spec, self._layout.warm_start_file
        if plan.warm_start is not None:
            write_past_trials(copy, plan.warm_start.trials)
        if spec.warm_start:
            teach(plan.searcher, read_past_trials(copy), spec.objectives, spec.time_attr)

    def _restore(self, was: SweepSpec, checkpoints: Checkpoints) -> None:
        self._view.message(f"replaying the record of {self._folder.place}")
        stored = load(self._layout.root)
        _check_whole(stored)
        events = stored.events().query("event == 'resumed'")
        pairs = zip(events["seq"].tolist(), events["details"].tolist(), strict=True)
        resumed = [(int(seq), dict(details or {})) for seq, details in pairs]
        restored = self._execution.restore(read_history(self._layout), checkpoints, was, resumed)
        for line in restored.lines():
            self._view.message(line)

    def carry_out(self) -> None:
        """Run the sweep and leave its folder complete, however it ends."""
        status, message, stop = "failed", "", self._stop
        try:
            self._record.write("running")
            with stop_signals(stop):  # after Ray started, which sets handlers of its own
                self._execution.run(stop, self._tick)
            self._writer.close()
            status = "interrupted" if stop.reason == "interrupted" else "finished"
            message = stop.reason if stop.reason and status == "finished" else ""
        except SweepBusyError:
            self._ousted = True
            raise
        except KeyboardInterrupt:
            status, message = "interrupted", "interrupted twice"
        except TunerError as failure:
            message = str(failure)
            raise
        finally:
            self._keep_what_can_be_kept(status, message)
            self._deliver()
            self._leave.close()
            self._show(lambda: self._view.close(self._board.snapshot()))
            self._view.close()
        if self._undelivered is not None:
            raise self._undelivered
        if status == "interrupted":
            self._view.message(f"to go on: tuner resume {shlex.quote(str(self._folder.place))}")

    def _tick(self) -> None:
        """Between two events: write rows when it is time, look for requests, show how it stands.

        Raises:
            StorageError: The disk refuses.
            SweepBusyError: Another driver took over while this one was silent.
        """
        self._folder.tick()
        self._writer.maybe_flush()
        for chore in self._chores:
            chore()
        if self._enough is not None and self._enough(self._recorder.tally):
            self._stop.reason = self._stop.reason or "budget"

    def _update_view(self) -> None:
        self._view.update(self._board.snapshot())

    def _take_requests(self) -> None:
        """Do what somebody asks of a running sweep from elsewhere."""
        for request in take_requests(self._layout, self._folder.number):
            if request.trial_id is not None:
                self._execution.stop_trial(request.trial_id, request.by)
            elif request.now:
                raise KeyboardInterrupt
            else:
                self._view.message(f"asked to stop by {request.by}")
                self._stop.reason = "interrupted"

    def _show(self, show: Callable[[], None]) -> None:
        """Show something; what cannot be shown is no reason to end a sweep."""
        try:
            show()
        except Exception:
            _log.exception("the progress view failed; the sweep goes on without it")
            self._view = SilentView()

    def _keep_what_can_be_kept(self, status: str, message: str) -> None:
        """Write what is left; a disk that refuses has been reported already."""
        if self._ousted:  # the folder is another driver's now
            return
        with suppress(StorageError):
            self._writer.close()
        with suppress(StorageError):
            self._record.write(status, message)

    def _deliver(self) -> None:
        """Bring the end of the sweep to where it lies for others."""
        if self._ousted:
            return
        self._remover.wait(_REMOVALS_TAKE_S)
        try:
            self._folder.finish()
        except StorageError as failure:
            self._undelivered = failure
            self._view.message(str(failure))


def _loss_remarks(plan: Plan) -> list[str]:
    """Return what a lost node of the cluster would cost the sweep."""
    saves = plan.entry is None or plan.entry.needs_checkpoints or plan.spec.checkpoint_frequency > 0
    return loss_remarks(
        2 if scales() else len({node.address for node in live_nodes()}),
        can_save=plan.scenario.saves_checkpoints,
        saves=saves,
        max_t=plan.spec.max_t,
    )


def _check_whole(sweep: Sweep) -> None:
    """Refuse to go on where part of a sweep's folder is gone.

    Raises:
        StorageError: With what is missing.
    """
    events, trials = sweep.events(), set(sweep.trials()["trial_id"])
    suggested = set(events.loc[events["event"] == "suggested", "trial_id"])
    reported = set(sweep.reports()["trial_id"])
    saying = {"trials.parquet": suggested - trials, "events/": (trials | reported) - suggested}
    for name, missing in saying.items():
        if missing:
            raise StorageError(
                f"{name} of {sweep.path} lacks {len(missing)} trials that the rest of the folder "
                f"tells of, such as {min(missing)}; bring the missing files back"
            )
