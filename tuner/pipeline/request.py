"""What is asked of a study: what decides it, and what may change whenever it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tuner.arms import Choice, parse_arm
from tuner.errors import SpecError, nearest
from tuner.options import SweepOptions
from tuner.pipeline.dividing import Wanted
from tuner.places import Uri

__all__ = ["Final", "Request", "StudyOptions", "check_running", "differing", "running_of"]

Final = Literal["refit", "ensemble", "kept", "none"]
"""What becomes the model: a refit on all data, an ensemble, a checkpoint as it is, or nothing."""

_RUNNING = (
    "address",
    "num_cpus",
    "num_gpus",
    "max_concurrent_trials",
    "share",
    "metrics",
    "wait_for_resources_s",
    "max_trials_per_worker",
    "progress",
    "callbacks",
)
"""How sweeps run, whatever they search: each call says it anew, or leaves it as it was."""

_PLACE = ("name", "storage_path")

_REFUSED = {
    "num_samples": "the budget decides how many trials there are",
    "time_budget_s": "it bounds a single sweep; give the study a budget of time, such as 2h",
    "warm_start": "the rounds learn from the sweeps of the study",
}

_EVEN = "halton"


class StudyOptions(SweepOptions, total=False):
    """The keywords of `tuner.study`: those of `tuner.run`, and its own.

    ``scheduler`` and ``searcher`` are those of the rounds; ``name`` and ``storage_path`` are of the
    study's folder. ``num_samples``, ``time_budget_s`` and ``warm_start`` are refused: the budget
    and the study itself see to them.

    Attributes:
        scientific: Hyperparameters whose effect is asked for; see `tuner.explore`.
        nuisance: Those that are tuned for each value of these.
        fix: Values of those that stay.
        explore_arm: With which scheduler and searcher to explore; ``"fifo+halton"``, evenly and
            without early stopping, unless this says otherwise.
        rounds: How many rounds of refine; None for as many as pay, 0 for none.
        seeds: Over how many seeds adopt trains; None for as many as its share pays for.
        folds: Of a cross-validation for each of them; None for the scenario's own split.
        ensemble: How many configurations the model combines; None for a single one.
        ensemble_folds: On how many folds each of them is trained; 5 unless this says otherwise.
        weights: How the budget is shared, by step; see `tuner.pipeline.dividing`.
        seconds_per_epoch: How long a unit of ``time_attr`` takes, for budgets of time.
        like: An earlier sweep from which that is learned.
        cluster: Where it is to run, for budgets of wall time; see `tuner.plan`.
    """

    scientific: Iterable[str]
    nuisance: Iterable[str]
    fix: Mapping[str, Any] | None
    explore_arm: str
    rounds: int | None
    seeds: int | None
    folds: int | None
    ensemble: int | None
    ensemble_folds: int
    weights: Mapping[str, float] | None
    seconds_per_epoch: float | None
    like: str | Path | Uri | None
    cluster: str | None


@dataclass(frozen=True)
class Request:
    """What decides a study, as plain values: the same request is the same study.

    Attributes:
        budget: As it was spelled.
        options: Of `tuner.run`, those that decide.

    The others are those of `StudyOptions`.
    """

    budget: str
    scientific: tuple[str, ...] = ()
    nuisance: tuple[str, ...] = ()
    fix: Mapping[str, Any] = field(default_factory=dict)
    explore_arm: str = f"fifo+{_EVEN}"
    rounds: int | None = None
    seeds: int | None = None
    folds: int | None = None
    ensemble: int | None = None
    ensemble_folds: int = 5
    weights: Mapping[str, float] = field(default_factory=dict)
    seconds_per_epoch: float | None = None
    like: str | None = None
    cluster: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, budget: object, options: Mapping[str, Any]) -> Request:
        """Return what is asked by the keywords of `tuner.study`.

        Raises:
            SpecError: One is unknown, a study has its own way of saying it, or it is no plain
                value, so that the study could not be written down and gone on with.
        """
        given = _given(options)
        own = StudyOptions.__annotations__.keys() - SweepOptions.__annotations__.keys()
        asked = {name: value for name, value in given.items() if name in own}
        for name in ("scientific", "nuisance"):
            asked[name] = tuple(asked.get(name, ()))
        if "like" in asked:
            asked["like"] = str(asked["like"])
        left = {*own, *_RUNNING, *_PLACE}
        decides = {name: value for name, value in given.items() if name not in left}
        return cls.from_json(cls(budget=str(budget), **asked, options=decides).to_json())

    @property
    def explorer(self) -> SweepOptions:
        """The scheduler and the searcher of the exploration."""
        arm = parse_arm(self.explore_arm)
        return {"scheduler": str(arm.scheduler), "searcher": str(arm.searcher or Choice(_EVEN))}

    def wanted(self, final: Final) -> Wanted:
        """Return what the budget is to be divided among, with a model of a kind."""
        trainings = {"refit": 1, "ensemble": (self.ensemble or 0) * self.ensemble_folds}
        return Wanted(self.rounds, self.seeds, self.folds, trainings.get(final, 0), self.weights)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, as they are once they have been to a file and back.

        Raises:
            SpecError: Something in it is no plain value.
        """
        try:
            content: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        except TypeError as error:
            raise SpecError(
                f"a study is written down before it runs, so that it can go on, but {error}; name "
                "schedulers and searchers, and put functions into the scenario"
            ) from None
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Request:
        """Return what `to_json` gave."""
        names = {"scientific": tuple(content["scientific"]), "nuisance": tuple(content["nuisance"])}
        return cls(**{**content, **names})


def running_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those keywords that say how sweeps run, whatever they search."""
    return {name: value for name, value in _given(options).items() if name in _RUNNING}


def check_running(options: Mapping[str, Any]) -> None:
    """Refuse what a study that goes on cannot be told.

    Raises:
        SpecError: With the nearest keyword, or how to say it.
    """
    for name in options:
        if name in StudyOptions.__annotations__ and name not in _RUNNING:
            raise SpecError(
                f"a study that goes on keeps what it was begun with, got {name}; leave it out, or "
                "begin another study"
            )
        if name not in _RUNNING:
            raise SpecError(f"a study cannot go on with {name!r}{nearest(name, _RUNNING)}")


def differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield which entries of two requests differ, as ``name: then -> now``."""
    for name in {**then, **now}:
        before, after = then.get(name), now.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from differing(before, after)
        elif before != after:
            yield f"{name}: {_told(before)} -> {_told(after)}"


def _told(value: object) -> str:
    return "not given" if value is None else str(value)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords that say something.

    Raises:
        SpecError: One is unknown, or a study has its own way of saying it.
    """
    known = StudyOptions.__annotations__
    for name, value in options.items():
        if name not in known:
            raise SpecError(f"tuner.study has no option {name!r}{nearest(name, known)}")
        if name in _REFUSED and value is not None:
            raise SpecError(f"a study takes no {name}: {_REFUSED[name]}; leave it out")
    return {name: value for name, value in options.items() if value is not None}
