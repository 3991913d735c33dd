"""The rows of docs/reference/benchmarks.md: what was measured, what it was to be."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Row:
    """One measured number; `met` is None where there is no target."""

    what: str
    value: str
    target: str = ""
    met: bool | None = None


def row(what: str, value: float, unit: str, limit: float | None = None, *, digits: int = 1) -> Row:
    """A number with an upper limit as target."""
    target = "" if limit is None else f"<= {limit:g} {unit}"
    return Row(what, f"{value:,.{digits}f} {unit}", target, None if limit is None else value <= limit)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def machine() -> str:
    """The machine in general words."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def table(rows: list[Row]) -> str:
    """Markdown."""
    signs = {True: "yes", False: "**no**", None: ""}
    lines = [f"| {r.what} | {r.value} | {r.target} | {signs[r.met]} |" for r in rows]
    return "\n".join(["| what | measured | target | met |", "| --- | ---: | ---: | --- |", *lines])
