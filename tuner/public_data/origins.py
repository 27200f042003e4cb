"""The public data sets that tuner can simulate or train with: where each is from, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import SpecError, nearest
from tuner.public_data import algoperf, images, nasbench_nlp

__all__ = ["DATA_SETS", "DataSet", "OriginalFile", "data_set"]


@dataclass(frozen=True)
class OriginalFile:
    """A file as its authors published it.

    Attributes:
        name: What it is called in the data set's folder.
        url: Where it is, pinned to a commit where it is in a repository.
        sha256: Of its content, as hexadecimal digits.
        size: In bytes.
    """

    name: str
    url: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Conversion:
    """How the tables that are read are made of what was published.

    Attributes:
        pattern: Of the paths, in a folder, of what was published.
        convert: Reads what lies in the first folder, and writes the tables to the second.
    """

    pattern: str
    convert: Callable[[Path, Path], None]


@dataclass(frozen=True)
class DataSet:
    """Public learning curves, a model of some, or images to learn from.

    Attributes:
        name: Its folder's name, and how it is asked for.
        summary: What it is, in a line.
        origin: The repository, with the commit; or the page that it was published on.
        licence: Its SPDX name; a word where it has none.
        files: What a reader needs in the folder.
        originals: What is downloaded; empty where that is too much.
        conversion: How ``files`` are made of what was published; None where they are that.
        local_copy: What ``--from`` takes.
    """

    name: str
    summary: str
    origin: str
    licence: str
    files: tuple[str, ...]
    originals: tuple[OriginalFile, ...] = ()
    conversion: Conversion | None = None
    local_copy: str = "a folder with the same files"

    @property
    def size(self) -> int:
        """How many bytes are downloaded."""
        return sum(original.size for original in self.originals)


def _pinned(repository: str, commit: str, path: str, sha256: str, size: int) -> OriginalFile:
    url = f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"
    return OriginalFile(path.rpartition("/")[2], url, sha256, size)


def _of_mnist(array: str, sha256: str, size: int) -> OriginalFile:
    """Return the file of which an array is made, at a mirror: its first address is gone."""
    name = images.MNIST[array]
    return OriginalFile(
        name, f"https://storage.googleapis.com/cvdf-datasets/mnist/{name}", sha256, size
    )


_YAHPO = ("slds-lmu/yahpo_data", "efdab9072f63bd680396cd4b78b927c4a0caaad3")
_NLP = ("fmsnew/nas-bench-nlp-release", "a6d90a3b19e3966b1d009c0970b3761aa46707d1")
_ALGOPERF = ("mlcommons/submissions_algorithms", "12c8e4ea93dc41a1ff6abc3debba9accd8ac1e3a")

_LCBENCH = DataSet(
    name="lcbench_surrogate",
    summary="YAHPO Gym's surrogate of LCBench: MLPs on 34 OpenML tasks, a regression, no noise",
    origin="@".join(_YAHPO),
    licence="Apache-2.0",
    files=("model.onnx", "config_space.json", "encoding.json"),
    originals=(
        _pinned(
            *_YAHPO,
            "lcbench/model.onnx",
            "b45c0d85ae39abf8820c8bea5ac82f415763afcbaf3b725e36af452b09cb6dcd",
            2153124,
        ),
        _pinned(
            *_YAHPO,
            "lcbench/config_space.json",
            "4d1c78a91429b4a37628e13f286cf1abe15f778a09722a4c01714f2d72a8200d",
            2151,
        ),
        _pinned(
            *_YAHPO,
            "lcbench/encoding.json",
            "d8af928f412bbeb07e58ecd69877fcab35fbc595333d1c1c3f76120d2f2508da",
            507,
        ),
    ),
)
_NASBENCH_NLP = DataSet(
    name="nasbench_nlp",
    summary="NAS-Bench-NLP: recorded trainings of 345 recurrent cells on WikiText-2, 50 epochs",
    origin="@".join(_NLP),
    licence="Apache-2.0",
    files=(nasbench_nlp.CURVES,),
    originals=(
        _pinned(
            *_NLP,
            f"train_logs_wikitext-2/{nasbench_nlp.LOGS}",
            "f5052d6bea6398001e32c986322a243e8cdedffa906caf242eb0a62ee105aa12",
            879000,
        ),
    ),
    conversion=Conversion(nasbench_nlp.LOGS, nasbench_nlp.convert),
)
_ALGOPERF_LOGS = DataSet(
    name="algoperf",
    summary="MLCommons AlgoPerf v0.5 and v0.6: 4,231 recorded trainings of 18 workloads on 8 GPUs",
    origin="@".join(_ALGOPERF),
    licence="Apache-2.0",
    files=(algoperf.TRIALS, algoperf.CURVES),
    conversion=Conversion(algoperf.LOGS, algoperf.convert),
    local_copy="a git clone of it",
)
_MNIST = DataSet(
    name="mnist",
    summary="MNIST: 70,000 handwritten digits of 28 x 28 pixels, 10,000 of them to test on",
    origin="http://yann.lecun.com/exdb/mnist",
    licence="unstated",
    files=images.FILES,
    originals=(
        _of_mnist(
            "train_images.npy",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            9912422,
        ),
        _of_mnist(
            "train_labels.npy",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            28881,
        ),
        _of_mnist(
            "test_images.npy",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            1648877,
        ),
        _of_mnist(
            "test_labels.npy",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            4542,
        ),
    ),
    conversion=Conversion(images.MNIST["train_images.npy"], images.convert_mnist),
)
_CIFAR10 = DataSet(
    name="cifar10",
    summary="CIFAR-10: 60,000 photographs of 32 x 32 pixels in 10 classes, 10,000 to test on",
    origin="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence="unstated",
    files=images.FILES,
    originals=(
        OriginalFile(
            images.CIFAR10,
            f"https://www.cs.toronto.edu/~kriz/{images.CIFAR10}",
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            170052171,
        ),
    ),
    conversion=Conversion(images.CIFAR10, images.convert_cifar10),
)

DATA_SETS: Mapping[str, DataSet] = {
    each.name: each for each in (_LCBENCH, _NASBENCH_NLP, _ALGOPERF_LOGS, _MNIST, _CIFAR10)
}
"""Every data set, by name."""


def data_set(name: str) -> DataSet:
    """Return a data set by name.

    Raises:
        SpecError: There is none of that name.
    """
    if name not in DATA_SETS:
        raise SpecError(f"unknown data set {name!r}{nearest(name, DATA_SETS)}")
    return DATA_SETS[name]
