"""Every setting. Environment variables begin with BIZAIOPS_, parts of a port are joined by two underscores."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bizaiops_bot.adapters.duckdb import DuckDbSettings
from bizaiops_bot.adapters.embedded.settings import EmbeddedSettings
from bizaiops_bot.adapters.mlflow import MlflowSettings
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.people import Actor

PREFIX = "BIZAIOPS_"
RESERVED = frozenset({"watch", "policy", "setup", "rule", "schedule"})


class StoreSettings(BaseModel):
    """Where runs, approvals, conversations and the audit are kept."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["sqlite"] = Field(default="sqlite", description="sqlite: two WAL files in the data folder.")


class Person(BaseModel):
    """Someone who may talk to the bot."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,62}$", description="Short name, as in `--as engineer`.")
    name: str = Field(description="As cards show it.")
    roles: tuple[Literal["engineer", "approver", "sre", "analyst"], ...] = Field(
        description="What policy knows of them."
    )

    @field_validator("id")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name in RESERVED:
            raise ValueError(f"{name} is the bot's own name in the audit")
        return name

    def actor(self) -> Actor:
        return Actor(id=self.id, name=self.name, roles=self.roles)


def _demo_people() -> tuple[Person, ...]:
    return (
        Person(id="engineer", name="Erin, ML engineer", roles=("engineer",)),
        Person(id="lead", name="Lee, ML lead", roles=("engineer", "approver")),
        Person(id="analyst", name="Ana, business analyst", roles=("analyst",)),
        Person(id="sre", name="Sam, SRE on call", roles=("sre", "approver")),
    )


class Settings(BaseSettings):
    """The whole bot."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid")

    data: Path = Field(default=Path(".data"), description="Folder for everything the bot keeps.")
    host: str = Field(default="127.0.0.1", description="Address of the console and the API.")
    hosts: tuple[str, ...] = Field(
        default=(), description="Names the site is reached by besides localhost; others are refused."
    )
    port: int = Field(default=8642, ge=1, le=65535, description="Port of the console and the API.")
    home: str = Field(
        default="ml-ops", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}$", description="Conversation that gets alerts."
    )
    time_zone: str = Field(
        default="Europe/Berlin", description="IANA zone in which days begin and words like 'today' are meant."
    )
    people: tuple[Person, ...] = Field(default_factory=_demo_people, description="Who may talk to the bot, with roles.")
    tokens: dict[str, SecretStr] = Field(
        default_factory=dict, description="Person id -> secret for signing in to `serve`; the demo needs none."
    )
    company: EmbeddedSettings = Field(
        default_factory=EmbeddedSettings, description="Serves the ports pipelines, serving, metrics, drift and faults."
    )
    registry: MlflowSettings = Field(default_factory=MlflowSettings, description="Serves the port model registry.")
    warehouse: DuckDbSettings = Field(
        default_factory=DuckDbSettings, description="Serves the ports warehouse and KPIs."
    )
    kpis: Path | None = Field(
        default=None, description="Folder of KPI definitions; None takes those of the embedded company."
    )
    store: StoreSettings = Field(default_factory=StoreSettings, description="Runs, approvals, conversations, audit.")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises BadInput for a misspelt or unusable variable: it must never be silently ignored.
    """
    environ = os.environ if environ is None else environ
    known = sorted(variable_names())
    for name in sorted(environ):
        if name.startswith(PREFIX) and not _is_known(name, known):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"Did you mean {near[0]}?" if near else "See docs/reference/settings.md."
            raise BadInput(f"{name} is not a setting.", do=hint)
    try:
        return Settings()
    except ValidationError as exc:
        raise unusable(exc, lambda path: f"{PREFIX}{'__'.join(path).upper()}") from exc
    except SettingsError as exc:  # a variable that should be JSON and is not
        raise BadInput(
            "A BIZAIOPS_ variable is not usable.", f"{exc}.", "Lists and mappings are written as JSON."
        ) from exc


def unusable(error: ValidationError, name: Callable[[list[str]], str]) -> BadInput:
    """The first mistake in words; `name` spells the setting as the person gave it."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    given = "" if "tokens" in path else f": {str(first.get('input'))[:80]!r}"  # a secret is never shown
    return BadInput(f"{name(path)} is not usable{given}.", f"{first['msg']}.")


def variable_names() -> Iterator[str]:
    """All names the environment may have."""
    for field, model in _groups():
        if model is None:
            yield f"{PREFIX}{field.upper()}"
        else:
            yield f"{PREFIX}{field.upper()}"
            for inner in model.model_fields:
                yield f"{PREFIX}{field.upper()}__{inner.upper()}"


def _groups() -> Iterator[tuple[str, type[BaseModel] | None]]:
    for name, info in Settings.model_fields.items():
        annotation = info.annotation
        nested = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        yield name, annotation if nested else None  # type: ignore[misc]


def _is_known(name: str, known: list[str]) -> bool:
    return name.upper() in known
