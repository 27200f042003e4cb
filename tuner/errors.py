"""The errors a caller can meet, arranged by what the caller should do about them.

```
TunerError
├── UsageError              change the call, the scenario or the command (exit code 2)
│   ├── ScenarioError       the scenario is malformed, or cannot be found or imported
│   │   └── SpaceError      its search space is empty or holds something that is no domain
│   ├── SpecError           an unknown name or keyword, a bad value, a combination that cannot work
│   │   └── CutShortError      a simulation would need more of a curve than was recorded
│   ├── ResourcesError      trials ask for more than any node of the cluster has
│   ├── StorageError        the folder cannot be written, or holds no sweep
│   │   ├── SweepExistsError   a sweep of that name is already there
│   │   └── SweepBusyError     another process drives the sweep
│   └── ReportError         the trainable does not report what the scenario promises
├── NoResultError           the sweep holds no usable value of the metric (yet) (exit code 1)
├── RankFailedError         a trial on several processes lost one of them; its error is told
├── SweepFailedError        the sweep could not be carried on (exit code 1)
├── DataError               public data cannot be had, or is not what was published (exit code 1)
└── MissingDependencyError  install the extra that the message names (exit code 2)
```

Every message states the rule, the received value and the remedy.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "CutShortError",
    "DataError",
    "MissingDependencyError",
    "NoResultError",
    "RankFailedError",
    "ReportError",
    "ResourcesError",
    "ScenarioError",
    "SpaceError",
    "SpecError",
    "StorageError",
    "SweepBusyError",
    "SweepExistsError",
    "SweepFailedError",
    "TunerError",
    "UsageError",
    "nearest",
]

_MOST_NAMES = 32  # in one message


class TunerError(Exception):
    """Base of every error that tuner raises on purpose."""

    exit_code = 1


class UsageError(TunerError, ValueError):
    """The call cannot work as it stands; nothing was started and nothing was lost."""

    exit_code = 2


class ScenarioError(UsageError):
    """The scenario is malformed, or cannot be found or imported."""


class SpaceError(ScenarioError):
    """The search space is empty, or holds something that is not a domain."""


class SpecError(UsageError):
    """An unknown name or keyword, a bad value, or a combination that cannot work."""


class CutShortError(SpecError):
    """A simulation would need more of a recorded curve than there is; nothing is made up."""


class ResourcesError(UsageError):
    """Trials ask for more than any node of the cluster has."""


class StorageError(UsageError):
    """The storage folder cannot be written, or holds no sweep."""


class SweepExistsError(StorageError):
    """A sweep of that name is already there; tuner never overwrites one."""


class SweepBusyError(StorageError):
    """Another process drives the sweep; the message names its host and pid."""


class ReportError(UsageError):
    """The trainable does not report the metric or the time attribute it promised."""


class NoResultError(TunerError):
    """The sweep holds no usable value of the metric, so there is no best trial."""


class RankFailedError(TunerError):
    """One of the processes of a trial failed; the message has its number and its error.

    Attributes:
        death: What Ray said where the process died; None where its code raised.
    """

    death: Exception | None = None


class SweepFailedError(TunerError):
    """The sweep could not be carried on; what was reported is kept."""


class DataError(TunerError):
    """Public data cannot be fetched, or is not what was published."""


class MissingDependencyError(TunerError, ImportError):
    """An optional dependency is not installed; the message names the extra."""

    exit_code = 2


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of an error message about an unknown ``name``.

    Args:
        name: What was received.
        known: Every accepted spelling.

    Returns:
        ``"; did you mean 'asha'?"`` where one is close, and (some of) the known names otherwise.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not names:
        return ""
    more = f", ... ({len(names)} in all)" if len(names) > _MOST_NAMES else ""
    return f"; known: {', '.join(names[:_MOST_NAMES])}{more}"
