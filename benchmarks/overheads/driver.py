"""The driver process of one run, and what whoever starts it learns from it.

Each run has a driver of its own, and a Ray of its own in a folder of its own, which is up and idle
before the clock starts. That Ray starts no worker before it is asked for one: those that it
usually has ready are started in no arm's time, so that it would seem to cost nothing.
"""

from __future__ import annotations

import contextlib
import cProfile
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from processes import ProcessTree, is_ray_worker, wait_for_orphans

from overheads.arms import ARMS
from overheads.work import Span, Work, spans


@dataclass(frozen=True)
class Run:
    """What one run took.

    Attributes:
        work: What was run.
        cpu_s: CPU seconds of all processes: driver, raylet, GCS, workers.
        wall_s: Seconds from an idle Ray to the end of the sweep.
        main_s: CPU seconds of the driver's main thread, imports left out.
        peak_kb: Most memory that the driver ever held.
        reports: How many its trials made.
        failed: How many trials failed.
        replaced: How many workers were replaced though they had not crashed.
        processes: Worker processes that were started.
        files: Files in the sweep's folder at the end.
        spans: When and where its trials ran; empty for a bundled scenario.
    """

    work: Work
    cpu_s: float
    wall_s: float
    main_s: float
    peak_kb: float
    reports: int
    failed: int
    replaced: int
    processes: int
    files: int
    spans: list[Span]


def measure(arm: str, work: Work, profile: Path | None = None) -> Run:
    """Run one arm in a driver of its own.

    Args:
        arm: One of `ARMS`.
        work: What to run.
        profile: Where to leave a profile of the driver's main thread, which takes its time.

    Raises:
        SystemExit: The driver failed; its last words are in the message.
    """
    with _temporary_folder() as name, ProcessTree() as tree:
        folder = Path(name)
        (folder / "sweeps").mkdir()
        with _Driver(arm, work, folder, profile) as driver:
            driver.expect()
            tree.wait_until_idle()
            before = tree.cpu_seconds()
            answer = driver.ask("go")
            cpu_s = tree.cpu_seconds() - before
            left = (folder / "sweeps" / "sweep").rglob("*")
            run = Run(
                work=work,
                cpu_s=cpu_s,
                **answer,
                processes=tree.started(is_ray_worker),
                files=sum(path.is_file() for path in left),
                spans=spans(folder / "sweeps" / "spans"),
            )
        wait_for_orphans()
    return run


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return one with a short name, as Ray's sockets need; Ray may write to it to the last."""
    return tempfile.TemporaryDirectory(prefix="ov", ignore_cleanup_errors=True)


class _Driver:
    """The other end of `drive`."""

    def __init__(self, arm: str, work: Work, folder: Path, profile: Path | None) -> None:
        request = {
            "arm": arm,
            "work": asdict(work),
            "folder": str(folder),
            "profile": str(profile) if profile else None,
        }
        self._arm = arm
        self._errors = folder / "errors"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, sys.argv[0], "--driver", json.dumps(request)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "RAY_prestart_worker_first_driver": "0"},
            )

    def __enter__(self) -> _Driver:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # which ends it
        self._process.wait()

    def expect(self) -> dict[str, Any]:
        """Return its next answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the {self._arm} driver failed: {self._errors.read_text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, for_what: str) -> dict[str, Any]:
        """Tell it to go on, and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{for_what}\n")
        self._process.stdin.flush()
        return self.expect()


def drive(text: str) -> None:
    """Start Ray, wait for the go, run one arm, and say what it took; called in the driver."""
    request = json.loads(text)
    work, folder = Work(**request["work"]), Path(request["folder"])
    _start_ray(work.slots, folder / "ray")
    answers = os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open("w") as sink, contextlib.redirect_stdout(sink):
        print("{}", file=answers, flush=True)
        sys.stdin.readline()
        profiler = cProfile.Profile(time.thread_time) if request["profile"] else None
        arm = ARMS[request["arm"]]
        started = time.perf_counter()
        arm.load()
        main = time.thread_time()
        with profiler or contextlib.nullcontext():
            outcome = arm.run(work, folder / "sweeps")
        taken = {
            "wall_s": time.perf_counter() - started,
            "main_s": time.thread_time() - main,
            "peak_kb": _peak_kb(),
        }
        if profiler is not None:
            profiler.dump_stats(request["profile"])
    print(json.dumps({**taken, **asdict(outcome)}), file=answers, flush=True)
    sys.stdin.readline()  # stay, so that the last samples see every process


def _start_ray(slots: int, folder: Path) -> None:
    import logging

    import ray

    ray.init(
        address="local",  # whatever other Ray runs on this machine
        num_cpus=slots,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _temp_dir=str(folder),
    )


def _peak_kb() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return float(found[1])
