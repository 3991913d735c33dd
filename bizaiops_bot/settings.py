"""Every setting. Environment variables begin with BIZAIOPS_, parts of a port are joined by two underscores."""

from __future__ import annotations

import difflib
import os
import re
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bizaiops_bot.adapters.duckdb import DuckDbSettings
from bizaiops_bot.adapters.embedded.settings import EmbeddedSettings
from bizaiops_bot.adapters.memory import MemorySettings
from bizaiops_bot.adapters.mlflow import MlflowSettings
from bizaiops_bot.adapters.no_language import NoLanguage
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.adapters.redis import RedisSettings
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.zones import TimeZone
from bizaiops_bot.engine import pseudonyms
from bizaiops_bot.engine.store_settings import PostgresSettings, SqliteSettings
from bizaiops_bot.surfaces.slack.settings import SlackSettings
from bizaiops_bot.surfaces.teams.settings import TeamsSettings
from bizaiops_bot.surfaces.token_file import wrong_with

PREFIX = "BIZAIOPS_"
UNTOLD = frozenset(
    {
        "tokens",
        "url",
        "api_key",
        "base_url",
        "proxy",
        "bot_token",
        "app_token",
        "signing_secret",
        "client_secret",
    }
)
"""Settings that hold a secret, or may by mistake."""
HOST_NAME = r"^(\*|[A-Za-z0-9._-]+|[0-9A-Fa-f:]+)$"
"""As browsers send it: "bot.example.org", without scheme and port; "*" trusts every name."""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
RESERVED = frozenset({*pseudonyms.NOBODY, "rule", "schedule", "timer"})


StoreSettings = Annotated[SqliteSettings | PostgresSettings, Field(discriminator="kind")]
CacheSettings = Annotated[MemorySettings | RedisSettings, Field(discriminator="kind")]
LanguageSettings = Annotated[NoLanguage | OpenAiSettings, Field(discriminator="kind")]


class KeepSettings(BaseModel):
    """How many days things are kept, on the bot's clock; the audit is kept for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversations_days: int = Field(
        default=90, ge=1, description="Days that messages and cards are kept; those of a run under way stay."
    )
    journal_days: int = Field(default=30, ge=1, description="Days after a run's end that its record can be replayed.")
    runs_days: int = Field(default=400, ge=1, description="Days after its end that a run can be shown.")
    events_days: int = Field(
        default=14, ge=1, description="Days that a repeated event or click is known, and answered as before."
    )


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
    host: str = Field(default="127.0.0.1", min_length=1, description="Address of the console and the API.")
    hosts: tuple[Annotated[str, Field(pattern=HOST_NAME)], ...] = Field(
        default=(), description="Names the site is reached by besides localhost; others are refused."
    )
    port: int = Field(default=8642, ge=1, le=65535, description="Port of the console and the API.")
    address: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#@<>|]+(/[\w.-]+)*)?$",
        description="Where people reach the console, for links in Slack and Teams; empty: the page is named only.",
    )
    home: str = Field(
        default="ml-ops", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}$", description="Conversation that gets alerts."
    )
    time_zone: TimeZone = Field(
        default="Europe/Berlin", description="IANA zone in which days begin and words like 'today' are meant."
    )
    environment: str = Field(
        default="demo",
        pattern=r"^[a-z][a-z0-9_-]{0,30}$",
        description="One word that policy knows this bot's models by, such as staging or production.",
    )
    people: tuple[Person, ...] = Field(
        default_factory=_demo_people, min_length=1, description="Who may talk to the bot, with roles."
    )
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
    store: StoreSettings = Field(default_factory=SqliteSettings, description="Runs, approvals, conversations, audit.")
    cache: CacheSettings = Field(
        default_factory=MemorySettings, description="Carries live updates between workers; keeps nothing that matters."
    )
    keep: KeepSettings = Field(default_factory=KeepSettings, description="What is forgotten, and when.")
    language: LanguageSettings = Field(
        default_factory=NoLanguage, description="A language model for requests the bot is unsure about, and for words."
    )
    slack: SlackSettings = Field(default_factory=SlackSettings, description="A Slack workspace the bot talks in.")
    teams: TeamsSettings = Field(default_factory=TeamsSettings, description="A Teams tenant the bot talks in.")
    notices: NoticeSettings = Field(
        default_factory=NoticeSettings, description="Where alerts, approvals and digests go besides, and quiet hours."
    )

    @field_validator("tokens")
    @classmethod
    def _can_be_sent(cls, tokens: dict[str, SecretStr]) -> dict[str, SecretStr]:
        """A token that no header can carry, or that is two people's, would turn somebody away for ever."""
        owners: dict[str, str] = {}
        for person, secret in tokens.items():
            token = secret.get_secret_value()
            if problem := wrong_with(token):
                raise ValueError(f"the token of {person} {problem}: nobody could sign in with it")
            if token in owners:
                raise ValueError(f"{owners[token]} and {person} have the same token")
            owners[token] = person
        return tokens

    @field_validator("people")
    @classmethod
    def _one_person_each(cls, people: tuple[Person, ...]) -> tuple[Person, ...]:
        for what in ("id", "email", "subject"):
            given = [value for person in people if (value := getattr(person, what))]
            twice = next((value for value in given if given.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"{twice!r} is the {what} of two people")
        return people

    @model_validator(mode="after")
    def _tokens_are_of_people(self) -> Self:
        """A token of nobody lets nobody in: its owner would be turned away without knowing why."""
        known = [person.id for person in self.people]
        for name in self.tokens:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
                raise ValueError(f"BIZAIOPS_TOKENS has one of {name!r}, who is not among BIZAIOPS_PEOPLE; {hint}")
        return self


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
    _no_empty_ones(environ)
    try:
        return Settings()
    except ValidationError as exc:
        raise unusable(exc, lambda path: f"{PREFIX}{'__'.join(path).upper()}") from exc
    except SettingsError as exc:  # a variable that should be JSON and is not
        raise BadInput(
            "A BIZAIOPS_ variable is not usable.", f"{exc}.", "Lists and mappings are written as JSON."
        ) from exc


def _no_empty_ones(environ: Mapping[str, str]) -> None:
    """An empty variable is mostly a mistake of the file that sets it, and would be taken for the working folder, for
    all addresses of the machine, or for a default. Raises BadInput.
    """
    for name, value in sorted(environ.items()):
        if name.upper() in set(variable_names()) - _may_be_empty() and not value.strip():
            raise BadInput(f"{name} is empty.", do="Give it a value, or leave it out to get the default.")


def _may_be_empty() -> set[str]:
    """The variables whose default is an empty text, such as a key that most servers need not."""
    models = [(field, model) for field, kinds in groups() for model in kinds]
    return {
        f"{PREFIX}{field}__{name}".upper()
        for field, model in models
        for name, info in model.model_fields.items()
        if info.default in ("", SecretStr(""))
    }


def unusable(error: ValidationError, name: Callable[[list[str]], str]) -> BadInput:
    """The first mistake in words; `name` spells the setting as the person gave it."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    if first["type"].startswith("union_tag"):
        return _unusable_kind(path, first, name)
    tags = {tag for _, models in groups() for tag in map(_kind_of, models)}
    path = [part for i, part in enumerate(path) if i != 1 or part not in tags]  # pydantic names the chosen kind too
    told = isinstance(first.get("input"), str | int | float) and not UNTOLD & set(path)
    told = told and not str(first["input"]).lstrip().startswith(("{", "["))  # JSON gone wrong may hold one
    given = f": {str(first['input'])[:80]!r}" if told else ""  # a secret is never shown
    why = first["msg"].removeprefix("Value error, ")
    return BadInput(f"{name(path)} is not usable{given}.", f"{why[:1].upper()}{why[1:].rstrip('.')}.")


def _unusable_kind(path: list[str], first: Any, name: Callable[[list[str]], str]) -> BadInput:
    """A port whose `kind` is missing or unknown."""
    kinds = [_kind_of(model) for field, models in groups() if field == path[0] for model in models]
    given = first.get("ctx", {}).get("tag")
    what = f"{name([*path, 'kind'])} is missing." if given is None else f"{name([*path, 'kind'])} cannot be {given!r}."
    near = difflib.get_close_matches(given or "", kinds, n=1, cutoff=0.6)
    return BadInput(what, f"There is {' and '.join(kinds)}.", f"Did you mean {near[0]}?" if near else "")


def _kind_of(model: type[BaseModel]) -> str:
    """ "postgres" of PostgresSettings."""
    kind = model.model_fields.get("kind")
    return "" if kind is None else str(next(iter(get_args(kind.annotation)), ""))


def variable_names() -> Iterator[str]:
    """All names the environment may have."""
    for field, models in groups():
        yield f"{PREFIX}{field.upper()}"
        inner = dict.fromkeys(name for model in models for name in model.model_fields)
        yield from (f"{PREFIX}{field.upper()}__{name.upper()}" for name in inner)


def groups() -> Iterator[tuple[str, tuple[type[BaseModel], ...]]]:
    """Each setting with the models of its parts: none for a plain one, several where `kind` chooses."""
    for name, info in Settings.model_fields.items():
        union = get_origin(info.annotation) in (Union, types.UnionType)
        kinds = get_args(info.annotation) if union else (info.annotation,)
        yield name, tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def _is_known(name: str, known: list[str]) -> bool:
    return name.upper() in known
