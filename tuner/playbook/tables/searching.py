"""The table of search techniques: searches at one budget, and what their winners are worth.

What a search says of its winner flatters it, and the more so the more it tried near it. So each
winner is trained again, on every fold, with seeds that no search has had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from tuner import space as spaces
from tuner.comparison import compare
from tuner.errors import SweepFailedError
from tuner.objectives import Objective
from tuner.playbook.repeats import Candidate, Repeats
from tuner.playbook.tables.asking import Effort, folder_of, keep, scenario_of
from tuner.playbook.tables.judging import judge
from tuner.playbook.tables.table import Table
from tuner.playbook.tables.training import measurements, train
from tuner.plurals import counted
from tuner.scenario import Scenario
from tuner.store.values import from_json

__all__ = ["SearchQuestion"]

_IN_SEARCH = "in_search"
_OF_SEARCHES = ("address", "resources")


@dataclass(frozen=True)
class SearchQuestion:
    """Which search technique brings most, at the same number of trials.

    Attributes:
        name: A word for it.
        question: What is asked, in a line.
        scenario: What is trained, or its name.
        space: What is searched, and the values of all else.
        searchers: Searchers as arms spell them, by label.
        trials: Of each search.
        objective: What is searched for, and what winners are compared by.
        metrics: Which numbers of the last report are in the table beside it.
    """

    name: str
    question: str
    scenario: str | Scenario
    space: Mapping[str, Any]
    searchers: Mapping[str, str]
    trials: int
    objective: Objective
    metrics: tuple[str, ...] = ()

    def measure(self, effort: Effort, **options: Any) -> Table:
        """Search and train what is missing, and return the table; a repeat is a search.

        Raises:
            SpecError: A searcher cannot search the space, or folds are asked of a scenario that
                has none.
            SweepFailedError: A search failed, or the trainings could not be carried on.
        """
        scenario, folder = scenario_of(self.scenario), folder_of(self.name, options)
        runs = self._searches(scenario, folder, effort, options)
        found = self._winners(scenario, runs, folder, effort, options)
        metrics = (*self.metrics, _IN_SEARCH)
        judgement = judge(found, list(self.searchers), self.objective, metrics)
        searched = spaces.domains(self.space)
        table = Table(
            name=self.name,
            question=self.question,
            factor="search",
            objective=self.objective,
            metrics=metrics,
            time_attr=scenario.time_attr,
            target=None,
            held={
                name: v for name, v in spaces.flatten(self.space).items() if name not in searched
            },
            measured=(
                f"the winner of each search ({counted(effort.seeds, 'seed')}), trained again, on "
                f"{replace(effort, seeds=1).on(scenario)}"
            ),
            judgement=judgement,
            remarks=(*self._remarks(searched), *judgement.remarks),
            place=str(folder),
        )
        return keep(table, folder)

    def _searches(
        self, scenario: Scenario, folder: Path, effort: Effort, options: Mapping[str, Any]
    ) -> pd.DataFrame:
        """Return a row per search, with its winner."""
        searched = replace(
            scenario.with_space(self.space),
            metric=self.objective.metric,
            mode=self.objective.mode,
            objectives=(),
        )
        arms = [f"{label}=fifo+{searcher}" for label, searcher in self.searchers.items()]
        # One trial after the other, so that each suggestion knows all results before it.
        given: dict[str, Any] = {"max_concurrent_trials": 1}
        given |= {name: options[name] for name in _OF_SEARCHES if name in options}
        if effort.epochs is not None:
            given["max_t"] = effort.epochs
        comparison = compare(
            searched,
            arms,
            budget=f"{self.trials}trials",
            seeds=effort.seeds,
            storage_path=folder,
            name="searches",
            progress=options.get("progress", "auto"),
            **given,
        )
        runs = comparison.runs()
        done = runs[runs["best_config"].notna()]
        if len(done) < len(arms) * effort.seeds:
            raise SweepFailedError(
                f"of {len(arms) * effort.seeds} searches {len(done)} have found something; see "
                f"why: tuner compare --show {comparison.path}"
            )
        return done

    def _winners(
        self,
        scenario: Scenario,
        runs: pd.DataFrame,
        folder: Path,
        effort: Effort,
        options: Mapping[str, Any],
    ) -> pd.DataFrame:
        """Return what each winner reached on average over the folds, a row per search."""
        labels = [f"{arm}/{seed}" for arm, seed in zip(runs["arm"], runs["seed"], strict=True)]
        configs = [from_json(text) for text in runs["best_config"]]
        repeats = Repeats(
            candidates=tuple(map(Candidate, labels, configs)),
            seeds=(0,),
            folds=effort.folds,
            base_seed=options.get("seed") or 0,
        )
        given = {**options, "metric": self.objective.metric, "mode": self.objective.mode}
        sweep = train(scenario, repeats, folder / "winners", effort, given)
        found = measurements(sweep, self.objective, self.metrics)
        means = found.drop(columns="repeat").groupby("value").mean(skipna=False).reindex(labels)
        own = {"value": runs["arm"].tolist(), "repeat": runs["seed"].tolist()}
        return means.assign(**own, **{_IN_SEARCH: runs["best"].tolist()})

    def _remarks(self, searched: Mapping[str, Any]) -> Iterator[str]:
        yield f"each search tries {self.trials} values of {', '.join(searched)}"
        yield f"{_IN_SEARCH}: the best that a search itself has seen, which flatters its winner"
        told = (f"{label} ({searcher})" for label, searcher in self.searchers.items())
        yield f"searchers: {', '.join(told)}"
