"""`tuner.automl` against scikit-learn: its defaults, and a random search of as many trainings.

    python benchmarks/automl.py [--quick] [--json FILE] [--splits 5] [--trials 60] [--table NAME]

Tables: scikit-learn's breast cancer, wine and diabetes, and a planted one with gaps, categories and
dates. For each of several random splits every arm learns from the same rows and is measured on the
same quarter of them that nobody has looked at:

- ``automl``: what `tuner.automl` makes with a budget of so many trials and its defaults otherwise;
- ``linear``, ``forest``, ``boosting``: scikit-learn's defaults, behind the usual preprocessing;
- ``random search``: `RandomizedSearchCV` of boosting, with as many configurations as ``automl``
  has trials and members, each on as many folds, and refitted.

Differences are paired over splits, which share rows: their intervals are those of the corrected
resampled t-test (Nadeau and Bengio 2003), and speak of other splits of these tables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from harness import finish, options
from scipy import stats
from sklearn import datasets, ensemble, linear_model
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import tuner
from tuner.examples import Examples
from tuner.playbook.adoption.paired import paired_difference
from tuner.tabular.scores import scores_of

TEST, PARTS = 0.25, 4  # a quarter, so that tests are a third of what trains
FOLDS, MEMBERS = 5, 6
OURS = "automl"


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--splits", type=int, default=None, help="of each table (5; quick: 2)")
    parser.add_argument("--trials", type=int, default=None, help="of each search (60; quick: 8)")
    parser.add_argument("--table", choices=sorted(TABLES), action="append", help="all of them")
    arguments = parser.parse_args()
    splits = arguments.splits or (2 if arguments.quick else 5)
    trials = arguments.trials or (8 if arguments.quick else 60)
    figures = {}
    for name in arguments.table or ["wine"] * arguments.quick or sorted(TABLES):
        rows = []
        for split in range(splits):
            rows.append(scores_on(name, split, trials))
            told = ", ".join(f"{arm} {_told(scores)}" for arm, scores in rows[-1].items())
            print(f"{name}, split {split}: {told}", flush=True)
        table = summary(rows)
        print(table.to_string(index=False, float_format=lambda value: f"{value:.4f}"), flush=True)
        figures[name] = {"scores": rows, "summary": table.to_dict("records")}
    finish(arguments, figures, [])


def scores_on(name: str, split: int, trials: int) -> dict[str, Mapping[str, float]]:
    """Return the test scores of every arm on one split of a table."""
    frame, task = TABLES[name]()
    with tempfile.TemporaryDirectory() as folder:
        found = tuner.automl(
            frame,
            target="target",
            task=task,
            budget=f"{trials}trials",
            ensemble=MEMBERS,
            folds=FOLDS,
            test=TEST,
            seed=split,
            storage_path=folder,
            progress="none",
        )
        scenario: Any = tuner.load_scenario(Path(found.folder) / "scenario.py")
        examples = scenario.trainable.examples()
        inputs, targets = examples.at(examples.test)
        scores = {OURS: scores_of(found.predict_proba(inputs), targets)}
    for arm, model in others(examples, split, trials + MEMBERS):
        train, wanted = examples.at(examples.development)
        model.fit(plain(train), wanted)
        predict = model.predict_proba if examples.classification else model.predict
        scores[arm] = scores_of(np.asarray(predict(plain(inputs))), targets)
    return scores


def others(examples: Examples, seed: int, count: int) -> Iterator[tuple[str, Any]]:
    """Yield the arms of scikit-learn, to be fitted."""
    suffix = "Classifier" if examples.classification else "Regressor"
    boosting = getattr(ensemble, f"HistGradientBoosting{suffix}")
    forest = getattr(ensemble, f"RandomForest{suffix}")
    linear = linear_model.RidgeCV()
    if examples.classification:
        linear = linear_model.LogisticRegression(max_iter=1000)
    yield "linear", prepared(linear)
    yield "forest", prepared(forest(random_state=seed))
    yield "boosting", prepared(boosting(random_state=seed))
    space = {
        "model__learning_rate": stats.loguniform(0.01, 0.5),
        "model__max_iter": stats.randint(30, 301),
        "model__max_leaf_nodes": stats.randint(4, 129),
        "model__min_samples_leaf": stats.randint(2, 101),
        "model__l2_regularization": stats.loguniform(1e-6, 100),
        "model__max_features": stats.uniform(0.2, 0.8),
    }
    scoring = "neg_log_loss" if examples.classification else "neg_root_mean_squared_error"
    yield (
        "random search",
        RandomizedSearchCV(
            prepared(boosting(random_state=seed)),
            space,
            n_iter=count,
            cv=FOLDS,
            scoring=scoring,
            random_state=seed,
        ),
    )


def prepared(model: Any) -> Pipeline:
    """Return a model behind imputing, scaling and one-hot encoding."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", min_frequency=2, sparse_output=False)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return Pipeline([("columns", columns), ("model", model)])


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose dates are days, which scikit-learn's models can take."""
    days = {
        name: (frame[name] - pd.Timestamp(0)) / pd.Timedelta(days=1)
        for name in frame.select_dtypes("datetime")
    }
    return frame.assign(**days)


def summary(rows: list[dict[str, Mapping[str, float]]]) -> pd.DataFrame:
    """Return the mean scores of each arm, and by how much ``automl`` is better than it."""
    found = []
    for arm in rows[0]:
        for score in rows[0][arm]:
            ours = [row[OURS][score] for row in rows]
            theirs = [row[arm][score] for row in rows]
            told = {"arm": arm, "score": score, "mean": float(np.mean(theirs))}
            if arm != OURS:
                gain = paired_difference(ours, theirs, "min", folds=PARTS)
                told |= {"gain": gain.gain, "low": gain.low, "high": gain.high, "p": gain.p}
            found.append(told)
    return pd.DataFrame(found)


def planted(rows: int = 600) -> pd.DataFrame:
    """Return a table of which a category, a season, two numbers and a gap tell the target."""
    random = np.random.default_rng(0)
    towns = random.integers(25, size=rows)
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(1500, size=rows), unit="D")
    season = np.sin(2 * np.pi * dates.day_of_year.to_numpy() / 365)
    numbers = random.normal(size=(rows, 6))
    gap = random.random(rows) < 0.2
    logit = 2 * random.normal(size=25)[towns] + 1.5 * season + numbers[:, 0] * numbers[:, 1] + gap
    frame = pd.DataFrame(numbers, columns=[f"x{number}" for number in range(6)])
    frame["x0"] = frame["x0"].mask(gap)
    frame["town"] = [f"town {number}" for number in towns]
    frame["date"] = dates
    frame["target"] = np.where(random.random(rows) < 1 / (1 + np.exp(-logit)), "yes", "no")
    return frame


def _bundled(name: str) -> pd.DataFrame:
    frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return frame


def _told(scores: Mapping[str, float]) -> str:
    return "/".join(f"{value:.4g}" for value in scores.values())


TABLES = {
    "breast_cancer": lambda: (_bundled("breast_cancer"), "classification"),
    "wine": lambda: (_bundled("wine"), "classification"),
    "diabetes": lambda: (_bundled("diabetes"), "regression"),
    "planted": lambda: (planted(), "classification"),
}


if __name__ == "__main__":
    main()
