"""The chain itself, in this process: to its end, cut off anywhere, and where it cannot work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from small_studies import Killed, Mortal, SmallStudy, Whole

import tuner
from tuner.cli.strict_json import dumps
from tuner.errors import NoResultError, ScenarioError, SpecError, StorageError, SweepBusyError
from tuner.pipeline import auditing, confirming, searching
from tuner.pipeline.folder import StudyFolder
from tuner.pipeline.steps import STEPS
from tuner.playbook.audit import Audit
from tuner.playbook.audit.findings import Finding, Verdict
from tuner.store import SweepLayout
from tuner.store.lock import SweepLock


def came_to(found: tuner.Study) -> dict[str, tuple[str, str]]:
    return {step.name: (step.status, step.headline) for step in found.steps}


class TestToItsEnd:
    def test_every_step_is_taken_and_accounted_for(self, whole: Whole) -> None:
        found = whole.study

        assert found.finished
        assert found.exit_code == 0
        assert [step.status for step in found.steps] == ["done"] * 5
        assert [(step.spent, step.planned) for step in found.steps] == [
            (12, 12), (0, 0), (12, 12), (4, 4), (1, 1)
        ]  # fmt: skip
        assert (whole.ray.trained, found.spent) == (29, 29)
        assert whole.told == [f"{step} {told}" for step in STEPS for told in ("waiting", "done")]

    def test_what_it_leaves_can_be_used(self, whole: Whole) -> None:
        found = whole.study

        assert [sweep.name for sweep in found.sweeps()] == ["explore", "explore-r1"]
        assert found.best().value == min(sweep.best().value for sweep in found.sweeps())
        assert found.model().predict(np.zeros((2, 2))).shape == (2, 3)
        assert json.loads(dumps(found.to_json()))["spent"] == 29
        card = (Path(found.folder) / "final" / "MODEL_CARD.md").read_text()
        assert "12 trials of explore with " in card
        assert "12 trials of explore-r1 with " in card
        assert found["adopt"].result["adoption"]["verdict"] in found["adopt"].headline
        with pytest.raises(SpecError, match="no step 'adpot'; did you mean 'adopt'"):
            found["adpot"]

    def test_again_is_nothing_more(self, whole: Whole) -> None:
        folder = whole.study.folder

        assert whole.again() == whole.study  # Ray would start, if anything were to be trained
        assert tuner.resume_study(folder) == whole.study
        assert tuner.load_study(folder) == whole.study

    def test_the_story_can_be_read_by_a_stranger(self, whole: Whole) -> None:
        page = (Path(whole.study.folder) / "STUDY.md").read_text()

        headings = ["In short", *(f"{n}. {step.capitalize()}" for n, step in enumerate(STEPS, 1))]
        for heading in headings:
            assert f"\n## {heading}\n" in page
        for step in whole.study.steps:
            assert step.headline in page
        assert "29 of 29 trials" in page
        assert "`tune.loguniform(0.001, 10)`" in page  # what was searched
        assert "median trial of the exploration" in page  # what the winner has to beat
        assert "What is next" not in page
        assert f"- scenario: `{whole.study.source}`" in page
        assert "- began: 20" in page
        for picture in whole.study["audit"].result["pictures"]:
            assert (Path(whole.study.folder) / picture).is_file()
            assert f"]({picture})" in page

    def test_another_study_is_refused_in_its_folder(self, whole: Whole) -> None:
        for change, told in (
            ({"budget": "30trials"}, "budget: 29trials -> 30trials"),
            ({"seed": 1}, "seed: 0 -> 1"),
            ({"scheduler": "asha"}, "scheduler: not given -> asha"),
            ({"scientific": ["patience"]}, r"scientific: \[\] -> \['patience'\]"),
        ):
            with pytest.raises(SpecError, match=f"another study \\({told}\\); go on with that one"):
                whole.again(**change)

    def test_what_can_work_nowhere_is_told_before_that(self, whole: Whole) -> None:
        for change, told in (
            ({"budget": "5parsec"}, "unknown unit 'parsec'"),
            ({"fix": {"rat": 1}}, "got 'rat'"),
            ({"rounds": 3}, "take at least"),
        ):
            with pytest.raises(SpecError, match=told):
                whole.again(**change)

    def test_what_was_begun_is_kept(self, whole: Whole) -> None:
        with pytest.raises(SpecError, match="keeps what it was begun with, got num_samples"):
            tuner.resume_study(whole.study.folder, num_samples=3)
        with pytest.raises(SpecError, match="cannot go on with 'adress'; did you mean 'address'"):
            tuner.resume_study(whole.study.folder, adress="auto")  # type: ignore[call-arg]


class TestCutOff:
    def test_killed_at_every_turn(
        self, ray: Mortal, study: SmallStudy, whole: Whole, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before every third trial, and each time a step is done and nobody has written it down.

        However often, it comes to the same, and trains nothing twice.
        """
        record, deaths = StudyFolder.record, list(STEPS)

        def dies_once(self: StudyFolder, outcome: Any) -> None:
            if outcome.step in deaths:
                deaths.remove(outcome.step)
                raise Killed
            record(self, outcome)

        monkeypatch.setattr(StudyFolder, "record", dies_once)
        killed = 0
        ray.dies_before = set(range(0, 29, 3))
        while True:
            try:
                found = study() if killed % 2 else tuner.resume_study(study.folder)
                break
            except Killed:
                killed += 1
            except StorageError:  # there is none yet
                assert killed == 0
                killed = 1
        assert (deaths, ray.dies_before) == ([], set())
        assert came_to(found) == came_to(whole.study)
        assert ray.trained == 29

    @pytest.mark.parametrize(("stops_after", "until"), [(5, "explore"), (2, "adopt")])
    def test_interrupted_sweeps_go_on(
        self, ray: Mortal, study: SmallStudy, stops_after: int, until: str
    ) -> None:
        if until == "adopt":
            study(until="refine", rounds=0)
        ray.stops_after = stops_after
        found = study(rounds=0, until=until)

        assert (found[until].status, found.exit_code) == ("interrupted", 130)
        assert "interrupted" in found[until].headline
        assert f"Go on with {until}" in (study.folder / "STUDY.md").read_text()
        assert found[until].spent == stops_after
        found = tuner.resume_study(study.folder, until=until)
        assert found[until].status == "done"
        assert ray.trained == (24 if until == "explore" else 28)

    def test_interrupted_between_its_trainings(
        self, ray: Mortal, study: SmallStudy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        study(until="audit")
        with monkeypatch.context() as patch:
            patch.setattr(searching, "propose_refinement", interrupted)
            found = study(until="refine")
        assert (found["refine"].status, found.exit_code) == ("interrupted", 130)
        assert str(found).endswith(f"to go on: tuner study {study.folder}")
        assert study(until="refine")["refine"].status == "done"

    def test_a_driver_that_never_began_is_forgotten(self, ray: Mortal, study: SmallStudy) -> None:
        """It was killed while it connected to Ray: a folder and a lock, and no sweep."""
        ray.dies_before = {0}
        with pytest.raises(Killed):
            study(until="explore")
        SweepLayout(study.folder / "explore").spec_file.unlink()
        lock = SweepLock.acquire(SweepLayout(study.folder / "explore"))
        with pytest.raises(SweepBusyError, match="wait for it"):
            study(until="explore")
        lock.release()

        assert study(until="explore")["explore"].status == "done"

    def test_a_sweep_that_lost_its_state_is_not_removed(
        self, ray: Mortal, study: SmallStudy
    ) -> None:
        study(until="explore")
        SweepLayout(study.folder / "explore").spec_file.unlink()
        with pytest.raises(StorageError, match=r"holds trials and no sweep\.json"):
            study(until="audit")
        assert SweepLayout(study.folder / "explore").trials_file.exists()

    def test_a_step_that_fails_is_tried_again(
        self, ray: Mortal, study: SmallStudy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: object, **__: object) -> None:
            raise NoResultError("no pair of repeats has finite values; see why: tuner show")

        with monkeypatch.context() as patch:
            patch.setattr(confirming, "adopt", fails)
            with pytest.raises(NoResultError, match="no pair"):
                study(rounds=0)
        found = tuner.load_study(study.folder)
        assert (found["adopt"].status, found.exit_code) == ("failed", 1)
        assert found["explore"].status == "done"
        assert "**Failed**: no pair of repeats" in (study.folder / "STUDY.md").read_text()
        trained = ray.trained
        assert study(rounds=0, until="adopt")["adopt"].status == "done"
        assert ray.trained == trained + 4


class TestStepByStep:
    def test_each_step_by_itself(self, ray: Mortal, study: SmallStudy) -> None:
        assert ray.trained == 0
        for step, trained in (("explore", 24), ("audit", 24), ("refine", 24)):
            found = study(rounds=0, until=step)
            assert ray.trained == trained
            assert found[step].status in ("done", "skipped")
            assert not found.finished
            assert "What is next" in (study.folder / "STUDY.md").read_text()
        with pytest.raises(SpecError, match="no step 'final'; did you mean 'finalize'"):
            study(until="final")

    def test_a_strict_study_stops_at_what_nothing_answers(
        self, ray: Mortal, study: SmallStudy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def found(sweep: tuner.Sweep) -> Audit:
            failed = [
                Finding("boundary", Verdict.fail, "they crowd", remedy="widen it"),
                Finding("failures", Verdict.fail, "half diverged", remedy="lower lr"),
            ]
            return Audit(str(sweep.place), "error (min)", 12, 0.1, tuple(failed))

        monkeypatch.setattr(auditing, "audit", found)
        stopped = study(strict=True)
        assert (stopped["audit"].status, stopped.exit_code) == ("stopped", 1)
        assert stopped["audit"].headline == "failures failed, and no later step answers it"
        assert stopped["audit"].notes == ("remedy: lower lr",)
        page = (study.folder / "STUDY.md").read_text()
        assert "refine widens the ranges" in page
        assert "go on without --strict" in page
        assert study(strict=True, until="audit")["audit"].status == "stopped"  # looked at again
        assert study(until="audit")["audit"].status == "done"


class TestScenarios:
    def test_without_examples_the_checkpoint_is_kept(
        self, ray: Mortal, study: SmallStudy, silent: Path
    ) -> None:
        found = study(str(silent), budget="28trials", rounds=0)

        assert found["finalize"].headline.startswith("kept of ")
        assert "silent" not in found["finalize"].headline
        assert any("no examples()" in note for note in found["finalize"].notes)
        assert (found["finalize"].planned, found.spent) == (0, 28)
        assert found.model(scenario=str(silent)).predict(np.zeros((2, 2))).shape == (2, 3)
        with pytest.raises(SpecError, match="no examples"):
            study(str(silent), folds=2, name="folds")

    def test_a_function_has_no_model(self, tmp_path: Path) -> None:
        from tuner.pipeline.studying import plan_study

        scenario = tuner.Scenario(
            name="function", trainable=lambda config: None, space={"x": tune.uniform(0, 1)},
            metric="loss", mode="min", max_t=3,
        )  # fmt: skip
        settled = plan_study(scenario, "40trials", storage_path=str(tmp_path))
        assert settled.final == "none"
        assert "is a function" in settled.why_final
        assert settled.division.finalize == 0
        assert not list(tmp_path.iterdir())

    def test_the_users_default_is_the_baseline(self, ray: Mortal, study: SmallStudy) -> None:
        """And where nothing is better than it, nobody asks whether to adopt it."""
        best = {"rate": 1.0, "spread": 0.0, "patience": 0}
        worst = {"rate": 0.001, "spread": 2.0, "patience": 0}
        found = study(points_to_evaluate=[worst, best], rounds=0, until="adopt")
        assert found["adopt"].result["baseline"]["config"] == worst
        assert found["adopt"].result["baseline"]["why"] == "the first of points_to_evaluate"

    def test_an_ensemble_of_a_scientific_question(self, ray: Mortal, study: SmallStudy) -> None:
        """12 trials, of which each patience has as many; 2 members on 2 folds."""
        asked = {"scientific": ["patience"], "ensemble": 2, "ensemble_folds": 2}
        found = study(budget="20trials", rounds=0, **asked)

        assert found["finalize"].headline.startswith("ensemble by ")
        assert (found["finalize"].spent, found.spent) == (4, 20)
        trials = found.sweeps()[0].trials()
        assert trials["config/patience"].value_counts().to_dict() == {0: 6, 3: 6}
        page = (study.folder / "STUDY.md").read_text()
        assert "| patience | trials |" in page
        assert found["audit"].result["isolation"]["conclusion"] in page

    def test_a_sweep_takes_no_more_wall_time_than_its_share(
        self, ray: Mortal, study: SmallStudy
    ) -> None:
        """60 s: a refit of 3 s and 3 pairs of 3 s each leave 39 s to explore."""
        asked = {"seconds_per_epoch": 0.5, "rounds": 0, "seeds": 3}
        found = study(budget="60s", until="explore", **asked)

        assert found["explore"].planned == 39
        (explored,) = found.sweeps()
        assert (explored.spec.time_budget_s, len(explored.trials())) == (39, 13)

    def test_where_the_default_is_best_there_is_nothing_to_adopt(
        self, ray: Mortal, study: SmallStudy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(confirming, "choose_baseline", lambda sweep: confirming.Chosen(
            sweep, sweep.best(), "the first of points_to_evaluate"))  # fmt: skip
        found = study(rounds=0, until="adopt")
        assert found["adopt"].status == "skipped"
        assert "has the configuration of the baseline" in found["adopt"].headline

    def test_one_that_was_built_in_python_is_given_again(
        self, ray: Mortal, study: SmallStudy, clouds: Path
    ) -> None:
        from dataclasses import replace

        built = replace(tuner.load_scenario(clouds), source=None)
        study(built, until="explore")
        with pytest.raises(ScenarioError, match="was built in Python"):
            tuner.resume_study(study.folder)
        found = tuner.resume_study(study.folder, scenario=built, until="audit")
        assert found["audit"].status == "done"


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"budget": "10trials"}, "at least"),
            ({"budget": "10parsec"}, "unknown unit 'parsec'"),
            ({"budget": "2h"}, "how long an epoch takes is unknown"),
            ({"num_samples": 3}, "a study takes no num_samples: the budget decides"),
            ({"time_budget_s": 3.0}, "give the study a budget of time, such as 2h"),
            ({"ensemble": 1}, "ensemble must be a whole number >= 2"),
            ({"ensemble": 2, "ensemble_folds": 1}, "ensemble_folds must be a whole number >= 2"),
            ({"sheduler": "asha"}, "no option 'sheduler'; did you mean 'scheduler'"),
            ({"scheduler": "ashe"}, "unknown scheduler 'ashe'"),
            ({"searcher": "hyperotp"}, "unknown searcher"),
            ({"explore_arm": "fifo+halten"}, "unknown searcher"),
            ({"resources": lambda config: {"cpu": 1}}, "written down before it runs"),
            ({"fix": {"rat": 1}}, "roles are of domains of the space, got 'rat'"),
            ({"name": "../elsewhere"}, "a study's name starts with"),
            ({"storage_path": "s3://bucket/studies"}, "to a folder of this machine"),
        ],
    )
    def test_before_anything_is_written(
        self, study: SmallStudy, options: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(tuner.UsageError, match=message):
            study(**options)
        assert not study.folder.exists()

    def test_a_folder_that_holds_something_else(self, study: SmallStudy) -> None:
        study.folder.mkdir()
        (study.folder / "notes.txt").write_text("mine")
        with pytest.raises(StorageError, match="is not empty; choose another name"):
            study()
        with pytest.raises(StorageError, match=r"a study is a folder with study\.json"):
            tuner.load_study(study.folder)
