"""Keywords of `tuner.run` in errors become options; everything else stays as it is."""

from __future__ import annotations

import pytest

from tuner.cli.option_names import errors_name_options, with_option_names
from tuner.errors import ResourcesError, SpecError, SweepFailedError
from tuner.options import SweepOptions


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "num_samples=-1 never ends; give time_budget_s as well",
            "--num-samples -1 never ends; give --time-budget as well",
        ),
        ("got num_samples=None; name its size", "got no --num-samples; name its size"),
        ("max_failures must be a whole number", "--max-failures must be a whole number"),
        ("num_cpus, num_gpus size a local Ray", "--num-cpus, --num-gpus size a local Ray"),
        ("points_to_evaluate[0] must be", "--points-to-evaluate[0] must be"),
        ("worker_mode is one of", "--worker-mode is one of"),
        ("bohb:num_samples must be >= 1", "bohb:num_samples must be >= 1"),
        ("no keyword 'num_samples'", "no keyword 'num_samples'"),
        ("no keyword 'x'; known: a, num_samples", "no keyword 'x'; known: a, num_samples"),
        ("results/num_samples exists", "results/num_samples exists"),
        ("my_num_samples num_samples_2", "my_num_samples num_samples_2"),
        ("the seed and the name of its resources", "the seed and the name of its resources"),
    ],
)
def test_what_becomes_of_a_message(message: str, expected: str) -> None:
    assert with_option_names(message, ()) == expected


def test_what_scenarios_have_too_is_an_option_where_it_was_given() -> None:
    message = "grace_period must not exceed max_t=1, but is 5"
    assert with_option_names(message, ()) == message
    assert with_option_names(message, {"grace_period"}) == (
        "--grace-period must not exceed max_t=1, but is 5"
    )
    assert with_option_names("'asha:max_t=3' is refused", {"max_t"}) == "'asha:max_t=3' is refused"


def test_a_word_is_an_option_where_it_was_given_and_the_message_is_about_it() -> None:
    message = "share must be a weight from 0.001 to 1000, got 0.0; the share of a GPU is another"
    assert with_option_names(message, ()) == message
    assert with_option_names(message, {"share"}) == f"--{message}"
    assert with_option_names("the share must be", {"share"}) == "the share must be"


def test_every_name_is_one_of_an_option() -> None:
    import typer.main

    from tuner.cli.app import app

    run = typer.main.get_command(app).commands["run"]
    known = {option for param in run.params for option in param.opts}
    for keyword in SweepOptions.__annotations__:
        named = with_option_names(f"{keyword} is wrong", [keyword]).removesuffix(" is wrong")
        assert named in known or "_" not in keyword


def test_an_error_keeps_its_kind_and_its_cause() -> None:
    refused = ResourcesError("num_gpus=3 is more than there is")
    with (
        pytest.raises(ResourcesError, match=r"^--num-gpus 3 is") as caught,
        errors_name_options(()),
    ):
        raise refused
    assert caught.value.__cause__ is refused
    with pytest.raises(SpecError, match=r"^a name$"), errors_name_options(()):
        raise SpecError("a name")
    with pytest.raises(SweepFailedError, match="num_gpus"), errors_name_options(()):
        raise SweepFailedError("num_gpus")
