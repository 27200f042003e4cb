"""One upload, in a thread of its own."""

from __future__ import annotations

import threading

from tuner.store.mirror import Mirror
from tuner.store.outbox import Snapshot

__all__ = ["Upload"]


class Upload:
    """Brings a snapshot to the remote, and removes what was frozen for it.

    Args:
        mirror: Knows the remote; no other upload of it is under way.
        snapshot: What to bring there.

    Attributes:
        failure: Why it did not arrive; None where it did, or has not ended.
    """

    def __init__(self, mirror: Mirror, snapshot: Snapshot) -> None:
        self.failure: Exception | None = None
        self._mirror = mirror
        self._snapshot = snapshot
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether it arrived or failed."""
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Wait for its end; Ctrl-C is heard meanwhile."""
        while not self.has_ended:
            self._thread.join(0.2)

    def _run(self) -> None:
        try:
            self._mirror.upload(self._snapshot)
        except Exception as failure:
            self.failure = failure
        finally:
            self._snapshot.close()
