"""Figures as files that are the same each time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import matplotlib
from matplotlib.figure import Figure

from tuner.errors import SpecError, nearest
from tuner.figures.style import STYLE

__all__ = ["Format", "save_figure"]

Format: TypeAlias = Literal["pdf", "svg", "png"]

_NO_DATES: dict[Format, dict[str, None]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


def save_figure(
    figure: Figure, folder: str | Path, name: str, formats: Sequence[Format] = ("pdf", "svg", "png")
) -> list[Path]:
    """Write a figure; the same figure gives the same bytes.

    Args:
        figure: What a function of this package returned.
        folder: Where to; made if it is not there.
        name: Of the files, without a suffix.
        formats: One file each: PDF and SVG with text as text, PNG with 300 dots per inch.

    Returns:
        The files, in the order of ``formats``.

    Raises:
        SpecError: A format is unknown.
    """
    for kind in formats:
        if kind not in _NO_DATES:
            raise SpecError(f"unknown format of figures {kind!r}{nearest(kind, _NO_DATES)}")
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [Path(folder) / f"{name}.{kind}" for kind in formats]
    with matplotlib.rc_context(STYLE):
        for path, kind in zip(paths, formats, strict=True):
            figure.savefig(path, format=kind, metadata=_NO_DATES[kind])
    return paths
