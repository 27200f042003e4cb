"""What all tests share: one Ray cluster of two nodes, one browser, and nobody's home is touched."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tuner.public_data import DATA_VARIABLE, cache_folder, data_set
from tuner.public_data.locating import holds

if TYPE_CHECKING:
    from browsing import Browser
    from clocks import Clock

for _shared in ("browsing", "doubles"):
    sys.path.insert(0, str(Path(__file__).parent / _shared))

settings.register_profile("tuner", deadline=None)  # machines are noisy: no test asserts a time
settings.load_profile("tuner")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the cluster, and skip what needs a GPU where there is none."""
    for item in items:
        if "ray_cluster" in getattr(item, "fixturenames", ()):
            item.add_marker("ray")
        if item.get_closest_marker("gpu") and not _has_gpu():
            item.add_marker(pytest.mark.skip(reason="needs an NVIDIA GPU, and there is none here"))


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until the test sets it."""
    from clocks import Clock

    return Clock()


@pytest.fixture(scope="session", autouse=True)
def _keras_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keras writes its settings when it is imported."""
    os.environ["KERAS_HOME"] = str(tmp_path_factory.mktemp("keras"))


@pytest.fixture
def public_data(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return the folder of a public data set by its name; skip the test where there is none.

    It is looked for in ``TUNER_DATA_DIR``, in the cache, and in ``shared/data`` beside the
    checkout.
    """
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    own = os.environ.get(DATA_VARIABLE)

    def find(name: str) -> Path:
        for base in (*([Path(own)] if own else []), cache_folder(), beside):
            if holds(base / name, data_set(name)):
                monkeypatch.setenv(DATA_VARIABLE, str(base))
                return base / name
        pytest.skip(f"needs the data set {name}: tuner data fetch {name}")

    return find


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[str]:
    """A Ray cluster of two nodes on this machine; returns its address.

    The head has two logical CPUs, the other node two and one logical GPU.
    """
    import ray
    from ray.cluster_utils import Cluster

    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "1"
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
    )
    cluster.add_node(num_cpus=2, num_gpus=1)
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    yield cluster.address
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium; see `browsing`."""
    from browsing import Browser, find_chromium

    program = find_chromium()
    if program is None:
        pytest.skip("needs a Chrome or Chromium, and there is none here (apt install chromium)")
    with Browser(program, tmp_path_factory.mktemp("browser")) as found:
        yield found
