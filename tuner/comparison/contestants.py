"""An arm of a comparison: what competes, under a label, with options of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tuner.arms import JSON, Arm, Choice, parse_arm, parse_choice
from tuner.comparison.arm_options import check_run_options
from tuner.errors import SpecError

__all__ = ["Contestant", "ContestantLike", "parse_contestant", "parse_contestants"]

ContestantLike: TypeAlias = "str | Mapping[str, Any] | Arm | Contestant"

_LABEL = re.compile(r"\s*([A-Za-z0-9][^:+=@\[\]'\"]*?)\s*=\s*(.*)", re.DOTALL)
_QUOTED_OR_AT = re.compile(
    r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(@)(?=\s*[A-Za-z_]\w*\s*=)""", re.DOTALL
)


@dataclass(frozen=True)
class Contestant:
    """An arm with a label.

    Attributes:
        label: What tables and figures call it.
        arm: Its scheduler and searcher.
        options: Keywords of `tuner.run` that hold for this arm alone, such as the ``num_samples``
            that are the size of a population.

    Raises:
        SpecError: The label is empty, or an option is unknown or not an arm's to choose.
    """

    label: str
    arm: Arm
    options: Mapping[str, JSON] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.label.strip() or len(self.label.splitlines()) > 1:
            raise SpecError(f"an arm's label is a line of text, got {self.label!r}")
        check_run_options(self.options, f"the arm {self.label!r}")
        object.__setattr__(self, "options", dict(self.options))

    def __str__(self) -> str:
        """Spell it, without its label; `parse_contestant` gives it back unless it has tables."""
        return _spelled(self.arm, self.options)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {"label": self.label, "arm": str(self.arm), **self.options}


def parse_contestant(given: ContestantLike) -> Contestant:
    """Return what an arm's spelling, or a mapping, stands for.

    ```
    asha:reduction_factor=3+random                    scheduler and searcher, as everywhere
    fast=asha:reduction_factor=3+random               under a label
    pop=pbt+random@num_samples=16                     with options of tuner.run of its own
    {"label": "pop", "arm": "pbt+random", "num_samples": 16}
    ```

    Raises:
        SpecError: It cannot be read, or an option is unknown or not an arm's to choose.
    """
    if isinstance(given, Contestant):
        return given
    if isinstance(given, Arm):
        return Contestant(str(given), given)
    if isinstance(given, Mapping):
        return _of_mapping(given)
    if not isinstance(given, str):
        raise SpecError(
            f"an arm is spelled like 'asha:reduction_factor=3+random', got {given!r}; "
            "or it is a mapping with the key 'arm'"
        )
    labelled = _LABEL.fullmatch(given)
    label, text = labelled.groups() if labelled else (None, given)
    arm_text, options_text = _split_options(text)
    arm = parse_arm(arm_text.strip())
    options = parse_choice(f"options:{options_text}").options if options_text else {}
    return Contestant(label or _spelled(arm, options), arm, options)


def parse_contestants(given: Iterable[ContestantLike]) -> tuple[Contestant, ...]:
    """Return the arms of a comparison.

    Raises:
        SpecError: There are none, one cannot be read, or two have the same label.
    """
    if isinstance(given, str | Mapping):
        given = [given]
    contestants = tuple(parse_contestant(each) for each in given)
    if not contestants:
        raise SpecError("a comparison has at least one arm, got none; for instance fifo+random")
    labels = [each.label for each in contestants]
    for label in labels:
        if labels.count(label) > 1:
            raise SpecError(
                f"every arm has a label of its own, got {label!r} {labels.count(label)} times; "
                "write label=arm"
            )
    return contestants


def _of_mapping(given: Mapping[str, Any]) -> Contestant:
    if not isinstance(given.get("arm"), str):
        raise SpecError(f"the mapping of an arm has the key 'arm', a spelling; got {dict(given)}")
    named = parse_contestant(given["arm"])
    own = {name: value for name, value in given.items() if name not in ("arm", "label")}
    options = {**named.options, **own}
    label = given.get("label") or _spelled(named.arm, options)
    return Contestant(str(label), named.arm, options)


def _spelled(arm: Arm, options: Mapping[str, JSON]) -> str:
    texts = [
        f"{name}={json.dumps(value)}"  # a table, which only TOML and Python can give
        if isinstance(value, Mapping)
        else str(Choice("options", {name: value})).removeprefix("options:")
        for name, value in sorted(options.items())
    ]
    return f"{arm}@{','.join(texts)}" if texts else str(arm)


def _split_options(text: str) -> tuple[str, str]:
    """Return what stands before and after the ``@`` outside quotes that keywords follow."""
    places = [found.start() for found in _QUOTED_OR_AT.finditer(text) if found.group(1)]
    return (text[: places[-1]], text[places[-1] + 1 :]) if places else (text, "")
