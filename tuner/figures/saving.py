"""Figures as files: pages that open offline, data, and pictures for print.

Pages and data need nothing else. Pictures are drawn by a Chrome or Chromium on this machine, which
reads plotly's own copy of its JavaScript: nothing is fetched.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeAlias, get_args

import plotly.graph_objects as go

from tuner.errors import MissingDependencyError, SpecError, StorageError, nearest
from tuner.figures.layouts import arranged, script
from tuner.figures.packing import library, unpacking
from tuner.figures.themes import PAGE_PX, Theme, themed

__all__ = ["Format", "save_figures", "write_figure"]

Format: TypeAlias = Literal["html", "json", "png", "svg", "pdf"]

_BY_BROWSER = ("png", "svg", "pdf")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_DOTS = 3  # per pixel of a PNG: nearly 300 per inch
_TAGS = re.compile(r"<[^>]*>")
_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>body { margin: 0; background: $paper }</style>
<script>$script</script>
<script>$unpacking</script>
</head>
<body>
<div id="figure"></div>
<script type="application/json" id="data">$figure</script>
<script type="text/plain" id="plotly">$plotly</script>
<script>
  const place = document.getElementById("figure");
  const data = JSON.parse(document.getElementById("data").textContent);
  tunerPacked.load("plotly").then(() => tunerFigures.draw(place, data)).catch((error) => {
    place.textContent = "This figure cannot be drawn here: " + error.message;
    throw error;
  });
</script>
</body>
</html>
""")


def save_figures(
    figures: Mapping[str, go.Figure],
    folder: str | Path,
    formats: Sequence[str] = ("html",),
    *,
    theme: Theme = "light",
    width: int = PAGE_PX,
) -> list[Path]:
    """Write each figure as ``<folder>/<name>.<format>``, one file per format.

    Args:
        figures: What functions of this package returned, by name.
        folder: Where to; made if it is not there.
        formats: See `Format`.
        theme: Of all files.
        width: Of a picture, in pixels, 96 to an inch.

    Returns:
        The files, by figure and in the order of ``formats``.

    Raises:
        SpecError: A format is unknown; nothing is written.
        MissingDependencyError: A picture takes a browser, and there is none; nothing is written.
        StorageError: The folder cannot be made, or a file not be written.
    """
    for kind in formats:
        _check(kind)
    _make_folder(Path(folder))
    with _browser(needed=any(kind in _BY_BROWSER for kind in formats)):
        return [
            _write(figure, Path(folder) / f"{name}.{kind}", kind, theme, width)
            for name, figure in figures.items()
            for kind in formats
        ]


def write_figure(
    figure: go.Figure,
    path: str | Path,
    *,
    theme: Theme = "light",
    width: int = PAGE_PX,
    height: int | None = None,
) -> Path:
    """Write a figure as what the suffix of the file says; see `Format`.

    Args:
        figure: What a function of this package returned.
        path: The file; it is replaced, and its folder made if it is not there.
        theme: How it looks.
        width: Of a picture, in pixels, 96 to an inch; a page fills its window.
        height: Of a picture; None for the figure's own.

    Raises:
        SpecError: The suffix is no known format.
        MissingDependencyError: A picture takes a browser, and there is none.
        StorageError: The folder cannot be made, or a file not be written.
    """
    path = Path(path)
    kind = path.suffix.removeprefix(".").lower()
    _check(kind)
    _make_folder(path.parent)
    with _browser(needed=kind in _BY_BROWSER):
        return _write(figure, path, kind, theme, width, height)


def _write(
    figure: go.Figure, path: Path, kind: str, theme: Theme, width: int, height: int | None = None
) -> Path:
    drawn = themed(go.Figure(figure), theme)
    if kind in _BY_BROWSER:
        arranged(drawn, width)
        content = _picture(drawn, kind, width, height or drawn.layout.height)
    else:
        content = (_page(drawn) if kind == "html" else drawn.to_json()).encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StorageError(
            f"a figure goes to a file, and {path} cannot be written: {error.strerror}; choose "
            "another one"
        ) from error
    return path


def _check(kind: str) -> None:
    if kind not in get_args(Format):
        raise SpecError(f"unknown format of figures {kind!r}{nearest(kind, get_args(Format))}")
    if kind not in _BY_BROWSER:
        return
    if importlib.util.find_spec("kaleido") is None:
        raise MissingDependencyError(
            f"{kind.upper()} takes kaleido, which is not installed; pip install kaleido, or write "
            "HTML"
        )
    if not (os.environ.get("BROWSER_PATH") or any(map(shutil.which, _BROWSERS))):
        raise MissingDependencyError(
            f"{kind.upper()} is drawn by a Chrome or Chromium, and none is on the PATH; install "
            "one (apt install chromium), set BROWSER_PATH to one, or write HTML"
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"figures go to a folder, and {folder} cannot be made: {error.strerror}; "
            "choose another one"
        ) from error


def _page(figure: go.Figure) -> str:
    return _PAGE.substitute(
        title=_TAGS.sub(" ", figure.layout.title.text or "Figure"),
        paper=figure.layout.template.layout.paper_bgcolor,
        plotly=library(),
        script=script(),
        unpacking=unpacking(),
        figure=figure.to_json(),  # plotly escapes what could end the element
    )


def _picture(figure: go.Figure, kind: str, width: int, height: int) -> bytes:
    import kaleido

    size: dict[str, Any] = {"format": kind, "width": width, "height": height}
    if kind == "png":
        size["scale"] = _DOTS
    drawn: bytes = kaleido.calc_fig_sync(figure, opts=size)
    return drawn


@contextmanager
def _browser(*, needed: bool) -> Iterator[None]:
    """Keep one browser for all pictures: it takes longer to start than they to be drawn."""
    if not needed:
        yield
        return
    import kaleido

    # Formulas are text here, and MathJax would come from the network.
    kaleido.start_sync_server(n=1, mathjax=False, silence_warnings=True)
    try:
        yield
    finally:
        kaleido.stop_sync_server(silence_warnings=True)
