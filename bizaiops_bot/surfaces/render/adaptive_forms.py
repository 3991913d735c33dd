"""A form as a card for a dialog of Teams, and what comes back from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bizaiops_bot.domain.forms import Form, FormField
from bizaiops_bot.surfaces.render.adaptive_check import BUDGET, CHOICES_MAX, VERSION, size
from bizaiops_bot.surfaces.render.adaptive_text import SEE_ALL, Element, heading, literal, paragraphs, rich, run, small
from bizaiops_bot.surfaces.render.clean import clean, one_line

OWN = frozenset({"action", "card", "conversation", "form", "msteams", "playbook", "thread"})
"""Names that the data of a form has of its own; an input that is called so gets a prefix."""
PREFIX = "input."
FEW = 8
"""Choices that are quicker read than searched."""
VALUE_MAX, FIELDS_MAX = 500, 20


def draw_form(form: Form, *, conversation: str, thread: str, errors: Mapping[str, str]) -> Element:
    """As many choices as fit; a field without them is typed, which is understood as well."""
    for choices in (CHOICES_MAX, 60, 20, 0):
        card = _card(form, form.fields[:FIELDS_MAX], conversation, thread, errors, choices)
        if size(card) <= BUDGET:
            return card
    wanted = sorted(form.fields, key=lambda field: not field.required)
    for count in range(FIELDS_MAX, -1, -1):
        card = _card(form, tuple(wanted[:count]), conversation, thread, errors, 0)
        if size(card) <= BUDGET:
            return card
    return _card(form.model_copy(update={"text": ""}), (), "", "", {}, 0)


def form_values(data: Mapping[str, Any]) -> dict[str, str]:
    """Field name -> text as typed, of what a form sends back; a field that was left empty is not there."""
    typed = {name: str(value).strip() for name, value in data.items() if name not in OWN and value is not None}
    return {name.removeprefix(PREFIX): text for name, text in typed.items() if text}


def _card(
    form: Form, fields: tuple[FormField, ...], conversation: str, thread: str, errors: Mapping[str, str], choices: int
) -> Element:
    body = [heading(form.title), *paragraphs(form.text, 600)]
    wrong = {field.name for field in fields if errors.get(field.name)}
    body += [_error(text) for name, text in list(errors.items())[:5] if text and name not in wrong]
    for field in fields:
        body.append(_input(field, choices))
        if field.name in wrong:
            body.append(_error(errors[field.name]))
    if len(form.fields) > len(fields):
        body.append(small(f"{len(form.fields) - len(fields)} more fields: {SEE_ALL}, or say them in a message."))
    data = {"action": "fill", "playbook": form.playbook, "conversation": conversation, "thread": thread}
    submit = {
        "type": "Action.Submit",
        "title": literal(one_line(form.submit, 40)) or "Go on",
        "style": "positive",
        "data": data,
    }
    about = {"version": VERSION, "msteams": {"width": "full"}}
    return {"type": "AdaptiveCard", **about, "body": body, "actions": [submit]}


def _error(text: str) -> Element:
    return rich([run(one_line(text, 200) or "This cannot be used.", color="Attention")], spacing="Small")


def _input(field: FormField, most: int) -> Element:
    needed = {"isRequired": True, "errorMessage": _needed(field)} if field.required else {}
    hint = one_line(field.hint, 120)
    about = {
        "id": PREFIX + field.name if field.name in OWN or field.name.startswith(PREFIX) else field.name,
        "label": literal(one_line(field.label, 80)) or field.name,
        **needed,
    }
    options = _choices(field) if field.kind == "choice" else []
    if options and (len(options) <= most or _holds(options[:most], field.value)):
        return _choice(field, about, options[:most], hint)
    about |= {"placeholder": hint} if hint else {}
    value = clean(field.value).strip()[:VALUE_MAX]
    if field.kind == "number":
        return {"type": "Input.Number", **about, **_bounds(field), **_number("value", value)}
    return {"type": "Input.Text", **about, "maxLength": VALUE_MAX, **({"value": value} if value else {})}


def _choice(field: FormField, about: Element, options: list[Element], hint: str) -> Element:
    style = "filtered" if len(options) > FEW else "compact"
    values = {option["value"] for option in options}
    chosen = {"value": field.value} if field.value in values else {}
    return {
        "type": "Input.ChoiceSet",
        **about,
        "style": style,
        "choices": options,
        "placeholder": hint or "Choose one",
        **chosen,
    }


def _choices(field: FormField) -> list[Element]:
    """Without those that have no value: Teams takes an empty value for none. Values are sent back as they are."""
    named = {value: literal(one_line(label, 80)) or one_line(value, 80) or "–" for value, label in field.choices}
    return [{"title": label, "value": value} for value, label in named.items() if value and len(value) <= VALUE_MAX]


def _holds(options: list[Element], value: str) -> bool:
    """Whether a cut list still has what is filled in: else the field is typed, so that it is not lost."""
    return bool(options) and (not value or any(option["value"] == value for option in options))


def _needed(field: FormField) -> str:
    if field.kind != "number":
        return "This is needed."
    low, high = (None if v is None or not math.isfinite(v) else f"{v:g}" for v in (field.low, field.high))
    if low is not None and high is not None:
        return f"A number from {low} to {high} is needed."
    return "A number is needed."


def _bounds(field: FormField) -> Element:
    """None when they leave no number: the bot says what is wrong, a client would let nothing through."""
    low, high = field.low, field.high
    if low is not None and high is not None and low > high:
        return {}
    return {name: value for name, value in (("min", low), ("max", high)) if value is not None and math.isfinite(value)}


def _number(name: str, text: str) -> Element:
    try:
        value = float(text)
    except ValueError:
        return {}
    if not math.isfinite(value):
        return {}
    return {name: int(value) if value == int(value) and abs(value) < 1e15 else value}
