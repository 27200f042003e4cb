"""From a sweep to a model: what is trained on what, what is saved, and what the card says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from in_process import SCENARIO_FILE, InProcess

import tuner
from tuner.errors import (
    NoResultError,
    ScenarioError,
    SpecError,
    StorageError,
    SweepFailedError,
)
from tuner.playbook.adoption.adopting import adopt
from tuner.playbook.finalization.ensembles import METHODS
from tuner.playbook.finalization.finalizing import finalize
from tuner.playbook.finalization.models import load_model
from tuner.store import SweepLayout, SweepWriter
from tuner.trainable.state import read_state


def test_a_refit_trains_on_all_but_test_for_the_best_number_of_epochs(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    made = finalize(sweep)
    best = sweep.best()
    curve = sweep.reports().query("trial_id == @best.trial_id")["error"].to_numpy()
    (part,) = made.parts
    assert (made.kind, part.label, part.config) == ("refit", best.trial_id, best.config)
    assert part.until == np.argmin(curve) + 1
    refit = tuner.load(Path(made.folder) / "sweep")
    assert refit.reports()["epoch"].max() == part.until
    assert made.data is not None
    assert (made.data.trained, made.data.test) == (90, 30)


def test_the_saved_model_is_what_was_measured(ray: InProcess, sweep: tuner.Sweep) -> None:
    made = finalize(sweep.path)
    examples = tuner.load_scenario(str(sweep.spec.source)).trainable.examples()
    inputs, labels = examples.at(examples.test)
    predicted = load_model(made.folder).predict(inputs)
    assert predicted.shape == (30, 3)
    assert made.test is not None
    assert made.test["error"].value == pytest.approx(np.mean(predicted.argmax(axis=1) != labels))
    state = read_state(next(Path(made.folder).glob("sweep/checkpoints/*/*")))["state"]
    weights = state["weights"]
    logits = np.column_stack([inputs, np.ones(30)]) @ weights.T
    assert predicted.argmax(axis=1).tolist() == logits.argmax(axis=1).tolist()


def test_the_card_says_it_all(ray: InProcess, sweep: tuner.Sweep) -> None:
    made = finalize(sweep.path)
    card = (Path(made.folder) / "MODEL_CARD.md").read_text()
    for told in (
        *("# Model card: clouds", f"tuner.load_model({made.folder!r})", "metric `error`"),
        *("120 examples; the targets are classes", "30 set aside to test", "| accuracy |"),
        *("measured once", "nobody asked whether to adopt it", "ray 2."),
        json.dumps(sweep.best().config),
    ):
        assert told in card
    assert json.loads((Path(made.folder) / "card.json").read_text())["kind"] == "refit"
    assert str(made).startswith(f"{made.folder}: refit of")
    assert "None" not in card
    assert not any("a hint" in remark for remark in made.remarks)


def test_few_test_examples_are_said(ray: InProcess, scenario_path: Path, tmp_path: Path) -> None:
    assert "rows[90:]" in SCENARIO_FILE
    scenario_path.write_text(SCENARIO_FILE.replace("rows[90:]", "rows[119:]"))
    sweep = ray.run(str(scenario_path), storage_path=str(tmp_path))
    made = finalize(sweep.path)
    assert "measured on 1 test example only" in " ".join(made.remarks)
    assert "(no interval)" in str(made)


def test_what_is_finished_is_returned_and_test_is_not_looked_at_again(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    first = finalize(sweep.path)
    trained, looks = ray.trained, (sweep.path / "test_looks.jsonl").read_text()
    assert finalize(sweep.path) == first
    assert ray.trained == trained
    assert (sweep.path / "test_looks.jsonl").read_text() == looks


def test_another_model_says_that_test_was_looked_at_before(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    other = sweep.best(2)[1].trial_id
    assert finalize(sweep.path).looks_before == 0
    with pytest.raises(SpecError, match="made with other candidates, and nothing is overwritten"):
        finalize(sweep.path, trial=other)
    again = finalize(sweep.path, trial=other, name="second")
    assert again.looks_before == 1
    assert any("1 other model of this sweep" in remark for remark in again.remarks)
    assert "Before this one, 1 other model" in (Path(again.folder) / "MODEL_CARD.md").read_text()


def test_a_model_that_was_not_finished_is_not_counted_as_another(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    made = finalize(sweep.path)
    (Path(made.folder) / "card.json").unlink()
    assert finalize(sweep.path).looks_before == 0


def test_an_ensemble_is_chosen_out_of_fold(ray: InProcess, sweep: tuner.Sweep) -> None:
    made = finalize(sweep.path, ensemble=3, folds=3)
    assert ray.trained == 3 * 3
    assert [part.label for part in made.parts] == [each.trial_id for each in sweep.best(3)]
    assert set(made.out_of_fold) == set(METHODS)
    assert made.method == min(made.out_of_fold, key=lambda name: made.out_of_fold[name])
    model = load_model(made.folder)
    assert [len(group) for group in model.recipe.members] == [3, 3, 3]
    assert model.predict(np.zeros((4, 2))).sum(axis=1) == pytest.approx(1)


def test_out_of_fold_predictions_are_those_of_models_that_did_not_see_the_row(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    made = finalize(sweep.path, ensemble=2, folds=3)
    examples = tuner.load_scenario(str(sweep.spec.source)).trainable.examples()
    for group in load_model(made.folder).recipe.members:
        seen = [examples.split(member.part) for member in group]
        validated = np.concatenate([split.validation for split in seen])
        assert sorted(validated) == examples.development.tolist()
        assert not any(set(split.train) & set(split.validation) for split in seen)
    checkpoints = Path(made.folder).glob("sweep/checkpoints/*/*")
    held = [read_state(each)["state"]["rows"] for each in checkpoints]
    assert sorted(np.concatenate(held).tolist()) == sorted(examples.development.tolist() * 2)


def test_an_ensemble_has_no_configuration_twice(
    ray: InProcess, scenario_path: Path, tmp_path: Path
) -> None:
    point = {"rate": 1.0, "spread": 0.0, "patience": 0}
    ray.run(
        str(scenario_path), storage_path=str(tmp_path), points_to_evaluate=[point] * 4,
    )  # fmt: skip
    made = finalize(tmp_path / "sweep", ensemble=3, folds=2)
    assert len({json.dumps(part.config) for part in made.parts}) == 3


def test_only_the_methods_asked_for_compete(ray: InProcess, sweep: tuner.Sweep) -> None:
    made = finalize(sweep.path, ensemble=2, folds=2, methods=["vote"])
    assert made.method == "vote"
    assert list(made.out_of_fold) == ["vote"]
    with pytest.raises(SpecError, match="chosen among the methods vote"):
        finalize(sweep.path, ensemble=2, folds=2)


def test_a_kept_checkpoint_is_the_trials_own(ray: InProcess, sweep: tuner.Sweep) -> None:
    made = finalize(sweep.path, refit=False)
    assert ray.trained == 0
    assert made.kind == "kept"
    assert made.data is not None
    assert made.data.trained == 60
    best = sweep.best().trial_id
    kept = read_state(sweep.path / "checkpoints" / best / "checkpoint_000000")
    saved = read_state(Path(made.folder) / "model" / "members" / "000-0")
    assert np.array_equal(kept["state"]["weights"], saved["state"]["weights"])


def test_a_checkpoint_that_is_missing_is_said(ray: InProcess, sweep: tuner.Sweep) -> None:
    folder = sweep.path / "checkpoints" / sweep.best().trial_id
    for file in folder.rglob("state.*"):
        file.unlink()
    with pytest.raises(NoResultError, match="--keep-final or --checkpoint-frequency"):
        finalize(sweep.path, refit=False)


def test_what_adopt_settled_on_is_finalized(ray: InProcess, sweep: tuner.Sweep) -> None:
    best, worst = sweep.best().trial_id, sweep.best(6)[-1].trial_id
    assert adopt(sweep.path, seeds=2, trial=worst, baseline=best).verdict != "adopt"
    file = sweep.path / "adopt" / "adoption.json"
    file.write_text(file.read_text().replace("not enough evidence", "do not adopt"))
    made = finalize(sweep.path)
    assert made.parts[0].label == best
    assert made.chosen_by.startswith(f"the baseline; adopt said of the winner {worst}")
    repeats = tuner.load(sweep.path / "adopt" / "sweep")
    mine = repeats.trials().loc[lambda rows: rows["config/candidate"] == best, "trial_id"]
    curves = repeats.reports().loc[lambda rows: rows["trial_id"].isin(mine)]
    table = curves.pivot_table(index="epoch", columns="trial_id", values="error").dropna()
    assert made.parts[0].until == table.mean(axis=1).idxmin()


def test_a_trial_that_was_stopped_early_says_so(ray: InProcess, sweep: tuner.Sweep) -> None:
    best = sweep.best().trial_id
    writer = SweepWriter.reopen(
        SweepLayout(sweep.path), metric="error", mode="min", time_attr="epoch"
    )
    writer.trial(best, outcome="stopped")
    writer.close()
    assert any("stopped early" in remark for remark in finalize(sweep.path).remarks)


def test_what_was_interrupted_goes_on(ray: InProcess, sweep: tuner.Sweep) -> None:
    ray.stops_after = 2
    with pytest.raises(SweepFailedError, match="give the same command again"):
        finalize(sweep.path, ensemble=2, folds=2)
    made = finalize(sweep.path, ensemble=2, folds=2)
    assert ray.trained == 4
    assert made.test is not None


def test_a_candidate_whose_fold_diverged_is_left_out(
    ray: InProcess, sweep: tuner.Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    finalize(sweep.path, ensemble=2, folds=2)
    (sweep.path / "final" / "card.json").unlink()
    first = sweep.path / "final" / "sweep" / "checkpoints" / "t000000" / "checkpoint_000000"
    for file in first.iterdir():
        file.unlink()
    made = finalize(sweep.path, ensemble=2, folds=2)
    assert len(made.parts) == 1
    assert any("is left out" in remark for remark in made.remarks)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ensemble": 1},
        {"ensemble": 2, "trial": "t000000"},
        {"ensemble": 2, "refit": False},
        {"ensemble": 2, "folds": 1},
        {"trial": "nobody"},
        {"ensemble": 2, "folds": 2, "methods": ["mean"]},
    ],
)
def test_what_cannot_be_is_refused(ray: InProcess, sweep: tuner.Sweep, wrong: dict) -> None:
    with pytest.raises(SpecError):
        finalize(sweep.path, **wrong)


@pytest.mark.parametrize(
    ("there", "instead", "rule"),
    [
        ("def examples(cls):", "def data(cls):", r"Softmax has no examples\(\); define"),
        ("def predict(self, inputs):", "def say(self, inputs):", r"does not define predict\(\)"),
    ],
)
def test_what_a_trainable_lacks_is_named(
    sweep: tuner.Sweep, scenario_path: Path, there: str, instead: str, rule: str
) -> None:
    scenario_path.write_text(SCENARIO_FILE.replace(there, instead))
    with pytest.raises(SpecError, match=rule):
        finalize(sweep.path)


def test_without_examples_a_checkpoint_can_be_kept(
    ray: InProcess, sweep: tuner.Sweep, scenario_path: Path
) -> None:
    own = SCENARIO_FILE.replace("def examples(cls):", "def data(cls):").replace(
        "(self.examples().at(rows) for rows in self.split)",
        "(load_examples().at(rows) for rows in load_examples().split())",
    )
    scenario_path.write_text(own)
    made = finalize(sweep.path, refit=False)
    assert (made.data, made.test) == (None, None)
    assert load_model(made.folder).predict(np.zeros((2, 2))).shape == (2, 3)


VALUES = {
    "inputs, labels, rows[90:]": "inputs, inputs @ [[1, 2], [0, 1]], rows[90:]",
    "classification=True": "classification=False",
    "size=(3, 3)": "size=(2, 3)",
    "np.eye(3)[labels]": "labels",
    "self.predict(inputs).argmax(axis=1) != labels": "np.square(self.predict(inputs) - labels)",
    "return powers / powers.sum(axis=1, keepdims=True)": "return logits",
    "loguniform(1e-3, 10)": "loguniform(1e-3, 0.1)",
}
"""Turns the clouds into the regression of two values."""


@pytest.mark.parametrize("ensemble", [None, 3])
def test_an_example_may_have_several_values(
    ray: InProcess, scenario_path: Path, tmp_path: Path, ensemble: int | None
) -> None:
    own = SCENARIO_FILE
    for there, instead in VALUES.items():
        assert there in own
        own = own.replace(there, instead)
    scenario_path.write_text(own)
    sweep = ray.run(str(scenario_path), storage_path=str(tmp_path))
    made = finalize(sweep.path, ensemble=ensemble, folds=3)

    examples = tuner.load_scenario(scenario_path).trainable.examples()
    inputs, targets = examples.at(examples.test)
    predicted = load_model(made.folder).predict(inputs)
    assert predicted.shape == (30, 2)
    assert made.test is not None
    rmse = np.sqrt(np.mean(np.square(predicted - targets)))
    assert made.test["rmse"].value == pytest.approx(rmse)
    assert set(made.out_of_fold) == (set() if ensemble is None else set(METHODS))


def test_a_value_per_target_is_predicted(
    ray: InProcess, scenario_path: Path, tmp_path: Path
) -> None:
    own = SCENARIO_FILE
    for there, instead in VALUES.items():
        own = own.replace(there, instead)
    scenario_path.write_text(own.replace("return logits", "return logits[:, :1]"))
    sweep = ray.run(str(scenario_path), storage_path=str(tmp_path))
    with pytest.raises(ScenarioError, match="a value for each of the targets"):
        finalize(sweep.path, ensemble=3, folds=3)


def test_a_function_is_no_model(sweep: tuner.Sweep, scenario_path: Path) -> None:
    scenario_path.write_text(SCENARIO_FILE.replace("trainable=Softmax", "trainable=print"))
    for refit in (True, False):
        with pytest.raises(SpecError, match=r"is no tuner\.EpochTrainable|is a function"):
            finalize(sweep.path, refit=refit)


def test_a_table_must_have_the_columns_of_the_training_data(
    ray: InProcess, scenario_path: Path, tmp_path: Path
) -> None:
    scenario_path.write_text(
        SCENARIO_FILE.replace(
            "tuner.Examples(inputs,", "tuner.Examples(pd.DataFrame(inputs, columns=['x', 'y']),"
        ).replace("import numpy as np", "import numpy as np\nimport pandas as pd")
    )
    ray.run(str(scenario_path), storage_path=str(tmp_path))
    model = load_model(finalize(tmp_path / "sweep").folder)
    table = pd.DataFrame({"y": [0.1], "other": ["a"], "x": [0.2]})
    assert model.predict(table).tolist() == model.predict(table[["x", "y"]]).tolist()
    with pytest.raises(SpecError, match="'x' is missing; the columns that are there: y, other"):
        model.predict(table.drop(columns="x"))
    with pytest.raises(SpecError, match="at least one row, got none"):
        model.predict(table.iloc[:0])


def test_an_array_must_have_the_shape_of_the_training_data(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    model = load_model(finalize(sweep.path).folder)
    with pytest.raises(SpecError, match=r"shape \[n, 2\], got \[1, 3\]"):
        model.predict(np.zeros((1, 3)))
    assert model.predict(pd.DataFrame(np.zeros((1, 2)))).shape == (1, 3)
    with pytest.raises(SpecError, match="at least one row, got none"):
        model.predict(np.zeros((0, 2)))
    assert repr(model) == f"<Model of 'clouds': 1 configuration, single; {model.folder}>"


def test_a_model_outlives_its_scenario_file(
    ray: InProcess, sweep: tuner.Sweep, scenario_path: Path
) -> None:
    folder = finalize(sweep.path).folder
    inputs = np.random.default_rng(0).normal(size=(5, 2))
    before = load_model(folder).predict(inputs)
    scenario_path.write_text("raise RuntimeError('changed')")
    assert load_model(folder).predict(inputs).tolist() == before.tolist()
    scenario_path.unlink()
    assert load_model(folder).predict(inputs).tolist() == before.tolist()


def test_a_model_of_a_scenario_built_in_python_needs_it_again(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    folder = Path(finalize(sweep.path).folder)
    recipe = folder / "model" / "model.json"
    scenario = tuner.load_scenario(str(sweep.spec.source))
    recipe.write_text(json.dumps({**json.loads(recipe.read_text()), "source": None}))
    with pytest.raises(ScenarioError, match="--scenario"):
        load_model(folder)
    assert load_model(folder, scenario=scenario).predict(np.zeros((1, 2))).shape == (1, 3)


def test_loading_leaves_the_callers_random_numbers_alone(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    folder = finalize(sweep.path).folder
    np.random.seed(3)
    expected = np.random.random(2)
    np.random.seed(3)
    first = np.random.random()
    load_model(folder)
    assert [first, np.random.random()] == expected.tolist()


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="make one: tuner finalize"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text('{"format": 99}')
    with pytest.raises(StorageError, match="has format 99"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(StorageError, match="cannot read"):
        load_model(tmp_path)
