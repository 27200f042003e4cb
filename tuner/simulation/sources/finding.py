"""Finds what to simulate by its spelling: ``lcbench:189873``, ``branin:noise=0.1``.

```
task     = family [ ":" [ instance ] { "," keyword "=" value } ]
         | "sweep:" path
         | file.py ":" attribute  |  module ":" attribute
```
Keywords and values are spelled as those of schedulers and searchers are (`tuner.arms`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tuner.arms import Choice, parse_choice
from tuner.errors import SpecError, nearest
from tuner.scenario.bundled import bundled_scenarios
from tuner.simulation.sources.lcbench import lcbench_task, lcbench_tasks
from tuner.simulation.sources.published import FUNCTIONS, function_task
from tuner.simulation.sources.sweeps import sweep_task
from tuner.simulation.sources.tables import (
    algoperf_task,
    algoperf_workloads,
    digits_task,
    nasbench_nlp_task,
)
from tuner.simulation.sources.users import NO_CURVES, is_place, user_task
from tuner.simulation.tasks import CurveTask

__all__ = ["FAMILIES", "Family", "family_of", "find_task"]


@dataclass(frozen=True)
class Family:
    """Tasks that are spelled alike.

    Attributes:
        name: What comes before the colon.
        summary: What they are, in a line.
        build: Makes one, of an instance where there are several, and of keywords.
        example: A spelling.
        instance: What an instance is called; empty where there is one only.
        instances: Returns them all, where they are known.
        verbatim: Whether all that follows the colon is the instance.
        data: The public data set that it needs; None for none.
    """

    name: str
    summary: str
    build: Callable[..., CurveTask]
    example: str
    instance: str = ""
    instances: Callable[[], list[str]] | None = None
    verbatim: bool = False
    data: str | None = None

    @property
    def options(self) -> list[str]:
        """The keywords that it takes."""
        parameters = inspect.signature(self.build).parameters.values()
        return [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]

    def spellings(self) -> list[str]:
        """Return how each of its tasks is spelled; an example, where they cannot be counted.

        Raises:
            MissingDependencyError: The data that would tell is not on this machine.
        """
        if self.instances is None:
            return [self.example]
        return [f"{self.name}:{instance}" for instance in self.instances()]


_FUNCTIONS = [
    Family(name, published.summary, partial(function_task, name), f"{name}:noise=0.1")
    for name, published in FUNCTIONS.items()
]

FAMILIES: Mapping[str, Family] = {
    each.name: each
    for each in (
        *_FUNCTIONS,
        Family(
            "digits_mlp",
            "recorded trainings of the bundled scenario digits_mlp",
            digits_task,
            "digits_mlp",
        ),
        Family(
            "lcbench",
            "MLPs on 34 OpenML tasks, by a surrogate",
            lcbench_task,
            "lcbench:189873",
            instance="OpenML id",
            instances=lcbench_tasks,
            data="lcbench_surrogate",
        ),
        Family(
            "nasbench_nlp",
            "recorded trainings of 345 recurrent cells",
            nasbench_nlp_task,
            "nasbench_nlp",
            data="nasbench_nlp",
        ),
        Family(
            "algoperf",
            "recorded trainings of large workloads on 8 GPUs",
            algoperf_task,
            "algoperf:ogbg",
            instance="workload",
            instances=algoperf_workloads,
            data="algoperf",
        ),
        Family(
            "sweep",
            "the recorded trials of a sweep",
            sweep_task,
            "sweep:results/digits",
            instance="folder",
            verbatim=True,
        ),
    )
}
"""All families, by name."""


def find_task(text: str) -> CurveTask:
    """Return the task that a text spells; its name is that text.

    Args:
        text: A family with an instance and keywords, such as ``"lcbench:189873,epochs=52"``; the
            folder of a sweep, ``"sweep:results/digits"``; or a `CurveTask` of one's own, or a
            function that returns one: ``"file.py:TASK"``, ``"package.module:TASK"``.

    Raises:
        SpecError: It spells nothing that is known, or with a value that does not fit.
        ScenarioError: What it names is no task.
        StorageError: There is no such sweep.
        MissingDependencyError: What it needs is not on this machine.
    """
    name, _, rest = text.partition(":")
    if name not in FAMILIES and is_place(text):
        return replace(user_task(text), name=text)
    return replace(_build(family_of(name), rest, text), name=text)


def family_of(name: str) -> Family:
    """Return a family by name.

    Raises:
        SpecError: There is none of that name.
    """
    if name in FAMILIES:
        return FAMILIES[name]
    known = f"; known: {', '.join(sorted(FAMILIES))}"
    if name.endswith(".py"):
        raise SpecError(
            f"a task in a file is named after a colon, {name}:TASK, got {name!r}; "
            f"{NO_CURVES}{known}"
        )
    if name in bundled_scenarios():
        raise SpecError(f"{name!r} names no task; {NO_CURVES}{known}")
    raise SpecError(f"unknown task {name!r}{nearest(name, FAMILIES)}")


def _build(family: Family, rest: str, text: str) -> CurveTask:
    instance, options = _read(family, rest)
    if bool(instance) != bool(family.instance):
        needed = f"needs one {family.instance}" if family.instance else "has no instances"
        raise SpecError(
            f"the task {family.name!r} {needed}, got {text!r}: write for instance {family.example}"
        )
    for keyword in options:
        if keyword not in family.options:
            known = nearest(keyword, family.options) or "; it has none"
            raise SpecError(f"the task {family.name!r} has no option {keyword!r}{known}")
    return family.build(*([instance] if instance else []), **options)


def _read(family: Family, rest: str) -> tuple[str, Mapping[str, Any]]:
    if family.verbatim:
        return rest, {}
    first, _, others = rest.partition(",")
    instance, spelled = ("", rest) if "=" in first else (first.strip(), others)
    choice: Choice = parse_choice(f"{family.name}:{spelled}" if spelled else family.name)
    return instance, choice.options
