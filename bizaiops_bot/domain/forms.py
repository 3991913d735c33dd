"""A form for what an order still lacks: neutral, drawn as a modal in Slack and a dialog in Teams."""

from __future__ import annotations

from typing import Literal

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.values import Value

FieldKind = Literal["text", "number", "choice", "time"]


class FormField(Value):
    """One input of the playbook.

    name: of the input. kind: "choice" has `choices`, as (value, label); "time" is free words: "monday 9:00".
    value: what is filled in already, "" for nothing. low, high: bounds of a number, both inclusive.
    """

    name: str
    label: str
    kind: FieldKind = "text"
    required: bool = False
    hint: str = ""
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: float | None = None
    high: float | None = None


class Form(Value):
    """What a person fills in to give the order `playbook`. `submit` stands on the button."""

    playbook: str
    title: str
    text: str = ""
    submit: str = "Show the plan"
    fields: tuple[FormField, ...] = ()


class WrongFields(BadInput):
    """Values that cannot be used, told at their field; nothing was done. `fields`: field's name -> what is wrong."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("The form cannot be used as it is.", "; ".join(f"{k}: {v}" for k, v in fields.items()))
        self.fields = fields
