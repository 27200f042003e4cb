"""The table of one factor: its values x seeds (x folds), everything else held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tuner.objectives import Objective
from tuner.playbook.repeats import Repeats
from tuner.playbook.tables.asking import Effort, folder_of, keep, scenario_of
from tuner.playbook.tables.judging import judge
from tuner.playbook.tables.table import Table
from tuner.playbook.tables.training import candidates, held, measurements, train, value_text
from tuner.scenario import Scenario

__all__ = ["FactorQuestion"]


@dataclass(frozen=True)
class FactorQuestion:
    """What the values of a factor bring, each trained with the same seeds and on the same rows.

    Attributes:
        name: A word for it.
        question: What is asked, in a line.
        scenario: What is trained, or its name.
        factor: What is varied, in a word: mostly a hyperparameter.
        values: By label the hyperparameters that a value stands for, by flat name.
        base: A whole configuration; what no value changes is held.
        metrics: Which numbers of the last report are in the table beside the one that counts.
        target: The value of the metric whose first time is noted; None for none.
        options: Of `tuner.run`, such as ``metric`` and ``mode``, where the scenario's are others.
        remarks: What to know of it, a line each.
    """

    name: str
    question: str
    scenario: str | Scenario
    factor: str
    values: Mapping[str, Mapping[str, Any]]
    base: Mapping[str, Any]
    metrics: tuple[str, ...] = ()
    target: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def measure(self, effort: Effort, **options: Any) -> Table:
        """Train what is missing, and return the table.

        Raises:
            SpecError: A value lies outside of the scenario's space, the folder holds another
                table, or folds are asked of a scenario that has none.
            NoResultError: A metric was never reported.
            SweepFailedError: The trainings could not be carried on.
        """
        scenario, given = scenario_of(self.scenario), {**self.options, **options}
        repeats = Repeats(
            candidates=tuple(candidates(scenario, self.base, self.values)),
            seeds=tuple(range(effort.seeds)),
            folds=effort.folds,
            base_seed=given.get("seed") or 0,
        )
        folder = folder_of(self.name, given)
        sweep = train(scenario, repeats, folder, effort, given)
        objective = Objective(sweep.metric, sweep.mode)
        found = measurements(sweep, objective, self.metrics, self.target)
        judgement = judge(found, list(self.values), objective, self.metrics, folds=effort.folds)
        table = Table(
            name=self.name,
            question=self.question,
            factor=self.factor,
            objective=objective,
            metrics=self.metrics,
            time_attr=sweep.spec.time_attr,
            target=self.target,
            held=held(self.base, self.values),
            measured=f"the last report of each training, on {effort.on(scenario)}",
            judgement=judgement,
            remarks=(*self._meanings(), *self.remarks, *judgement.remarks),
            place=str(folder),
        )
        return keep(table, folder)

    def _meanings(self) -> Iterator[str]:
        """Yield what labels stand for, where they do not say it themselves."""
        for label, changes in self.values.items():
            told = [f"{name} {value_text(value)}" for name, value in changes.items()]
            if told != [f"{self.factor} {label}"]:
                yield f"{label}: {', '.join(told) or 'as held'}"
