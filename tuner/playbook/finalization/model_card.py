"""What a finalized model is, for people and for programs: `Finalization` and its model card.

The sections follow Mitchell et al. 2019, "Model cards for model reporting".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from tuner.display import Display, Displayed, Grid, facts
from tuner.objectives import Mode
from tuner.playbook.finalization.ensembles import Score
from tuner.playbook.finalization.measures import Measured
from tuner.plurals import counted

__all__ = ["DataFacts", "Finalization", "Kind", "Part", "card"]

Kind = Literal["refit", "ensemble", "kept"]


@dataclass(frozen=True)
class Part:
    """A configuration in the model.

    Attributes:
        label: The trial that had it.
        config: Its hyperparameters.
        until: How long it was trained, in the scenario's ``time_attr``; None if nobody knows.
        in_sweep: What it reached in the sweep; None if it was no trial.
        weight: Its share in the ensemble; None where there is no such thing.
    """

    label: str
    config: Mapping[str, Any]
    until: float | None
    in_sweep: float | None
    weight: float | None = None


@dataclass(frozen=True)
class DataFacts:
    """How many examples there are, and what became of them.

    Attributes:
        examples: All.
        trained: On which the model was trained, all of its members together.
        test: Set aside.
        classification: Whether targets are classes.
    """

    examples: int
    trained: int
    test: int
    classification: bool


@dataclass(frozen=True)
class Finalization(Displayed):
    """A model that was made of a sweep.

    Attributes:
        folder: Where it lies.
        kind: ``refit`` on all data but test; ``ensemble`` of models of all folds; ``kept``: the
            checkpoint of a trial as it was.
        sweep: Where the sweep lies.
        scenario: What was tuned.
        arm: With which scheduler and searcher.
        trials: How many trials the sweep had.
        metric: What was tuned; of several objectives the first.
        mode: Whether lower or higher is better.
        time_attr: What counts as time.
        chosen_by: How the configurations were chosen.
        parts: The configurations.
        method: Of the ensemble, the one that was best out of fold; None for a single model.
        out_of_fold: The score of each method, on rows that its rule has not seen.
        data: None where the scenario does not say what it learns from.
        test: Measures on the test rows; None where there are none.
        looks_before: How many other models of this sweep were measured on the test rows before.
        versions: What it was made with.
        remarks: What limits it, a line each.
        selection: Among which sweeps this one, or its trial, was chosen; empty if among no others.
    """

    folder: str
    kind: Kind
    sweep: str
    scenario: str
    arm: str
    trials: int
    metric: str
    mode: Mode
    time_attr: str
    chosen_by: str
    parts: tuple[Part, ...]
    method: str | None
    out_of_fold: Mapping[str, Score]
    data: DataFacts | None
    test: Mapping[str, Measured] | None
    looks_before: int
    versions: Mapping[str, Any]
    remarks: tuple[str, ...]
    selection: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        scores = {name: score._asdict() for name, score in self.out_of_fold.items()}
        return {**asdict(self), "out_of_fold": scores}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Finalization:
        """Return what `to_json` gave."""
        test, data = content["test"], content["data"]
        restored = {
            "parts": tuple(Part(**each) for each in content["parts"]),
            "out_of_fold": {name: Score(**each) for name, each in content["out_of_fold"].items()},
            "data": data and DataFacts(**data),
            "test": test and {name: Measured(**each) for name, each in test.items()},
            "remarks": tuple(content["remarks"]),
        }
        return cls(**{**content, **restored})

    def text(self) -> str:
        """Return the gist of it for people."""
        return "\n".join(self._lines())

    def __str__(self) -> str:
        return self.text()

    def _lines(self) -> Iterator[str]:
        yield self._heading
        yield f"chosen: {self.chosen_by}"
        for name, score in self.out_of_fold.items():
            loss = f", log loss {score.log_loss:.4g}" if score.log_loss else ""
            yield f"  out of fold {name:9} error {score.error:.4g}{loss}"
        yield from (f"  test {name:9} {value}" for name, value in (self.test or {}).items())
        yield from (f"! {remark}" for remark in self.remarks)

    def _display(self) -> Display:
        scores = tuple(
            (name, f"{score.error:.4g}", f"{score.log_loss:.4g}" if score.log_loss else "")
            for name, score in self.out_of_fold.items()
        )
        tests = ((name, str(value)) for name, value in (self.test or {}).items())
        grids = (
            Grid(scores, ("out of fold", "error", "log loss")),
            replace(facts(tests), headings=("measure", "on the test examples")),
        )
        return Display(self._heading, grids, (f"chosen: {self.chosen_by}", *self.remarks))

    @property
    def _heading(self) -> str:
        what = f"ensemble by {self.method}" if self.method else self.kind
        return f"{self.folder}: {what} of {', '.join(part.label for part in self.parts)}"


def card(made: Finalization) -> str:
    """Return the model card, as Markdown."""
    return "\n".join([f"# Model card: {made.scenario}", "", *_sections(made)]) + "\n"


def _sections(made: Finalization) -> Iterator[str]:
    yield from _model(made)
    yield from _choice(made)
    yield from _data(made)
    yield from _measures(made)
    yield from ("## Limits", "", *(f"- {remark}" for remark in made.remarks), "")
    yield from ("## Made with", "", *_versions(made.versions), "")


def _model(made: Finalization) -> Iterator[str]:
    told = {
        "refit": "One configuration, trained again on all examples but the test examples.",
        "ensemble": f"{counted(len(made.parts), 'configuration')}, each trained on every fold; "
        f"their predictions are combined by {made.method}.",
        "kept": "The last checkpoint of one trial of the sweep, as it was.",
    }
    yield from ("## Model", "", told[made.kind], "")
    weighted = any(part.weight is not None for part in made.parts)
    columns = ["trial", f"trained to {made.time_attr}", *["weight"] * weighted, "configuration"]
    yield from (f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}")
    for part in made.parts:
        weight = f" {part.weight:.3g} |" if part.weight is not None else ""
        until = "unknown" if part.until is None else f"{part.until:g}"
        config = json.dumps(part.config, default=str)
        yield f"| {part.label} | {until} |{weight} `{config}` |"
    yield from ("", "```python", "import tuner", "")
    yield f"model = tuner.load_model({made.folder!r})"
    yield from ("model.predict(inputs)", "```", "")


def _choice(made: Finalization) -> Iterator[str]:
    best = "lower" if made.mode == "min" else "higher"
    yield from ("## How it was chosen", "")
    yield f"- Scenario `{made.scenario}`, {counted(made.trials, 'trial')} with `{made.arm}`: "
    yield f"  sweep `{made.sweep}`, metric `{made.metric}` ({best} is better)."
    yield f"- Chosen: {made.chosen_by}."
    if made.selection:
        yield f"- Selected before: {made.selection}."
    for part in made.parts:
        if part.in_sweep is not None:
            yield (
                f"- {part.label} reached {made.metric} {part.in_sweep:.4g} in the sweep: the best "
                "of many, so it flatters."
            )
    yield ""


def _data(made: Finalization) -> Iterator[str]:
    yield from ("## Data", "")
    data = made.data
    if data is None:
        yield from ("The scenario does not say what it learns from.", "")
        return
    kind = "classes" if data.classification else "values"
    yield f"- {data.examples} examples; the targets are {kind}."
    yield f"- {data.trained} of them to train and validate on, {data.test} set aside to test."
    yield ""


def _measures(made: Finalization) -> Iterator[str]:
    yield from ("## Measures", "")
    if made.out_of_fold:
        yield from ("| method | out-of-fold error | log loss |", "|---|---|---|")
        for name, score in made.out_of_fold.items():
            yield f"| {name} | {score.error:.4g} | {score.log_loss:.4g} |"
        yield from ("", "The rule of each method was scored on rows that it had not seen.", "")
    if made.test is None:
        yield from ("Nothing was measured on test examples.", "")
        return
    yield from ("| on the test examples | value | 95 % interval |", "|---|---|---|")
    for name, measured in made.test.items():
        value = "-" if math.isnan(measured.value) else f"{measured.value:.4g}"
        yield f"| {name} | {value} | {_interval(measured)} |"
    yield ""
    looks = counted(made.looks_before, "other model")
    yield (
        "The test examples were measured once, after everything was chosen; the intervals are over "
        f"these examples (bootstrap). Before this one, {looks} of the sweep had been measured on "
        "them."
    )
    yield ""


def _interval(measured: Measured) -> str:
    if math.isnan(measured.low):
        return "-"
    return f"{measured.low:.4g} to {measured.high:.4g}"


def _versions(versions: Mapping[str, Any]) -> Iterator[str]:
    for name, value in versions.items():
        if value is None or value is False:  # what is not known, or not so
            continue
        told = value
        if isinstance(value, Mapping):
            told = ", ".join(f"{package} {number}" for package, number in value.items() if number)
        yield f"- {name}: {told}"
