"""Runs a scheduler and a searcher over learning curves, in virtual time.

A `Simulation` stands in for Ray Tune's controller: it makes the calls that `tuner.runtime` has it
make, in the same order, over workers that are no more than the times at which they are done. A
test holds it to that, event by event. Reports that neither scheduler nor searcher would heed are
not told to them, which no decision shows.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping

from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tuner.budgets import Budget
from tuner.schedulers import Supervisor
from tuner.simulation.attention import Attention
from tuner.simulation.cluster import ClusterModel
from tuner.simulation.curves import CurveSource
from tuner.simulation.incidents import incidents
from tuner.simulation.pace import Pace
from tuner.simulation.recovery import Recovery
from tuner.simulation.spending import Spending
from tuner.simulation.staffing import History
from tuner.simulation.suggestions import Suggestions
from tuner.simulation.trials import Phase, SimulatedTrial
from tuner.simulation.usage import Usage
from tuner.simulation.workers import Workers

__all__ = ["History", "Simulation"]


class Simulation(Recovery):
    """One simulated sweep.

    Args:
        supervisor: Around the scheduler, fresh.
        searcher: Fresh.
        curves: What trials report.
        cluster: Where they run.
        time_attr: What counts as time in a report; epochs are counted under this name, unless
            the curves report it.
        num_samples: How many trials there are at most; None for no bound.
        limit: How many may wait for a worker or run at once; None for no bound.
        waiting: How many may wait for a worker at once.
        history: Told of what happens.
        saves_every: Trials save every so many epochs; 0 for when they pause only.
        budget: The sweep ends when it is used up; None for no bound.
        resources: What a trial takes, as in a scenario.
        workers: How many there are at most; None for as many as the cluster holds.
        max_failures: How often a failed trial is tried again; -1 for always.
        copies: Whether trials take over each other's checkpoints.
        seed: Of what happens to the cluster, ``>= 0``.

    Attributes:
        now: Seconds since the sweep began.
        spending: What trials hold is counted there.
        events: How many there were.
        reports: How many of them were reports.
        is_cut_off: Whether the budget ended it, with trials left that could have gone on.

    Raises:
        ResourcesError: No node of the cluster holds a trial.
    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        searcher: Searcher,
        curves: CurveSource,
        cluster: ClusterModel,
        time_attr: str,
        num_samples: int | None,
        limit: int | None,
        waiting: int,
        history: History,
        saves_every: int = 0,
        budget: Budget | None = None,
        resources: Mapping[str, float] | None = None,
        workers: int | None = None,
        max_failures: int = 0,
        copies: bool = False,
        seed: int = 0,
    ) -> None:
        resources = {"cpu": 1} if resources is None else resources
        if budget is not None and budget.unit == "trials":
            num_samples = min(int(budget.amount), num_samples or int(budget.amount))
        places = cluster.places(resources)
        self._gpus = resources.get("gpu", 0)
        super().__init__(
            supervisor=supervisor,
            suggestions=Suggestions(searcher, num_samples, time_attr),
            history=history,
            cluster=cluster,
            workers=Workers(places, workers, by_node=bool(cluster.nodes)),
            spending=Spending(budget, self._gpus),
            limit=limit,
            waiting=waiting,
            saves_every=saves_every,
            max_failures=max_failures,
            copies=copies,
            incidents=incidents(cluster, places, seed),
        )
        self.events = self.reports = 0
        self.is_cut_off = False
        self._curves = curves
        self._prefetch = getattr(curves, "prefetch", None)
        self._pace = Pace(cluster, len(places), seed)
        self._attention = Attention(supervisor, time_attr, saves_every)

    def run(self) -> None:
        """Run the sweep to its end; or to where the supervisor refuses to go on."""
        try:
            while self._run_until_idle() and not self.is_cut_off:
                for left in list(self._roster.live):  # paused ones that nobody will let go on
                    self.stop_trial(left)
        finally:
            self._workers.close(self.now)

    @property
    def gpu_seconds(self) -> float:
        """The seconds that trials have held workers so far, times the GPUs of each."""
        return self.spending.held_until(self.now) * self._gpus

    def usage(self) -> Usage:
        """Return what the sweep has used, once it has run."""
        sheet, held_s = self._workers.sheet, self.spending.held_until(self.now)
        return sheet.usage(self.now, held_s, self._gpus)

    def _run_until_idle(self) -> bool:
        """Handle event after event until there is none; return whether trials are left then."""
        queue, spending, roster = self._queue, self.spending, self._roster
        supervisor, suggestions, told = self._supervisor, self.search_alg, self._history.reported
        incident_at = self._incident.at
        while supervisor.refusal is None and supervisor.failure is None:
            if not self._settled:
                self._fill()
            while queue and queue[0][2].due != queue[0][1]:
                heapq.heappop(queue)  # its trial no longer waits for it
            due = queue[0][0] if queue else math.inf
            if due >= incident_at or due > spending.deadline:
                if not self._pass_time(due):
                    return bool(roster.live)
                incident_at = self._incident.at
                continue
            trial = queue[0][2]
            self.now = due
            self.events += 1
            if trial.epoch + 1 >= trial.heeded:
                heapq.heappop(queue)
                self._handle(trial)
            else:  # a report that only the history is told of: most are
                due = trial.train_on(due)
                told(trial, self.now)
                self.reports += 1
                self._scheduled = trial.due = number = self._scheduled + 1
                heapq.heapreplace(queue, (due, number, trial))
                if suggestions.waits:
                    self._settled = False
            if self.reports >= spending.most_reports and roster.live:
                self.is_cut_off = True
                return True
        return False

    def _pass_time(self, due: float) -> bool:
        """Have the next incident happen, unless the sweep ends before; return whether.

        Args:
            due: When the next event is due; infinite where there is none.
        """
        if due == math.inf and not self._waits_for_nodes():
            return False
        if self._incident.at > self.spending.deadline:
            self.now, self.is_cut_off = max(self.now, self.spending.deadline), True
            return False
        self.events += 1
        self._meet_incident()
        return True

    def _handle(self, trial: SimulatedTrial) -> None:
        phase = trial.phase
        if phase is Phase.TRAINING:
            self._on_report(trial)
        elif phase is Phase.STARTING:
            self._on_started(trial)
        elif phase is Phase.SAVING:
            self._on_saved(trial)
        elif phase is Phase.FAILING:
            self._on_lost(trial)
        else:
            self._train(trial)

    def _fill(self) -> None:
        known = self.search_alg.made
        super()._fill()
        if self._prefetch is not None and self.search_alg.made > known + 1:
            new = [trial for trial in self._roster.live if trial.number >= known]
            self._prefetch([trial.config for trial in new], [trial.number for trial in new])

    # Events ------------------------------------------------------------------------------------

    def _on_started(self, trial: SimulatedTrial) -> None:
        assert trial.worker is not None  # which has just become ready
        trial.worker.started = True
        self._set_status(trial, Trial.RUNNING)
        self._history.started(trial, self.now)
        known = self._curves.curve(trial.config, trial.number)
        node = self._workers.node_of(trial.worker)
        if trial.begin(self._pace.slowed(known, number=trial.number, node=node)):
            self._schedule(trial, Phase.RESTORING, self._cluster.load_s)
        else:
            self._train(trial)

    def _train(self, trial: SimulatedTrial) -> None:
        if not (self.search_alg.listens or trial.repeats):
            trial.heeded = self._attention.next_epoch(trial)
        self._schedule(trial, Phase.TRAINING, trial.next_epoch_s)

    def _on_report(self, trial: SimulatedTrial) -> None:
        assert trial.curve is not None  # which it trains along
        trial.heeded = 0
        if trial.epoch + 1 == trial.curve.fails_at:
            self._on_raised(trial)
            return
        trial.train()
        self.reports += 1
        self._history.reported(trial, self.now)
        finished = trial.has_finished
        if trial.epoch <= trial.repeats_until and not finished:
            self._on_repeated(trial)
            return
        result, decision = trial.report(), TrialScheduler.STOP
        if not finished:
            decision = self._supervisor.on_trial_result(self, trial, result)
        if decision == TrialScheduler.STOP:
            result["done"] = True
        elif self.search_alg.listens:
            self.search_alg.on_trial_result(trial.trial_id, result)
        trial.last_result = result
        if decision != TrialScheduler.PAUSE and self._is_save_due(trial):
            self._schedule_trial_save(trial)
        if trial.saving_to is None:
            self._execute(trial, decision)
        else:
            self._save_first(trial, decision)
        if decision != TrialScheduler.CONTINUE or self._workers.has_room() or self.search_alg.waits:
            self._settled = False

    def _on_saved(self, trial: SimulatedTrial) -> None:
        assert trial.saving_to is not None  # which is what has arrived
        trial.latest_checkpoint_result = trial.saving_to.resolve()
        trial.saving_to = None
        decided, trial.decided = trial.decided, None
        if decided is not None:
            self._execute(trial, decided, saved=True)
