"""Runs notebooks and stores what they show: ``python docs/notebooks/execute.py [NAME ...]``.

Each runs in a folder of its own and in a fresh kernel of this Python. Figures are stored as
pictures, which GitHub and the documentation show as they are; a reader who runs a notebook gets
plotly's own, to point at and to zoom. What differs from run to run without a meaning (the folder,
times of execution) is not stored.

It takes a Chrome or Chromium for the figures, and Pillow, which makes their files small.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
_LONGEST_CELL_S = 600
_LONGEST_END_S = 30.0
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WIDTH = 760  # of a picture, in pixels of the page; it has half as many again in each direction

# These run in the kernel before the first cell. What they define stays out of the user's names.
# ipywidgets, which Ray and tqdm would like in a notebook, is not needed.
_QUIET = """
import logging, warnings
logging.getLogger("ray.widgets.util").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", "IProgress not found")
del logging, warnings
"""

_PICTURES = f"""
def _draw_figures_as_pictures():
    import base64, io, tempfile
    from pathlib import Path

    import plotly.graph_objects as go
    import plotly.io
    from PIL import Image
    from plotly.io.base_renderers import MimetypeRenderer

    from tuner.figures import write_figure

    class Picture(MimetypeRenderer):
        def to_mimebundle(self, content):
            with tempfile.TemporaryDirectory() as folder:
                file = write_figure(go.Figure(content), Path(folder, "figure.png"), width={_WIDTH})
                drawn = Image.open(file).convert("RGB")
            small = drawn.resize((drawn.width // 2, drawn.height // 2), Image.LANCZOS)
            stored = io.BytesIO()
            few = small.quantize(96, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            few.save(stored, "png", optimize=True)
            return {{"image/png": base64.b64encode(stored.getvalue()).decode()}}

    plotly.io.renderers["picture"] = Picture()
    plotly.io.renderers.default = "picture"

_draw_figures_as_pictures()
del _draw_figures_as_pictures
"""


def notebooks() -> list[Path]:
    """Return the notebooks beside this file, by name."""
    return sorted(FOLDER.glob("*.ipynb"))


def execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    *,
    prelude: str = "",
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run every cell in order, and put what it shows into the notebook.

    Args:
        notebook: Changed in place, also where a cell fails.
        folder: In which it runs; what is there may be in its way.
        prelude: Runs before the first cell, uncounted and unseen.
        environment: Variables of the kernel beside those of this process.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell raised an error.
        RuntimeError: The prelude did.
    """
    with tempfile.TemporaryDirectory(prefix="kernel-") as own:
        asyncio.run(_execute(notebook, folder, prelude, dict(environment or {}), Path(own)))


async def _execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    prelude: str,
    environment: dict[str, str],
    own: Path,
) -> None:
    # No kernel specs but that of this Python, whatever is installed on the machine; and nothing is
    # written into the user's home.
    kernel = AsyncKernelManager(
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True),
        connection_file=str(own / "connection.json"),
        transport="ipc",
        ip=str(own / "socket"),
        shutdown_wait_time=_LONGEST_END_S,  # a local Ray ends with it
    )
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=_LONGEST_CELL_S,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
    )
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    variables = {**os.environ, "IPYTHONDIR": str(own / "ipython"), "PATH": path, **environment}
    async with client.async_setup_kernel(env=variables, cleanup_kc=True):
        await _prepare(client, _QUIET + prelude)
        for place, cell in enumerate(notebook.cells):
            await client.async_execute_cell(cell, place)


async def _prepare(client: NotebookClient, prelude: str) -> None:
    reply = await client.kc.execute(prelude, silent=True, reply=True)
    if reply["content"]["status"] != "ok":
        raise RuntimeError("\n".join(reply["content"]["traceback"]))


def tidy(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Take out of the outputs what means nothing to a reader: the folder, and colours of shells."""
    for holder, key in _texts(notebook):
        text = _COLOUR.sub("", holder[key])
        holder[key] = text.replace(f"{folder}/", "").replace(str(folder), ".")


def _texts(notebook: nbformat.NotebookNode) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where each text of an output is held: the mapping, and the key."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "text" in output:
                yield output, "text"
            for kind in output.get("data", {}):
                if kind.startswith("text/"):
                    yield output["data"], kind


def main(names: list[str]) -> None:
    """Run the notebooks of these names, or all of them, and store them."""
    known = {path.stem: path for path in notebooks()}
    for name in names or known:
        if name not in known:
            sys.exit(f"no notebook {name!r}; there are {', '.join(known)}")
        notebook = nbformat.read(known[name], as_version=4)
        with tempfile.TemporaryDirectory(prefix="notebook-") as folder:
            execute(notebook, Path(folder), prelude=_PICTURES)
            tidy(notebook, Path(folder))
        nbformat.write(notebook, known[name])
        print(f"{known[name].name}: {known[name].stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
