"""The dashboard asks for metrics that there are, by labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tuner.runtime.metrics import METRICS

DASHBOARD = json.loads((Path(__file__).parents[2] / "cluster/grafana/tuner.json").read_text())
LABELS = {f"ray_{each.name}": {"sweep", "scenario", *each.tags} for each in METRICS}
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_every_metric_is_shown() -> None:
    shown = {name for query in QUERIES for name in re.findall(r"ray_\w+", query)}

    assert shown == LABELS.keys()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_uses_labels_that_its_metrics_have(query: str) -> None:
    common = set.intersection(*(LABELS[name] for name in re.findall(r"ray_\w+", query)))
    grouped = {
        label.strip() for by in re.findall(r"by \(([^)]*)\)", query) for label in by.split(",")
    }
    selected = set(re.findall(r"(\w+)=~?\"", query))

    assert grouped | selected <= common


def test_a_legend_names_labels_that_its_query_keeps() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            kept = re.findall(r"by \(([^)]*)\)", target["expr"])[0].split(", ")
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= set(kept)


def test_the_sweep_is_chosen_among_those_that_report() -> None:
    variables: dict[str, Any] = {each["name"]: each for each in DASHBOARD["templating"]["list"]}

    name, label = re.findall(r"label_values\((\w+), (\w+)\)", variables["sweep"]["query"])[0]
    assert label in LABELS[name]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
