"""Archives of the published formats become the arrays that they hold; whatever else is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tuner.errors import DataError
from tuner.public_data import DATA_SETS, OriginalFile, fetch, find_data, images, origins

Arrays = Mapping[str, NDArray[np.uint8]]


def idx(array: NDArray[np.uint8]) -> bytes:
    """Return an array as an IDX file, compressed as MNIST's are."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


def random_arrays(shape: tuple[int, ...], train: int, test: int) -> Arrays:
    generator = np.random.default_rng(0)
    return {
        "train_images.npy": generator.integers(0, 256, (train, *shape), np.uint8),
        "train_labels.npy": generator.integers(0, 10, train, np.uint8),
        "test_images.npy": generator.integers(0, 256, (test, *shape), np.uint8),
        "test_labels.npy": generator.integers(0, 10, test, np.uint8),
    }


def write_mnist(folder: Path) -> Arrays:
    arrays = random_arrays((1, 28, 28), 7, 3)
    for name, published in images.MNIST.items():
        array = arrays[name]
        (folder / published).write_bytes(idx(array[:, 0] if array.ndim > 1 else array))
    return arrays


def write_cifar10(folder: Path) -> Arrays:
    arrays = random_arrays((3, 32, 32), 5 * 2, 3)
    with tarfile.open(folder / images.CIFAR10, "w:gz") as archive:
        for part, number, name in [
            *(("train", i, f"data_batch_{i + 1}.bin") for i in range(5)),
            ("test", 0, "test_batch.bin"),
        ]:
            rows = slice(2 * number, 2 * number + 2) if part == "train" else slice(None)
            add(archive, name, records(arrays, part, rows))
    return arrays


def records(arrays: Arrays, part: str, rows: slice) -> bytes:
    labels, pictures = arrays[f"{part}_labels.npy"][rows], arrays[f"{part}_images.npy"][rows]
    return b"".join(
        bytes([label]) + picture.tobytes() for label, picture in zip(labels, pictures, strict=True)
    )


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def publish(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what lies in a folder be what was published."""
    originals = tuple(
        replace(
            each, sha256=hashlib.sha256(content).hexdigest(), size=len(content), url="http://none"
        )
        for each in DATA_SETS[name].originals
        for content in [(folder / each.name).read_bytes()]
    )
    own = replace(DATA_SETS[name], originals=originals)
    monkeypatch.setattr(origins, "DATA_SETS", {name: own})


@pytest.mark.parametrize(("name", "write"), [("mnist", write_mnist), ("cifar10", write_cifar10)])
def test_what_was_published_becomes_arrays(
    name: str,
    write: Callable[[Path], Arrays],
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = write(tmp_path)
    publish(name, tmp_path, monkeypatch)

    folder = fetch(name, source=tmp_path)

    assert folder == find_data(name)
    assert sorted(file.name for file in folder.iterdir()) == sorted(images.FILES)
    for file, array in expected.items():
        found = np.load(folder / file, allow_pickle=False)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(("name", "write"), [("mnist", write_mnist), ("cifar10", write_cifar10)])
def test_an_archive_that_was_not_published_is_refused(
    name: str, write: Callable[[Path], Arrays], cache: Path, tmp_path: Path
) -> None:
    write(tmp_path)  # of the format, but not the real one

    with pytest.raises(DataError, match="is not the file that was published, whose sha256 is"):
        fetch(name, source=tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(struct.pack(">HBBI", 0, 13, 1, 1) + bytes(4)), "no IDX file of unsigned"),
        (gzip.compress(struct.pack(">HBBI", 0, 8, 1, 5) + bytes(4)), "promises 5 bytes, but has 4"),
        (gzip.compress(struct.pack(">HBBII", 0, 8, 2, 1, 2) + bytes(3)), "1 x 2 bytes, but has 3"),
        (gzip.compress(b"\0\0"), "cannot be read"),
        (idx(np.zeros(9, np.uint8))[:-9], "cannot be read: Compressed file ended"),
        (b"<html>", "cannot be read: Not a gzipped file"),
    ],
)
def test_no_idx_file(content: bytes, message: str, tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / images.MNIST["test_labels.npy"]).write_bytes(content)
    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(DataError, match=message):
        images.convert_mnist(tmp_path, out)
    assert list(out.iterdir()) == []


def test_no_cifar10_archive(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read: .*No such file"):
        images.convert_cifar10(tmp_path, tmp_path)
    with tarfile.open(tmp_path / images.CIFAR10, "w:gz") as archive:
        add(archive, "data_batch_1.bin", pickle.dumps({"data": b"", "labels": []}))
    with pytest.raises(DataError, match=r"data_batch_1\.bin .* no records of 3073"):
        images.convert_cifar10(tmp_path, tmp_path)
    with tarfile.open(tmp_path / images.CIFAR10, "w:gz") as archive:
        add(archive, "data_batch_1.bin", bytes(3073))
    with pytest.raises(DataError, match=r"cannot be read: .*data_batch_2\.bin"):
        images.convert_cifar10(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("name", "sizes"), [("mnist", [9912422, 28881, 1648877, 4542]), ("cifar10", [170052171])]
)
def test_the_published_files(name: str, sizes: list[int]) -> None:
    originals: tuple[OriginalFile, ...] = DATA_SETS[name].originals

    assert [each.size for each in originals] == sizes
    assert len({each.sha256 for each in originals}) == len(sizes)
    assert all(each.url.endswith(f"/{each.name}") for each in originals)
