"""Which silent trials are killed; that of real workers is in `tests/sweep/test_failures.py`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.experiment import Trial

from tuner.runtime import hung
from tuner.runtime.contact import Contact
from tuner.runtime.hung import HungTrials


class Silence:
    """Trials at work, one on each node, that report no more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *nodes: str) -> None:
        self.now = 0.0
        self.cut: set[str] = set()
        self.condemned: list[str] = []
        self.killed: list[Any] = []
        trials = {f"on {n}": SimpleNamespace(status=Trial.RUNNING, max_failures=3) for n in nodes}
        names = {id(trial): name.removeprefix("on ") for name, trial in trials.items()}

        class Sweep(dict[str, Any]):
            set_up_with_worker = True

            def open(self) -> dict[str, Any]:
                return self

        recorder: Any = SimpleNamespace(
            note=lambda _: SimpleNamespace(iteration=1),
            condemn=lambda trial_id, *_: self.condemned.append(trial_id),
        )
        controller: Any = SimpleNamespace(
            is_resetting=lambda _: False,
            worker_of=lambda trial: f"worker on {names[id(trial)]}",
            nodes_of=lambda trial: {names[id(trial)]},
        )
        listed = [
            {"NodeID": n, "Alive": True, "NodeManagerAddress": n, "NodeManagerPort": 1}
            for n in nodes
        ]
        contact = Contact(lambda: listed, lambda node, _: node not in self.cut, lambda: self.now)
        monkeypatch.setattr(hung.ray, "kill", self.killed.append)
        monkeypatch.setattr(hung.time, "monotonic", lambda: self.now)
        self.hung = HungTrials(10.0, Sweep(trials), recorder, controller, contact)  # type: ignore[arg-type]

    def passes(self, seconds: float) -> None:
        for _ in range(int(2 * seconds)):
            self.now += 0.5
            self.hung.look()


def test_a_trial_that_has_gone_silent_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = Silence(monkeypatch, "a")
    silence.passes(9)
    assert silence.condemned == []
    silence.passes(2)
    assert (silence.condemned, silence.killed) == (["on a"], ["worker on a"])


def test_a_trial_whose_node_is_cut_off_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = Silence(monkeypatch, "a", "b")
    silence.cut = {"b"}
    silence.passes(40)
    assert set(silence.condemned) == {"on a"}
    assert "worker on b" not in silence.killed
    silence.cut = set()
    silence.passes(60)  # what was sent in the meantime arrives late
    assert "on b" not in silence.condemned
    silence.passes(21)
    assert "on b" in silence.condemned


def test_a_cut_that_heals_before_the_time_is_up_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silence = Silence(monkeypatch, "a")
    silence.cut = {"a"}
    silence.passes(9)
    silence.cut = set()
    silence.passes(20)
    assert silence.condemned == []
