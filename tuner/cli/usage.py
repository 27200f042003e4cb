"""What was typed wrongly, in one line: the rule, the received value, the remedy."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from tuner.errors import SpecError, nearest

__all__ = ["Verbs", "usage_line"]

_KINDS = {int: "a whole number", float: "a number"}


class Verbs(TyperGroup):
    """The verbs of the command; an unknown one is refused with the nearest."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb that ``args`` begin with.

        Raises:
            SpecError: There is no such verb.
        """
        if args[0] not in self.commands:
            raise SpecError(f"unknown verb {args[0]!r}{nearest(args[0], self.commands)}")
        return super().resolve_command(ctx, args)


def usage_line(error: typer.TyperException) -> str:
    """Return what `typer` found wrong with the words of a command, and whose help to read."""
    # Typer's kinds of errors are private, so they are told apart by what they hold.
    context = getattr(error, "ctx", None)
    if isinstance(error, typer.BadParameter) and error.param is not None:
        problem = _value_problem(error, error.param)
    elif context is not None and hasattr(error, "possibilities"):
        name: str = getattr(error, "option_name", "")
        known = [
            option for param in context.command.get_params(context) for option in _names(param)
        ]
        problem = f"unknown option {name!r}{nearest(name, known)}"
    else:
        message = " ".join(error.format_message().split()).rstrip(".")
        problem = f"{message[:1].lower()}{message[1:]}"
    command = "tuner" if context is None else context.command_path
    return f"{problem}{'' if problem.endswith('?') else '.'} See {command} --help."


def _value_problem(error: typer.BadParameter, param: Any) -> str:
    name = param.metavar if param.param_type_name == "argument" else max(param.opts, key=len)
    if hasattr(error, "param_type"):  # of a missing one only
        return f"missing {name}: {str(param.help).rstrip('.')}"
    kind = param.type_descriptor
    received = _received(error)
    if kind.choices is not None:
        values = [choice.value for choice in kind.choices]
        return f"{name} is one of {', '.join(values)}; got {received!r}"
    if kind.annotation in _KINDS:
        least = "" if kind.parameter_info.min is None else f" >= {kind.parameter_info.min}"
        return f"{name} is {_KINDS[kind.annotation]}{least}; got {received!r}"
    return f"{name} cannot be {received!r}: {error.message}"


def _received(error: typer.BadParameter) -> str:
    """Return the text that could not be understood, which pydantic's error holds."""
    problems: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    return str(problems[0]["input"]) if problems else ""


def _names(param: Any) -> list[str]:
    options = [*param.opts, *param.secondary_opts]
    return [option for option in options if option.startswith("-")]
