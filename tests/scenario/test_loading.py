"""`load_scenario`: a bundled name, a module or a file, and an error that says what to do."""

from __future__ import annotations

import fnmatch
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ray import cloudpickle

from tuner.errors import MissingDependencyError, ScenarioError
from tuner.scenario import Scenario, bundled_scenarios, load_scenario

SOURCE = """
    import functools
    from ray import tune
    from tuner.scenario import Scenario

    @functools.lru_cache(maxsize=7)
    def data():
        return 41

    def train(config):
        return {"loss": data() + config["x"]}

    SCENARIO = Scenario(
        name="mine", trainable=train, space={"x": tune.uniform(0, 1)},
        metric="loss", mode="min", max_t=1,
    )
"""

Write = Callable[..., Path]

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = sorted(path.stem for path in (ROOT / "scenarios").glob("[!_]*.py"))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, source: str = SOURCE, **replaced: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = textwrap.dedent(source)
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return path

    return write


@pytest.fixture(autouse=True)
def _clean_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in an empty folder; forget what the test imported from it."""
    monkeypatch.chdir(tmp_path)
    path, modules = sys.path[:], set(sys.modules)
    yield
    sys.path[:] = path
    for name in sys.modules.keys() - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_scenario_is_returned_as_it_is(write: Write) -> None:
    scenario = load_scenario(write("a.py"))
    assert load_scenario(scenario) is scenario


def test_a_path(write: Write) -> None:
    path = write("folder/my-scenario.py")
    for ref in (path, str(path), "folder/my-scenario.py", Path("folder/my-scenario.py")):
        scenario = load_scenario(ref)
        assert scenario.name == "mine"
        assert scenario.source == str(path)
        assert load_scenario(str(scenario.source)).name == "mine"


def test_a_path_is_read_again(write: Write) -> None:
    assert load_scenario(write("a.py")).metric == "loss"
    assert load_scenario(write("a.py", loss="cost")).metric == "cost"


def test_files_of_the_same_name_do_not_meet(write: Write) -> None:
    one, two = load_scenario(write("1/a.py")), load_scenario(write("2/a.py", mine="other"))
    assert (one.name, two.name) == ("mine", "other")
    assert one.trainable.__module__ != two.trainable.__module__


def test_another_attribute(write: Write) -> None:
    path = write("a.py", SCENARIO="OTHER")
    assert load_scenario(f"{path}:OTHER").source == f"{path}:OTHER"
    assert load_scenario("a:OTHER").source == "a:OTHER"
    with pytest.raises(ScenarioError, match=r"must define SCENARIO, but .* holds OTHER: load .*:O"):
        load_scenario(path)


def test_a_module_in_the_current_folder(write: Write) -> None:
    write("scenarios/__init__.py", "")
    write("scenarios/mine.py")
    scenario = load_scenario("scenarios.mine")
    assert (scenario.name, scenario.source) == ("mine", "scenarios.mine")


def test_a_module_without_a_package(write: Write) -> None:
    write("plain_one.py")
    assert load_scenario("plain_one").source == "plain_one"


def test_a_file_may_import_its_neighbours(write: Write) -> None:
    write("folder/neighbour_of_b.py", "NAME = 'from-neighbour'")
    source = "from neighbour_of_b import NAME\n" + textwrap.dedent(SOURCE)
    path = write("folder/b.py", source.replace('"mine"', "NAME"))
    assert load_scenario(path).name == "from-neighbour"


@pytest.mark.parametrize("kind", ["file", "module"])
def test_a_process_that_cannot_import_it_can_train_it(kind: str, write: Write) -> None:
    write("folder/neighbour_of_c.py", "def double(x):\n    return 2 * x\n")
    source = "import neighbour_of_c\n" + textwrap.dedent(SOURCE)
    path = write("folder/c_scenario.py", source.replace("data() +", "neighbour_of_c.double(1) +"))
    os.chdir(path.parent)
    scenario = load_scenario(path if kind == "file" else "c_scenario")
    pickled = Path("trainable.pkl").resolve()
    pickled.write_bytes(cloudpickle.dumps(scenario.trainable))
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.mkdir()
    script = (
        "import pickle, sys;"
        "train = pickle.load(open(sys.argv[1], 'rb'));"
        "assert 'c_scenario' not in sys.modules;"
        "print(train({'x': 40}))"
    )
    command = [sys.executable, "-c", script, str(pickled)]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'loss': 42}"


def test_a_cached_function_stays_cached_on_the_way(write: Write) -> None:
    scenario = load_scenario(write("d.py"))
    train = pickle.loads(cloudpickle.dumps(scenario.trainable))
    assert train({"x": 1}) == {"loss": 42}
    assert train.__globals__["data"].cache_info().maxsize == 7
    assert train.__globals__["data"].cache_info().currsize == 1


def test_cached_functions_of_importable_modules_still_travel_as_names(write: Write) -> None:
    load_scenario(write("e.py"))
    cached = vars(fnmatch)["_compile_pattern"]
    assert pickle.loads(cloudpickle.dumps(cached)) is cached


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("missing.py", r"must exist, but .*missing\.py is not there"),
        ("here.pyy.py", r"did you mean 'here\.py'"),
        ("folder.py", "is a folder"),
        ("digits_mpl", "unknown scenario 'digits_mpl'.*did you mean 'digits_mlp'"),
        ("hare", "unknown scenario 'hare'.*did you mean 'here'"),
        ("no.such.module", r"unknown scenario 'no\.such\.module'"),
        ("os.nope", r"unknown scenario 'os\.nope'"),
        ("folder/x", "a path that ends in .py, but is 'folder/x'"),
        ("", "a path that ends in .py, but is ''"),
        ("json", "must define SCENARIO, but json does not nor any other"),
    ],
)
def test_what_is_not_there(ref: str, message: str, write: Write) -> None:
    write("here.py")
    Path("folder.py").mkdir()
    with pytest.raises(ScenarioError, match=message):
        load_scenario(ref)


@pytest.mark.parametrize("kind", ["file", "module"])
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("\n\n1 / 0", r"ZeroDivisionError: division by zero \(.*broken_one\.py:3\)"),
        ("x = 1\ndef f(:\n", r"SyntaxError: .*broken_one\.py:2\)"),
        ("import not_installed_xyz", r"No module named 'not_installed_xyz' \(.*broken_one\.py:1\)"),
        ("import sys\nsys.exit(3)", r"SystemExit: 3 \(.*broken_one\.py:2\)"),
        ("import json\njson.loads('{')", r"JSONDecodeError.*broken_one\.py:2\)"),
        (
            "from ray import tune\nfrom tuner.scenario import Scenario\n"
            "SCENARIO = Scenario(name='x', trainable=print, space={'lr': tune.uniform},\n"
            "                    metric='a', mode='min', max_t=1)",
            r"SpaceError: space\['lr'\] is tune.uniform itself.*broken_one\.py:3\)",
        ),
        ("SCENARIO = 3", "SCENARIO must be a tuner.Scenario, but in .* it is a int"),
        ("SCENARIOS = 3", "does not nor any other tuner.Scenario; did you mean 'SCENARIOS'"),
        ("", "must define SCENARIO"),
    ],
)
def test_broken_modules(source: str, message: str, kind: str, write: Write) -> None:
    path = write("broken_one.py", source)
    with pytest.raises(ScenarioError, match=message):
        load_scenario(path if kind == "file" else "broken_one")
    assert not [name for name in sys.modules if "broken_one" in name] or "SCENARIO" in message


def test_bundled_scenarios_are_listed_without_importing_them() -> None:
    script = (
        "import sys; from tuner.scenario import bundled_scenarios; names = bundled_scenarios();"
        "assert not {'ray', 'torch', 'sklearn', 'pandas', 'numpy'} & set(sys.modules);"
        "print(*names)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == BUNDLED
    assert all(line.endswith(".") for line in bundled_scenarios().values())


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_scenarios_load(name: str) -> None:
    scenario = load_scenario(name)
    assert isinstance(scenario, Scenario)
    assert (scenario.name, scenario.source) == (name, name)
    assert scenario.description


def test_a_bundled_scenario_wins_over_a_module_of_its_name(write: Write) -> None:
    write("tabular.py")
    assert load_scenario("tabular").name == "tabular"
    assert load_scenario("tabular.py").name == "mine"


def test_a_missing_dependency_of_a_bundled_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    monkeypatch.delitem(sys.modules, "tuner.bundled.tabular", raising=False)
    with pytest.raises(MissingDependencyError, match="pip install"):
        load_scenario("tabular")
