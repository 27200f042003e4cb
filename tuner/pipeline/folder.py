"""The files of a study's folder: the one place that names them.

```
<storage_path>/<name>/
  study.json             what was settled before anything ran
  STUDY.md               the story so far, written anew after each step
  report.html            the same in pictures, with those of all sweeps
  steps/<step>.json      what each step came to; a step without this file has not ended
  explore/               the exploration, a sweep
  explore-r1/ ...        the rounds of refine, each a sweep
  audit/                 audit.json, audit.txt, and a picture of each check that did not pass
  adopt/                 the repeats of winner and baseline, as `tuner.adopt` leaves them
  final/                 the model and its card, as `tuner.finalize` leaves them
  test_looks.jsonl       who has measured anything on the test examples
```
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import StorageError, SweepBusyError
from tuner.pipeline.steps import STEPS, Outcome, StepName
from tuner.playbook.adoption.adopting import ADOPTION_FOLDER
from tuner.playbook.studied import SWEEP_FOLDER
from tuner.store import Sweep, SweepLayout, load
from tuner.store.dataset import read_table
from tuner.store.drivers import holder
from tuner.store.layout import REPORT_FILE, STORY_FILE, STUDY_FILE, refused, write_atomically

__all__ = ["StudyFolder"]


@dataclass(frozen=True)
class StudyFolder:
    """Every path of one study.

    Attributes:
        root: ``<storage_path>/<name>``, absolute.
    """

    root: Path

    @property
    def plan_file(self) -> Path:
        """What was settled; it marks a folder as a study."""
        return self.root / STUDY_FILE

    @property
    def story_file(self) -> Path:
        """The story so far, for people."""
        return self.root / STORY_FILE

    @property
    def report_file(self) -> Path:
        """The story and all sweeps in pictures, for people."""
        return self.root / REPORT_FILE

    @property
    def exploration(self) -> Path:
        """The sweep that explores."""
        return self.root / "explore"

    def round(self, number: int) -> Path:
        """Return the sweep of a round of refine, from 1; refine itself calls it so."""
        return self.root / f"{self.exploration.name}-r{number}"

    @property
    def audit(self) -> Path:
        """What the audit found."""
        return self.root / "audit"

    @property
    def adoption(self) -> Path:
        """The repeats of winner and baseline."""
        return self.root / ADOPTION_FOLDER

    @property
    def model(self) -> Path:
        """The model."""
        return self.root / "final"

    def sweeps_of(self, step: StepName) -> list[Sweep]:
        """Return the sweeps that a step has begun, the first one first."""
        return [load(place) for place in self._places(step) if _holds_sweep(place)]

    def clear_unbegun(self) -> None:
        """Remove what drivers left that were killed while they connected to Ray.

        Nothing had run: a sweep's state is written before its first trial.

        Raises:
            SweepBusyError: A driver is just about to begin.
            StorageError: Something cannot be removed, or a sweep has lost its state.
        """
        for place in (place for step in STEPS for place in self._places(step)):
            if not place.is_dir() or _holds_sweep(place):
                continue
            layout = SweepLayout(place)
            found = holder(layout)
            if found is not None and found.alive:
                raise SweepBusyError(f"{place} is driven by {found}; wait for it")
            if layout.trials_file.exists() and len(read_table(layout.trials_file)):
                raise StorageError(
                    f"{place} holds trials and no {layout.spec_file.name}; bring that file back, "
                    "or move the folder away to run the sweep anew"
                )
            try:
                shutil.rmtree(place)
            except OSError as error:
                raise refused(place, error) from error

    def outcomes(self) -> dict[StepName, Outcome]:
        """Return what the steps came to that were taken.

        Raises:
            StorageError: A file cannot be read.
        """
        return {step: Outcome.from_json(found) for step in STEPS if (found := self._read(step))}

    def record(self, outcome: Outcome) -> None:
        """Write down what a step came to.

        Raises:
            StorageError: The file cannot be written.
        """
        file = self._outcome_file(outcome.step)
        try:
            file.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise refused(file.parent, error) from error
        text = json.dumps(outcome.to_json(), indent=1, default=str)
        write_atomically(file, text.encode())

    def _places(self, step: StepName) -> list[Path]:
        found = self.root.glob(f"{self.exploration.name}-r*")
        rounds = sorted(found, key=lambda path: (len(path.name), path.name))
        places = {
            "explore": [self.exploration],
            "refine": rounds,
            "adopt": [self.adoption / SWEEP_FOLDER],
            "finalize": [self.model / SWEEP_FOLDER],
        }
        return places.get(step, [])

    def _outcome_file(self, step: StepName) -> Path:
        return self.root / "steps" / f"{step}.json"

    def _read(self, step: StepName) -> dict[str, object] | None:
        file = self._outcome_file(step)
        try:
            content: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StorageError(
                f"cannot read {file}: {error}; remove it to take the step again"
            ) from error
        return content


def _holds_sweep(place: Path) -> bool:
    return SweepLayout(place).spec_file.is_file()
