"""Intent files as their author sees them: every mistake of a file with its line, and the line of every part."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.router.intents import Intent, line_of

Level = Literal["error", "warning"]
Location = tuple[int | str, ...]


@dataclass(frozen=True, order=True)
class Finding:
    """One place to look at. An error makes the lint fail. `do`: what to write instead."""

    file: str
    line: int
    level: Level
    code: str
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level} {self.code}: {self.what}. {self.do}"

    def as_json(self) -> dict[str, str | int]:
        return asdict(self)


@dataclass(frozen=True)
class Source:
    """A file that fits the schema."""

    path: Path
    text: str
    intent: Intent

    def finding(self, where: Location, code: str, what: str, do: str, level: Level = "error") -> Finding:
        """At the line of `where`, such as ("examples", 3)."""
        return Finding(str(self.path), line_of(self.text, where), level, code, what, do)


def read(folder: Path) -> tuple[list[Source], list[Finding]]:
    """The files of `folder` that fit the schema, and what is wrong with the others. Raises BadInput without a file."""
    paths = sorted(folder.rglob("*.yaml"))
    if not paths:
        raise BadInput(
            f"There are no intent files in {str(folder)!r}.", do="Give the folder that has the *.yaml files."
        )
    sources: list[Source] = []
    findings: list[Finding] = []
    for path in paths:
        found = _read(path)
        if isinstance(found, Source):
            sources.append(found)
        else:
            findings += found
    return sources, findings


def _read(path: Path) -> Source | list[Finding]:
    text = path.read_text(encoding="utf-8")
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return [Finding(str(path), line, "error", "yaml", str(error.problem), "Quote what has `{`, `#` or `: ` in it.")]
    if not isinstance(data, dict):
        return [Finding(str(path), 1, "error", "yaml", "no keys", "Write title, playbook, risk, help, examples.")]
    try:
        return Source(path, text, Intent.model_validate({"name": path.stem, **data}))
    except ValidationError as error:
        return [_mistake(path, text, dict(one)) for one in error.errors()]


def _mistake(path: Path, text: str, error: dict[str, Any]) -> Finding:
    where, key = error["loc"], ".".join(map(str, error["loc"]))
    at = str(path), line_of(text, where)
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(where[-1]), Intent.model_fields, 1)
        do = (
            f"Do you mean {near[0]!r}?"
            if near
            else f"Known are {', '.join(sorted(set(Intent.model_fields) - {'name'}))}."
        )
        return Finding(*at, "error", "key", f"unknown key {key!r}", do)
    if error["type"] == "missing":
        return Finding(*at, "error", "key", f"{key!r} is missing", "Add it.")
    if error["type"] == "too_short" and key == "examples":
        count = error["ctx"]["actual_length"]
        return Finding(*at, "error", "few", f"{count} examples", "Write 25 and more, as different people would say it.")
    said = f"{key}: {error['msg']}" if key else str(error["msg"])
    return Finding(*at, "error", "schema", said.removeprefix("Value error, "), "See docs/how-to/write-an-intent.md.")
