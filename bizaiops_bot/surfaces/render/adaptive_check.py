"""What Teams refuses or drops in silence, looked for before a card is sent. Empty for every card that we draw."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from bizaiops_bot.surfaces.render.clean import is_ours

BUDGET = 25_000
"""Bytes of the card's JSON in UTF-16, which is how Teams counts. It takes 28 KB from a webhook and 100 KB from a bot;
the rest is left for what the SDK and Teams put around the card, so that every way of sending takes the same card.
"""
VERSION = "1.5"
ELEMENTS = {
    "ActionSet",
    "Container",
    "Input.ChoiceSet",
    "Input.Number",
    "Input.Text",
    "RichTextBlock",
    "Table",
    "TextBlock",
    "Chart.Line",
    "Chart.VerticalBar",
    "Chart.VerticalBar.Grouped",
}
ACTIONS = {"Action.Execute", "Action.OpenUrl", "Action.ShowCard", "Action.Submit", "Action.ToggleVisibility"}
PARTS = {"AdaptiveCard", "TableCell", "TableRow", "TextRun"}
VIEWERS_MAX, SET_MAX, CHOICES_MAX, TITLE_MAX = 60, 6, 200, 80


def size(card: Any) -> int:
    """Bytes of the JSON in UTF-16."""
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le", "surrogatepass"))


def check(card: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a card, in words."""
    found = [f"it has {size(card):,} bytes of {BUDGET:,}"] if size(card) > BUDGET else []
    if (card.get("type"), card.get("version")) != ("AdaptiveCard", VERSION):
        found.append(f"it is no AdaptiveCard {VERSION}")
    if card.get("msteams") != {"width": "full"}:
        found.append("msteams says more than the width, or not that it is full")
    nodes = list(_nodes(card))
    for node in nodes:
        found += [f"{node.get('type', 'a part')}: {wrong}" for wrong in _wrong(node)]
    ids = Counter(node["id"] for node in nodes if str(node.get("type", "")).startswith("Input.") and "id" in node)
    found += [f"{count} inputs have the id {name!r}" for name, count in ids.items() if count > 1]
    shown = {name for node in nodes for name in node.get("targetElements", [])}
    hidden = {node.get("id") for node in nodes if node.get("isVisible") is False}
    found += [] if shown == hidden else ["something hidden has no button that shows it, or such a button shows nothing"]
    viewers = card.get("refresh", {}).get("userIds", [])
    return found + ([f"{len(viewers)} viewers of {VIEWERS_MAX}"] if len(viewers) > VIEWERS_MAX else [])


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """All elements and actions; what a click carries is no part of the card's look."""
    if isinstance(value, dict):
        yield value
        for key, inner in value.items():
            if key != "data" or str(value.get("type", "")).startswith("Chart."):
                yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _wrong(node: dict[str, Any]) -> Iterator[str]:
    kind = node.get("type")
    if kind is not None and kind not in ELEMENTS | ACTIONS | PARTS:
        yield "Teams does not know it, or we do not use it"
    if "selectAction" in node:
        yield "text must not be a link"
    if kind in ACTIONS:
        yield from _wrong_action(node)
    if kind == "Action.ToggleVisibility" and not node.get("targetElements"):
        yield "it shows nothing"
    if kind == "RichTextBlock" and not node.get("inlines"):
        yield "it has no text"
    if kind in {"TextRun", "TextBlock"} and not node.get("text"):
        yield "its text is empty"
    if kind == "Table" and any(len(row["cells"]) != len(node["columns"]) for row in node["rows"]):
        yield "a row has not as many cells as there are columns"
    if str(kind).startswith("Input.") and not (node.get("id") and node.get("label")):
        yield "it needs an id and a label"
    if kind == "Input.ChoiceSet" and not 0 < len(node["choices"]) <= CHOICES_MAX:
        yield f"it has {len(node['choices'])} choices of {CHOICES_MAX}"
    if str(kind).startswith("Chart.") and "fallback" not in node:
        yield "older clients would show nothing"
    if len(node.get("actions", [])) > SET_MAX:
        yield f"it has {len(node['actions'])} actions of {SET_MAX}"


def _wrong_action(node: dict[str, Any]) -> Iterator[str]:
    if not 0 < len(node.get("title", "")) <= TITLE_MAX:
        yield "its title is empty or too long"
    data = node.get("data", {})
    if node["type"] == "Action.Execute" and not (node.get("verb") and node["verb"] == data.get("action")):
        yield "verb and data.action must be there and the same, or a click does nothing"
    if node["type"] == "Action.OpenUrl" and not is_ours(str(node.get("url"))):
        yield f"{node.get('url')!r} is no page of the console"
    if node["type"] == "Action.ShowCard":
        inner = node["card"]
        if any(action["type"] == "Action.ShowCard" for action in inner.get("actions", [])):
            yield "Teams shows no card within a shown card"
