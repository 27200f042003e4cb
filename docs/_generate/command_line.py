"""Every verb and option, as the command line itself has them."""

from __future__ import annotations

import re
from typing import Any

import typer
from launch_keys import launch_keys
from page_parts import cell, code, page, table

from tuner.cli.app import app

__all__ = ["commands_page", "verbs"]

_EXIT_CODES = (
    ("0", "the sweep finished and no trial failed"),
    (
        "1",
        "no trial succeeded, the sweep could not be carried on, what is asked for is not in it "
        "(yet), such as a lineage to draw, or a check failed",
    ),
    (
        "2",
        "usage: the call cannot work as it stands, or a first report showed that it cannot; the "
        "line says what to change",
    ),
    ("3", "the sweep finished, and some trials failed"),
    ("130", "interrupted; what was done is saved, and `tuner resume` goes on"),
)
_DIM = re.compile(r"\s*\[dim\]\((default: .*?)\)\[/\]", re.DOTALL)
_TYPES = {int: "NUMBER", float: "NUMBER"}


def verbs() -> dict[str, Any]:
    """Return every verb's command, in the order of ``tuner --help``; ``data list`` too."""
    found: dict[str, Any] = {}
    top: Any = typer.main.get_command(app)
    for name, command in top.commands.items():
        inner = getattr(command, "commands", None)
        found |= (
            {f"{name} {sub}": each for sub, each in inner.items()} if inner else {name: command}
        )
    return found


def commands_page() -> str:
    """Return the page of the command line."""
    listed = [
        [f"[`tuner {name}`](#{_anchor(name)})", cell(_first_line(command))]
        for name, command in verbs().items()
    ]
    return page(
        "Command line",
        "`tuner VERB --help` says the same. A sweep, a study or a comparison is named by its "
        "folder or URI, or by its name below `./results`.",
        table(("verb", "what it does"), listed),
        "## Exit codes",
        table(("code", "meaning"), ([code(number), text] for number, text in _EXIT_CODES)),
        "With `TUNER_DEBUG=1` an error shows its traceback.",
        "## Launch files",
        "`tuner run FILE.toml` takes a sweep from a file: the keywords of "
        "[`tuner.run`](python.md), but for `callbacks`, and some as the command line spells them. "
        "The command line overrides the file.",
        launch_keys(),
        "## Verbs",
        *(_verb(name, command) for name, command in verbs().items()),
    )


def _verb(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    usage = " ".join(["tuner", name, *(_argument(each) for each in arguments), "[OPTIONS]"])
    parts = [f"### `tuner {name}`", f"```text\n{usage}\n```", _description(command)]
    if arguments:
        rows = [[code(each.metavar), cell(_help(each)[0])] for each in arguments]
        parts.append(table(("argument", "meaning"), rows))
    for panel, options in _panels(command).items():
        rows = [_option(each) for each in options]
        parts.append(table((panel.lower() or "option", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _panels(command: Any) -> dict[str, list[Any]]:
    """Return the options by the panel in which ``--help`` has them; the unnamed one first."""
    panels: dict[str, list[Any]] = {"": []}
    for each in command.params:
        if each.param_type_name == "option" and not each.hidden:
            panels.setdefault(each.rich_help_panel or "", []).append(each)
    return {panel: options for panel, options in panels.items() if options}


def _option(each: Any) -> list[str]:
    text, default = _help(each)
    spelled = ", ".join(code(name) for name in (*each.opts, *each.secondary_opts))
    value = _value(each)
    return [f"{spelled} {code(value)}".strip(), cell(default or _plain_default(each)), cell(text)]


def _value(each: Any) -> str:
    if each.is_flag or each.metavar == "":
        return ""
    kind = each.type_descriptor
    if kind.choices is not None:
        return "|".join(choice.value for choice in kind.choices)
    return each.metavar or _TYPES.get(kind.annotation, "TEXT")


def _plain_default(each: Any) -> str:
    shown = each.show_default and not each.is_flag and each.default not in (None, [], ())
    return str(each.default) if shown else ""


def _help(each: Any) -> tuple[str, str]:
    """Return what an option is for, and its default in words if it has one."""
    text = each.help or ""
    default = _DIM.search(text)
    told = default[1].removeprefix("default: ") if default else ""
    return re.sub(r"\[/?\w*\]", "", _DIM.sub("", text)).strip(), told


def _argument(each: Any) -> str:
    many = "..." if each.nargs == -1 else ""
    return f"{each.metavar}{many}" if each.required else f"[{each.metavar}{many}]"


def _description(command: Any) -> str:
    paragraphs = (command.help or "").replace("\b", "").split("\n\n")
    return "\n\n".join(cell(paragraph) for paragraph in paragraphs)


def _first_line(command: Any) -> str:
    return (command.help or "").partition("\n\n")[0].replace("\n", " ")


def _anchor(name: str) -> str:
    return f"tuner-{name.replace(' ', '-')}"
