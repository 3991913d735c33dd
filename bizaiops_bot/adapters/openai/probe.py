"""Which way of asking for an object a server really honours: tried with three small calls, off the answer path.

Servers with the same API differ: some take `json_schema` and ignore it, some answer 500 to it, some know no tools.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bizaiops_bot.adapters.openai.breaker import LONGEST_REST_S
from bizaiops_bot.adapters.openai.failures import Busy, Down, Failure
from bizaiops_bot.adapters.openai.schema import strict_schema
from bizaiops_bot.adapters.openai.settings import Method, OpenAiSettings

log = logging.getLogger("bizaiops.language")
METHODS: tuple[Method, ...] = ("json_schema", "function_calling", "json_mode")
FILE = "language-probe.json"
_FORMAT = 1
MOST_WAIT_S = 300.0


class _Bird(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["bird"]
    colour: Literal["yellow", "red", "blue"] | None


class _Other(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["none"]


class Canary(BaseModel):
    """The colour of a bird."""

    model_config = ConfigDict(extra="forbid")
    decision: _Bird | _Other = Field(discriminator="kind")


SCHEMA = strict_schema(Canary)
MESSAGES = [
    ("system", "You answer questions about birds."),
    ("user", "Which colour does a canary have? Say it in a friendly sentence."),
]
"""Nothing here says what the answer must look like: only a server that honours the schema can give the right form."""

Call = Callable[[list[tuple[str, str]], dict[str, Any], Method], Awaitable[Any]]


class Probe:
    """Finds `method` and keeps it for (base_url, model) in `folder`; None keeps nothing."""

    def __init__(self, settings: OpenAiSettings, folder: Path | None) -> None:
        self._settings, self._file = settings, folder / FILE if folder else None
        self.method: Method | None = self._known()
        self.says = "kept from an earlier start" if self.method else "not tried yet"
        self.tried = asyncio.Event()
        if self.method:
            self.tried.set()
        self._wanted = asyncio.Event()
        self.least_wait_s = 5.0

    def doubt(self) -> None:
        """The server no longer does what it did: it is tried anew, the old way is gone on with meanwhile."""
        if self._settings.method == "auto":
            self._wanted.set()

    async def run(self, call: Call) -> None:
        """Tries until the method is known, and again on `doubt`. Ends only when cancelled."""
        wait_s = self.least_wait_s
        while True:
            if self.method and not self._wanted.is_set():
                await self._wanted.wait()
            self._wanted.clear()
            found, after_s = await self.once(call)
            self.tried.set()
            wait_s = self.least_wait_s if found else min(2 * wait_s, MOST_WAIT_S)
            # Also after a success: doubt upon doubt must not become a busy loop of paid calls.
            await asyncio.sleep(min(max(after_s, wait_s), LONGEST_REST_S))

    async def once(self, call: Call) -> tuple[Method | None, float]:
        """The first method with a valid answer, and how long the server wants to be left alone."""
        told: list[str] = []
        for method in METHODS:
            try:
                answer = await call(MESSAGES, SCHEMA, method)
                Canary.model_validate(answer.parsed)
            except Busy as busy:
                self.says = str(busy)
                return None, busy.after_s or 0.0
            except (Failure, ValidationError) as error:
                told.append(f"{method}: {_short(error)}")
                if isinstance(error, Down) and not str(error).startswith("HTTP 5"):
                    break  # not there: the other ways would only wait for the same
                continue
            self._keep(method)
            return method, 0.0
        self.says = "; ".join(told)
        log.warning("the language model at %s gives no usable answer: %s", self._settings.base_url, self.says)
        return None, 0.0

    def _keep(self, method: Method) -> None:
        self.method, self.says = method, "answers"
        log.info("the language model at %s answers by %s", self._settings.base_url, method)
        if self._file is None:
            return
        kept = {**self._read(), self._key(): method}
        fresh = self._file.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):  # tried again at the next start
            fresh.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            fresh.replace(self._file)

    def _known(self) -> Method | None:
        if self._settings.method != "auto":
            return self._settings.method
        kept = self._read().get(self._key())
        return next((method for method in METHODS if method == kept), None)

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8")) if self._file else {}
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _key(self) -> str:
        told = json.dumps([_FORMAT, self._settings.base_url, self._settings.model])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def _short(error: Exception) -> str:
    return "another form" if isinstance(error, ValidationError) else str(error)
