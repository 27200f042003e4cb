"""What a trial may change of its process, noted before the first one and put back after each.

Libraries are looked at only where something else has imported them. Random generators are no part
of it: each trial is seeded (`tuner.runtime.seeding`, `tuner.trainable.generators`).

Imports no Ray.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["ProcessState"]

_UNKNOWN: Any = object()


@dataclass(frozen=True)
class _Setting:
    """One thing that holds for the whole process, or for the thread that runs trainables.

    Attributes:
        read: Returns what it is; raises OSError or RuntimeError where that cannot be told.
        write: Changes it.
        at_import: What it is once its library has been imported, for one that a trial imports.
    """

    read: Callable[[], Any]
    write: Callable[[Any], object]
    at_import: Any = _UNKNOWN

    def now(self) -> Any:
        try:
            return self.read()
        except (OSError, RuntimeError):  # a folder that is gone; torch with two names for TF32
            return _UNKNOWN


_Settings: TypeAlias = Mapping[str, _Setting]


class ProcessState:
    """The state of a process that is ready for its first trial.

    Where a trial is the first to import a library, what its documentation gives as defaults is
    put back.
    """

    def __init__(self) -> None:
        self._were = {name: setting.now() for name, setting in _settings()}
        self._filters = warnings.catch_warnings()
        self._filters.__enter__()

    def restore(self) -> None:
        """Put everything back.

        Raises:
            Exception: Something cannot be put back; the process should serve no other trial.
        """
        self._filters.__exit__(None, None, None)
        self._filters = warnings.catch_warnings()
        self._filters.__enter__()
        for name, setting in _settings():
            was = self._were.get(name, setting.at_import)
            if was is not _UNKNOWN and setting.now() != was:
                setting.write(was)


def _settings() -> Iterator[tuple[str, _Setting]]:
    yield from _PROCESS.items()
    for library, settings_of in _LIBRARIES.items():
        module = sys.modules.get(library)
        if module is not None:
            yield from settings_of(module).items()


def _write_environment(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _read_umask() -> int:
    mask = os.umask(0o022)  # there is no way to only read it
    os.umask(mask)
    return mask


def _write_path(folders: list[str]) -> None:
    sys.path[:] = folders


def _write_collector(state: tuple[bool, tuple[int, int, int]]) -> None:
    enabled, thresholds = state
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def _write_root_logger(state: tuple[int, list[logging.Handler]]) -> None:
    logging.root.setLevel(state[0])
    logging.root.handlers[:] = state[1]


_PROCESS: _Settings = {
    "environment": _Setting(lambda: dict(os.environ), _write_environment),
    "working directory": _Setting(os.getcwd, os.chdir),
    "umask": _Setting(_read_umask, os.umask),
    "sys.path": _Setting(lambda: list(sys.path), _write_path),
    "recursion limit": _Setting(sys.getrecursionlimit, sys.setrecursionlimit),
    "garbage collector": _Setting(lambda: (gc.isenabled(), gc.get_threshold()), _write_collector),
    "root logger": _Setting(
        lambda: (logging.root.level, list(logging.root.handlers)), _write_root_logger
    ),
    "start method": _Setting(  # which may be chosen only once, unless it is taken back
        lambda: multiprocessing.get_start_method(allow_none=True),
        lambda method: multiprocessing.set_start_method(method, force=True),
    ),
}


def _numpy_settings(numpy: Any) -> _Settings:
    at_import = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    return {
        "numpy's errors": _Setting(
            numpy.geterr, lambda errors: numpy.seterr(**errors), at_import=at_import
        )
    }


def _torch_settings(torch: Any) -> _Settings:
    cudnn = torch.backends.cudnn
    threads = os.environ.get("OMP_NUM_THREADS", "")

    def write_device(device: Any) -> None:
        # Naming the CPU would have every call that makes a tensor intercepted.
        torch.set_default_device(None if device.type == "cpu" else device)

    def read_current_device() -> int:
        return int(torch.cuda.current_device()) if torch.cuda.is_initialized() else 0

    return {
        "torch's default dtype": _Setting(
            torch.get_default_dtype, torch.set_default_dtype, torch.float32
        ),
        "torch's default device": _Setting(
            torch.get_default_device, write_device, torch.device("cpu")
        ),
        "torch's current device": _Setting(read_current_device, torch.cuda.set_device, 0),
        "torch's gradients": _Setting(torch.is_grad_enabled, torch.set_grad_enabled, True),
        "torch's anomaly detection": _Setting(
            lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
            lambda state: torch.autograd.set_detect_anomaly(*state),
            (False, True),
        ),
        "torch's deterministic algorithms": _Setting(
            lambda: (
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
            ),
            lambda state: torch.use_deterministic_algorithms(state[0], warn_only=state[1]),
            (False, False),
        ),
        "torch's matmul precision": _Setting(
            torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"
        ),
        "torch's threads": _Setting(
            torch.get_num_threads,
            torch.set_num_threads,
            int(threads) if threads.isdigit() else _UNKNOWN,
        ),
        "cuDNN": _attribute(cudnn, "enabled", True),
        "cuDNN's benchmarks": _attribute(cudnn, "benchmark", False),
        "cuDNN's determinism": _attribute(cudnn, "deterministic", False),
        "cuDNN's TF32": _attribute(cudnn, "allow_tf32", True),
    }


def _attribute(of: Any, name: str, at_import: Any) -> _Setting:
    return _Setting(lambda: getattr(of, name), lambda value: setattr(of, name, value), at_import)


_LIBRARIES: Mapping[str, Callable[[Any], _Settings]] = {
    "numpy": _numpy_settings,
    "torch": _torch_settings,
}
