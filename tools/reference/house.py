"""docs/reference/house.md: the packages, drawn from the imports."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import grimp

from tools.reference.markdown import bullets, code, page, table

ROOT = Path(__file__).parents[2]
TOP = "bizaiops_bot"
INTRO = """\
The folders are the layers. An arrow says "imports from"; what could be said by a way over others is left out.
`make check` refuses an import that points up, in the whole and inside the engine and the embedded company. The ways of
a request through the house are in [architecture](../explanation/architecture.md)."""


def render() -> str:
    """The page."""
    graph = grimp.build_graph(TOP)
    parts = [_floor(graph, package, layers, title) for package, layers, title in _floors()]
    return page("The house", INTRO, [*parts, f"## What else is kept\n\n{bullets(_rules())}"])


def _contracts() -> list[dict[str, object]]:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    return list(found)


def _floors() -> Iterable[tuple[str, list[str], str]]:
    """(package, its rooms from top to bottom, heading) of each contract of layers."""
    for contract in _contracts():
        if contract["type"] == "layers":
            (package,) = contract["containers"]  # type: ignore[misc]
            rooms = [room for layer in contract["layers"] for room in str(layer).split(" | ")]  # type: ignore[attr-defined]
            yield package, [room for room in rooms if room != "__main__"], str(contract["name"])


def _rules() -> list[str]:
    """What the other contracts are called."""
    return [f"{contract['name']}." for contract in _contracts() if contract["type"] != "layers"]


def _floor(graph: grimp.ImportGraph, package: str, rooms: Sequence[str], title: str) -> str:
    knows = _knows(graph, package, rooms)
    arrows = [f"  {a} --> {b}" for a in rooms for b in _direct(a, knows)]
    rows = [(code(room), _says(package, room), ", ".join(map(code, knows[room]))) for room in rooms]
    drawn = "\n".join(["```mermaid", "flowchart TD", *arrows, "```"])
    return f"## {title}: `{package}`\n\n{drawn}\n\n{table(('Room', 'What it is', 'Imports from'), rows)}"


def _knows(graph: grimp.ImportGraph, package: str, rooms: Sequence[str]) -> dict[str, list[str]]:
    """Room -> the rooms it imports from itself, top to bottom."""
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            ours, theirs = _room(module, package), _room(imported, package)
            if ours in found and theirs in found and ours != theirs:
                found[ours].add(theirs)
    return {room: [other for other in rooms if other in found[room]] for room in rooms}


def _room(module: str, package: str) -> str:
    return module.removeprefix(f"{package}.").split(".")[0] if module.startswith(f"{package}.") else ""


def _direct(room: str, knows: dict[str, list[str]]) -> list[str]:
    """What it knows and does not reach over another that it knows."""
    reached = set().union(*(_below(other, knows) for other in knows[room]))
    return [other for other in knows[room] if other not in reached]


def _below(room: str, knows: dict[str, list[str]]) -> set[str]:
    return set(knows[room]).union(*(_below(other, knows) for other in knows[room]))


def _says(package: str, room: str) -> str:
    """The first paragraph of its docstring."""
    place = ROOT / package.replace(".", "/") / room
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    words = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return " ".join(words.split("\n\n", maxsplit=1)[0].split())
