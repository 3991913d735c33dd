"""How the language model is reached, and what it may cost."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bizaiops_bot.domain.readiness import Readiness

if TYPE_CHECKING:
    from bizaiops_bot.adapters.openai.language import Language
    from bizaiops_bot.adapters.openai.meter import UseBook

OPENAI_HOST = "api.openai.com"
DEFAULT_MODEL = "gpt-4.1-mini"
DEFAULT_PRICES = (0.40, 1.60)
"""USD for a million tokens in and out of DEFAULT_MODEL, as OpenAI listed them; PRICE_IN and PRICE_OUT overrule."""

Method = Literal["json_schema", "function_calling", "json_mode"]


class OpenAiSettings(BaseModel):
    """A server that speaks the OpenAI chat API."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["openai"] = Field(
        default="openai", description="openai: OpenAI, or a server with its API: vLLM, Ollama, llama.cpp, LM Studio."
    )
    base_url: str = Field(
        default=f"https://{OPENAI_HOST}/v1", description="Where the API begins, such as http://127.0.0.1:11434/v1."
    )
    api_key: SecretStr = Field(default=SecretStr(""), description="Needed by OpenAI; most local servers need none.")
    model: str = Field(default=DEFAULT_MODEL, min_length=1, max_length=200, description="As the server calls it.")
    method: Literal["auto"] | Method = Field(
        default="auto",
        description="How the answer's form is asked for; auto tries what the server can do at the first start.",
    )
    price_in: float | None = Field(
        default=None, ge=0, description="USD for a million tokens sent. None: the default model's, 0 elsewhere."
    )
    price_out: float | None = Field(
        default=None, ge=0, description="USD for a million tokens answered. None: the default model's, 0 elsewhere."
    )
    daily_budget: float = Field(
        default=2.0,
        ge=0,
        description="USD a day of the company's time zone in all; beyond it no model is asked until the next day.",
    )
    daily_budget_channel: float = Field(default=0.5, ge=0, description="USD a day for one conversation.")
    daily_tokens: int = Field(
        default=2_000_000, ge=0, description="Tokens a day in all, for servers without a price too."
    )
    daily_tokens_channel: int = Field(default=500_000, ge=0, description="Tokens a day for one conversation.")
    timeout_s: float = Field(default=8.0, gt=0, le=8, description="Seconds for one turn's call and its repair.")
    max_tokens: int = Field(default=400, ge=50, le=4000, description="Longest answer, in tokens.")
    failures: int = Field(default=3, ge=1, le=20, description="Failures in a row after which it is left alone.")
    rest_s: float = Field(default=30.0, gt=0, le=3600, description="Seconds it is left alone before one more try.")
    proxy: SecretStr | None = Field(
        default=None, description="URL of an HTTP proxy. None: none, also not the environment's."
    )

    @field_validator("base_url")
    @classmethod
    def _is_plain(cls, url: str) -> str:
        parts = _address(url)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("the address holds no user, password, query or fragment; a key goes into API_KEY")
        return url.rstrip("/")

    @field_validator("proxy")
    @classmethod
    def _is_a_proxy(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            _address(url.get_secret_value())
        return url

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.is_openai:
            return self
        if not self.api_key.get_secret_value():
            raise ValueError(f"API_KEY is missing: {OPENAI_HOST} needs one, a server of your own a BASE_URL")
        if self.model != DEFAULT_MODEL and None in {self.price_in, self.price_out}:
            raise ValueError(f"PRICE_IN and PRICE_OUT of {self.model} are missing, the budget needs them")
        return self

    def open(self, book: UseBook, folder: Path, time_zone: str) -> Language:
        """book: where use is kept. folder: for what is found out of the server. time_zone: in which days begin."""
        opened: Language = _language().Language(self, book, folder, time_zone)
        return opened

    async def ready(self) -> Readiness:
        """Asks it one small thing."""
        found: Readiness = await _language().try_once(self)
        return found

    @property
    def is_openai(self) -> bool:
        """Also at one of its regional hosts, such as eu.api.openai.com."""
        host = urlsplit(self.base_url).hostname or ""
        return host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")

    @property
    def prices(self) -> tuple[float, float]:
        """USD for a million tokens in and out."""
        known = DEFAULT_PRICES if self.is_openai and self.model == DEFAULT_MODEL else (0.0, 0.0)
        return (
            known[0] if self.price_in is None else self.price_in,
            known[1] if self.price_out is None else self.price_out,
        )


def _language() -> ModuleType:
    """Imported only where a model is chosen."""
    from bizaiops_bot.adapters.openai import language

    return language


def _address(url: str) -> SplitResult:
    """Raises ValueError with nothing of `url` in it: it may hold a password."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole:
        raise ValueError("an address begins with http:// or https:// and a host") from None
    return parts
