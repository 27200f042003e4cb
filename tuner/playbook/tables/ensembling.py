"""The table of ensemble methods: the same members, combined by each, on rows none has seen.

Every member is trained on every fold, and its checkpoint brings what it predicts for the fold that
it has not trained on. A method's rule is learned on the predictions for all folds but one, and
measured on that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tuner.analysis import Bootstrap
from tuner.errors import SpecError
from tuner.objectives import Objective
from tuner.playbook.finalization.ensembles import METHODS, learn
from tuner.playbook.finalization.measures import measure
from tuner.playbook.finalization.out_of_fold import OutOfFold, collect, trained_models
from tuner.playbook.repeats import Repeats, check_can_divide
from tuner.playbook.tables.asking import Effort, folder_of, keep, scenario_of
from tuner.playbook.tables.judging import judge
from tuner.playbook.tables.table import Table
from tuner.playbook.tables.training import candidates, held, train, value_text
from tuner.scenario import Scenario

__all__ = ["EnsembleQuestion"]

_ACCURACY = Objective("accuracy", "max")
_METRICS = ("precision", "recall")
_NO_INTERVALS = Bootstrap(resamples=100)  # over rows; the table has its own, over folds


@dataclass(frozen=True)
class EnsembleQuestion:
    """Which way of combining models brings most.

    Attributes:
        name: A word for it.
        question: What is asked, in a line.
        scenario: What is trained, or its name: a classification that predicts.
        members: By label what a member changes of the base, by flat name.
        base: A whole configuration.
        options: Of `tuner.run`, where the scenario's are others.
    """

    name: str
    question: str
    scenario: str | Scenario
    members: Mapping[str, Mapping[str, Any]]
    base: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    def measure(self, effort: Effort, **options: Any) -> Table:
        """Train what is missing, and return the table.

        Raises:
            SpecError: There are no folds, or the scenario has none.
            NoResultError: No member was trained on every fold.
            SweepFailedError: The trainings could not be carried on.
        """
        if effort.folds is None:
            raise SpecError("ensembles are made of predictions out of fold; give folds")
        scenario, given = scenario_of(self.scenario), {**self.options, **options}
        repeats = Repeats(
            candidates=tuple(candidates(scenario, self.base, self.members)),
            seeds=tuple(range(effort.seeds)),
            folds=effort.folds,
            predictions=True,
            base_seed=given.get("seed") or 0,
        )
        folder = folder_of(self.name, given)
        trained = trained_models(train(scenario, repeats, folder, effort, given), repeats)
        examples = check_can_divide(scenario).examples()
        found = []
        for seed in repeats.seeds:
            of_seed = [each for each in trained if _seed(each.member.part) == seed]
            found += list(_measured(collect(of_seed, repeats, examples), seed))
        frame = pd.DataFrame(found)
        judgement = judge(frame, METHODS, _ACCURACY, _METRICS, folds=effort.folds)
        table = Table(
            name=self.name,
            question=self.question,
            factor="ensemble",
            objective=_ACCURACY,
            metrics=_METRICS,
            time_attr=scenario.time_attr,
            target=None,
            held=held(self.base, self.members),
            measured=f"predictions for {effort.on(scenario)}",
            judgement=judgement,
            remarks=(*self._remarks(), *judgement.remarks),
            place=str(folder),
        )
        return keep(table, folder)

    def _remarks(self) -> Iterator[str]:
        yield "single: the member that is best on the other folds"
        yield "average, vote: of all members, which learn nothing from other folds"
        yield "weighted: greedy selection; stacking: a logistic regression; on the other folds"
        told = (
            f"{label} ({', '.join(f'{name} {value_text(v)}' for name, v in changes.items())})"
            for label, changes in self.members.items()
        )
        yield f"members: {', '.join(told)}"


def _seed(part: Any) -> int | None:
    return int(part["seed"]) if isinstance(part, Mapping) else None


def _measured(unseen: OutOfFold, seed: int) -> Iterator[dict[str, Any]]:
    """Yield how good each method is on each fold, by a rule learned on the others."""
    for fold in sorted(set(unseen.folds.tolist())):
        out = unseen.folds == fold
        for method in METHODS:
            rule = learn(method, unseen.predictions[:, ~out], unseen.targets[~out])
            combined = rule.combine(unseen.predictions[:, out])
            measures = measure(combined, unseen.targets[out], _NO_INTERVALS)
            values = {name: measures[name].value for name in ("accuracy", *_METRICS)}
            yield {"value": method, "repeat": f"{seed}/{fold}", **values}
