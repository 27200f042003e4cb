"""The one thing pyproject.toml cannot say: the packages of ``tuner/`` and one from elsewhere.

The bundled scenarios live in the top-level folder ``scenarios/`` and are installed as
``tuner.bundled``, so that a user's own ``scenarios`` package is never shadowed.
"""

from __future__ import annotations

from setuptools import find_packages, setup

setup(
    packages=["tuner", "tuner.bundled", *(f"tuner.{name}" for name in find_packages("tuner"))],
    package_dir={"tuner.bundled": "scenarios"},
)
