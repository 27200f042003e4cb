"""Where sweeps lie: a folder of this machine, or a URI such as ``s3://bucket/results``.

A URI may hold credentials. They are used and never told: whatever turns a `Uri` into text gets
one without them, so that none reaches a file, a log or a screen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from tuner.errors import SpecError

__all__ = ["Place", "Uri", "place_of", "without_credentials"]

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]*")

_TOLD = frozenset(
    {
        "allow_bucket_creation",
        "allow_bucket_deletion",
        "anonymous",
        "connect_timeout",
        "endpoint_override",
        "force_virtual_addressing",
        "region",
        "request_timeout",
        "scheme",
    }
)
"""Parameters of a URI that are no secrets; others are left out of what is told."""


_USER_IS_A_PLACE = frozenset({"abfs", "abfss", "hdfs", "wasb", "wasbs"})
"""Schemes whose URIs have no secret before the ``@``, but a container or a user's name."""


@dataclass(frozen=True)
class Uri:
    """A folder that is reached through a file system of its own.

    Like a `Path` it has a ``name`` and a ``parent``, and ``uri / "name"`` is a folder in it.

    Attributes:
        secret: The whole URI, with credentials.
    """

    secret: str = field(repr=False)

    def __str__(self) -> str:
        return without_credentials(self.secret)

    def __repr__(self) -> str:
        return f"Uri({str(self)!r})"

    def __truediv__(self, name: str) -> Uri:
        return self._with_path(f"{self._path}/{name}")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return unquote(self._path.rpartition("/")[2])

    @property
    def parent(self) -> Uri:
        """The folder that holds it."""
        return self._with_path(self._path.rpartition("/")[0])

    @property
    def _path(self) -> str:
        return urlsplit(self.secret).path.rstrip("/")

    def _with_path(self, path: str) -> Uri:
        return Uri(urlsplit(self.secret)._replace(path=path).geturl())


Place: TypeAlias = Path | Uri


def place_of(given: str | Path | Uri) -> Place:
    """Return the place that a user names; ``file://`` and paths are folders of this machine.

    Raises:
        SpecError: A ``file://`` URI names another host.
    """
    if isinstance(given, Uri):
        return given
    text = str(given)
    if isinstance(given, Path) or "://" not in text:
        return Path(given).expanduser()
    parts = urlsplit(text)
    if parts.scheme != "file":
        return Uri(text)
    if parts.netloc not in ("", "localhost"):
        raise SpecError(f"a file:// URI is of this machine (file:///folder), got {text!r}")
    return Path(unquote(parts.path))


def without_credentials(text: str) -> str:
    """Return ``text`` with what may be secret taken out of each URI in it."""
    return _URI.sub(lambda found: _told(found[0]), text)


def _told(uri: str) -> str:
    parts = urlsplit(uri)
    told = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name in _TOLD and "@" not in value
    ]
    user, _, host = parts.netloc.rpartition("@")
    path = parts.path
    if parts.scheme in _USER_IS_A_PLACE and ":" not in user:
        host = parts.netloc
    if "@" in path and not host.rpartition(":")[2].isdigit() and ":" in host:
        host, path = path.rpartition("@")[2], ""  # a secret with a slash that was not encoded
    return parts._replace(netloc=host, path=path, query=urlencode(told), fragment="").geturl()
