"""The first process of a node that has namespaces of its own: sets it up, runs Ray, reaps.

Reads one line of JSON from stdin once the node has its network: ``hostname``, ``binds`` (pairs of
folder and mount point), ``memory_disks`` (pairs of mount point and size), and of the command that
makes it a node of Ray ``argv``, ``env``, ``log`` and ``pid_file`` (where its process id goes, as
the node counts). It ends with that command; when it ends, or is killed, the kernel kills all other
processes of the node.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path


def main() -> None:
    node = json.loads(sys.stdin.readline())
    socket.sethostname(node["hostname"])
    for folder, point in node["binds"]:
        subprocess.run(["mount", "--bind", folder, point], check=True)
    for point, size in node["memory_disks"]:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", point], check=True)
    with Path(node["log"]).open("ab") as log:
        ray = subprocess.Popen(
            node["argv"], env=node["env"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    Path(node["pid_file"]).write_text(f"{ray.pid}\n")
    while os.wait()[0] != ray.pid:  # any process that ends here: else Ray's would stay as zombies
        pass


if __name__ == "__main__":
    main()
