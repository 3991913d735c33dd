"""How values are read from words: slots.yaml, by kind, in a company whose names are easily confused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bizaiops_bot.evaluation.many_models import ALIKE_NAMES, MANY_MODELS
from bizaiops_bot.evaluation.report import SlotScore
from bizaiops_bot.router.hearing import Hearing

BERLIN = ZoneInfo("Europe/Berlin")


def slot_scores(folder: Path) -> tuple[SlotScore, ...]:
    """Of slots.yaml in `folder`; empty without it."""
    path = folder / "slots.yaml"
    if not path.exists():
        return ()
    table: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(
        SlotScore(
            kind=kind,
            said=len(cases),
            right=sum(heard(kind, case["say"]) == meant(kind, case["is"]) for case in cases),
        )
        for kind, cases in table.items()
    )


def heard(kind: str, text: str) -> Any:
    """What is read as `kind`, in the form of the table."""
    found = Hearing(text, MANY_MODELS if kind == "model" else ALIKE_NAMES).of_kind(kind)
    if any(mention.problem for mention in found):
        return "cannot"
    values = list(dict.fromkeys(_plain(kind, mention.value) for mention in found))
    return values if len(values) > 1 else values[0] if values else None


def _plain(kind: str, value: Any) -> Any:
    if kind == "kpi":
        return ":".join(value)
    if kind == "cron":
        return value[0]
    return (value["start"], value["end"]) if kind == "window" else value


def meant(kind: str, said: Any) -> Any:
    """The table's value in the form of `heard`."""
    return tuple(map(_moment, said.split(" / "))) if kind == "window" and said and said != "cannot" else said


def _moment(said: str) -> str:
    """ "11-20 15:30" of 2026 in Berlin, as windows have it."""
    if said == "now":
        return _iso(ALIKE_NAMES.now)
    day, _, time = said.partition(" ")
    full = f"{day if len(day) > 5 else f'2026-{day}'}T{time or '00:00'}"
    return _iso(datetime.fromisoformat(full).replace(tzinfo=BERLIN))


def _iso(when: datetime) -> str:
    return when.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")
