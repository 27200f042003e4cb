"""What a trial changes of its process is put back; nothing is imported for that."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tuner.runtime.process_state import ProcessState


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Have a failing test spoil no other one."""
    state = ProcessState()
    yield
    state.restore()


def change_environment() -> None:
    os.environ["PATH"] = "/elsewhere"
    os.environ["OF_A_TRIAL"] = "1"
    os.environ.pop("HOME", None)


def change_folder() -> None:
    os.chdir("/")


def change_umask() -> None:
    os.umask(0o027)


def read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def change_filters() -> None:
    warnings.simplefilter("ignore")
    warnings.showwarning = print


def change_collector() -> None:
    gc.disable()
    gc.set_threshold(5, 5, 5)


def change_logger() -> None:
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.getLogger().addHandler(logging.NullHandler())


PYTHON: list[tuple[Callable[[], object], Callable[[], Any]]] = [
    (change_environment, lambda: dict(os.environ)),
    (change_folder, os.getcwd),
    (change_umask, read_umask),
    (change_filters, lambda: (list(warnings.filters), warnings.showwarning)),
    (change_collector, lambda: (gc.isenabled(), gc.get_threshold())),
    (change_logger, lambda: (logging.root.level, list(logging.root.handlers))),
    (lambda: sys.path.insert(0, "/elsewhere"), lambda: list(sys.path)),
    (lambda: sys.setrecursionlimit(5000), sys.getrecursionlimit),
    (
        lambda: multiprocessing.set_start_method("spawn", force=True),
        lambda: multiprocessing.get_start_method(allow_none=True),
    ),
    (lambda: np.seterr(all="raise"), np.geterr),
]
TORCH: list[tuple[Callable[[], object], Callable[[], Any]]] = [
    (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    (lambda: torch.set_default_device("meta"), torch.get_default_device),
    (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    (
        lambda: torch.use_deterministic_algorithms(True, warn_only=True),
        lambda: (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
    ),
    (
        lambda: torch.set_float32_matmul_precision("medium"),
        torch.get_float32_matmul_precision,
    ),
    (lambda: torch.set_num_threads(torch.get_num_threads() + 1), torch.get_num_threads),
    (lambda: torch.autograd.set_detect_anomaly(True, False), torch.is_anomaly_enabled),
    (
        lambda: setattr(torch.backends.cudnn, "benchmark", True),
        lambda: torch.backends.cudnn.benchmark,
    ),
    (
        lambda: setattr(torch.backends.cudnn, "deterministic", True),
        lambda: torch.backends.cudnn.deterministic,
    ),
    (
        lambda: setattr(torch.backends.cudnn, "allow_tf32", False),
        lambda: torch.backends.cudnn.allow_tf32,
    ),
]


@pytest.mark.parametrize(("change", "read"), [*PYTHON, *TORCH])
def test_a_change_is_put_back_each_time(
    change: Callable[[], object], read: Callable[[], Any]
) -> None:
    state, before = ProcessState(), read()
    for _ in range(2):
        change()
        assert read() != before
        state.restore()
        assert read() == before


def test_what_was_set_before_the_first_trial_stays() -> None:
    os.environ["OF_THE_SCENARIO"] = "1"
    torch.set_default_dtype(torch.float64)
    np.seterr(all="raise")
    own = ProcessState()
    torch.set_default_dtype(torch.float16)
    own.restore()
    assert os.environ["OF_THE_SCENARIO"] == "1"
    assert torch.get_default_dtype() == torch.float64
    assert set(np.geterr().values()) == {"raise"}


@pytest.mark.parametrize(("change", "read"), TORCH)
def test_torch_that_a_trial_imports_gets_its_defaults(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[], object], read: Callable[[], Any]
) -> None:
    fresh = read()  # nobody has changed anything here
    with monkeypatch.context() as before_the_import:
        before_the_import.delitem(sys.modules, "torch")
        before_the_import.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))
        early = ProcessState()
        os.environ["OMP_NUM_THREADS"] = "not of this process"
    change()
    early.restore()
    assert read() == fresh


def test_two_names_for_tf32_are_no_obstacle() -> None:
    state = ProcessState()
    before = torch.get_float32_matmul_precision()
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    with pytest.raises(RuntimeError, match="mix of the legacy and new"):
        torch.get_float32_matmul_precision()
    state.restore()
    assert torch.get_float32_matmul_precision() == before


def test_a_folder_that_is_gone_is_left(tmp_path: Path) -> None:
    state, before = ProcessState(), Path.cwd()
    (tmp_path / "trial").mkdir()
    os.chdir(tmp_path / "trial")
    (tmp_path / "trial").rmdir()
    state.restore()
    assert Path.cwd() == before


def test_what_cannot_be_put_back_is_said(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    os.chdir(tmp_path / "own")
    own = ProcessState()
    os.chdir("/")
    (tmp_path / "own").rmdir()
    with pytest.raises(FileNotFoundError):
        own.restore()


def test_nothing_is_imported() -> None:
    program = (
        "import sys\n"
        "from tuner.runtime.upkeep import Upkeep\n"
        "upkeep = Upkeep()\n"
        "assert [upkeep.between_trials() for _ in range(3)] == [None] * 3\n"
        "print(*sorted({'ray', 'torch', 'numpy', 'plotly'} & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
