"""KPI definitions: one YAML file a KPI, read at start, refused with file and line when something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.domain.yaml_files import Unusable, read_yaml


def load_kpis(folder: Path) -> list[Kpi]:
    """Every `<id>.yaml` in the folder, by model, then by name. Raises Permanent that names file and line."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise Permanent(f"There are no KPI definitions in {folder}.", do="Put at least one <id>.yaml there.")
    found: list[Kpi] = []
    mistakes: list[str] = []
    for file in files:
        try:
            found.append(_load(file))
        except Unusable as exc:
            mistakes += exc.mistakes
    if mistakes:
        raise Unusable(f"The folder {folder.name}", mistakes)
    return sorted(found, key=lambda kpi: kpi.model)


def _load(file: Path) -> Kpi:
    def names_its_file(kpi: Kpi | None) -> Iterator[tuple[tuple[str], str]]:
        if kpi is not None and kpi.id != file.stem:
            yield ("id",), f"{kpi.id!r} is not the file's name {file.stem!r}"

    kpi: Kpi | None = read_yaml(file, Kpi, None, names_its_file)
    if kpi is None:
        raise Unusable(file.name, [f"{file.name}:1: a KPI is a mapping of fields, such as `title: Churn rate`"])
    return kpi
