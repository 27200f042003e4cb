"""Results as notebooks show them: complete, aligned, and escaped."""

from __future__ import annotations

import dataclasses
import html.parser
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from ray import tune

import tuner
from tuner.display import Display, Displayed, Grid, facts

sys.path.insert(0, str(Path(__file__).parent / "playbook"))

from stored_sweeps import Planted, stored

EVIL = "<script>alert(1)</script>"


def stored_sweep(folder: Path, losses: Sequence[float]) -> tuner.Sweep:
    """Return a sweep with a trial for each loss, which it reaches in its second report."""
    trials = [Planted({EVIL: 1}, {"loss": [loss + 1, loss]}) for loss in losses]
    return stored(folder, trials, space={EVIL: tune.randint(0, 9)})


class Checked(html.parser.HTMLParser):
    """Reads HTML strictly: every tag is closed, and only harmless ones occur."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"div", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td",
                       "br"}  # fmt: skip
        assert {name for name, _ in attrs} <= {"style"}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def shown(result: Displayed) -> tuple[str, list[str]]:
    """Return what IPython gets of a result: the text, and the words of the HTML."""
    bundle = result._repr_mimebundle_()
    assert bundle["text/html"] == result._repr_html_()
    return bundle["text/plain"], Checked(bundle["text/html"]).words


def test_columns_are_aligned_words_to_the_left_and_figures_to_the_right() -> None:
    grid = Grid((("asha", "0.5"), ("hyperband", "12")), ("arm", "regret"), title="Regret")

    assert list(grid.lines()) == [
        "Regret",
        "arm        regret",
        "asha          0.5",
        "hyperband      12",
    ]
    assert 'style="text-align: right; padding: 0.1em 0.6em">0.5<' in grid.html()


def test_a_cell_may_have_lines() -> None:
    grid = Grid((("warn", "first\n-> second"), ("pass", "third")), words=2)

    assert list(grid.lines()) == ["warn  first", "      -> second", "pass  third"]
    assert "first<br>-&gt; second" in grid.html()


def test_everything_is_escaped() -> None:
    display = Display(EVIL, (Grid(((EVIL, EVIL),), (EVIL, EVIL), title=EVIL),), (EVIL,))

    assert Checked(display.html()).words.count(EVIL) == 7


def test_a_table_without_rows_is_left_out() -> None:
    assert Display("title", (Grid((), ("a", "b")),), ("note",)).text() == "title\n\nnote"
    assert "table" not in Display("title", (facts([]),)).html()


def test_a_class_has_to_say_what_is_worth_seeing() -> None:
    with pytest.raises(NotImplementedError, match="Displayed says what"):
        Displayed()._repr_html_()


def test_ipython_takes_it_instead_of_the_repr_of_a_dataclass() -> None:
    formatters = pytest.importorskip("IPython.core.formatters")

    @dataclasses.dataclass(frozen=True)
    class Result(Displayed):
        value: int

        def _display(self) -> Display:
            return Display(f"value {self.value}")

    told, _ = formatters.DisplayFormatter().format(Result(3))

    assert told == {"text/plain": "value 3", "text/html": Result(3)._repr_html_()}
    assert repr(Result(3)).endswith("Result(value=3)")


RESULTS = {
    "Adoption", "Audit", "AutoML", "Comparison", "Diagnosis", "Finalization", "Forecast",
    "Hindsight", "Isolation", "Probe", "Refinement", "Reproduction", "SimulatedSweep", "Study",
    "Sweep", "Table", "TrialResult",
}  # fmt: skip


def test_every_result_of_a_public_function_can_be_shown() -> None:
    assert {
        name
        for name in tuner.__all__
        if isinstance(getattr(tuner, name), type) and issubclass(getattr(tuner, name), Displayed)
    } == RESULTS


class TestSweeps:
    def test_state_counts_and_the_best_trial(self, tmp_path: Path) -> None:
        text, words = shown(stored_sweep(tmp_path, [3.0, 1.0, 2.0]))

        assert text.splitlines() == [
            f"{tmp_path}/sweep: s, fifo+random",
            "",
            "state          unknown",
            "trials         3: 3 completed",
            "reports        6",
            "best           loss 1 (min), t000001 at iteration 2",
            f"configuration  {EVIL}=1",
        ]
        assert f"{EVIL}=1" in words

    def test_one_without_any_value(self, tmp_path: Path) -> None:
        text, _ = shown(stored_sweep(tmp_path, [float("nan")]))

        assert "best     no trial has reported a finite loss" in text

    def test_one_that_holds_nothing_yet(self, tmp_path: Path) -> None:
        text, _ = shown(stored_sweep(tmp_path, []))

        assert "trials   none" in text

    def test_a_trial(self, tmp_path: Path) -> None:
        text, words = shown(stored_sweep(tmp_path, [3.0, 1.0]).best())

        assert text.splitlines()[:5] == [
            "t000001: completed", "", "value        1", "iteration    2", "trained for  2s"
        ]  # fmt: skip
        assert EVIL in words

    def test_a_simulated_one_tells_the_time(self) -> None:
        sweep = tuner.simulate(
            "branin", scheduler="asha", searcher="random", num_samples=9, cluster="3", seed=0
        )

        text, words = shown(sweep)

        assert text.startswith("branin: asha+random, simulated")
        assert any(word.endswith("on 3, in virtual time") for word in words)
        assert f"{sweep.epochs:,}, {sweep.epochs / 243:.0%} of full trainings" in words

    def test_several_objectives_have_a_front(self, tmp_path: Path) -> None:
        trials = [Planted({"x": x}, {"loss": [x], "size": [1 - x]}) for x in (0.2, 0.4)]
        objectives = [{"metric": "loss", "mode": "min"}, {"metric": "size", "mode": "min"}]

        text, _ = shown(stored(tmp_path, trials, objectives=objectives))

        assert "Pareto front   2 trials, also by size (min)" in text


def test_a_forecast_shows_what_it_costs_and_the_rungs() -> None:
    scenario = tuner.find_task("branin").scenario
    found = tuner.plan(
        scenario, scheduler="hyperband", searcher="random", num_samples=49, cluster="4"
    )

    text, words = shown(found)

    assert text == str(found)
    assert words[0] == f"{found.scenario}  hyperband+random  49 trials of at most 27 epoch"
    assert {"bracket", "to epoch", "epochs", "wall"} <= set(words)


def test_a_hindsight_shows_an_arm_per_row() -> None:
    full = tuner.simulate("digits_mlp", scheduler="fifo", searcher="random", num_samples=20, seed=0)

    found = tuner.replay(full, arms=["asha", "median"], orderings=5)
    text, words = shown(found)

    assert text == str(found)
    assert {"asha", "median", "keeps the winner", found.intervals} <= set(words)


def test_an_audit_shows_a_check_per_row_with_its_remedy(tmp_path: Path) -> None:
    audit = tuner.audit(stored_sweep(tmp_path, [3.0, 1.0, 2.0]))

    text, words = shown(audit)

    assert text.splitlines()[0] == audit.heading
    assert text.splitlines()[-1] == audit.tally
    assert {finding.check for finding in audit.findings} <= set(words)
    assert any(word.startswith("-> ") for word in words)
