"""Syne Tune's methods in its simulator, in an environment of its own; see ``asking``."""

from __future__ import annotations

import logging
import tempfile
import warnings
from typing import Any

import asking
import numpy as np

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from quiet_tuner import quiet_tuner  # noqa: E402
from syne_tune import StoppingCriterion  # noqa: E402
from syne_tune.backend.simulator_backend.simulator_backend import SimulatorConfig  # noqa: E402
from syne_tune.blackbox_repository.blackbox import Blackbox  # noqa: E402
from syne_tune.blackbox_repository.simulated_tabular_backend import (  # noqa: E402
    UserBlackboxBackend,
)
from syne_tune.config_space import lograndint, loguniform, randint, uniform  # noqa: E402
from syne_tune.optimizer.baselines import ASHA, ASHABORE, ASHACQR, BOHB  # noqa: E402

METHODS = {"asha": ASHA, "bohb": BOHB, "ashabore": ASHABORE, "ashacqr": ASHACQR}


class Curves(Blackbox):
    """The other side's curves."""

    def __init__(self, space: dict[str, Any], epochs: int) -> None:
        super().__init__(space, {"epoch": randint(1, epochs)}, ["value", "elapsed"])
        self._known: dict[tuple[Any, ...], np.ndarray[Any, Any]] = {}
        self._epochs = epochs

    @property
    def fidelity_values(self) -> np.ndarray[Any, Any]:
        return np.arange(1, self._epochs + 1)

    def _objective_function(
        self, configuration: dict[str, Any], fidelity: Any = None, seed: int | None = None
    ) -> Any:
        key = tuple(configuration.values())
        if key not in self._known:
            told = asking.curve(configuration)
            self._known[key] = np.stack([told["values"], np.cumsum(told["seconds"])], axis=-1)
        found = self._known[key]
        if fidelity is None:
            return found
        return dict(zip(self.objectives_names, found[int(fidelity["epoch"]) - 1], strict=True))


class Backend(UserBlackboxBackend):
    """Syne Tune's simulator, in which suggestions take no time, as in tuner's."""

    def _advance_by_outside_time(self) -> None:
        pass


def main() -> None:
    asked = asking.task()
    space = {each["name"]: domain_of(each) for each in asked["space"]}
    instant = SimulatorConfig(0.0, 0.0, 0.0, 0.0, 0.0)
    backend = Backend(
        Curves(space, asked["epochs"]),
        elapsed_time_attr="elapsed",
        seed=0,
        simulator_config=instant,
    )
    scheduler = METHODS[asked["method"]](
        {**space, "epochs": asked["epochs"]},
        metric="value",
        do_minimize=False,
        time_attr="epoch",
        max_t=asked["epochs"],
        random_seed=asked["seed"],
        reduction_factor=3,
    )
    stop = StoppingCriterion(max_wallclock_time=asked["seconds"])
    with tempfile.TemporaryDirectory() as folder:
        tuner = quiet_tuner(backend, scheduler, stop, asked["workers"], folder)
        tuner.run()
    rows = [row for row in tuner.callbacks[0].results if row["st_tuner_time"] <= asked["seconds"]]
    asking.answer(
        {
            "when": [float(row["st_tuner_time"]) for row in rows],
            "values": [float(row["value"]) for row in rows],
        }
    )


def domain_of(each: dict[str, Any]) -> Any:
    if each["integer"]:
        return (lograndint if each["log"] else randint)(each["lower"], each["upper"])
    return (loguniform if each["log"] else uniform)(each["lower"], each["upper"])


if __name__ == "__main__":
    main()
