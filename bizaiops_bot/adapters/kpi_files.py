"""KPI definitions: one YAML file a KPI, read at start, refused with file and line when something is wrong."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.kpi import Kpi


def load_kpis(folder: Path) -> list[Kpi]:
    """Every `<id>.yaml` in the folder, by model, then by name. Raises Permanent that names file and line."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise Permanent(f"There are no KPI definitions in {folder}.", do="Put at least one <id>.yaml there.")
    return sorted((_load(file) for file in files), key=lambda kpi: kpi.model)


def _load(file: Path) -> Kpi:
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        raise _wrong(file, line, broken.problem or "not YAML") from broken
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(file, 1, "a KPI is a mapping of fields, such as `title: Churn rate`")
    lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
    try:
        kpi = Kpi.model_validate(values)
    except ValidationError as broken:
        first = broken.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        raise _wrong(file, lines.get(name, 1), _problem(name, dict(first))) from broken
    if kpi.id != file.stem:
        raise _wrong(file, lines.get("id", 1), f"id {kpi.id!r} is not the file's name {file.stem!r}")
    return kpi


def _problem(name: str, error: dict[str, Any]) -> str:
    if error["type"] != "extra_forbidden":
        return f"{name}: {error['msg']}"
    near = difflib.get_close_matches(name, Kpi.model_fields, n=1)
    return f"{name} is not a field of a KPI" + (f"; did you mean {near[0]}?" if near else "")


def _wrong(file: Path, line: int, problem: str) -> Permanent:
    return Permanent(f"{file.name}, line {line}: {problem}.", do=f"Correct {file} and start again.")
