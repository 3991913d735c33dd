"""Adds a line to an intent file: comments, order and quoting of the rest stay, or nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound
from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router.intents import NONE, load_intents
from bizaiops_bot.router.training import pairs


def add_example(folder: Path, intent: str, line: str, specs: Sequence[PlaybookSpec]) -> bool:
    """Adds `line` to the examples of an intent; False when it is one already.

    Raises Conflict when another intent has it, BadInput when the files would not be usable with it: then nothing has
    changed.
    """
    path = _file(folder, intent)
    text = path.read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    if line in data["examples"]:
        return False
    owner = next((i.name for i in load_intents(folder) if line in i.examples), "")
    if owner:
        raise Conflict(f"{line!r} is an example of {owner} already.", do=f"Drop it here, or take it out of {owner}.")
    data["examples"].append(line)
    _write(path, folder, _behind_last_item(text, line), data, specs)
    return True


def add_look_alike(folder: Path, intent: str, line: str, other: str, specs: Sequence[PlaybookSpec]) -> bool:
    """Adds `line` to what an intent must not match, as another intent or "none"; False when it stands there already.

    Raises as `add_example`.
    """
    path = _file(folder, intent)
    text = path.read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    known: dict[str, str] = data.setdefault("must_not", {})
    if known.get(line) == other:
        return False
    if line in known or line in data["examples"]:
        raise Conflict(f"{line!r} stands in {path.name} as something else.", do="Settle that in the file first.")
    known[line] = other
    _write(path, folder, _behind_last_pair(text, line, other), data, specs)
    return True


def _file(folder: Path, intent: str) -> Path:
    found = sorted(folder.rglob(f"{intent}.yaml"))
    if not found or intent == NONE:
        raise NotFound("intent", intent, [path.stem for path in folder.rglob("*.yaml")])
    return found[0]


def _behind_last_item(text: str, line: str) -> str:
    items = _block(text, "examples")
    last = items.value[-1]
    lines = text.splitlines(keepends=True)
    lead = lines[last.start_mark.line][: last.start_mark.column]
    return _insert(lines, last.end_mark.line, f"{lead}{_scalar(line)}\n")


def _behind_last_pair(text: str, line: str, other: str) -> str:
    lines = text.splitlines(keepends=True)
    block = _block(text, "must_not")
    if block is None:
        last = _block(text, "examples").value[-1]
        return _insert(lines, last.end_mark.line, f"must_not:\n  {_scalar(line)}: {other}\n")
    key, value = block.value[-1]
    return _insert(lines, value.end_mark.line, f"{' ' * key.start_mark.column}{_scalar(line)}: {other}\n")


def _block(text: str, name: str) -> Any:
    """The node of a key, which must be written with one item a line; None without the key."""
    whole: Any = yaml.compose(text)
    node = next((value for key, value in whole.value if key.value == name), None)
    if node is not None and (node.flow_style or not node.value):
        raise BadInput(f"`{name}` is not written with one item a line.", do="Add the line by hand.")
    return node


def _insert(lines: list[str], after: int, new: str) -> str:
    if not lines[after].endswith("\n"):
        lines[after] += "\n"
    return "".join([*lines[: after + 1], new, *lines[after + 1 :]])


def _scalar(line: str) -> str:
    """As the files have it: plain where that is safe, else in double quotes."""
    dumped = yaml.safe_dump([line], width=1_000_000, allow_unicode=True).strip().removeprefix("- ")
    return dumped if dumped == line else json.dumps(line, ensure_ascii=False)


def _write(path: Path, folder: Path, text: str, wanted: dict[str, Any], specs: Sequence[PlaybookSpec]) -> None:
    """Writes the file whole, and takes it back when it does not say what was wanted or the intents do not fit any
    more.
    """
    before = path.read_bytes()
    try:
        if yaml.safe_load(text) != wanted:
            raise BadInput(f"{path.name} would not say that.", "The line cannot be added by itself.", "Add it by hand.")
        _replace(path, text.encode())
        intents = load_intents(folder)
        pairs(
            [i for i in intents if not i.playbook or i.playbook in {s.name for s in specs}], {s.name: s for s in specs}
        )
    except (BadInput, ValueError, yaml.YAMLError) as exc:
        if path.read_bytes() != before:
            _replace(path, before)
        if isinstance(exc, BadInput):
            raise
        raise BadInput(f"{path.name} cannot have that line.", f"{exc}.", "Nothing was changed.") from exc
    except OSError as exc:
        raise BadInput(f"{str(path)!r} cannot be written.", f"{exc.strerror}.") from exc


def _replace(path: Path, content: bytes) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(content)
    other.replace(path)
