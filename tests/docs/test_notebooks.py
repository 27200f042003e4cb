"""The notebooks run from top to bottom, and what is stored in them is fit to be shown."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NAMES = ["quickstart", "large_sweeps", "scheduler_benchmarks", "scripting"]
WITHOUT_RAY = {"scheduler_benchmarks"}
MOST_BYTES = 400_000
FOREIGN = re.compile(r"/(?:tmp|root|home|work|usr|opt|var)/|\bhttps?://cdn|<script|\x1b\[")


def load_script() -> ModuleType:
    """Return ``docs/notebooks/execute.py`` as a module."""
    spec = importlib.util.spec_from_file_location("execute", NOTEBOOKS / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


def read(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def complaints(notebook: Any) -> list[str]:
    """Return what was written to stderr: warnings above all, which nothing hides."""
    return [each.text for each in outputs(notebook) if each.get("name") == "stderr"]


@pytest.mark.timeout(900)
@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in WITHOUT_RAY else pytest.mark.ray) for n in NAMES]
)
def test_a_notebook_runs(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    notebook = read(name)
    for cell in code_cells(notebook):
        cell.outputs = []
    prelude = ""
    if name not in WITHOUT_RAY:  # its kernel joins the Ray of the tests, and leaves it as it is
        address = request.getfixturevalue("ray_cluster")
        prelude = (
            "import ray\n"
            f"ray.init({address!r}, log_to_driver=False, logging_level='ERROR')\n"
            "del ray\n"
        )

    script.execute(
        notebook,
        tmp_path,
        prelude=prelude,
        environment={"PLOTLY_RENDERER": "plotly_mimetype"},  # takes no browser
    )

    assert complaints(notebook) == []
    assert [cell.execution_count for cell in code_cells(notebook)] == counts(notebook)


def counts(notebook: Any) -> list[int]:
    return list(range(1, len(code_cells(notebook)) + 1))


def test_every_notebook_is_tested() -> None:
    assert {path.stem for path in script.notebooks()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
class TestStored:
    def test_it_was_run_from_top_to_bottom(self, name: str) -> None:
        notebook = read(name)

        assert [cell.execution_count for cell in code_cells(notebook)] == counts(notebook)
        assert not [each for each in outputs(notebook) if each.output_type == "error"]
        assert complaints(notebook) == []

    def test_every_figure_is_a_picture(self, name: str) -> None:
        drawing = [
            c for c in code_cells(read(name)) if re.search(r"^tuner\.plot\(", c.source, re.M)
        ]

        assert drawing
        for cell in drawing:
            assert [list(output.data) for output in cell.outputs] == [["image/png"]]

    def test_it_shows_nothing_of_the_machine_and_of_the_network(self, name: str) -> None:
        told = [text for output in outputs(read(name)) for text in texts(output)]

        assert told
        for text in told:
            assert not FOREIGN.search(text), text

    def test_it_is_small(self, name: str) -> None:
        assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size <= MOST_BYTES

    def test_it_is_valid_and_keeps_no_times(self, name: str) -> None:
        notebook = read(name)

        nbformat.validate(notebook)
        assert not [cell for cell in notebook.cells if "execution" in cell.metadata]
        assert notebook.metadata.kernelspec.name == "python3"


def texts(output: Any) -> list[str]:
    shown = [value for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    return [*shown, *([output.text] if "text" in output else [])]


def small_notebook(*sources: str) -> Any:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_kernel_needs_no_home_and_is_of_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/dev/null")  # no folder can be made there, by nobody
    notebook = small_notebook("import sys\nprint(sys.executable)", "!which python")

    script.execute(notebook, tmp_path, prelude="hidden = 1\n")
    script.tidy(notebook, tmp_path)

    python = Path(script.sys.executable)
    assert [each.text.strip() for each in outputs(notebook)] == [
        str(python),
        str(python.parent / "python"),
    ]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert not any(tmp_path.iterdir())


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    from nbclient.exceptions import CellExecutionError

    with pytest.raises(CellExecutionError, match="1 / 0"):
        script.execute(small_notebook("1 / 0"), tmp_path)


def test_a_prelude_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        script.execute(small_notebook("1"), tmp_path, prelude="1 / 0")


def test_the_folder_and_colours_are_taken_out(tmp_path: Path) -> None:
    notebook = small_notebook("")
    notebook.cells[0].outputs = [
        nbformat.v4.new_output("stream", text=f"\x1b[31m{tmp_path}/a\x1b[0m in {tmp_path}"),
        nbformat.v4.new_output("display_data", {"text/html": f"<p>{tmp_path}/a", "image/png": "/"}),
    ]

    script.tidy(notebook, tmp_path)

    stream, shown = notebook.cells[0].outputs
    assert stream.text == "a in ."
    assert shown.data == {"text/html": "<p>a", "image/png": "/"}


def test_an_unknown_notebook_is_refused() -> None:
    with pytest.raises(SystemExit, match="no notebook 'quickstrat'; there are large_sweeps"):
        script.main(["quickstrat"])
