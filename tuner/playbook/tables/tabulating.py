"""`tuner.tabulate`: what the values of a hyperparameter bring, as a measured table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from tuner.errors import SpecError, nearest
from tuner.options import SweepOptions, check_option_names
from tuner.playbook.tables.asking import Effort, scenario_of
from tuner.playbook.tables.factors import FactorQuestion
from tuner.playbook.tables.table import Table
from tuner.playbook.tables.training import value_text
from tuner.scenario import Scenario
from tuner.space.paths import SEPARATOR, flatten

__all__ = ["tabulate"]


def tabulate(
    scenario: str | Scenario,
    factor: str,
    values: Sequence[Any] | Mapping[str, Mapping[str, Any]],
    *,
    base: Mapping[str, Any],
    also: Sequence[str] = (),
    target: float | None = None,
    seeds: int = 5,
    folds: int | None = None,
    **options: Unpack[SweepOptions],
) -> Table:
    """Measure what the values of one factor bring, with everything else held.

    Each value is trained with the same seeds, and on the same folds; what counts is the last report
    of each training, so that no epoch is chosen by the rows that it is measured on. The trainings
    are a sweep in ``<storage_path>/<name>/sweep``: the same call goes on with those that are
    missing, and returns what is there if none is.

    Args:
        scenario: What is trained, or its name.
        factor: The hyperparameter that is varied, by flat name; with a mapping of values any word.
        values: Of the factor; or by label which hyperparameters, by flat name, a value stands for:
            ``{"sgd": {"optimizer": "sgd", "lr": 0.1}, "adam": {...}}``.
        base: The configuration that everything else is held at, such as that of
            ``tuner.load(path).best()``.
        also: Which numbers of the reports are in the table beside the metric.
        target: A value of the metric; the table then says when it was first reached.
        seeds: How many repetitions, at least 1.
        folds: Of a cross-validation for each of them, stratified for classes; None to train and
            validate on the scenario's own rows.
        **options: Those of `tuner.run`: ``metric`` and ``mode`` to go by another one than the
            scenario's, ``storage_path``, ``name`` (the scenario's and the factor's by default),
            ``max_t``, ``seed`` (0 by default) and so on.

    Raises:
        UsageError: An unknown name, a value outside of the space, or an argument out of its range.
        NoResultError: A metric was never reported.
        SweepFailedError: The trainings could not be carried on.
    """
    check_option_names(options)
    found = scenario_of(scenario)
    changes = values if isinstance(values, Mapping) else _of_one(factor, values, base)
    if len(changes) < 2:
        raise SpecError(f"a table compares at least two values, got {len(changes)} of {factor}")
    asked = FactorQuestion(
        name=f"{found.name}-{factor.replace(SEPARATOR, '-')}",
        question=f"What does {factor} bring on {found.name}?",
        scenario=found,
        factor=factor,
        values=changes,
        base=base,
        metrics=tuple(also),
        target=target,
    )
    return asked.measure(Effort(seeds, folds), **options)


def _of_one(
    factor: str, values: Sequence[Any], base: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return values of one hyperparameter by their text.

    Raises:
        SpecError: The base has no such hyperparameter, or two values read alike.
    """
    known = flatten(base)
    if factor not in known:
        raise SpecError(
            f"a factor is a hyperparameter of the base, and it has no {factor!r}"
            f"{nearest(factor, known)}"
        )
    changes = {value_text(value): {factor: value} for value in values}
    if len(changes) < len(values):
        raise SpecError(f"values of a table differ, got {', '.join(map(value_text, values))}")
    return changes
