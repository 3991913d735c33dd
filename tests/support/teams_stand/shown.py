"""What a client shows of an Adaptive Card: its words, and its buttons with those that open inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

JSON = dict[str, Any]


def words(card: JSON) -> str:
    """Everything that can be read on it, piece by piece; without what hides behind buttons."""
    return "\n".join(_texts({key: value for key, value in card.items() if key in ("body",)}))


def labels(card: JSON) -> list[str]:
    """Titles of the buttons that stand on the card."""
    return [str(action["title"]) for action in _actions(card)]


def payload(card: JSON, label: str) -> JSON:
    """What the button with this title sends; of one that asks first, the button it opens.

    Fails when there is none, as a person could not click it.
    """
    found = [action for action in _actions(card) if str(action["title"]).rstrip("….") == label.rstrip("….")]
    assert found, f"no button {label!r} among {labels(card)} on:\n{words(card)}"
    action = found[0]
    if action["type"] == "Action.ShowCard":
        action = _actions(action["card"])[0]
    data: JSON = dict(action["data"])
    return data


def _actions(card: JSON) -> list[JSON]:
    inside = [a for element in card.get("body", []) if element.get("type") == "ActionSet" for a in element["actions"]]
    return [*inside, *card.get("actions", [])]


def _texts(node: Any) -> Iterator[str]:
    """A rich text block's runs belong together; an action's title is a label, not text."""
    if isinstance(node, list):
        for part in node:
            yield from _texts(part)
    elif isinstance(node, dict) and not str(node.get("type", "")).startswith("Action"):
        if node.get("type") == "RichTextBlock":
            yield "".join(r if isinstance(r, str) else str(r.get("text", "")) for r in node["inlines"])
            return
        if isinstance(node.get("text"), str):
            yield node["text"]
        for key, value in node.items():
            if key in ("title", "value") and node.get("type") is None and isinstance(value, str):
                yield value
            elif isinstance(value, dict | list):
                yield from _texts(value)
