"""A training state in a folder: written as torch tensors and JSON, read without unpickling code.

The tree of dicts, lists, tuples, numbers, strings, bytes, NumPy arrays and torch tensors is kept
exactly, except that NumPy scalars become Python numbers and other mappings become dicts. With a
tensor in it the file is ``state.pt``, read with ``torch.load(weights_only=True)``; without one
it is ``state.json`` and torch is not needed. Other objects are refused when the state is saved,
not when it is needed again.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_state", "write_state"]

_TENSORS_FILE = "state.pt"
_PLAIN_FILE = "state.json"


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write ``state`` into the existing ``folder``.

    Raises:
        TypeError: The state holds an object that could only be kept by pickling it.
    """
    encoder = _Encoder()
    tree = encoder.encode(state, "checkpoint")
    if encoder.found_tensor:
        import torch

        torch.save(tree, folder / _TENSORS_FILE)
    else:
        (folder / _PLAIN_FILE).write_text(json.dumps(tree), encoding="utf-8")


def read_state(folder: Path) -> dict[str, Any]:
    """Return what `write_state` wrote; tensors are on the CPU.

    Raises:
        FileNotFoundError: The folder holds no state.
    """
    if (folder / _TENSORS_FILE).exists():
        import torch

        tree = torch.load(folder / _TENSORS_FILE, map_location="cpu", weights_only=True)
    elif (folder / _PLAIN_FILE).exists():
        tree = json.loads((folder / _PLAIN_FILE).read_text(encoding="utf-8"))
    else:
        raise FileNotFoundError(
            f"a checkpoint holds {_TENSORS_FILE} or {_PLAIN_FILE}, but {folder} has neither; "
            "was it written by another trainable?"
        )
    state: dict[str, Any] = _decode(tree)
    return state


class _Encoder:
    """Turns a state into JSON values and tensors; what JSON lacks becomes ``{"$kind": ...}``."""

    def __init__(self) -> None:
        self.found_tensor = False

    def encode(self, value: Any, path: str) -> Any:
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, np.generic) and not isinstance(value, np.void):
            return self.encode(value.item(), path)
        if isinstance(value, Mapping):
            return self._encode_mapping(value, path)
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            items = [self.encode(item, f"{path}[{i}]") for i, item in enumerate(value)]
            return items if isinstance(value, list) else {"$tuple": items}
        if isinstance(value, bytes):
            return {"$bytes": base64.b64encode(value).decode()}
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            return {"$array": _array_to_text(value)}
        if _is_tensor(value):
            self.found_tensor = True
            return value
        raise TypeError(
            "a checkpoint holds None, numbers, strings, bytes, NumPy arrays, tensors, and lists, "
            f"tuples or dicts of them, but {path} is a {type(value).__name__}: "
            "return its plain values from state_dict() and build it again in load_state_dict()"
        )

    def _encode_mapping(self, value: Mapping[Any, Any], path: str) -> Any:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: self.encode(item, f"{path}[{key!r}]") for key, item in value.items()}
        return {
            "$items": [
                [self.encode(key, f"{path}, key {key!r},"), self.encode(item, f"{path}[{key!r}]")]
                for key, item in value.items()
            ]
        }


def _decode(tree: Any) -> Any:
    """Undo `_Encoder.encode`."""
    if isinstance(tree, list):
        return [_decode(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    match tree:
        case {"$tuple": items}:
            return tuple(_decode(item) for item in items)
        case {"$bytes": text}:
            return base64.b64decode(text)
        case {"$array": text}:
            return _array_from_text(text)
        case {"$items": pairs}:
            return {_decode(key): _decode(item) for key, item in pairs}
    return {key: _decode(item) for key, item in tree.items()}


def _array_to_text(array: np.ndarray[Any, Any]) -> str:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return base64.b64encode(buffer.getvalue()).decode()


def _array_from_text(text: str) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
    return array


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")  # no tensor exists in a process that has not imported it
    return torch is not None and isinstance(value, torch.Tensor)
