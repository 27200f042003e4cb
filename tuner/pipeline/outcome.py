"""`Study`: how a study stands, read from its folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tuner.budgets import Budget, Unit, budget_text
from tuner.display import Display, Displayed, Grid
from tuner.errors import NoResultError
from tuner.objectives import Mode
from tuner.pipeline.choosing import choose_winner
from tuner.pipeline.dividing import spent_text
from tuner.pipeline.folder import StudyFolder
from tuner.pipeline.settled import read_settled
from tuner.pipeline.spending import spent_by
from tuner.pipeline.steps import STEPS, Outcome, Status, StepName, check_step
from tuner.playbook.finalization.models import Model, load_model
from tuner.scenario import Scenario
from tuner.store import Sweep, TrialResult

__all__ = ["Step", "Study", "read_study"]


@dataclass(frozen=True)
class Step:
    """One step, and what it took.

    Attributes:
        name: Which.
        status: How it stands; one that is ``"waiting"`` and has spent something was cut off.
        headline: What it came to, in a line.
        notes: What to know beside that, a line each.
        planned: What it may spend, in the unit of the study's budget.
        spent: What its sweeps have spent.
        seconds: Their wall time.
        result: All figures, as plain values.
    """

    name: StepName
    status: Status
    headline: str
    notes: tuple[str, ...]
    planned: float
    spent: float
    seconds: float
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Study(Displayed):
    """How a study stands.

    Attributes:
        folder: Where it lies.
        scenario: What is tuned.
        metric: What is tuned for; of several objectives the first.
        mode: Whether lower or higher is better.
        time_attr: What counts as a trial's time.
        max_t: Where a full training ends, to begin with.
        budget: What all of it may take.
        seed: Of the exploration; the rounds count on from it.
        request: What was asked for, as plain values.
        steps: All of them, in their order.
        source: How the scenario is loaded again; None if it was built in Python.
        made_with: When it began, and versions, commit, command and machine.
    """

    folder: str
    scenario: str
    metric: str
    mode: Mode
    time_attr: str
    max_t: int
    budget: Budget
    seed: int
    request: Mapping[str, Any]
    steps: tuple[Step, ...]
    source: str | None
    made_with: Mapping[str, Any]

    def __getitem__(self, name: str) -> Step:
        """Return a step by its name.

        Raises:
            SpecError: There is none.
        """
        return self.steps[STEPS.index(check_step(name))]

    @property
    def finished(self) -> bool:
        """Whether every step has ended."""
        return all(step.status in ("done", "skipped") for step in self.steps)

    @property
    def command(self) -> str:
        """The command line that goes on with it."""
        return f"tuner study {shlex.quote(self.folder)}"

    @property
    def spent(self) -> float:
        """What all steps have spent, in the unit of the budget."""
        return sum(step.spent for step in self.steps)

    @property
    def exit_code(self) -> int:
        """What ``tuner study`` exits with: 130 interrupted, 1 stopped or failed, else 0."""
        statuses = {step.status for step in self.steps}
        if "interrupted" in statuses:
            return 130
        return 1 if statuses & {"stopped", "failed"} else 0

    def sweeps(self) -> list[Sweep]:
        """Return the exploration and the rounds, in their order."""
        folder = StudyFolder(Path(self.folder))
        return [*folder.sweeps_of("explore"), *folder.sweeps_of("refine")]

    def best(self) -> TrialResult:
        """Return the best trial of all sweeps that search.

        Raises:
            NoResultError: There is none yet.
        """
        if not (sweeps := self.sweeps()):
            raise NoResultError(f"no sweep of {self.folder} has begun; go on: tuner study PATH")
        return choose_winner(sweeps).trial

    def model(self, *, scenario: str | Scenario | None = None) -> Model:
        """Return the model.

        Args:
            scenario: Where to get the scenario from, if it was built in Python or has moved.

        Raises:
            StorageError: There is none yet, or what is tuned cannot become one.
            ScenarioError: The scenario cannot be loaded.
        """
        return load_model(StudyFolder(Path(self.folder)).model, scenario=scenario)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            **asdict(self),
            "budget": str(self.budget),
            "unit": self.budget.unit,
            "spent": self.spent,
            "finished": self.finished,
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self._heading
        amounts = [_of(step, self.budget.unit) for step in self.steps]
        width = max(map(len, amounts))
        for step, amount in zip(self.steps, amounts, strict=True):
            yield f"{step.name:9}{step.status:12}{amount:{width}}  {step.headline}".rstrip()
        yield from self._notes()

    def _display(self) -> Display:
        unit = self.budget.unit
        rows = ((each.name, each.status, _of(each, unit), each.headline) for each in self.steps)
        heads = ("step", "status", "spent", "result")
        return Display(self._heading, (Grid(tuple(rows), heads, words=4),), tuple(self._notes()))

    @property
    def _heading(self) -> str:
        budget = budget_text(self.budget)
        return f"{self.folder}: {self.scenario}, {self.metric} ({self.mode}), {budget}"

    def _notes(self) -> Iterator[str]:
        spent = spent_text(self.spent, self.budget.amount, self.budget.unit)
        folder = StudyFolder(Path(self.folder))
        pictures = f"; in pictures: {folder.report_file}" if folder.report_file.is_file() else ""
        yield f"spent {spent}; all of it: {folder.story_file}{pictures}"
        if not self.finished:
            yield f"to go on: {self.command}"


def read_study(folder: StudyFolder) -> Study:
    """Return the study in a folder; nothing is run.

    Raises:
        StorageError: There is none.
    """
    settled = read_settled(folder)
    division, outcomes = settled.division, folder.outcomes()

    def step(name: StepName) -> Step:
        found = outcomes.get(name) or Outcome(name, "waiting", "")
        spent = found.spent if found.has_ended else spent_by(folder.sweeps_of(name))
        return Step(
            name=name,
            status=found.status,
            headline=found.headline,
            notes=found.notes,
            planned=division.planned(name),
            spent=spent.of(division.budget.unit),
            seconds=spent.seconds,
            result=found.result,
        )

    return Study(
        folder=str(folder.root),
        scenario=settled.scenario,
        metric=settled.metric,
        mode=settled.mode,
        time_attr=settled.time_attr,
        max_t=settled.max_t,
        budget=division.budget,
        seed=settled.seed,
        request=settled.request.to_json(),
        steps=tuple(map(step, STEPS)),
        source=settled.source,
        made_with=settled.made_with,
    )


def _of(step: Step, unit: Unit) -> str:
    if not step.planned and not step.spent:
        return "-"
    return spent_text(step.spent, step.planned, unit)
