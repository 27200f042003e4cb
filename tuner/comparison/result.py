"""A comparison as it lies on disk, finished or not: its runs, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tuner.budgets import budget_text
from tuner.comparison.folder import ComparisonFolder
from tuner.comparison.record import last_line
from tuner.comparison.terms import Cell, Terms
from tuner.display import Display, Displayed, Grid
from tuner.errors import StorageError
from tuner.objectives import Objective
from tuner.places import Uri, place_of
from tuner.plurals import counted

if TYPE_CHECKING:  # statistics and figures take a second to import, which no worker needs
    from tuner.comparison.answers import Answers
    from tuner.comparison.findings import Findings

__all__ = ["Comparison", "load_comparison"]


class Comparison(Displayed):
    """Runs of several arms on several tasks, at one budget; reads the folder anew at every call.

    Args:
        path: ``<storage_path>/<name>``.

    Raises:
        StorageError: There is no comparison, or one of a newer version of tuner.
    """

    def __init__(self, path: str | Path) -> None:
        place = place_of(path)
        if isinstance(place, Uri):
            raise StorageError(f"a comparison lies in a folder, got {place}; copy it here first")
        self.path: Path = place
        self._folder = ComparisonFolder(place)
        self._folder.state()

    def __repr__(self) -> str:
        return f"Comparison({str(self.path)!r})"

    @property
    def terms(self) -> Terms:
        """What is compared, on what, at which budget."""
        return Terms.from_json(self._folder.state()["terms"])

    @property
    def state(self) -> dict[str, Any]:
        """What ``comparison.json`` says beside the terms."""
        return {name: value for name, value in self._folder.state().items() if name != "terms"}

    def runs(self) -> pd.DataFrame:
        """Return a row per run that ended, failed ones included."""
        return self._folder.frames()[0]

    def incumbents(self) -> pd.DataFrame:
        """Return a row each time the best value of a run improved, with what it had spent."""
        return self._folder.frames()[1]

    def findings(self) -> Findings:
        """Return the statistics of all runs that ended so far."""
        from tuner.analysis import Outcomes
        from tuner.comparison.findings import Findings

        runs, incumbents = self._folder.frames()
        terms, state = self.terms, self.state
        absent = {arm.label for arm in terms.arms} - set(runs["arm"])
        if absent or not (runs["status"] == "finished").any():
            runs = runs.iloc[:0]  # no seed was run by every arm, or nobody found anything
        optima = {task: each.get("optimum") for task, each in terms.tasks.items()}
        return Findings(
            Outcomes(runs, incumbents, terms.budget),
            baseline=state["baseline"],
            target=state["target"],
            optima={task: best for task, best in optima.items() if best is not None},
        )

    def answers(self) -> Answers:
        """Return what the comparison says, in words and tables."""
        from tuner.comparison.answers import answers

        remarks = (
            *self._unfinished(),
            *self._failures(),
            *self._labels(),
            *self.state["assumptions"],
        )
        return answers(self.findings(), self._size(), remarks)

    def summary(self) -> pd.DataFrame:
        """Return a row per arm, over all tasks, the best first.

        Returns:
            By arm: ``regret`` (mean, normalised, at the end of the budget) with ``low`` and
            ``high``, the ends of its interval; ``rank`` (average over tasks); ``speedup`` over the
            baseline with ``speedup_low``, ``speedup_high`` and ``bound``, and ``win_rate`` against
            it, missing in the baseline's own row; means of a run's ``trials``, ``epochs``,
            ``seconds``, ``gpu_seconds``, ``utilisation`` and ``suggest_ms``; ``saved``, the share
            of epochs that stopping trials early saved. Empty where nothing can be compared yet.
        """
        return self.findings().summary()

    def to_markdown(self) -> str:
        """Return what the comparison says as Markdown."""
        from tuner.comparison.markdown import to_markdown

        return to_markdown(self.answers(), f"Comparison {self.path.name}")

    def figures(self, folder: str | Path, formats: Sequence[str] = ("html",)) -> list[Path]:
        """Draw the comparison, and return the files.

        Args:
            folder: Where they go; made where it is missing.
            formats: See `tuner.figures.Format`; pictures are drawn by a Chrome on this machine.

        Raises:
            SpecError: A format is unknown.
            MissingDependencyError: A picture takes a browser, and there is none.
            NoResultError: Nothing can be compared yet.
            StorageError: A file cannot be written.
        """
        from tuner.comparison.plates import save_plates

        return save_plates(self.findings(), Path(folder), formats, self.metrics)

    @property
    def metrics(self) -> dict[str, str]:
        """What each task tunes, and which way is better."""
        from tuner.figures.labels import directed

        return {
            task: directed(Objective(each["metric"], each["mode"]))
            for task, each in self.terms.tasks.items()
        }

    def _display(self) -> Display:
        told = self.answers()
        title, *others = told.headline
        grids = (
            Grid(table.rows, table.headings, table.names, table.title) for table in told.tables
        )
        return Display(title, tuple(grids), (*others, *told.remarks))

    def _unfinished(self) -> Iterator[str]:
        """Yield which runs have still to come."""
        ended = self._folder.statuses()
        missing = [cell for cell in self.terms.cells() if cell not in ended]
        if missing:
            yield f"still to come: {counted(len(missing), 'run')}, such as {missing[0]}"

    def _labels(self) -> Iterator[str]:
        """Yield what labels stand for."""
        for contestant in self.terms.arms:
            found = {arm for label, _, arm in self.state["resolved"] if label == contestant.label}
            arms = " or ".join(sorted(found))
            if contestant.options:
                arms += f" with {', '.join(f'{k}={v}' for k, v in contestant.options.items())}"
            if arms != contestant.label:
                yield f"{contestant.label} is {arms}"

    def _failures(self) -> Iterator[str]:
        """Yield why runs failed, a line for each reason."""
        runs = self.runs()
        failed = runs[runs["status"] == "failed"]
        for reason, alike in failed.groupby(failed["error"].map(last_line), sort=False):
            others = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
            first = alike.iloc[0]
            cell = Cell(first["task"], first["arm"], int(first["seed"]))
            yield f"failed: {cell}{others}: {reason}"

    def _size(self) -> str:
        """Return in a line what was run."""
        terms = self.terms
        runs = self._folder.statuses()
        parts = [
            counted(len(terms.arms), "arm"),
            counted(len(terms.tasks), "task"),
            counted(len(terms.seeds), "seed"),
        ]
        where = "run on Ray"
        if terms.cluster is not None:
            workers = terms.cluster.isdigit()
            model = counted(int(terms.cluster), "worker") if workers else f"cluster {terms.cluster}"
            where = f"simulated on {model}"
        ended = "" if len(runs) == terms.size else f", {len(runs)} of them ended"
        failed = list(runs.values()).count("failed")
        return (
            f"{' x '.join(parts)}: {counted(terms.size, 'run')} of {budget_text(terms.budget)} "
            f"each, {where}{ended}; {failed or 'none'} failed"
        )


def load_comparison(path: str | Path) -> Comparison:
    """Return the comparison in the folder ``path``, also while it runs.

    Raises:
        StorageError: There is none, or one of a newer version of tuner.
    """
    return Comparison(path)
