"""Messages, modals and home pages as people see them: words, and things to click."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.slack_stand.limits import JSON

CLICKABLE = ("button", "static_select", "overflow", "radio_buttons", "checkboxes", "workflow_button")
SHOWN = ("text", "title", "name", "label", "subtitle", "hint", "placeholder", "alt_text", "description", "details")


def words(value: Any) -> str:
    """Everything that can be read in blocks, one piece a line; values of tables and charts too."""
    return "\n".join(_pieces(value))


def _pieces(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("confirm", "type", "block_id", "action_id", "value", "style", "initial_value"):
                yield from _pieces(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _pieces(inner, name)
    elif isinstance(value, str) and (name in SHOWN or name in ("categories", "cells", "caption", "markdown_text")):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool) and name in ("value", "y"):
        yield f"{value:g}"


@dataclass(frozen=True)
class Clickable:
    """Something to click: a button, or one choice of a menu. chosen: the option, for a menu."""

    block: str
    element: JSON
    label: str
    chosen: JSON | None = None

    def action(self, at: str) -> JSON:
        """As Slack tells the app of the click."""
        kept = {k: v for k, v in self.element.items() if k in ("action_id", "text", "value", "style", "type")}
        if self.chosen is not None:
            kept = {k: kept[k] for k in ("action_id", "type")} | {"selected_option": self.chosen}
        return {**kept, "block_id": self.block, "action_ts": at}


def clickables(blocks: list[JSON]) -> Iterator[Clickable]:
    """Everything to click in blocks, from top to bottom."""
    for number, block in enumerate(blocks):
        name = block.get("block_id", f"b{number}")
        inside = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
        for element in inside:
            if element.get("type") == "button":
                yield Clickable(name, element, element["text"]["text"])
            elif element.get("type") in CLICKABLE:
                yield from (Clickable(name, element, o["text"]["text"], o) for o in element.get("options", []))


@dataclass(frozen=True)
class Message:
    """A message as it stood when it was read."""

    channel: str
    raw: JSON

    @property
    def ts(self) -> str:
        return str(self.raw["ts"])

    @property
    def thread(self) -> str:
        """Of the message that its thread begins with; itself, where it begins one."""
        return str(self.raw.get("thread_ts") or self.ts)

    @property
    def text(self) -> str:
        return str(self.raw.get("text", ""))

    @property
    def blocks(self) -> list[JSON]:
        return list(self.raw.get("blocks") or [])

    @property
    def words(self) -> str:
        """What is read in the channel: the blocks, or the text where there are none."""
        return html.unescape(words(self.blocks) if self.blocks else self.text)

    def buttons(self) -> list[str]:
        return [found.label for found in clickables(self.blocks)]

    def button(self, label: str) -> Clickable:
        """Fails when there is none with this label."""
        found = next((c for c in clickables(self.blocks) if c.label == label), None)
        assert found is not None, f"no {label!r} among {self.buttons()} on:\n{self.words}"
        return found

    def says(self, part: str) -> bool:
        """Whether it can be read there, in any case and over the ends of lines and pieces."""
        return _flat(part) in _flat(self.words)

    def shows(self, *parts: str) -> None:
        """Fails unless every part can be read, in any case."""
        missing = [part for part in parts if not self.says(part)]
        assert not missing, f"{missing} not on:\n{self.words}"


def _flat(text: str) -> str:
    return " ".join(text.lower().replace("*", "").replace("`", "").split()).replace(" ,", ",").replace(" :", ":")


def filled(view: JSON, values: dict[str, str]) -> JSON:
    """The state of a modal once `values` (label or block_id -> text) are typed or chosen; the rest as it was opened."""
    left, state = dict(values), {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, label = block["element"], block["label"]["text"]
        given = left.pop(block["block_id"], left.pop(label, None))
        state[block["block_id"]] = {element["action_id"]: _typed(element, given, label)}
    assert not left, f"no field {sorted(left)} in {[b.get('block_id') for b in view['blocks']]}"
    return {"values": state}


def _typed(element: JSON, given: str | None, label: str) -> JSON:
    kind = element["type"]
    if kind in ("static_select", "radio_buttons"):
        if given is None:
            return {"type": kind, "selected_option": element.get("initial_option")}
        groups = [group["options"] for group in element.get("option_groups", [])]
        options = [*element.get("options", []), *(option for group in groups for option in group)]
        found = next((o for o in options if given in (o["value"], o["text"]["text"])), None)
        assert found is not None, f"{label} has no {given!r}, but {[o['text']['text'] for o in options]}"
        return {"type": kind, "selected_option": found}
    value = element.get("initial_value") if given is None else given
    return {"type": kind, "value": value or None}
