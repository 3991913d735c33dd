"""Files of labelled sentences, one JSON object a line: {"text", "intent"}; the intent `oos` is out of scope."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bizaiops_bot.domain.errors import BadInput

OUT = "oos"
Row = TypeVar("Row", bound=BaseModel)


class Labelled(BaseModel):
    """A sentence and what it is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    intent: str = Field(min_length=1)

    @property
    def label(self) -> str | None:
        """None for a sentence that is out of scope."""
        return None if self.intent == OUT else self.intent


class Tool(BaseModel):
    """A function as language models are told of it. parameters: a JSON schema, or nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(min_length=1)
    description: str = ""
    parameters: object = None


class ToolCase(BaseModel):
    """A request, the tools there are for it, and the one expected; None when none of them is for it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    tools: tuple[Tool, ...] = Field(min_length=1)
    expected: str | None = None


def read_rows(path: Path) -> list[Labelled]:
    """Raises BadInput with file and line for the first row that is not right, and for an empty file."""
    return _read(path, Labelled, '{"text": "...", "intent": "..."}')


def read_tool_cases(path: Path) -> list[ToolCase]:
    """As `read_rows`. An expected tool must be among the tools."""
    cases = _read(path, ToolCase, '{"text", "tools": [{"name", "description", "parameters"}], "expected"}')
    for number, case in enumerate(cases, 1):
        if case.expected is not None and case.expected not in {tool.name for tool in case.tools}:
            raise BadInput(f"{path}: row {number} expects {case.expected[:80]!r}, which is none of its tools.")
    return cases


def _read(path: Path, kind: type[Row], form: str) -> list[Row]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise BadInput(f"{path} cannot be read.", f"{exc}.") from exc
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(kind.model_validate(json.loads(line)))
        except (ValueError, ValidationError) as exc:
            what = _first(exc) if isinstance(exc, ValidationError) else str(exc)
            raise BadInput(f"{path}:{number} is not a row.", f"{what}.", f"A row looks like {form}.") from exc
    if not rows:
        raise BadInput(f"{path} holds no row.", do=f"A row looks like {form}.")
    return rows


def intents_of(rows: Sequence[Labelled]) -> list[str]:
    """The intents in scope, sorted."""
    return sorted({row.label for row in rows if row.label is not None})


def _first(error: ValidationError) -> str:
    """ "intent: Field required" """
    found = error.errors()[0]
    return ": ".join([*(str(part) for part in found["loc"]), found["msg"]])
