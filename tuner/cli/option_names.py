"""Errors in the words of the command line: ``--num-samples 3`` where Python has ``num_samples=3``.

The checks that `tuner.run` makes speak of its keywords, for the command line and Python alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from tuner.errors import UsageError
from tuner.options import SweepOptions

__all__ = ["errors_name_options", "with_option_names"]

_ALSO_ELSEWHERE = frozenset({"max_t", "grace_period"})
"""Scenarios have them too: they are options where they were given as such."""


@contextmanager
def errors_name_options(given: Collection[str]) -> Iterator[None]:
    """Let what is wrong with a sweep be said in the words in which it was asked for.

    Args:
        given: The keywords of `tuner.run` that the command line sets.
    """
    try:
        yield
    except UsageError as error:
        raise type(error)(with_option_names(str(error), given)) from error


def with_option_names(message: str, given: Collection[str]) -> str:
    """Return ``message`` with each keyword of `tuner.run` as its option.

    Keywords of one word (``seed``) also mean what they say, and stay, except for one that was
    given and with which the message begins. So do those of a scheduler or a searcher, which stand
    in quotes, after a colon, or in a list of known ones.
    """
    told, known, names = message.partition("; known: ")
    first, _, rest = told.partition(" ")
    if first in given and "_" not in first and rest.startswith("must be "):
        told = f"--{told}"
    for keyword, option in _options(given).items():
        place = rf"(?<![\w'\":,./-]){keyword}(?![\w/-])"
        told = re.sub(rf"{place}=None\b", f"no {option}", told)
        told = re.sub(rf"{place}=", f"{option} ", told)
        told = re.sub(place, option, told)
    return f"{told}{known}{names}"


def _options(given: Collection[str]) -> dict[str, str]:
    keywords = {keyword for keyword in SweepOptions.__annotations__ if "_" in keyword}
    return {keyword: _spelled(keyword) for keyword in keywords - (_ALSO_ELSEWHERE - set(given))}


def _spelled(keyword: str) -> str:
    return f"--{keyword.removesuffix('_s').replace('_', '-')}"
