"""The people of a company, as they are set."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.audit import pseudonyms

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
RESERVED = frozenset({*pseudonyms.NOBODY, "rule", "schedule", "timer"})


class Person(BaseModel):
    """Someone who may talk to the bot."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,62}$", description="Short name, as in `--as engineer`.")
    name: str = Field(description="As cards show it.")
    roles: tuple[Literal["engineer", "approver", "sre", "analyst"], ...] = Field(
        description="What policy knows of them."
    )
    email: str = Field(
        default="", description="By which Slack and Teams know them; empty: only by `subject`, or not at all."
    )
    subject: str = Field(default="", description="Of the company's sign-in (OIDC, or Teams' aadObjectId).")

    @field_validator("id")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name in RESERVED:
            raise ValueError(f"{name} is the bot's own name in the audit")
        return name

    @field_validator("email")
    @classmethod
    def _in_lower_case(cls, email: str) -> str:
        plain = email.strip().lower()
        if plain and not EMAIL.fullmatch(plain):
            raise ValueError(f"{email!r} is no e-mail address")
        return plain

    @field_validator("subject")
    @classmethod
    def _without_spaces(cls, subject: str) -> str:
        return subject.strip()

    def actor(self) -> Actor:
        return Actor(id=self.id, name=self.name, roles=self.roles)


def demo_people() -> tuple[Person, ...]:
    return (
        Person(id="engineer", name="Erin, ML engineer", roles=("engineer",)),
        Person(id="lead", name="Lee, ML lead", roles=("engineer", "approver")),
        Person(id="analyst", name="Ana, business analyst", roles=("analyst",)),
        Person(id="sre", name="Sam, SRE on call", roles=("sre", "approver")),
    )
