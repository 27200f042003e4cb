"""A cluster on this machine: its nodes are apart, and nothing of them stays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from local_cluster import main
from ray_nodes import LocalCluster


def on(cluster: LocalCluster, node: str, *argv: str) -> str:
    command = cluster.command(node, list(argv))
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def test_nodes_have_names_disks_and_processes_of_their_own(cluster: LocalCluster) -> None:
    assert [on(cluster, name, "hostname") for name in cluster.nodes] == ["n1", "n2", "n3"]
    on(cluster, "n1", "touch", str(cluster.shared / "seen"), str(cluster.folder / "disk" / "mine"))
    assert on(cluster, "n2", "ls", str(cluster.folder / "disk")) == ""
    assert "seen" in on(cluster, "n2", "ls", str(cluster.shared)).split()
    assert (cluster.shared / "seen").exists()
    assert "node_init.py" in on(cluster, "n3", "cat", "/proc/1/cmdline")


def test_the_command_line_tells_of_mistakes(
    cluster: LocalCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--dir", str(cluster.folder)]
    assert main([*here, "status"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "n2  up    cpus=4  gpus=2"
    for argv, words in [
        ([*here, "up", "2"], "there is a cluster in"),
        ([*here, "kill", "n9"], "no node 'n9'; there are n1, n2, n3"),
        ([*here, "start", "n2"], "node n2 is up already"),
        (["--dir", str(tmp_path), "down"], "there is no cluster in"),
        (["--dir", str(tmp_path), "up", "3", "--gpus", "1,2"], "one for each of 3 nodes"),
    ]:
        assert main(argv) == 1
        assert words in capsys.readouterr().err
    assert main([*here, "exec", "n3", "--", "false"]) == 1
