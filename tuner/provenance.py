"""Where a sweep's results come from: versions, commit, command, machine."""

from __future__ import annotations

import getpass
import os
import platform
import shlex
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from tuner.places import without_credentials

__all__ = ["installed_version", "provenance", "user"]

_PACKAGES = ("tuner", "ray", "torch", "hyperopt", "optuna", "pandas", "pyarrow", "numpy")


def provenance() -> dict[str, Any]:
    """Return versions, git commit, command, host, user and process id, as JSON-able values."""
    return {
        "command": without_credentials(shlex.join(sys.argv)),
        "working_dir": str(Path.cwd()),
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "python": platform.python_version(),
        "versions": {name: installed_version(name) for name in _PACKAGES},
        "host": socket.gethostname(),
        "user": user(),
        "pid": os.getpid(),
    }


def installed_version(package: str) -> str | None:
    """Return the version of a package; None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    try:
        run = subprocess.run(
            ("git", *arguments), capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip()


def user() -> str | None:
    """Return the name of who runs this process; None where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
