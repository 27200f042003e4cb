"""Inputs in and predictions out, as text and as arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tuner.errors import SpecError, StorageError
from tuner.playbook.finalization.prediction_files import read_inputs, write_predictions


def test_a_line_of_numbers_is_an_example_and_a_line_of_words_is_not(tmp_path: Path) -> None:
    file = tmp_path / "inputs.csv"
    file.write_text("1,2.5\n3,4e1\n")
    assert read_inputs(file).to_numpy().tolist() == [[1, 2.5], [3, 40]]
    file.write_text("x,y\n1,a\n")
    assert read_inputs(file).to_dict("records") == [{"x": 1, "y": "a"}]


def test_predictions_survive(tmp_path: Path) -> None:
    probabilities = np.array([[0.25, 0.75], [1.0, 0.0]])
    write_predictions(tmp_path / "out.npy", probabilities)
    assert read_inputs(tmp_path / "out.npy").tolist() == probabilities.tolist()
    write_predictions(tmp_path / "out.csv", probabilities)
    written = pd.read_csv(tmp_path / "out.csv")
    assert written["class"].tolist() == [1, 0]
    assert written[["probability_0", "probability_1"]].to_numpy().tolist() == probabilities.tolist()
    write_predictions(tmp_path / "out.csv", np.array([1.5]))
    assert pd.read_csv(tmp_path / "out.csv").to_dict("list") == {"prediction": [1.5]}
    write_predictions(tmp_path / "out.csv", np.array([[1.5, 2.0]]), of_values=True)
    both = {"prediction_0": [1.5], "prediction_1": [2.0]}
    assert pd.read_csv(tmp_path / "out.csv").to_dict("list") == both


def test_classes_have_the_names_that_people_call_them(tmp_path: Path) -> None:
    probabilities = np.array([[0.25, 0.75], [1.0, 0.0]])
    write_predictions(tmp_path / "out.parquet", probabilities, classes=("no", "yes"))
    expected = {"class": ["yes", "no"], "probability_no": [0.25, 1], "probability_yes": [0.75, 0]}
    assert read_inputs(tmp_path / "out.parquet").to_dict("list") == expected


def test_files_that_cannot_be_are_said(tmp_path: Path) -> None:
    for wrong in (lambda path: read_inputs(path), lambda path: write_predictions(path, np.ones(1))):
        with pytest.raises(SpecError, match=r"\.csv or \.parquet or \.npy"):
            wrong(tmp_path / "file.xlsx")
        with pytest.raises(StorageError, match="cannot"):
            wrong(tmp_path / "nowhere" / "file.csv")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(StorageError, match="pickle"):
        read_inputs(tmp_path / "objects.npy")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(StorageError, match="cannot read"):
        read_inputs(tmp_path / "empty.csv")
