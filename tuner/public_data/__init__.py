"""Public curves and images on this machine: what there is, where it lies, how it gets there.

- `origins`: every data set, with the commit and the hashes of what its authors published.
- `locating`: ``TUNER_DATA_DIR``, else the cache.
- `fetching`: fills the cache, from the web or from a local copy.
- `downloading`: one file, in pieces if need be, held to its hash.
- `nasbench_nlp`, `algoperf`: tables of what is published as many small files.
- `images`: MNIST's and CIFAR-10's archives as arrays.
"""

from __future__ import annotations

from tuner.public_data.fetching import fetch
from tuner.public_data.locating import DATA_VARIABLE, cache_folder, find_data, local_copy
from tuner.public_data.origins import DATA_SETS, DataSet, OriginalFile, data_set

__all__ = [
    "DATA_SETS",
    "DATA_VARIABLE",
    "DataSet",
    "OriginalFile",
    "cache_folder",
    "data_set",
    "fetch",
    "find_data",
    "local_copy",
]
