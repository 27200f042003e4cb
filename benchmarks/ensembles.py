"""Ensembles against the best single model, on test examples that nobody looked at before.

    python benchmarks/ensembles.py [--quick] [--json FILE] [--seeds 10]

For each seed: random configurations of ``digits_mlp`` are trained on the scenario's split; the best
one is trained again on all but the test examples, as `tuner.finalize` does; the five best are
trained on five folds, and combined by each method, whose rule is learned out of fold. All are
measured on the same 360 test examples. Differences are paired over seeds, so their intervals speak
of other searches and trainings on this data, not of other data. It runs without Ray.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from harness import finish, options
from ray.tune.search.variant_generator import generate_variants

import tuner
from tuner.examples import Examples
from tuner.playbook.adoption.paired import paired_difference
from tuner.playbook.finalization.ensembles import METHODS, choose, learn, score
from tuner.playbook.finalization.out_of_fold import targets_of
from tuner.playbook.repeats import Candidate, Repeats, repeated
from tuner.playbook.studied import best_time
from tuner.trainable import EpochTrainable

SCENARIO = tuner.load_scenario("digits_mlp")
BEST_SINGLE = "best single, refitted"


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=None, help="searches (10; quick: 2)")
    arguments = parser.parse_args()
    quick = arguments.quick
    sizes = {"trials": 4, "epochs": 4, "members": 3, "folds": 2} if quick else {}
    count = arguments.seeds or (2 if quick else 10)
    torch.set_num_threads(1)
    rows = []
    for seed in range(count):
        rows.append(errors_of(seed, **sizes))
        told = ", ".join(f"{name} {error:.4f}" for name, error in rows[-1].items())
        print(f"seed {seed}: {told}", flush=True)
    table = summary(pd.DataFrame(rows))
    print(table.to_string(float_format=lambda value: f"{value:.4f}"))
    finish(arguments, {"errors": rows, "summary": table.to_dict("index")}, [])


def errors_of(
    seed: int, trials: int = 20, epochs: int = SCENARIO.max_t, members: int = 5, folds: int = 5
) -> dict[str, float]:
    """Return the test error of each way to a model, after one search."""
    ranked = search(seed, trials, epochs)
    examples = SCENARIO.trainable.examples()
    inputs, _ = examples.at(examples.test)
    targets = targets_of(examples, examples.test)
    refit = Repeats(ranked[:1], (0,), part="all", base_seed=seed)
    single = trained(refit, {"candidate": ranked[0].label, "seed": 0}, epochs)
    errors = {BEST_SINGLE: score(predicted(single, inputs), targets).error}
    repeats = Repeats(ranked[:members], (0,), folds=folds, base_seed=seed)
    unseen, numbers, on_test = cross_fitted(repeats, examples, inputs, epochs)
    known = targets_of(examples, examples.development)
    for method in METHODS:
        rule = learn(method, unseen, known)
        errors[method] = score(rule.combine(on_test), targets).error
    chosen = choose(unseen, known, numbers).combination
    errors["chosen out of fold"] = score(chosen.combine(on_test), targets).error
    return errors


def search(seed: int, trials: int, epochs: int) -> tuple[Candidate, ...]:
    """Return random configurations, the best on the scenario's own split first."""
    state = np.random.RandomState(seed)
    drawn = [next(iter(_variants(state))) for _ in range(trials)]
    ranking = []
    for number, config in enumerate(drawn):
        candidate = Candidate(f"t{number}", config)
        repeat = {"candidate": candidate.label, "seed": 0}
        curve: list[dict[str, Any]] = []
        trained(Repeats((candidate,), (0,), base_seed=seed), repeat, epochs, curve)
        frame = pd.DataFrame(curve).assign(trial_id=candidate.label)
        errors = frame["val_error"].to_numpy(float)
        if np.isfinite(errors).any():
            until = best_time(frame, SCENARIO.objectives[0], "epoch")
            ranking.append((np.nanmin(errors), Candidate(candidate.label, config, until)))
    return tuple(candidate for _, candidate in sorted(ranking, key=lambda each: each[0]))


def _variants(state: np.random.RandomState) -> Any:
    for _, config in generate_variants(dict(SCENARIO.space), random_state=state):
        yield config


def cross_fitted(
    repeats: Repeats, examples: Examples, inputs: Any, epochs: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return predictions out of fold [members, n, 10], folds [n], and predictions of ``inputs``."""
    places = {int(row): place for place, row in enumerate(examples.development)}
    unseen = np.empty((len(repeats.candidates), len(places), 10))
    numbers = np.empty(len(places), dtype=np.int64)
    on_test = np.zeros((len(repeats.candidates), len(inputs), 10))
    for member, candidate in enumerate(repeats.candidates):
        for fold in range(repeats.folds or 0):
            repeat = {"candidate": candidate.label, "seed": 0, "fold": fold}
            model = trained(repeats, repeat, epochs)
            held = model.split.validation
            here = [places[int(row)] for row in held]
            numbers[here] = fold
            unseen[member, here] = predicted(model, examples.at(held)[0])
            on_test[member] += predicted(model, inputs) / (repeats.folds or 1)
    return unseen, numbers, on_test


def trained(
    repeats: Repeats, repeat: dict[str, Any], epochs: int, curve: list[dict[str, Any]] | None = None
) -> EpochTrainable:
    """Return a model trained to its end, without Ray."""
    base: Any = repeated(SCENARIO, repeats).trainable
    model: EpochTrainable = type("Local", (base,), {"_setup_logdir": _no_folder})(dict(repeat))
    for _ in range(epochs):
        report = model.step()
        if curve is not None:
            curve.append(report)
        if report.get("done"):
            break
    return model


def predicted(model: EpochTrainable, inputs: Any) -> npt.NDArray[np.float64]:
    return np.asarray(model.predict(inputs), dtype=np.float64)


def _no_folder(self: Any) -> None:
    self._logdir = None


def summary(errors: pd.DataFrame) -> pd.DataFrame:
    """Return the mean error of each way, and by how much it is better than the best single."""
    rows = {}
    for name in errors:
        gain = paired_difference(list(errors[name]), list(errors[BEST_SINGLE]), "min")
        rows[str(name)] = {
            "error": errors[name].mean(),
            "gain": gain.gain,
            "low": gain.low,
            "high": gain.high,
            "p": gain.p,
        }
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    main()
