"""A self-healing rule as data: event, criteria, guards, playbook, and the examples that prove it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from bizaiops_bot.domain.events import EventKind
from bizaiops_bot.domain.values import Value, duration_s

Mode = Literal["shadow", "ask", "auto"]


class Criteria(Value):
    """What must hold for the rule to apply at all."""

    only_if_recent_release_minutes: float | None = Field(None, gt=0)
    """A release of the affected version began at most this many minutes before the onset. None: releases do not
    matter.
    """
    unless_recent_release_minutes: float | None = Field(None, gt=0)
    """The opposite: no release of the affected version began within that time before the onset."""
    unless_missing: bool = False
    """Not while columns have missing values: what is learned from them would be wrong."""
    environment: str | None = None
    """The one environment in which it holds, such as staging. None: the default one, so that no other pages."""
    min_rows: int = Field(0, ge=0)
    """Rows the finding must rest on (`rows` of the event)."""


class Guards(Value):
    """What holds a rule back even when it applies."""

    cooldown: str = "2h"
    """Time between two actions of this rule on one model, by the bot's clock."""
    max_actions: int = Field(3, ge=1)
    """Actions of this rule on one model within `per`; after that a person is paged instead."""
    per: str = "24h"
    """The span that `max_actions` counts in."""
    one_open_run: bool = True
    """Not while a run is at work on the model."""
    during_freeze: bool = False
    """Whether the rule may act while changes are frozen."""

    @field_validator("cooldown", "per")
    @classmethod
    def _is_duration(cls, text: str) -> str:
        duration_s(text)
        return text


class RuleCase(Value):
    """An example that is run as a test: what is given, in minutes before the event, and what must follow."""

    says: str
    detail: dict[str, Any] = Field(default_factory=dict)
    onset_minutes_ago: float = 5
    release: str | None = None
    release_minutes_ago: float = 0
    release_kind: Literal["deploy", "rollback", "retrain", "initial"] = "deploy"
    previous: str | None = None
    open_runs: tuple[int, ...] = ()
    acted_minutes_ago: tuple[float, ...] = ()
    frozen: str | None = None
    then_act: bool
    then_page: str | None = None
    then_inputs: dict[str, str] = Field(default_factory=dict)
    then_reason: str = ""


class Rule(Value):
    """One event, one answer.

    playbook: what is run, None for a rule that only pages. inputs: templates such as "{model}"; see `Facts.words`
    for the names.
    mode: shadow only says what it would do, ask waits for approval, auto acts (policy has to allow it as well).
    page: the role told at once, whether or not anything is done; None tells nobody. source: file and line.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    about: str
    when: EventKind
    criteria: Criteria = Criteria()
    playbook: str | None = None
    inputs: dict[str, str] = Field(default_factory=dict)
    mode: Mode = "ask"
    guards: Guards = Guards()
    page: str | None = None
    cases: tuple[RuleCase, ...] = ()
    source: str = ""

    @model_validator(mode="after")
    def _does_something(self) -> Rule:
        if self.playbook is None and self.page is None:
            raise ValueError("a rule needs a playbook or a role to page")
        return self
