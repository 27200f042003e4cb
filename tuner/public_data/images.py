"""MNIST's and CIFAR-10's published archives, each as four arrays: images and labels of two parts.

MNIST comes as IDX files (a big-endian header: two zero bytes, the type, the number of dimensions,
and each dimension as 32 bits; then the values), CIFAR-10's binary archive as records of a label
byte and the red, the green and the blue plane of an image. Neither is unpickled.
"""

from __future__ import annotations

import gzip
import math
import struct
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.errors import DataError

__all__ = ["CIFAR10", "FILES", "MNIST", "convert_cifar10", "convert_mnist", "read_idx"]

Bytes = NDArray[np.uint8]

FILES = ("train_images.npy", "train_labels.npy", "test_images.npy", "test_labels.npy")
"""Images, uint8 ``[n, channels, height, width]``, and labels, uint8 ``[n]``, in published order."""

MNIST: Mapping[str, str] = {
    "train_images.npy": "train-images-idx3-ubyte.gz",
    "train_labels.npy": "train-labels-idx1-ubyte.gz",
    "test_images.npy": "t10k-images-idx3-ubyte.gz",
    "test_labels.npy": "t10k-labels-idx1-ubyte.gz",
}
"""By the array's file, the published one."""

CIFAR10 = "cifar-10-binary.tar.gz"

_UNSIGNED_BYTES = 0x08  # the only type of IDX that MNIST has
_CIFAR10_IMAGE = (3, 32, 32)
_CIFAR10_PARTS = {
    "train": tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)),
    "test": ("cifar-10-batches-bin/test_batch.bin",),
}


def convert_mnist(source: Path, folder: Path) -> None:
    """Make the four arrays in a folder, of the IDX files in another.

    Raises:
        DataError: One of them is missing, or is no such file.
    """
    arrays = {name: _read(source / published, read_idx) for name, published in MNIST.items()}
    _write(
        folder,
        {name: array[:, None] if array.ndim > 1 else array for name, array in arrays.items()},
    )


def convert_cifar10(source: Path, folder: Path) -> None:
    """Make the four arrays in a folder, of the binary archive in another.

    Raises:
        DataError: It is no such archive.
    """
    parts = _read(source / CIFAR10, _read_cifar10)
    _write(folder, parts)


def read_idx(path: Path) -> Bytes:
    """Return the array of a compressed IDX file of unsigned bytes.

    Raises:
        DataError: It holds another type, or not as many values as its header says.
    """
    content = gzip.decompress(path.read_bytes())
    zeros, kind, dimensions = struct.unpack_from(">HBB", content)
    if (zeros, kind) != (0, _UNSIGNED_BYTES):
        raise DataError(f"{path} is no IDX file of unsigned bytes: it begins {content[:4]!r}")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    begin = 4 + 4 * dimensions
    if len(content) != begin + math.prod(shape):
        raise DataError(
            f"{path} promises {' x '.join(map(str, shape))} bytes, but has {len(content) - begin}"
        )
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)


def _read_cifar10(path: Path) -> dict[str, Bytes]:
    arrays = {}
    with tarfile.open(path, "r:gz") as archive:
        for part, members in _CIFAR10_PARTS.items():
            batches = [_records(archive, path, member) for member in members]
            records = np.concatenate(batches)
            arrays[f"{part}_images.npy"] = records[:, 1:].reshape(-1, *_CIFAR10_IMAGE)
            arrays[f"{part}_labels.npy"] = records[:, 0]
    return arrays


def _records(archive: tarfile.TarFile, path: Path, member: str) -> Bytes:
    """Return the records of one file of the archive, ``[n, 1 + 3072]``; nothing is unpacked."""
    file = archive.extractfile(member)
    content = b"" if file is None else file.read()
    size = 1 + math.prod(_CIFAR10_IMAGE)
    if not content or len(content) % size:
        raise DataError(f"{member} of {path} has {len(content)} bytes, no records of {size}")
    return np.frombuffer(content, np.uint8).reshape(-1, size)


def _read(path: Path, read: Callable[[Path], Any]) -> Any:
    try:
        return read(path)
    except (OSError, EOFError, KeyError, struct.error, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _write(folder: Path, arrays: Mapping[str, Bytes]) -> None:
    """Write all arrays, the last of them last: a folder that has every file is whole."""
    for name, array in arrays.items():
        part = folder / f"{name}.part"
        with part.open("wb") as file:
            np.save(file, array, allow_pickle=False)
        part.replace(folder / name)
