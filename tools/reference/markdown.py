"""Small pieces of Markdown, and the words that stand under fields in the source."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

GENERATED = "<!-- Made by `make docs` from the source; edit the source instead. -->"


def page(title: str, intro: str, parts: Iterable[str]) -> str:
    """A whole page that ends with one line break."""
    whole = "\n\n".join([f"# {title}", GENERATED, intro, *(part for part in parts if part)])
    return whole.rstrip() + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty when it has no rows."""
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line(row) for row in rows)]
    return "\n".join(lines) if len(lines) > 2 else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"


def bullets(items: Iterable[str]) -> str:
    """A list of points."""
    return "\n".join(f"- {item}" for item in items)


def code(text: object) -> str:
    """Inline code."""
    return f"`{text}`"


def field_notes(model: type[BaseModel]) -> dict[str, str]:
    """What is said about each field: its description, else the string literal under it in the source."""
    notes = _attribute_docstrings(model)
    for name, info in model.model_fields.items():
        if info.description:
            notes[name] = info.description
    return notes


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for before, after in zip(body.body, body.body[1:], strict=False):
        literal = after.value if isinstance(after, ast.Expr) else None
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(literal, ast.Constant)
        ):
            found[before.target.id] = re.sub(r"\s+", " ", str(literal.value)).strip()
    return found


def type_words(annotation: object) -> str:
    """A type as a reader of Python writes it, without module names."""
    named = annotation.__name__ if isinstance(annotation, type) and not getattr(annotation, "__args__", None) else ""
    return named or re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", str(annotation)).replace("NoneType", "None")
