"""Verbs that take the options of another one: listed once, parsed and explained in each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from inspect import Parameter
from typing import Any, TypeVar

__all__ = ["also_takes"]

_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def also_takes(
    options: Callable[..., Any],
    *,
    but: Collection[str] = (),
    instead: Mapping[str, Any] | None = None,
) -> Callable[[_Verb], _Verb]:
    """Let the ``**words`` of a verb stand for the options of another function.

    They are listed after its arguments, and before what it takes by keyword only.

    Args:
        options: Its parameters are the options.
        but: Names of those that the verb does not take.
        instead: Annotations of those that mean something else to the verb, by name.
    """
    own_words = instead or {}
    theirs = {
        name: parameter.replace(
            kind=Parameter.KEYWORD_ONLY, annotation=own_words.get(name, parameter.annotation)
        )
        for name, parameter in inspect.signature(options, eval_str=True).parameters.items()
        if name not in but
    }

    def extend(verb: _Verb) -> _Verb:
        signature = inspect.signature(verb, eval_str=True)
        own = [each for each in signature.parameters.values() if each.kind != Parameter.VAR_KEYWORD]
        first = [each for each in own if each.kind != Parameter.KEYWORD_ONLY]
        last = [each for each in own if each.kind == Parameter.KEYWORD_ONLY]
        taken = [*first, *theirs.values(), *last]
        # What typer reads.
        verb.__signature__ = signature.replace(parameters=taken)  # type: ignore[attr-defined]
        verb.__annotations__ = {each.name: each.annotation for each in taken}
        return verb

    return extend
