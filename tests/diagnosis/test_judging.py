"""One fact that is off makes one finding, with its remedy; all is told where all is well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tuner.diagnosis import (
    ClusterFacts,
    Diagnosis,
    Level,
    Listener,
    NodeFacts,
    StorageSight,
    Versions,
    judge,
)

GIB = 2**30
VERSIONS = Versions(python="3.11.9", ray="2.60.0", tuner="0.1.0", torch="2.13.0+cu128")
CHECKS = [
    *("nodes", "versions", "tuner", "storage", "gpus", "disk", "object store"),
    *("clock", "authentication", "ports"),
]


def node(number: int, **facts: Any) -> NodeFacts:
    well: dict[str, Any] = {
        "node_id": f"id{number}", "host": f"n{number}", "address": f"10.0.0.{number}", "gpus": 2.0,
        "versions": VERSIONS, "gpus_by_torch": 2, "disk_free": 50 * GIB, "disk_total": 100 * GIB,
        "object_store": 8 * GIB, "shared_memory": 16 * GIB, "storage": StorageSight(True, True),
    }  # fmt: skip
    return NodeFacts(**well | facts)


def cluster(*second: NodeFacts, **facts: Any) -> ClusterFacts:
    well: dict[str, Any] = {
        "address": "auto", "driver": VERSIONS, "token": True, "storage_path": "/shared/results",
        "nodes": (node(1, is_driver=True), *(second or (node(2),))),
    }  # fmt: skip
    return ClusterFacts(**well | facts)


def of(found: Diagnosis, *levels: Level) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (each.check, each.message, each.nodes) for each in found.findings if each.level in levels
    ]


def test_what_was_looked_at_is_told_where_all_is_well() -> None:
    found = judge(cluster())

    assert [each.check for each in found.findings] == CHECKS
    assert {each.level for each in found.findings} == {Level.ok}
    assert found.ok
    assert found.nodes == 2


@pytest.mark.parametrize(
    ("facts", "level", "check", "message"),
    [
        ({"failure": "the worker died"}, "error", "nodes", "the worker died"),
        ({"versions": replace(VERSIONS, ray="2.61.0")}, "error", "versions", "Ray is 2.61.0"),
        ({"versions": replace(VERSIONS, python="3.12.1")}, "error", "versions", "Python is 3.12"),
        (
            {"versions": replace(VERSIONS, tuner=None, tuner_error="No module named 'tuner'")},
            "error", "tuner", "No module named 'tuner'",
        ),
        ({"versions": replace(VERSIONS, tuner="0.2.0")}, "error", "tuner", "0.2.0 there and 0.1.0"),
        ({"storage": StorageSight(False, False)}, "error", "storage", "another folder"),
        ({"storage": StorageSight(True, False)}, "error", "storage", "another folder"),
        (
            {"storage": StorageSight(True, False, "PermissionError: denied")},
            "error", "storage", "cannot be used there: PermissionError: denied",
        ),
        ({"gpus_by_torch": 0}, "error", "gpus", "Ray hands out 2 GPUs and torch 2.13.0+cu128 can"),
        ({"gpus_by_torch": 3}, "warning", "gpus", "torch can use 3 GPUs and Ray hands out 2"),
        (
            {"gpus_by_torch": None, "versions": replace(VERSIONS, torch=None)},
            "warning", "gpus", "there is no torch",
        ),
        ({"disk_free": 9 * GIB}, "warning", "disk", "91% full, 9.0 GiB are free"),
        ({"disk_free": 5 * GIB}, "error", "disk", "95% full"),
        ({"shared_memory": GIB // 16}, "warning", "object store", "/dev/shm has 0.1 GiB"),
        ({"clock_ahead_s": 3.0}, "warning", "clock", "3 s ahead of"),
        ({"clock_ahead_s": -45.0}, "error", "clock", "45 s behind"),
    ],
)  # fmt: skip
def test_one_fact_that_is_off(facts: dict[str, Any], level: str, check: str, message: str) -> None:
    found = judge(cluster(node(2, **facts)))
    (finding,) = [each for each in found.findings if each.level is not Level.ok]

    assert (finding.check, finding.level) == (check, level)
    assert message in finding.message
    assert finding.nodes == ("n2 (10.0.0.2)",)
    assert finding.remedy
    assert found.ok is (level == "warning")
    assert check not in {each.check for each in found.findings if each.level is Level.ok}


def test_the_last_digit_of_python_may_differ() -> None:
    assert judge(cluster(node(2, versions=replace(VERSIONS, python="3.11.2")))).ok


def test_nodes_that_are_off_in_the_same_way_are_named_together() -> None:
    other = replace(VERSIONS, ray="2.61.0")
    found = judge(cluster(node(2, versions=other), node(3, versions=other)))

    assert [nodes for _, _, nodes in of(found, Level.error)] == [("n2 (10.0.0.2)", "n3 (10.0.0.3)")]


def test_a_driver_that_cannot_write() -> None:
    found = judge(cluster(storage_error="the storage path must be writable"))

    assert [(each.check, each.nodes) for each in found.errors] == [("storage", ("the driver",))]


def test_no_storage_path_is_no_finding() -> None:
    found = judge(cluster(node(2, storage=None), storage_path=None))

    assert "storage" not in {each.check for each in found.findings}
    assert found.ok


def test_remedies_differ_for_folders_and_uris() -> None:
    sight = StorageSight(False, False, "OSError: 403")
    (folder,) = judge(cluster(node(2, storage=sight))).errors
    (uri,) = judge(cluster(node(2, storage=sight), storage_path="s3://bucket/x")).errors

    assert "mount" in folder.remedy
    assert "credentials" in uri.remedy


def test_no_token_matters_where_there_are_several_machines() -> None:
    open_dashboard = node(2, listeners=(Listener("dashboard", "0.0.0.0", 8265),))
    with_token = judge(cluster(open_dashboard))
    without = judge(cluster(open_dashboard, token=False))

    assert not with_token.warnings
    assert [(each.check, each.nodes) for each in without.warnings] == [
        ("authentication", ()),
        ("ports", ("n2 (10.0.0.2)",)),
    ]
    assert "0.0.0.0:8265" in without.warnings[1].message


def test_nodes_need_to_reach_each_other() -> None:
    inner = (Listener("gcs_server", "0.0.0.0", 6379), Listener("raylet", "10.0.0.2", 40001))
    found = judge(cluster(node(2, listeners=inner), token=False))

    assert [each.check for each in found.warnings] == ["authentication"]


@pytest.mark.parametrize(
    ("token", "listeners", "checks"),
    [
        (False, (), []),
        (True, (Listener("gcs_server", "0.0.0.0", 6379),), []),
        (False, (Listener("gcs_server", "0.0.0.0", 6379),), ["ports"]),
    ],
)
def test_one_machine(token: bool, listeners: tuple[Listener, ...], checks: list[str]) -> None:
    alone = node(1, is_driver=True, listeners=listeners)
    found = judge(cluster(token=token, nodes=(alone,)))

    assert [each.check for each in found.warnings] == checks


def test_json() -> None:
    document = judge(cluster(node(2, clock_ahead_s=-45.0))).to_json()

    assert document["ok"] is False
    assert [each["level"] for each in document["findings"] if each["check"] == "clock"] == ["error"]


def test_what_hides_tuner_is_named_and_not_what_follows_from_it() -> None:
    missing = node(2, versions=replace(VERSIONS, tuner=None, tuner_error="the wrong one"))
    (error,) = judge(cluster(missing, hidden_by="/home/me/tuner")).errors

    assert (error.check, error.nodes) == ("tuner", ("the driver",))
    assert error.message == "workers import /home/me/tuner in place of the installed tuner"
    assert error.remedy.startswith("rename it")


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("s3://bucket/x", "endpoint_override"),
        ("gs://bucket/x", "credentials"),
        ("/shared/x", "make it writable"),
    ],
)
def test_what_to_do_where_the_driver_cannot_write(path: str, remedy: str) -> None:
    (error,) = judge(cluster(storage_path=path, storage_error="it cannot be reached")).errors

    assert (error.check, error.nodes) == ("storage", ("the driver",))
    assert remedy in error.remedy


def test_the_remedy_for_open_ports_closes_them() -> None:
    listening = (Listener("gcs_server", "::", 6379),)
    alone = node(1, is_driver=True, listeners=listening)
    (warning,) = judge(cluster(token=False, nodes=(alone,))).warnings

    # What `ray start` does with --node-ip-address=127.0.0.1 is to take another one.
    assert "--node-ip-address" not in warning.remedy
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0" in warning.remedy
