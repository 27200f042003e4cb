"""A trained model in a folder, and back: `load_model`.

```
<folder>/
  model.json            what it is made of: scenario, configurations, inputs, how they are combined
  scenario.py           the scenario's source as it was; used where the original is gone or changed
  members/000-0/        the state of one trained model, read without unpickling; one per candidate
                        and fold
```
A model is the scenario's own trainable with a configuration and a state, so the code that trained
it is needed to use it.
"""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.errors import ScenarioError, SpecError, StorageError
from tuner.playbook.finalization.recipe import FORMAT, Member, Recipe
from tuner.plurals import counted
from tuner.scenario import Scenario, load_scenario
from tuner.scenario.references import split_reference
from tuner.store.layout import refused, write_atomically
from tuner.trainable import EpochTrainable, generators
from tuner.trainable.state import read_state, write_state

__all__ = [
    "Model",
    "Trained",
    "load_model",
    "save_model",
    "scenario_file",
    "single_column_flat",
]

MODEL_FOLDER = "model"
FINAL_FOLDER = "final"
"""In the folder of the sweep, unless the user names another."""

_RECIPE = "model.json"
_SOURCE = "scenario.py"


@dataclass(frozen=True, repr=False)
class Model:
    """A trained model, ready to predict.

    Attributes:
        recipe: What it is made of.
        folder: Where it lies.
    """

    recipe: Recipe
    folder: Path
    _trained: Sequence[Sequence[EpochTrainable]]

    def __repr__(self) -> str:
        parts = counted(len(self.recipe.members), "configuration")
        combined = self.recipe.combination.method
        return f"<Model of {self.recipe.scenario!r}: {parts}, {combined}; {self.folder}>"

    def predict(self, inputs: Any) -> npt.NDArray[np.float64]:
        """Return probabilities ``[n, classes]``, or values ``[n]`` or ``[n, outputs]``.

        Args:
            inputs: As the scenario's `tuner.Examples.inputs`; a table of numbers will do for an
                array.

        Raises:
            SpecError: They are of another kind.
        """
        if self.recipe.inputs is not None:
            inputs = self.recipe.inputs.checked(inputs)
        candidates = [
            np.mean([_predicted(model, inputs) for model in models], axis=0)
            for models in self._trained
        ]
        told = np.array(candidates)
        if self.recipe.classification is False:  # each value by itself, however many a row has
            values = self.recipe.combination.combine(told.reshape(len(told), -1))
            return values.reshape(told.shape[1:])
        return self.recipe.combination.combine(told)

    def classify(self, inputs: Any) -> npt.NDArray[Any]:
        """Return the most probable class of each row by its name, or else its number, ``[n]``.

        Args:
            inputs: As of `predict`.

        Raises:
            SpecError: They are of another kind, or the model predicts no classes.
        """
        if self.recipe.classification is False:
            raise SpecError(f"{self.folder} predicts values, and no classes; call predict(inputs)")
        numbers = self.predict(inputs).argmax(axis=1)
        classes = self.recipe.classes
        return np.asarray(np.array(classes)[numbers]) if classes else np.asarray(numbers)


@dataclass(frozen=True)
class Trained:
    """One trained model to be saved: what it is, and its checkpoint."""

    member: Member
    checkpoint: Path


def save_model(
    folder: Path, recipe: Recipe, trained: Sequence[Trained], source: Path | None
) -> None:
    """Write a model: its recipe last, so that one which has it is whole.

    Args:
        folder: Made if it is missing.
        recipe: What it is made of.
        trained: The checkpoint of each of its members.
        source: The scenario's file, of which a copy is kept; None where there is none.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        for each in trained:
            own = _members(folder) / each.member.folder
            own.mkdir(parents=True, exist_ok=True)
            write_state(own, _plain(read_state(each.checkpoint)))
        if source is not None:
            (folder / _SOURCE).write_bytes(source.read_bytes())
    except OSError as error:
        raise refused(folder, error) from error
    text = json.dumps(recipe.to_json(), indent=1, default=str)
    write_atomically(folder / _RECIPE, text.encode())


def load_model(path: str | Path, *, scenario: str | Scenario | None = None) -> Model:
    """Return the model that `tuner.finalize` has saved.

    Args:
        path: What `finalize` has made, the folder ``model`` in it, or that of the sweep, the study
            or the table in which it lies as ``final``.
        scenario: Where to get the scenario from, if it was built in Python or has moved.

    Raises:
        StorageError: There is no model.
        ScenarioError: The scenario cannot be loaded.
    """
    folder = _model_folder(Path(path).expanduser())
    try:
        content = json.loads((folder / _RECIPE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise StorageError(
            f"a model is a folder with {_RECIPE}, and {path} has none; make one: tuner finalize"
        ) from None
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot read {folder / _RECIPE}: {error}") from error
    if content.get("format") != FORMAT:
        raise StorageError(
            f"{folder} has format {content.get('format')!r}, and this tuner reads {FORMAT}; "
            "read it with the version that wrote it"
        )
    recipe = Recipe.from_json(content)
    trainable = _trainable_of(_scenario_of(recipe, folder, scenario))
    before = generators.capture()
    try:
        trained = [
            [_restored(trainable, member, _members(folder) / member.folder) for member in group]
            for group in recipe.members
        ]
    finally:
        generators.restore(before)  # set-up seeds them; the caller's stay as they were
    return Model(recipe, folder, trained)


def scenario_file(source: str | None) -> Path | None:
    """Return the file that defines a scenario, by how it is loaded; None where there is none."""
    if source is None:
        return None
    place, _ = split_reference(source)
    if place.endswith(".py"):
        return Path(place)
    scenario = load_scenario(source)
    module = getattr(scenario.trainable, "__module__", None)
    found = importlib.util.find_spec(module) if module else None
    return Path(found.origin) if found and found.origin else None


def _model_folder(folder: Path) -> Path:
    """Return the first folder with a model that ``folder`` may stand for, or itself."""
    places = (folder, folder / MODEL_FOLDER, folder / FINAL_FOLDER / MODEL_FOLDER)
    return next((place for place in places if (place / _RECIPE).is_file()), folder)


def _members(folder: Path) -> Path:
    return folder / "members"


def _plain(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Return a checkpoint of the trainable itself: a repeat's may have predictions beside it."""
    state = checkpoint["state"]
    if "trained" in state and "predictions" in state:
        return {**checkpoint, "state": state["trained"]}
    return checkpoint


def _scenario_of(recipe: Recipe, folder: Path, given: str | Scenario | None) -> Scenario:
    if given is not None:
        return load_scenario(given)
    if recipe.source is None:
        raise ScenarioError(
            f"scenario {recipe.scenario!r} was built in Python and is not stored; give it: "
            "tuner.load_model(path, scenario=...), or --scenario"
        )
    place, attribute = split_reference(recipe.source)
    kept = folder / _SOURCE
    if place.endswith(".py") and kept.is_file() and not _same(Path(place), kept):
        return load_scenario(f"{kept.absolute()}:{attribute}" if attribute else kept)
    return load_scenario(recipe.source)


def _same(path: Path, kept: Path) -> bool:
    try:
        return path.read_bytes() == kept.read_bytes()
    except OSError:
        return False


def _trainable_of(scenario: Scenario) -> type[EpochTrainable]:
    trainable = scenario.trainable
    if isinstance(trainable, type) and issubclass(trainable, EpochTrainable):
        return trainable
    raise ScenarioError(
        f"a model is a tuner.EpochTrainable, and that of {scenario.name!r} is none; load the "
        "scenario that it was trained with"
    )


def _restored(base: type[EpochTrainable], member: Member, folder: Path) -> EpochTrainable:
    class Restored(base):  # type: ignore[misc, valid-type]
        """The trainable, without the folder for logs that Ray makes for one outside of a trial."""

        part = member.part

        def _setup_logdir(self) -> None:
            self._logdir = None

    Restored.__name__ = Restored.__qualname__ = base.__name__
    model: EpochTrainable = Restored(copy.deepcopy(dict(member.config)))
    model.load_checkpoint(str(folder))
    model.ensure_setup()
    return model


def _predicted(model: EpochTrainable, inputs: Any) -> npt.NDArray[np.float64]:
    """Return one model's predictions: ``[n, classes]``, ``[n]`` or ``[n, outputs]``."""
    return single_column_flat(np.asarray(model.predict(inputs), dtype=np.float64))


def single_column_flat(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return ``[n, 1]`` as ``[n]``, and anything else as it is."""
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
