"""Modals: the reason for a click, and a form for what an order still lacks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bizaiops_bot.domain.forms import Form, FormField
from bizaiops_bot.surfaces.render.blockkit_escape import bare, escape, fitted, line, literal, size
from bizaiops_bot.surfaces.render.blockkit_limits import (
    BLOCK_ID,
    INPUT_HINT,
    INPUT_LABEL,
    INPUT_VALUE,
    METADATA,
    OPTION,
    OPTION_VALUE,
    OPTIONS,
    PLACEHOLDER,
    TEXT,
    VIEW_BLOCKS,
    VIEW_BUTTON,
    VIEW_TITLE,
)
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, mrkdwn, plain, small
from bizaiops_bot.surfaces.render.clean import clean, one_line

REASON, FORM, VALUE = "reason", "form", "value"
REASON_MAX = 500
WHEN = "monday 9:00"


def ask_reason(card_id: str, button_id: str, label: str, ask: str, channel: str, thread: str) -> Json:
    """Asks why, before a click counts; no reason is an answer too."""
    element = {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REASON_MAX}
    why: Json = {"type": "input", "block_id": REASON, "label": plain(ask, INPUT_LABEL), "element": element}
    kept = {"card": card_id, "button": button_id, "channel": channel, "thread": thread}
    return _modal(REASON, label, label, kept, [why | {"optional": True}])


def form_view(form: Form, *, channel: str, thread: str, errors: Mapping[str, str] | None = None) -> Json:
    """The form as a modal. errors: field's name -> what is wrong, shown under the field."""
    told = errors or {}
    blocks: list[Json] = []
    if form.text.strip():
        text = fitted(clean(form.text), TEXT - 300, escape)
        blocks.append({"type": "section", "text": mrkdwn(text)})
    fields = {field.name[:BLOCK_ID]: field for field in reversed(form.fields)}
    for name, field in reversed(fields.items()):
        blocks.append({"type": "input", "block_id": name, **_input(field)})
        if told.get(field.name):
            blocks.append(small(f"⚠️ {told[field.name]}"))
    elsewhere = [f"{bare(one_line(k, 80))}: {v}" for k, v in told.items() if k not in {f.name for f in form.fields}]
    blocks += [small(f"⚠️ {wrong}") for wrong in elsewhere]
    blocks = blocks or [small("Nothing more is needed.")]
    kept = {"playbook": form.playbook, "channel": channel, "thread": thread}
    return _modal(FORM, form.title, form.submit, kept, blocks[:VIEW_BLOCKS])


def form_values(state: Mapping[str, Any]) -> dict[str, str]:
    """Field's name -> what was filled in, "" for nothing. state: the view's `state`."""
    found = {}
    for name, actions in state.get("values", {}).items():
        given: Mapping[str, Any] = next(iter(actions.values()), {})
        chosen = (given.get("selected_option") or {}).get("value")
        found[name] = str(given.get("value") or chosen or "").strip()
    return found


def _modal(callback: str, title: str, submit: str, kept: dict[str, str], blocks: list[Json]) -> Json:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(one_line(title), VIEW_TITLE),
        "submit": plain(one_line(submit), VIEW_BUTTON),
        "close": plain("Cancel", VIEW_BUTTON),
        "private_metadata": _kept(kept),
        "blocks": blocks,
    }


def _kept(values: dict[str, str]) -> str:
    """JSON that comes back with the answer; a name that is too long to be one of ours is left out."""
    fit = {key: value if len(value) <= METADATA // 10 else "" for key, value in values.items()}
    return json.dumps(fit, ensure_ascii=False, separators=(",", ":"))


def _input(field: FormField) -> Json:
    element, hint = _element(field)
    told = " ".join(part for part in (field.hint.strip(), hint) if part)
    shown: Json = {"label": plain(one_line(field.label, 200) or field.name, INPUT_LABEL), "element": element}
    return shown | {"optional": not field.required} | ({"hint": plain(told, INPUT_HINT)} if told else {})


def _element(field: FormField) -> tuple[Json, str]:
    """The input, and what has to be said beside it."""
    if field.kind == "number":
        return _number(field)
    if field.kind == "choice" and (options := _options(field)):
        return _select(field, options), ""
    element: Json = {"type": "plain_text_input", "action_id": VALUE, "max_length": INPUT_VALUE}
    if field.value:
        element["initial_value"] = fitted(clean(field.value), INPUT_VALUE, str)
    if field.kind == "time":
        element["placeholder"] = {"type": "plain_text", "text": WHEN, "emoji": False}
    known = ", ".join(one_line(value, 60) for value, _ in field.choices[:12])
    return element, f"One of {len(field.choices)}, such as {known}." if field.kind == "choice" and known else ""


def _options(field: FormField) -> list[Json]:
    """None when a list of Slack's cannot hold the choices; then the value is typed."""
    labels = dict(field.choices)
    if not 1 <= len(labels) <= OPTIONS or any(not value.strip() or size(value) > OPTION_VALUE for value in labels):
        return []
    return [{"text": plain(one_line(label) or value, OPTION), "value": value} for value, label in labels.items()]


def _select(field: FormField, options: list[Json]) -> Json:
    chosen = next((option for option in options if option["value"] == field.value), None)
    element: Json = {"type": "static_select", "action_id": VALUE, "options": options}
    element["placeholder"] = plain("Choose one", PLACEHOLDER)
    return element | ({"initial_option": chosen} if chosen else {})


def _number(field: FormField) -> tuple[Json, str]:
    low, high = _finite(field.low), _finite(field.high)
    if low is not None and high is not None and low > high:
        low = high = None
    value = _finite(field.value)
    element: Json = {"type": "number_input", "action_id": VALUE, "is_decimal_allowed": True}
    if low is not None:
        element["min_value"] = _digits(low)
    if high is not None:
        element["max_value"] = _digits(high)
    fits = value is not None and (low is None or value >= low) and (high is None or value <= high)
    if value is not None and fits:
        element["initial_value"] = _digits(value)
        return element, ""
    kept = line(field.value, 60, str) if field.value.strip() else ""
    return element, f"You gave {literal(kept)}." if kept else ""


def _finite(value: float | str | None) -> float | None:
    try:
        number = float(value) if value not in (None, "") else None
    except ValueError:
        return None
    # Longer ones would be hundreds of digits: Slack knows no exponents.
    return number if number is not None and math.isfinite(number) and abs(number) < 1e15 else None


def _digits(value: float) -> str:
    text = format(Decimal(repr(round(value, 9))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
