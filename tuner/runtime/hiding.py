"""Is there something in the working directory that workers would import in place of tuner?

Ray puts the driver's working directory first where workers look for modules. The driver itself,
started by the command ``tuner``, does not look there.
"""

from __future__ import annotations

from pathlib import Path

from tuner.errors import SpecError

__all__ = ["check_nothing_hides_tuner", "what_hides_tuner"]

_INSTALLED = Path(__file__).parents[1]


def check_nothing_hides_tuner() -> None:
    """Refuse to start where workers would import something else.

    Raises:
        SpecError: With what lies in the way.
    """
    hiding = what_hides_tuner(Path.cwd())
    if hiding is not None:
        raise SpecError(
            f"workers import what is in the working directory first, and {hiding} hides the "
            "installed tuner there; rename it, or start from another folder"
        )


def what_hides_tuner(folder: Path, installed: Path = _INSTALLED) -> Path | None:
    """Return the package or module of tuner's name in a folder; None where it is tuner itself.

    Args:
        folder: The working directory.
        installed: Where tuner is.
    """
    package, module = folder / installed.name, folder / f"{installed.name}.py"
    if (package / "__init__.py").is_file():
        return None if package.samefile(installed) else package
    return module if module.is_file() else None
