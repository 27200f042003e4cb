from __future__ import annotations

from typing import Any

from rich.console import Console, RenderableType

from tuner.cli.cluster_tables import nodes_parts


def node(name: str, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "node": name,
        "node_id": f"id-{name}",
        "cpu": 8.0,
        "gpu": 2.0,
        "present_s": 100.0,
        "workers": 4,
        "cpu_busy": 0.5,
        "gpu_busy": 0.25,
        "idle_s": 6.0,
        "unused_s": 20.0,
    }
    return {**given, **changes}


def text_of(parts: list[RenderableType]) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return captured.get()


def test_the_least_used_node_comes_first_and_waste_is_named() -> None:
    nodes = [
        node("busy"),
        node("idle", workers=0, cpu_busy=0.0, gpu_busy=None, gpu=0.0, idle_s=0.0, unused_s=100.0),
    ]

    lines = [line.split() for line in text_of(list(nodes_parts(nodes))).splitlines() if line]

    assert lines[1] == ["idle", "8", "0", "1m", "40s", "0", "0%", "-", "-", "1m", "40s"]
    assert lines[2] == ["busy", "8", "2", "1m", "40s", "4", "50%", "25%", "1.5s", "20s"]
    assert " ".join(lines[3]) == "1 node of 2 never had a worker: idle"


def test_one_node_is_not_worth_a_table() -> None:
    assert list(nodes_parts([node("only")])) == []


def test_of_many_nodes_the_least_used_are_shown() -> None:
    nodes = [node(f"n{number:03}", unused_s=float(number)) for number in range(100)]

    text = text_of(list(nodes_parts(nodes)))

    assert "n099" in text
    assert "n079" not in text
    assert "80 more nodes (--json)" in text
