"""A scripted sweep that is uploaded, a remote that fails, and a witness of what is there."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyarrow.fs import LocalFileSystem
from scripted import OPTIONS, SCRIPT, perform

from tuner.errors import StorageError
from tuner.places import Uri
from tuner.store import SweepLayout, SweepWriter, load, read_history
from tuner.store.copies import download
from tuner.store.mirror import Mirror
from tuner.store.outbox import Outbox
from tuner.store.remote import RemoteFolder

Seen = list[tuple[int, str]]


class Flaky(RemoteFolder):
    """A remote that refuses one operation of its many, or all from one on.

    ``looks`` is called before each operation that changes something.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(Uri("mock://remote/sweep"), LocalFileSystem(), str(folder))
        self.operations = 0
        self.fails_at: range | None = None
        self.looks: Callable[[], None] = lambda: None

    def write(self, name: str, content: bytes | Path) -> None:
        self._count()
        super().write(name, content)

    def remove(self, name: str) -> None:
        self._count()
        super().remove(name)

    def _count(self) -> None:
        self.looks()
        self.operations += 1
        if self.fails_at is not None and self.operations - 1 in self.fails_at:
            raise StorageError("the network is away")


class Driver:
    """Writes a scripted sweep and uploads it after every few steps."""

    def __init__(self, layout: SweepLayout, remote: RemoteFolder, existing: bool = False) -> None:
        self.layout = layout
        self.outbox = Outbox(layout, layout.root.parent / ".outbox")
        self.mirror = Mirror(remote, layout)
        opened: Any = SweepWriter.reopen if existing else SweepWriter
        self.writer = opened(layout, **OPTIONS, before_flush=self.outbox.retire)

    def upload(self) -> bool:
        snapshot = self.outbox.freeze(dict(self.mirror.known))
        try:
            self.mirror.upload(snapshot)
        except StorageError:
            return False
        finally:
            snapshot.close()
        return True

    def carry_out(self, every: int) -> None:
        for number, step in enumerate(SCRIPT):
            perform(self.writer, [step])
            if number % every == 0:
                self.upload()


def seen(layout: SweepLayout) -> Seen:
    return [(record.seq, record.kind) for record in read_history(layout)]


def downloaded(remote: RemoteFolder, folder: Path) -> SweepLayout:
    layout = SweepLayout(folder / "sweep")
    download(remote, layout)
    return layout


class Witness:
    """Looks at a remote now and then: it always holds a beginning, which never gets shorter."""

    def __init__(self, remote: Flaky, expected: Seen, folder: Path) -> None:
        self.reached = 0
        self._remote = remote
        self._expected = expected
        self._folders: Iterator[Path] = (folder / f"look-{n}" for n in itertools.count())
        remote.looks = self.look

    def look(self) -> None:
        if not Path(self._remote.path, "sweep.json").exists():
            return
        folder = next(self._folders)
        layout = downloaded(self._remote, folder)
        found = seen(layout)
        assert found == self._expected[: len(found)]
        assert len(found) >= self.reached
        self.reached = len(found)
        load(layout.root).trials()
        shutil.rmtree(folder)
