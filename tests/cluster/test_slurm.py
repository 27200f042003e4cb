"""The Slurm script, with stand-ins for srun and ray: what is started, how it ends, how it stops."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from namespaces import NamespacedMachines, why_no_namespaces

SCRIPT = Path(__file__).resolve().parents[2] / "cluster" / "slurm" / "sweep.sbatch"
STAND_INS = {
    # Runs the head's task only, which is on this host.
    "srun": """
        printf '%s\\n' "$@" > "$SEEN/srun"
        while [[ $1 == --* ]]; do shift; done
        exec "$@"
    """,
    # As ray symmetric-run on the head: runs what follows "--", and forgets how it ended.
    "ray": """
        echo "$RAY_AUTH_MODE $RAY_AUTH_TOKEN" > "$SEEN/token"
        [[ -z ${CLUSTER_FAILS:-} ]] || exit 0
        while [[ $1 != -- ]]; do shift; done
        shift
        "$@" || true
    """,
    "tuner": """
        printf '%s\\n' "$@" > "$SEEN/tuner"
        trap 'echo saved > "$SEEN/saved"; exit 130' TERM
        for ((i = 0; i < ${SWEEP_TAKES:-0}; i++)); do sleep 0.1; done
        exit "${SWEEP_ENDS:-0}"
    """,
    "hostname": "echo 10.0.0.7 fd00::7",
}
Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    folder = tmp_path / "seen"
    folder.mkdir()
    return folder


@pytest.fixture
def sbatch(tmp_path: Path, seen: Path) -> Run:
    """Run the script as Slurm does on the first of three nodes."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, body in STAND_INS.items():
        (tools / name).write_text(f"#!/usr/bin/env bash\n{textwrap.dedent(body)}")
        (tools / name).chmod(0o755)
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def run(*words: str, **environment: str) -> subprocess.Popen[str]:
        slurm = {
            "PATH": f"{tools}:{os.environ['PATH']}", "SLURM_JOB_NUM_NODES": "3",
            "SEEN": str(seen), "TMPDIR": str(scratch),
        }  # fmt: skip
        return subprocess.Popen(
            ["bash", str(SCRIPT), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slurm | environment,
        )  # fmt: skip

    return run


def test_a_ray_per_node_and_the_sweep_on_the_head(sbatch: Run, seen: Path, tmp_path: Path) -> None:
    job = sbatch("run", "digits_cnn", "--notes", "two words")
    job.communicate(timeout=60)

    assert job.returncode == 0
    started = (seen / "srun").read_text().splitlines()
    assert started[: started.index("--")] == [
        *("--ntasks-per-node=1", "--cpu-bind=none", "ray", "symmetric-run"),
        *("--address", "10.0.0.7:6379", "--min-nodes", "3"),
    ]
    words = (seen / "tuner").read_text().splitlines()
    assert words == ["run", "digits_cnn", "--notes", "two words", "--address", "auto"]
    assert not list((tmp_path / "scratch").iterdir()), "nothing stays behind"


def test_each_job_has_a_token_of_its_own(sbatch: Run, seen: Path) -> None:
    tokens = set()
    for _ in range(2):
        sbatch("run", "x").communicate(timeout=60)
        mode, token = (seen / "token").read_text().split()
        assert mode == "token"
        assert len(token) == 64
        tokens.add(token)
    assert len(tokens) == 2


@pytest.mark.parametrize("code", ["0", "1", "3"])
def test_it_ends_as_the_sweep_does_whatever_srun_says(code: str, sbatch: Run) -> None:
    job = sbatch("run", "x", SWEEP_ENDS=code)
    job.communicate(timeout=60)
    assert job.returncode == int(code)


def test_a_cluster_that_does_not_come_up_is_a_failure(sbatch: Run, seen: Path) -> None:
    job = sbatch("run", "x", CLUSTER_FAILS="1")
    _, error = job.communicate(timeout=60)
    assert job.returncode == 1
    assert "the cluster did not come up" in error
    assert not (seen / "tuner").exists()


def test_running_trials_save_before_the_time_is_up(sbatch: Run, seen: Path, tmp_path: Path) -> None:
    job = sbatch("run", "x", SWEEP_TAKES="600")
    _wait_for(lambda: _runs(seen, tmp_path / "scratch"))
    job.send_signal(signal.SIGTERM)
    _, error = job.communicate(timeout=60)
    assert "stopping the sweep" in error
    assert (seen / "saved").read_text() == "saved\n"
    assert job.returncode == 130


def _runs(seen: Path, scratch: Path) -> bool:
    return (seen / "tuner").exists() and any(file.read_text() for file in scratch.glob("*/pid"))


def test_it_says_how_it_is_called(sbatch: Run) -> None:
    job = sbatch()
    _, error = job.communicate(timeout=60)
    assert job.returncode == 2
    assert error.startswith("usage: sbatch")


# Runs the head's task on the machine of the script, and hands the others to the test.
SRUN_OF_SEVERAL = """#!/usr/bin/env bash
while [[ $1 == --* ]]; do shift; done
printf '%s\\0' "$@" > "$SEEN/argv"
printf '%s\\0' "$RAY_AUTH_MODE" "$RAY_AUTH_TOKEN" > "$SEEN/token"
exec "$@"
"""


@pytest.mark.ray
def test_two_machines_become_one_cluster_with_a_token(tmp_path: Path, seen: Path) -> None:
    """The doctor in the place of a sweep: it says whether the nodes are a cluster."""
    reason = why_no_namespaces()
    if reason is not None:
        pytest.skip(f"machines in namespaces: {reason}")
    (tmp_path / "srun").write_text(SRUN_OF_SEVERAL)
    (tmp_path / "srun").chmod(0o755)
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    machines = NamespacedMachines(tmp_path)
    first, second = (machines.boot(number, ["sleep", "infinity"], os.environ) for number in (1, 2))
    words = ["doctor", "--storage-path", str(tmp_path / "results")]
    of_slurm = {"SLURM_JOB_NUM_NODES": "2", "SEEN": str(seen), "PATH": path}
    try:
        head = machines.entering(first, ["bash", str(SCRIPT), *words], of_slurm)
        job = subprocess.Popen(head, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        _wait_for(lambda: (seen / "token").exists())
        argv = (seen / "argv").read_text().split("\0")[:-1]
        mode, token = (seen / "token").read_text().split("\0")[:-1]
        auth = {"RAY_AUTH_MODE": mode, "RAY_AUTH_TOKEN": token, "PATH": path}
        other = subprocess.Popen(
            machines.entering(second, argv, auth),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        said, _ = job.communicate(timeout=120)
    finally:
        for number, machine in ((1, first), (2, second)):
            machines.kill(number, machine)
        machines.close()
    other.wait(timeout=60)
    assert "2 nodes ran a task: n1 (10.77.0.1), n2 (10.77.0.2)" in said, said
    assert "was written and read back from all nodes" in said
    assert "Ray asks for a token" in said
    assert job.returncode == 0


def _wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
