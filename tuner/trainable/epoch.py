"""`EpochTrainable`: write one epoch of training; pausing, resuming and reuse come with it."""

from __future__ import annotations

import copy
import functools
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray.tune import Trainable

from tuner import seeds
from tuner.errors import ScenarioError
from tuner.examples import Examples, Part, Split
from tuner.trainable import generators
from tuner.trainable.state import read_state, write_state

__all__ = ["EpochTrainable", "stable_seed"]

_FORMAT = 1  # of the checkpoint

# By their names on the object; what it calls from outside, such as train(), it calls by the class.
_CALLED = frozenset(
    {"cleanup", "load_checkpoint", "log_result", "reset_config", "save_checkpoint", "step"}
)


def stable_seed(text: str) -> int:
    """Return a seed, ``0 <= seed < 2**31``, that is the same for ``text`` on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 2**31


class EpochTrainable(Trainable):
    """A trainable that is written epoch by epoch and checkpoints itself.

    Derive from it and define::

        class Classifier(EpochTrainable):
            def setup(self, config): ...          # build model, optimizer, data
            def train_epoch(self): ...            # -> {"val_error": 0.03, ...}
            def state_dict(self): ...             # -> what a restored trial needs
            def load_state_dict(self, state): ... # the reverse, called after `setup`
            def predict(self, inputs): ...        # optional: for refits and ensembles
            def should_stop(self): ...            # optional: early stopping
            def cleanup(self): ...                # optional: the end of each `setup`

            @classmethod
            def examples(cls): ...                # optional: the data, with its test rows

    Every report holds the metrics of `train_epoch` and ``epoch``, the number of epochs this
    trial has done, counted on after a restore.

    **Setup is lazy.** `setup` runs at the first step, not when the worker process starts, so
    that a slow, hanging or failing one is seen as a trial that runs, hangs or fails. When a
    warm worker takes another trial, every attribute set since `setup` is dropped and `setup`
    runs again: a reused worker gives the results of a fresh one. Keep data that all trials
    share in a module-level function under `tuner.cached`.

    **Data.** A class that says in `examples` what it learns from, and trains and validates on the
    rows of ``self.split``, can be cross-validated, refitted on all data and ensembled: whoever
    runs the trial then decides which part of the data it gets.

    **Randomness.** Python's, NumPy's and torch's global generators are seeded with `trial_seed`
    before `setup` (torch only if imported by then: import it at the top of the module), are the
    trial's own from epoch to epoch, and are part of the checkpoint: a restored trial goes on
    exactly as if it had never stopped.

    **Population-based training** gives a trial another's checkpoint and a changed ``config``.
    ``load_state_dict`` of a torch optimizer brings back the *other* trial's learning rate, so
    read hyperparameters from ``self.config`` in `train_epoch` (for instance
    ``for group in self.optimizer.param_groups: group["lr"] = self.config["lr"]``).

    The state may hold None, numbers, strings, bytes, NumPy arrays, torch tensors, and lists,
    tuples and dicts of them; nothing is unpickled when it is read back. On a worker of Ray,
    torch is given as many threads as the trial has whole CPUs (at least one).
    """

    sweep_seed: int = 0
    """The sweep's master seed; set on a subclass by whoever runs the sweep."""

    part: Part = "holdout"
    """Which part of the `examples` the trial gets; set on a subclass by whoever runs the trial."""

    def __init__(self, config: dict[str, Any] | None = None, storage: Any = None) -> None:
        self.__ready = False  # has `setup` run for this trial?
        self.__lasting: frozenset[str] | None = None  # attributes older than `setup`'s
        self.__epochs_done = 0
        self.__generators: dict[str, Any] = {}
        self.__checkpoint: dict[str, Any] | None = None  # read, and not yet loaded
        # Ray's constructor calls `setup`. Ours waits for the first step: hide it until then.
        self.__dict__["setup"] = _do_nothing
        super().__init__(config or {}, storage)
        del self.__dict__["setup"]

    # What a scenario defines ---------------------------------------------------------------

    def train_epoch(self) -> Mapping[str, Any]:
        """Train one epoch and return its metrics, by name; scalars become Python numbers."""
        raise NotImplementedError(f"{type(self).__name__} must define train_epoch()")

    def state_dict(self) -> Mapping[str, Any]:
        """Return what a restored trial needs besides its config."""
        raise NotImplementedError(f"{type(self).__name__} defines no state_dict()")

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over ``state``, which `state_dict` returned; called right after `setup`."""
        raise NotImplementedError(f"{type(self).__name__} defines no load_state_dict()")

    def predict(self, inputs: Any) -> Any:
        """Return predictions for a batch of ``inputs``; call `ensure_setup` first."""
        raise NotImplementedError(f"{type(self).__name__} defines no predict()")

    @classmethod
    def examples(cls) -> Examples:
        """Return what the scenario learns from, typically what a `tuner.cached` function loads.

        Raises:
            ScenarioError: The class does not say.
        """
        raise ScenarioError(
            f"{cls.__name__} does not say what it learns from; define a classmethod examples() "
            "that returns a tuner.Examples, and train on the rows of self.split"
        )

    def should_stop(self) -> bool:
        """Say after each epoch whether the trial ends here, e.g. because patience ran out."""
        return False

    def cleanup(self) -> None:
        """Release what `setup` took hold of; called once for each `setup`."""

    # What it gets --------------------------------------------------------------------------

    @classmethod
    def saves_state(cls) -> bool:
        """Say whether the class defines both `state_dict` and `load_state_dict`."""
        base = EpochTrainable
        return (
            cls.state_dict is not base.state_dict
            and cls.load_state_dict is not base.load_state_dict
        )

    @classmethod
    def defines_examples(cls) -> bool:
        """Say whether the class defines `examples`."""
        derived = cls.__mro__[: cls.__mro__.index(EpochTrainable)]
        return any("examples" in vars(each) for each in derived)

    @functools.cached_property
    def split(self) -> Split:
        """The rows of `examples` that this trial trains and validates on.

        Raises:
            ScenarioError: The class does not define `examples`.
        """
        return self.examples().split(self.part)

    @property
    def epochs_done(self) -> int:
        """How many epochs the trial has done, in this process and before."""
        return self.__epochs_done

    @property
    def trial_seed(self) -> int:
        """The trial's seed, ``0 <= seed < 2**31``: a function of the sweep's seed and its id."""
        return seeds.trial_seed(self.sweep_seed, self.trial_id)

    def ensure_setup(self) -> None:
        """Run `setup`, and load the checkpoint handed in, unless that is done already.

        Raises:
            ScenarioError: `setup` hides a method that Ray Tune calls.
        """
        if self.__ready:
            return
        self.__lasting = frozenset(vars(self))
        self.__limit_threads()
        generators.seed_all(self.trial_seed)
        self.setup(copy.deepcopy(self.config))
        self.__refuse_hidden_methods(self.__lasting)
        if self.__checkpoint is not None:
            self.__load(self.__checkpoint)
            self.__checkpoint = None
        else:
            self.__generators = generators.capture()
        self.__ready = True

    # What Ray Tune calls -------------------------------------------------------------------

    def step(self) -> dict[str, Any]:
        """Train one epoch.

        Raises:
            TypeError: `train_epoch` returned something else than a mapping.
        """
        self.ensure_setup()
        generators.restore(self.__generators)
        metrics = self.train_epoch()
        if not isinstance(metrics, Mapping):
            raise TypeError(
                "train_epoch() must return a dict of metrics, but "
                f"{type(self).__name__}.train_epoch() returned {metrics!r}; "
                'return for instance {"val_error": error}'
            )
        self.__epochs_done += 1
        result = {name: _python_number(value) for name, value in metrics.items()}
        result["epoch"] = self.__epochs_done
        if self.should_stop():
            result["done"] = True
        self.__generators = generators.capture()
        return result

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Write the trial's state into ``checkpoint_dir``.

        Raises:
            TypeError: `state_dict` holds an object that is not plain data.
        """
        self.ensure_setup()
        checkpoint = {
            "format": _FORMAT,
            "epochs_done": self.__epochs_done,
            "seed": self.trial_seed,
            "generators": self.__generators,
            "state": self.state_dict(),
        }
        write_state(Path(checkpoint_dir), checkpoint)

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Read the state in the folder ``checkpoint``; it is taken over at the next step.

        Raises:
            FileNotFoundError: The folder holds no state.
            ValueError: The state was written by another version.
        """
        saved = read_state(Path(checkpoint))
        if saved.get("format") != _FORMAT:
            raise ValueError(
                f"a checkpoint must have format {_FORMAT}, but the one in {checkpoint} has "
                f"{saved.get('format')!r}; restore it with the version that wrote it"
            )
        self.__drop()
        self.__checkpoint = saved
        self.__epochs_done = saved["epochs_done"]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Make ready for another trial or another configuration; always possible."""
        self.__drop()
        return True

    def stop(self) -> None:
        """Release what `setup` took."""
        if not self.__ready:
            self.__dict__["cleanup"] = _do_nothing  # nothing was set up
        super().stop()  # type: ignore[no-untyped-call]

    # How -----------------------------------------------------------------------------------

    def __load(self, checkpoint: dict[str, Any]) -> None:
        self.load_state_dict(checkpoint["state"])
        if checkpoint["seed"] != self.trial_seed:
            # Another trial's checkpoint: go on from its weights, not with its random numbers.
            generators.seed_all(stable_seed(f"{self.trial_id} from {self.__epochs_done}"))
            self.__generators = generators.capture()
        else:
            self.__generators = checkpoint["generators"]

    def __drop(self) -> None:
        if self.__ready:
            self.cleanup()
        if self.__lasting is not None:
            for name in vars(self).keys() - self.__lasting:
                delattr(self, name)
        self.__ready = False
        self.__epochs_done = 0
        self.__checkpoint = None

    def __refuse_hidden_methods(self, lasting: frozenset[str]) -> None:
        for name in _CALLED & (vars(self).keys() - lasting):
            raise ScenarioError(
                f"Ray Tune calls {name}() of a trainable, and {type(self).__name__}.setup() "
                f"hides it by setting self.{name}; give that attribute another name"
            )

    def __limit_threads(self) -> None:
        """Keep torch to the trial's share: trials that oversubscribe the CPUs crawl."""
        torch = sys.modules.get("torch")
        if torch is not None and self.trial_resources is not None:
            torch.set_num_threads(max(1, int(self.trial_resources.head_cpus)))


def _do_nothing(*_: Any) -> None:
    """Stand in for a method that must not run now."""


def _python_number(value: Any) -> Any:
    """Return the number in a NumPy scalar or a tensor of one element; other values unchanged."""
    is_array = hasattr(value, "item") and hasattr(value, "ndim")
    return value.item() if is_array and value.ndim == 0 else value
