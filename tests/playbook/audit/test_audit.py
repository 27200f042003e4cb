"""Each check finds what was planted, is silent where nothing is wrong, and never raises."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from stored_sweeps import EPOCHS, Planted, configs, curve, level, planted, sound, stored

import tuner
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError
from tuner.playbook.audit import THRESHOLDS, Audit, Verdict

PASS, WARN, FAIL, UNKNOWN = Verdict.passed, Verdict.warn, Verdict.fail, Verdict.unknown


def at_an_end() -> list[Planted]:
    """The loss falls towards x = 0, and the searcher went there."""
    return [
        planted({**config, "x": config["x"] ** 2}, *curve(config["x"])) for config in configs(60)
    ]


def broken() -> list[Planted]:
    """What has x above 0.6 diverges."""
    return [
        trial
        if trial.config["x"] <= 0.6
        else planted(trial.config, 1.0, math.nan, outcome="diverged")
        for trial in sound()
    ]


def lucky() -> list[Planted]:
    """One trial is far better than all others."""
    first, *others = sound()
    return [planted(first.config, *curve(-3.0)), *others]


def repeated() -> list[Planted]:
    return [planted(configs(20)[number // 3], *curve(number)) for number in range(60)]


def idle() -> list[Planted]:
    """Nothing depends on y, and everything on x."""
    return [planted(config, (config["x"] - 0.5) ** 2) for config in configs(300)]


def shaped(shape: Callable[[int], float], count: int = 60) -> Callable[[], list[Planted]]:
    def trials() -> list[Planted]:
        return [planted(config, *curve(level(config), shape)) for config in configs(count)]

    return trials


def rising(epoch: int) -> float:
    """Falls to the middle, and gives half of it back."""
    return 1 - epoch / 6 if epoch <= 6 else (epoch - 6) / 12


def overfitted() -> list[Planted]:
    return [
        Planted(
            trial.config,
            {
                "loss": curve(level(trial.config), rising),
                "train_loss": curve(0.0, lambda epoch: 1 / epoch),
            },
        )
        for trial in sound()
    ]


def well_fitted() -> list[Planted]:
    return [
        Planted(
            trial.config, {**trial.metrics, "train_loss": [v - 0.1 for v in trial.metrics["loss"]]}
        )
        for trial in sound()
    ]


def crossing() -> list[Planted]:
    """What is best at first is worst in the end."""
    return [
        planted(config, *curve(level(config), size=3 - 5 * level(config))) for config in configs(60)
    ]


def seeds(spread: float) -> Callable[[], list[Planted]]:
    """The winner was tried five times."""

    def trials() -> list[Planted]:
        return [
            planted({"x": 0.5, "y": 0.01}, *curve(-0.1 + spread * n)) for n in range(5)
        ] + sound()

    return trials


BAD: dict[str, Callable[[], list[Planted]]] = {
    "failures": broken,
    "boundary": at_an_end,
    "good_trials": lucky,
    "duplicates": repeated,
    "importance": idle,
    "still_improving": shaped(lambda epoch: 1 - epoch / EPOCHS),
    "saturated": shaped(lambda epoch: 0.0),
    "overfitting": overfitted,
    "best_vs_last": shaped(rising),
    "step_variance": shaped(lambda epoch: (-1) ** epoch),
    "rung_correlation": crossing,
    "seed_variance": seeds(0.1),
}
GOOD = {"overfitting": well_fitted, "seed_variance": seeds(0.001)}


def test_every_check_is_planted() -> None:
    assert BAD.keys() == THRESHOLDS.keys()


@pytest.mark.parametrize("check", THRESHOLDS)
def test_what_is_planted_is_found_and_drawn(tmp_path: Path, check: str) -> None:
    found = tuner.audit(stored(tmp_path, BAD[check]()), checks=[check])[check]
    assert found.verdict is (WARN if check == "importance" else FAIL), found
    assert found.remedy
    assert found.limits is not None
    assert found.picture is not None
    assert found.picture().layout.title.text


@pytest.fixture(scope="module")
def sound_audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return tuner.audit(stored(tmp_path_factory.mktemp("sound"), sound()))


@pytest.mark.parametrize("check", sorted(THRESHOLDS.keys() - GOOD.keys()))
def test_a_sound_sweep_passes(sound_audit: Audit, check: str) -> None:
    assert sound_audit[check].verdict is PASS, sound_audit[check]
    assert not sound_audit[check].remedy


@pytest.mark.parametrize("check", GOOD)
def test_a_sound_sweep_passes_what_it_takes_more_to_tell(
    tmp_path: Path, sound_audit: Audit, check: str
) -> None:
    assert sound_audit[check].verdict is UNKNOWN
    assert "tuner" in sound_audit[check].remedy
    assert tuner.audit(stored(tmp_path, GOOD[check]()), checks=[check])[check].verdict is PASS


@pytest.mark.parametrize("check", ["boundary", "overfitting", "rung_correlation", "good_trials"])
def test_a_metric_to_maximise_is_judged_alike(tmp_path: Path, check: str) -> None:
    trials = BAD[check]()
    turned = [
        Planted(t.config, {n: [-v for v in vs] for n, vs in t.metrics.items()}, t.outcome)
        for t in trials
    ]
    some = [name for name in THRESHOLDS if name != "importance"]
    less = tuner.audit(stored(tmp_path / "min", trials), checks=some)
    more = tuner.audit(stored(tmp_path / "max", turned, mode="max"), checks=some)
    assert [f.figure for f in less.findings] == pytest.approx([f.figure for f in more.findings])
    assert less.best == -more.best


CONDITIONAL = {
    "optimizer": tune.choice(
        [{"kind": "sgd", "momentum": tune.uniform(0, 1)}, {"kind": "adam", "lr": tune.randn(0, 1)}]
    ),
    "layers": tune.grid_search([[8], [8, 8], None]),
    "seed": tune.sample_from(lambda spec: 3),
    "units": tune.qrandint(8, 64, 8),
}


def conditional(count: int = 40) -> list[Planted]:
    random = np.random.default_rng(1)
    return [
        planted(
            {
                "optimizer": {"kind": "sgd", "momentum": random.random()}
                if random.random() < 0.5
                else {"kind": "adam", "lr": random.normal()},
                "layers": [[8], [8, 8], None][random.integers(3)],
                "seed": 3,
                "units": int(8 * random.integers(1, 9)),
            },
            *curve(random.random()),
        )
        for _ in range(count)
    ]


TWO = [{"metric": "loss", "mode": "min"}, {"metric": "size", "mode": "max"}]
NO_VALUE = [planted(config, math.nan, outcome="diverged") for config in configs(3)]
HARD: dict[str, tuple[list[Planted], dict[str, Any]]] = {
    "empty": ([], {}),
    "one trial": (sound(1), {}),
    "only failed": ([planted(config, outcome="failed") for config in configs(12)], {}),
    "only diverged": (NO_VALUE, {}),
    "nan and inf": (
        [planted(c, *([math.inf, -math.inf, math.nan] if n % 2 else curve(n)))
         for n, c in enumerate(configs(30))],
        {},
    ),
    "all the same": ([planted(config, *curve(1.0)) for config in configs(30)], {}),
    "one report each": ([planted(config, level(config)) for config in configs(30)], {}),
    "running": ([*sound(12), planted(configs(13)[-1], 1.0, outcome=None)], {}),
    "conditional": (conditional(), {"space": CONDITIONAL}),
    "outside of the space": ([planted({"z": n}, *curve(n)) for n in range(20)], {}),
    "no space": (sound(20), {"space": {}}),
    "constants": ([planted({"x": 1}, *curve(n)) for n in range(20)], {"space": {"x": 1}}),
    "population": (sound(20), {"scheduler": "pbt"}),
    "several objectives": (
        [Planted(t.config, {**t.metrics, "size": [1.0] * EPOCHS}) for t in sound(20)],
        {"objectives": TWO},
    ),
    "a metric nobody reported": ([Planted(c, {"other": [1.0]}) for c in configs(12)], {}),
    "stopped early": (
        [planted(t.config, *t.metrics["loss"][: 1 if n % 3 else 12],
                 outcome="stopped" if n % 3 else "completed") for n, t in enumerate(sound(45))],
        {"scheduler": "asha"},
    ),
}  # fmt: skip


FOREST = {"conditional", "stopped early", "nan and inf", "all the same", "one trial", "no space"}


@pytest.mark.parametrize("name", HARD)
def test_no_sweep_is_too_odd(tmp_path: Path, name: str) -> None:
    trials, spec = HARD[name]
    checks = [each for each in THRESHOLDS if name in FOREST or each != "importance"]
    found = tuner.audit(stored(tmp_path, trials, **spec), checks=checks)
    assert {each.check for each in found.findings} == set(checks)
    json.loads(dumps(found.to_json()), parse_constant=pytest.fail)
    assert str(found)
    for finding in found.findings:
        assert (finding.verdict is UNKNOWN) == (finding.figure is None)
        assert "nan" not in finding.message.split()
        if finding.picture is not None:
            assert finding.picture().data


def test_an_audit_says_what_it_leaves_out(tmp_path: Path) -> None:
    remarks = {
        name: " ".join(
            tuner.audit(stored(tmp_path / name, HARD[name][0], **HARD[name][1]), checks=[]).remarks
        )
        for name in ("running", "outside of the space", "no space", "several objectives")
    }
    assert "1 trial without an outcome yet" in remarks["running"]
    assert "20 trials with a configuration outside of the space" in remarks["outside of the space"]
    assert "nothing to search" in remarks["no space"]
    assert "of several objectives only loss counts" in remarks["several objectives"]


def test_importance_is_told_as_far_as_it_is_certain(tmp_path: Path) -> None:
    few = tuner.audit(stored(tmp_path / "few", sound(30)), checks=["importance"])["importance"]
    assert few.verdict is UNKNOWN
    assert "30 trials do not tell which hyperparameter has an effect" in few.message
    assert "--num-samples +30" in few.remedy
    weak = [
        planted(config, level({**config, "y": config["y"] ** 0.3 / 10})) for config in configs(90)
    ]
    some = tuner.audit(stored(tmp_path / "some", weak), checks=["importance"])["importance"]
    assert some.verdict is PASS
    assert some.message.startswith("of x an effect is certain, of the others it may be none (")


@pytest.mark.parametrize(
    ("scheduler", "told"),
    [
        ("fifo", "stay without early stopping, --scheduler fifo"),
        ("asha:reduction_factor=3", "a later first rung, --grace-period"),
    ],
)
def test_no_early_stopping_is_not_advised_where_there_is_none(
    tmp_path: Path, scheduler: str, told: str
) -> None:
    sweep = stored(tmp_path, crossing(), scheduler=scheduler)
    found = tuner.audit(sweep, checks=["rung_correlation"])["rung_correlation"]
    assert found.remedy.startswith(told)


def test_failed_trials_are_told_by_kind_and_place(tmp_path: Path) -> None:
    found = tuner.audit(stored(tmp_path, broken()), checks=["failures"])["failures"]
    bad = sum(trial.outcome == "diverged" for trial in broken())
    assert f"{bad} diverged" in found.message
    assert f"{bad} of {bad} with x > 0.6" in found.message
    assert found.details["interval"][0] < bad / 90 < found.details["interval"][1]


def test_a_choice_is_told_where_trials_fail(tmp_path: Path) -> None:
    trials = [
        planted(t.config, outcome="failed") if t.config["layers"] is None else t
        for t in conditional(60)
    ]
    found = tuner.audit(stored(tmp_path, trials, space=CONDITIONAL), checks=["failures"])[
        "failures"
    ]
    assert "with layers = None" in found.message


def test_an_end_that_chance_explains_is_none(tmp_path: Path) -> None:
    """Of integers from 1 to 3, a third of the good trials lie at each end by chance alone."""
    random = np.random.default_rng(0)
    trials = [
        planted({"n": int(random.integers(1, 4))}, *curve(random.random())) for _ in range(90)
    ]
    found = tuner.audit(
        stored(tmp_path, trials, space={"n": tune.randint(1, 4)}), checks=["boundary"]
    )
    assert found["boundary"].verdict is PASS


def test_survivors_are_named(tmp_path: Path) -> None:
    trials, spec = HARD["stopped early"]
    found = tuner.audit(stored(tmp_path, trials, **spec), checks=["rung_correlation"])[
        "rung_correlation"
    ]
    assert found.details["survivors"]
    assert "the survivors of 45" in found.message


def test_repeats_of_others_tell_the_variance_of_seeds(tmp_path: Path) -> None:
    pairs = [planted(t.config, *curve(level(t.config) + d)) for t in sound(8) for d in (0, 0.002)]
    found = tuner.audit(stored(tmp_path, pairs), checks=["seed_variance"])["seed_variance"]
    assert found.details["sd"] == pytest.approx(0.002 / math.sqrt(2))
    assert found.details["over"] == "16 repeats of 8 others"


@pytest.mark.parametrize(
    ("changes", "over"),
    [
        ({}, "4 new seeds of the winner (tuner adopt)"),
        ({"folds": 5}, "5 repeats of the winner"),
        ({"winner": {"label": "t000001", "values": [0.0] * 4}}, "5 repeats of the winner"),
    ],
)
def test_the_winner_over_new_seeds_tells_it_best(
    tmp_path: Path, changes: dict[str, Any], over: str
) -> None:
    sweep = stored(tmp_path, seeds(0.1)())
    winner = {"label": sweep.best().trial_id, "values": [0.1, 0.2, 0.1, 0.2]}
    (sweep.path / "adopt").mkdir()
    content = {"folds": None, "winner": winner, **changes}
    (sweep.path / "adopt" / "adoption.json").write_text(json.dumps(content))
    found = tuner.audit(sweep, checks=["seed_variance"])["seed_variance"]
    assert found.details["over"] == over


def test_limits_can_be_given(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound())
    assert (
        tuner.audit(sweep, limits={"still_improving": (-1, 5)})["still_improving"].verdict is WARN
    )
    strict = tuner.audit(sweep, limits={"rung_correlation": (2, 1.5)})
    assert strict["rung_correlation"].verdict is FAIL
    assert not strict.ok


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checks": ["boundry"]}, "did you mean 'boundary'"),
        ({"limits": {"boundry": (1, 2)}}, "did you mean 'boundary'"),
        ({"limits": {"boundary": (2, 1)}}, "a check warns before it fails"),
        ({"limits": {"rung_correlation": (0.1, 0.5)}}, "what is below is worse"),
        ({"limits": {"boundary": (0.1,)}}, "two numbers"),
        ({"limits": {"boundary": (0.1, math.nan)}}, "two numbers"),
        ({"pairs": ["train_loss"]}, "a pair is two names"),
        ({"pairs": [("train_loss", "loss")]}, "no metric 'train_loss'"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        tuner.audit(stored(tmp_path, sound(3)), **options)


def test_pairs_of_metrics_can_be_named(tmp_path: Path) -> None:
    renamed = [
        Planted(t.config, {"loss": t.metrics["loss"], "seen": t.metrics["train_loss"]})
        for t in overfitted()
    ]
    sweep = stored(tmp_path, renamed)
    unnamed = tuner.audit(sweep, checks=["overfitting"])
    named = tuner.audit(sweep, checks=["overfitting"], pairs=[("seen", "loss")])
    assert unnamed["overfitting"].verdict is UNKNOWN
    assert named["overfitting"].verdict is FAIL


def test_strict_counts_warnings_and_what_cannot_be_told_never(
    tmp_path: Path, sound_audit: Audit
) -> None:
    assert sound_audit.passes(strict=True)
    warned = tuner.audit(stored(tmp_path, idle()), checks=["importance"])
    assert warned.ok
    assert not warned.passes(strict=True)
    assert warned.tally.startswith("0 failed, 1 warned")


def test_figures_are_saved_by_check(tmp_path: Path) -> None:
    found = tuner.audit(stored(tmp_path, sound()), checks=["boundary", "overfitting", "duplicates"])
    paths = found.save_figures(tmp_path / "figures", ["json"])
    assert [path.name for path in paths] == ["boundary.json", "duplicates.json"]
    assert all("plotly" in path.read_text() or path.stat().st_size > 1000 for path in paths)
