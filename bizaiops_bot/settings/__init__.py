"""Every setting. Environment variables begin with BIZAIOPS_, parts of a port are joined by two underscores."""

from __future__ import annotations

import difflib
import os
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, Union, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from bizaiops_bot.adapters.duckdb import DuckDbSettings
from bizaiops_bot.adapters.memory import MemorySettings
from bizaiops_bot.adapters.mlflow import MlflowSettings
from bizaiops_bot.adapters.no_language import NoLanguage
from bizaiops_bot.company_files.environments import EnvironmentFile, default_of, read_environments, unknown
from bizaiops_bot.company_files.folder import CompanyFile, read_company
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.rule_files import Place
from bizaiops_bot.domain.yaml_files import Document, Unusable, place_of
from bizaiops_bot.domain.zones import TimeZone
from bizaiops_bot.embedded.settings import (
    MODELS,
    EmbeddedDriftSettings,
    EmbeddedMetricsSettings,
    EmbeddedOutcomesSettings,
    EmbeddedPipelinesSettings,
    EmbeddedPredictionsSettings,
    EmbeddedServingSettings,
    EmbeddedSettings,
)
from bizaiops_bot.engine.store.settings import SqliteSettings
from bizaiops_bot.settings.keep import KeepSettings
from bizaiops_bot.settings.people import RESERVED, Person, demo_people
from bizaiops_bot.settings.ports import (
    PORTS,
    CacheSettings,
    DriftSettings,
    LanguageSettings,
    MetricsSettings,
    OutcomesSettings,
    PipelinesSettings,
    PredictionsSettings,
    RegistrySettings,
    ServingSettings,
    StoreSettings,
    WarehouseSettings,
)
from bizaiops_bot.surfaces.slack.settings import SlackSettings
from bizaiops_bot.surfaces.teams.settings import TeamsSettings
from bizaiops_bot.surfaces.token_file import wrong_with

__all__ = ["PORTS", "RESERVED", "Person", "Settings", "load_settings"]

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
FORMER = {"company": "embedded"}
"""Groups that were renamed."""


class Settings(BaseSettings):
    """The whole bot."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid")

    company_dir: Path | None = Field(
        default=None, description="Folder of a company in files; None: these variables say everything."
    )
    data: Path = Field(default=Path(".data"), description="Folder for everything the bot keeps.")
    audit_key: Path | None = Field(
        default=None,
        description="File with the key that signs the audit, such as a mounted secret that all workers have; "
        "None: one is made in the data folder.",
    )
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
        description="The default environment, one word that policy knows it by, such as staging or production.",
    )
    people: tuple[Person, ...] = Field(
        default_factory=demo_people, min_length=1, description="Who may talk to the bot, with roles."
    )
    tokens: dict[str, SecretStr] = Field(
        default_factory=dict, description="Person id -> secret for signing in to `serve`; the demo needs none."
    )
    embedded: EmbeddedSettings = Field(
        default_factory=EmbeddedSettings, description="The embedded company's own numbers, where a port is of its kind."
    )
    pipelines: PipelinesSettings = Field(
        default_factory=EmbeddedPipelinesSettings, description="Builds, tests and packages versions (CI/CD)."
    )
    serving: ServingSettings = Field(
        default_factory=EmbeddedServingSettings, description="Serves models and splits their traffic."
    )
    metrics: MetricsSettings = Field(
        default_factory=EmbeddedMetricsSettings, description="Measures what is served: errors, latency, requests."
    )
    predictions: PredictionsSettings = Field(
        default_factory=EmbeddedPredictionsSettings, description="Knows what models were asked and what they answered."
    )
    outcomes: OutcomesSettings = Field(
        default_factory=EmbeddedOutcomesSettings, description="Knows what became of requests: late labels, their worth."
    )
    drift: DriftSettings = Field(
        default_factory=EmbeddedDriftSettings, description="Says how far live data have moved from training."
    )
    registry: RegistrySettings = Field(default_factory=MlflowSettings, description="Knows the versions of each model.")
    warehouse: WarehouseSettings = Field(default_factory=DuckDbSettings, description="Has the numbers of KPIs.")
    kpis: Path | None = Field(
        default=None,
        description="Folder of KPI definitions; None takes the embedded company's, and none where it is not there.",
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

    def embedded_ports(self) -> tuple[str, ...]:
        """Those that the embedded company serves; with none of them it is not there."""
        return tuple(port for port in PORTS if getattr(self, port).kind == "embedded")

    def serves(self) -> tuple[str, ...] | None:
        """The models that there are; None where the company's files say it."""
        return MODELS if "serving" in self.embedded_ports() else None

    def begins_with_a_past(self) -> bool:
        """Whether the embedded company has registered what it serves before the bot came: in a registry of its own."""
        own = isinstance(self.registry, MlflowSettings) and self.registry.tracking_uri is None
        return own and {"pipelines", "serving"} <= set(self.embedded_ports())

    @model_validator(mode="after")
    def _the_embedded_company_serves_or_is_not_there(self) -> Self:
        """Else its time would be the bot's, and its numbers would stand beside the names of somebody else's models."""
        here = self.embedded_ports()
        if here and "serving" not in here:
            kinds = ", ".join(f"{PREFIX}{port.upper()}__KIND" for port in here)
            raise ValueError(f"the embedded company builds and measures only what it serves: choose {kinds} too")
        return self

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


def load_settings(environ: Mapping[str, str] | None = None, *, company: Path | None = None) -> Settings:
    """Settings from the environment, over those of a company in files: `company`, else BIZAIOPS_COMPANY_DIR.

    Raises BadInput for a misspelt or unusable variable or field: it must never be silently ignored.
    """
    environ = os.environ if environ is None else environ
    known = sorted(variable_names())
    for name in sorted(environ):
        if name.startswith(PREFIX) and not _is_known(name, known):
            if now := _now_called(name, known):
                raise BadInput(f"{name} is called {now} now.", do=f"Set {now} instead.")
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"Did you mean {near[0]}?" if near else "See docs/reference/settings.md."
            raise BadInput(f"{name} is not a setting.", do=hint)
    _no_empty_ones(environ)
    try:
        given = EnvSettingsSource(Settings)()
        folder = company or given.get("company_dir")
        return Settings() if folder is None else _of_company(Path(folder), given)
    except ValidationError as exc:
        raise unusable(exc, lambda path: f"{PREFIX}{'__'.join(path).upper()}") from exc
    except SettingsError as exc:  # a variable that should be JSON and is not
        raise BadInput(
            "A BIZAIOPS_ variable is not usable.", f"{exc}.", "Lists and mappings are written as JSON."
        ) from exc


def _now_called(name: str, known: list[str]) -> str:
    """The new name of a variable whose group was renamed; empty for others."""
    group, sep, inner = name.upper().removeprefix(PREFIX).partition("__")
    now = f"{PREFIX}{FORMER.get(group.lower(), '').upper()}{sep}{inner}"
    return now if group.lower() in FORMER and now in known else ""


def variable(place: Place) -> str:
    """The variable that sets what is there, such as BIZAIOPS_EMBEDDED__SPEED."""
    names = [f"{PREFIX}{'__'.join(map(str, place[:parts])).upper()}" for parts in (2, 1)]
    return next((name for name in names if name in set(variable_names())), names[-1])


def company_file(folder: Path) -> CompanyFile:
    """company.yaml of the folder. Raises BadInput for a folder without one, and a file that is no list of settings."""
    return read_company(folder, Settings, variable, os.environ)


def _of_company(folder: Path, given: dict[str, Any]) -> Settings:
    """given: what variables say, which overrides the folder. Raises Unusable, ValidationError for a variable."""
    found = company_file(folder)
    values, document, mistakes = found.values, found.document, found.mistakes
    if values.pop("company_dir", None) is not None:
        mistakes.append(document.mistake(("company_dir",), "the folder does not say where it is"))
    for was, now in FORMER.items():
        if was in values:
            del values[was]
            mistakes.append(document.mistake((was,), f"`{was}` is called `{now}` now"))
    if (folder / "kpis").is_dir():
        if "kpis" in values:
            mistakes.append(document.mistake(("kpis",), "the folder kpis/ is there as well; keep one of them"))
        values["kpis"] = folder / "kpis"
    environments = _environments(folder, values, document, mistakes)
    whole = _over(values, given) | {"company_dir": folder}
    try:
        settings = Settings(**whole)
    except ValidationError as exc:
        errors = [error for error in exc.errors() if _is_written(place_of(error, whole), document, given)]
        mistakes += document.mistakes(errors, Settings)
        if not mistakes:
            raise
    if mistakes:
        raise Unusable(f"The company in {str(folder)!r}", mistakes)
    if why := unknown(settings.environment, environments):
        raise BadInput(f"{variable(('environment',))}: {why}.", f"There is {' and '.join(environments)}.")
    return settings


def _environments(
    folder: Path, values: dict[str, Any], document: Document, mistakes: list[str]
) -> dict[str, EnvironmentFile]:
    """Those of the folder, whose default is the setting; mistakes are added to the others."""
    try:
        found = read_environments(folder)
    except Unusable as exc:
        mistakes += exc.mistakes
        return {}
    if found and "environment" in values:
        mistakes.append(document.mistake(("environment",), "the folder environments/ says it; keep one of them"))
    if found:
        values["environment"] = default_of(found)
    return found


def _over(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Mappings are joined, all else is replaced."""
    found = dict(values)
    for name, value in given.items():
        below = found.get(name)
        found[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


def _is_written(place: Place, document: Document, given: Any) -> bool:
    """Whether the file says what is there, and no variable overrides it."""
    for part in place:
        if not isinstance(given, dict) or part not in given:
            break
        given = given[part]
    else:
        return not place
    return isinstance(given, dict) and place[:1] in document.lines


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
    if not path:
        return BadInput("The settings do not fit together.", f"{why[:1].upper()}{why[1:].rstrip('.')}.")
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
