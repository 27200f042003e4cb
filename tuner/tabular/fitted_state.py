"""Fitted scikit-learn estimators as bytes, and back without running what somebody else wrote.

A pickle names what is to be called while it is read. This one may name scikit-learn's estimators,
the few plain parts of which they consist, and NumPy's arrays and generators, and nothing else: no
function of the system, no code of anybody's.
"""

from __future__ import annotations

import importlib
import io
import pickle
import warnings
import zlib
from typing import Any

from tuner.errors import StorageError

__all__ = ["from_bytes", "to_bytes"]

_PARTS = frozenset(
    {
        ("builtins", "slice"),
        ("copyreg", "_reconstructor"),
        ("builtins", "object"),
        ("numpy", "dtype"),
        ("numpy", "float64"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.random._generator", "Generator"),
        ("numpy.random._pickle", "__bit_generator_ctor"),
        ("numpy.random._pickle", "__generator_ctor"),
        ("numpy.random._pickle", "__randomstate_ctor"),
        ("numpy.random._pcg64", "PCG64"),
        ("numpy.random.bit_generator", "SeedSequence"),
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"),
        ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
        ("sklearn.tree._tree", "Tree"),
        ("sklearn.utils._bunch", "Bunch"),
    }
)
_DAMAGES = (
    *(pickle.UnpicklingError, zlib.error, EOFError),
    *(AttributeError, ImportError, IndexError, ValueError),
)
_LOSSES = ("sklearn._loss.loss", "sklearn._loss.link")
_COMPILED_LOSSES = "sklearn._loss._loss"


def to_bytes(fitted: Any) -> bytes:
    """Return a fitted estimator as bytes; `from_bytes` reads them."""
    return zlib.compress(pickle.dumps(fitted, protocol=5), level=1)


def from_bytes(content: bytes) -> Any:
    """Return the estimator that `to_bytes` was given.

    Raises:
        StorageError: The bytes are damaged, or name something else than estimators and arrays.
    """
    from sklearn.exceptions import InconsistentVersionWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            return _Reader(io.BytesIO(zlib.decompress(content))).load()
    except InconsistentVersionWarning as warning:
        raise StorageError(
            f"a model is read by the scikit-learn that wrote it: {warning.original_sklearn_version}"
            f", and this is {warning.current_sklearn_version}; install that one, or train again"
        ) from None
    except _DAMAGES as error:
        raise StorageError(f"cannot read a fitted estimator: {error}") from error


class _Reader(pickle.Unpickler):
    """Reads estimators and arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PARTS or _is_loss(module, name) or _is_estimator(module, name):
            return getattr(importlib.import_module(module), name)
        raise pickle.UnpicklingError(
            f"a model consists of scikit-learn's estimators and NumPy's arrays, got {module}.{name}"
        )


def _is_estimator(module: str, name: str) -> bool:
    from sklearn.base import BaseEstimator

    if not module.startswith("sklearn."):
        return False
    found = getattr(importlib.import_module(module), name, None)
    return isinstance(found, type) and issubclass(found, BaseEstimator)


def _is_loss(module: str, name: str) -> bool:
    """Say whether it is one of the loss functions that boosting keeps, or makes one again."""
    if module == _COMPILED_LOSSES:
        return name.startswith(("Cy", "__pyx_unpickle_Cy"))
    if module not in _LOSSES:
        return False
    return isinstance(getattr(importlib.import_module(module), name, None), type)
