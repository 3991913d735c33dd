"""docs/reference/cli.md"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from bizaiops_bot.cli.lazy import COMMANDS, app_of
from tools.reference.markdown import code, page, table

INTRO = """\
`bizaiops` starts the bot and talks to it. In a checkout it is `.venv/bin/bizaiops` after `make install`."""
KINDS = {"int": "NUMBER", "float": "NUMBER", "Path": "PATH"}
EXITS = (
    ("0", "Done; or a run waits for a person."),
    ("1", "Refused, or it failed; `doctor`: something cannot work; `audit verify`: an entry was changed."),
    ("2", "Wrong use: an unknown option, setting or file."),
    ("3", "No bot answers at the address."),
    ("4", "Time is over (`say --wait`), or watching was stopped; the bot goes on."),
)


def render() -> str:
    """The page."""
    exits = f"## Exit codes\n\n{table(('Code', 'Means'), EXITS)}"
    return page("Command line", INTRO, [*_all(), exits])


def _all() -> Iterator[str]:
    """A section a command, in the order of `bizaiops --help`."""
    for name in COMMANDS:
        app = app_of(name)
        first = [c for c in app.registered_commands if name in (c.name, c.callback and c.callback.__name__)]
        if first and not app.info.help:
            yield _one(first[0].callback, f"bizaiops {name}")  # type: ignore[arg-type]
        else:
            yield from _commands(app, f"bizaiops {name}")


def _commands(group: typer.Typer, path: str) -> Iterator[str]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield _one(command.callback, f"{path} {command.name or command.callback.__name__}")
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from _commands(inner.typer_instance, f"{path} {inner.name}")


def _one(callback: Callable[..., Any], path: str) -> str:
    hints = get_type_hints(callback, include_extras=True)
    parameters = [(p, hints[p.name]) for p in inspect.signature(callback).parameters.values()]
    arguments = [_said(p) for p, hint in parameters if isinstance(_info(hint), ArgumentInfo)]
    usage = " ".join([path, *arguments, *(["[OPTIONS]"] if len(parameters) > len(arguments) else [])])
    rows = [_row(p, hint) for p, hint in parameters]
    parts = [f"## {path}", inspect.getdoc(callback) or "", f"```text\n{usage}\n```"]
    return "\n\n".join([*parts, table(("Option", "Default", "Meaning"), rows)]).rstrip()


def _said(parameter: inspect.Parameter) -> str:
    """An argument in the usage line: "TEXT" in quotes, [FOLDER] when it may be left out."""
    name = parameter.name.upper()
    return f'"{name}"' if parameter.default is inspect.Parameter.empty else f"[{name}]"


def _info(hint: Any) -> OptionInfo | ArgumentInfo:
    info: OptionInfo | ArgumentInfo = next(m for m in hint.__metadata__ if isinstance(m, OptionInfo | ArgumentInfo))
    return info


def _row(parameter: inspect.Parameter, hint: Any) -> tuple[str, str, str]:
    info = _info(hint)
    help_words, _, told = (info.help or "").partition(" [default: ")
    if isinstance(info, ArgumentInfo):
        needed = parameter.default is inspect.Parameter.empty
        return code(parameter.name.upper()), "required" if needed else told.rstrip("]."), f"{help_words.rstrip('.')}."
    flag = hint.__origin__ is bool
    # Within Annotated, typer takes the first spelling for a default.
    given = [text for text in (info.default, *(info.param_decls or ())) if str(text).startswith("-")]
    spelling = next(iter(given), f"--{parameter.name.replace('_', '-')}")
    default = "no" if flag else told.rstrip("].") or ("" if parameter.default is None else code(parameter.default))
    kind = "NAME=COLUMN" if parameter.name.endswith("_column") else _kind(hint.__origin__)
    return code(spelling if flag else f"{spelling} {kind}"), default, help_words.rstrip(".") + "."


def _kind(annotation: Any) -> str:
    text = str(annotation)
    return next((word for part, word in KINDS.items() if part in text), "TEXT")
