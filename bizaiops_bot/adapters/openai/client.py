"""One guarded call to the language model: budget, breaker, time limit, one repair, cache, counting.

It gives a checked value or nothing. Nothing is always possible, so whoever asks has an answer without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bizaiops_bot.adapters.openai.answer import Answer, Messages, counted, estimate
from bizaiops_bot.adapters.openai.breaker import Breaker
from bizaiops_bot.adapters.openai.failures import BadAnswer, Busy, Down
from bizaiops_bot.adapters.openai.guard import Guard, NotReady
from bizaiops_bot.adapters.openai.meter import Meter, UseBook
from bizaiops_bot.adapters.openai.probe import Probe
from bizaiops_bot.adapters.openai.prompts import Prompt
from bizaiops_bot.adapters.openai.said import Kept, M, Said, Tally, Turned, Unsaid
from bizaiops_bot.adapters.openai.schema import strict_schema
from bizaiops_bot.adapters.openai.settings import Method, OpenAiSettings
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.engine.audit.redaction import redact

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.tools import BaseTool

    from bizaiops_bot.adapters.openai.wire import Wire

__all__ = ["LanguageClient", "Said", "Turned", "Unsaid"]

log = logging.getLogger("bizaiops.language")

MOST_CHARS = 8000
"""Longest text of people and the world that is sent."""
PROBES = "(probe)"
_PROBE_WAIT_S = 3.0
_REPAIR_S = 1.0
"""Time that must be left for a repair to be worth its price."""
_DO = "Check BIZAIOPS_LANGUAGE__BASE_URL, __MODEL and __API_KEY; the bot works without it meanwhile."
_RAW_CHARS, _WRONG_CHARS = 1000, 600


class LanguageClient:
    """For many tasks of one loop. `start` it before use; until then, and after `stop`, it has no answer."""

    def __init__(
        self,
        settings: OpenAiSettings,
        book: UseBook,
        folder: Path | None,
        *,
        time_zone: str = "UTC",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """folder: where it is kept which way of asking works; None keeps nothing. time_zone: in which days begin."""
        self.settings = settings
        self.meter = Meter(settings, book, time_zone)
        self.breaker = Breaker(settings.failures, settings.rest_s, clock)
        self.probe = Probe(settings, folder)
        self._guard = Guard(settings, self.meter, self.breaker, self.probe.doubt)
        self._wire: Wire | None = None
        self._opened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._kept = Kept()

    def start(self) -> None:
        """Loads the libraries and tries the server in the background."""
        self._task = asyncio.create_task(self._run(), name="language")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._guard.counted()
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.aclose()

    async def _run(self) -> None:
        try:
            self._wire = await asyncio.to_thread(_open, self.settings)
            self._opened.set()
            await self.probe.run(self._canary)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the language model stays off")

    async def ready(self) -> Readiness:
        """As far as is known: nothing is spent to find it out."""
        if self.breaker.is_open:
            return self._says(None, "left alone for a while after failures")
        if self.probe.method is None and not self.probe.tried.is_set():
            return Readiness(ok=True, says=f"{self._where}, not tried yet")
        return self._says(self.probe.method, self.probe.says)

    @property
    def _where(self) -> str:
        return f"openai: {self.settings.model} at {self.settings.base_url}"

    def _says(self, method: Method | None, why: str) -> Readiness:
        if method is None:
            return Readiness(ok=False, says=f"{self._where}: {why}", do=_DO)
        return Readiness(ok=True, says=f"{self._where}, answers by {method}")

    async def check(self) -> Readiness:
        """Tries the server now, without `start`, by one small call in up to three ways."""
        self._wire = await asyncio.to_thread(_open, self.settings)
        try:
            method, _ = await self.probe.once(self._canary)
        finally:
            await self.stop()
        return self._says(method, self.probe.says)

    async def _canary(self, messages: Messages, schema: dict[str, Any], method: Method) -> Answer:
        if over := await self.meter.over_budget(PROBES):
            raise Busy(f"over budget ({over})", None)
        try:
            async with asyncio.timeout(self._guard.limit_s):
                answer = await self._wired().call(messages, schema, method)
        except TimeoutError as error:
            raise Down("no answer in time") from error
        await self.meter.count(PROBES, answer.tokens_in, answer.tokens_out)
        return answer

    def exposition(self) -> str:
        """What Prometheus scrapes."""
        self.meter.metrics.resting.set(self.breaker.is_open)
        self.meter.metrics.ready.set(self.probe.method is not None)
        return self.meter.metrics.text()

    async def ask(
        self, prompt: Prompt, user_text: str, schema: type[M], *, channel: str, purpose: str, cache_key: str = ""
    ) -> Said[M] | None:
        """The model's answer as a `schema`; None when it is off, over budget, resting after failures, or fails.

        user_text: data of people and the world, cut at 8,000 characters; secrets are taken out.
        channel: the conversation that pays. purpose: for the counters, such as "route".
        cache_key: what the answer depends on, when that is less than the texts; the prompt's hash is always part of it.
        """
        said = await self.ask_why(prompt, user_text, schema, channel=channel, purpose=purpose, cache_key=cache_key)
        return said if isinstance(said, Said) else None

    async def ask_why(
        self, prompt: Prompt, user_text: str, schema: type[M], *, channel: str, purpose: str, cache_key: str = ""
    ) -> Said[M] | Unsaid:
        """As `ask`, with the reason when there is no answer."""
        text, form = redact(user_text)[:MOST_CHARS], strict_schema(schema)
        key = _digest(self.settings.base_url, self.settings.model, prompt.sha256, cache_key or text, form)
        if (known := self._kept.recall(key, schema)) is not None:
            self.meter.metrics.calls.labels(purpose, "cached").inc()
            return known
        tally = Tally(time.monotonic())

        async def work() -> M:
            return await self._with_repair([("system", prompt.text), ("user", text)], form, schema, channel, tally)

        value, outcome = await self._guard.run(self._ready, work, channel, tally)
        outcome = "repaired" if outcome == "ok" and tally.calls > 1 else outcome
        self.meter.metrics.calls.labels(purpose, outcome).inc()
        told = {"model": self.settings.model, "prompt": prompt.label, "prompt_sha256": prompt.sha256}
        heard = {**told, **tally.used(), "method": self.probe.method, "outcome": outcome}
        if value is None:
            return Unsaid(heard)
        self._kept.keep(key, value, heard)
        return Said(value, heard)

    async def turn(
        self, messages: list[BaseMessage], tools: list[BaseTool], *, channel: str, purpose: str
    ) -> tuple[AIMessage, Turned] | str:
        """One answer of a conversation with tools, and what it cost; why there is none whenever `ask` would have none.

        messages: secrets are for the caller to take out.
        """
        tally = Tally(time.monotonic())

        async def work() -> AIMessage:
            return await self._turn(messages, tools, channel, tally)

        answer, outcome = await self._guard.run(self._ready, work, channel, tally)
        self.meter.metrics.calls.labels(purpose, outcome).inc()
        return outcome if answer is None else (answer, Turned(tally.tokens_in, tally.tokens_out, tally.usd))

    async def _turn(self, messages: list[BaseMessage], tools: list[BaseTool], channel: str, tally: Tally) -> AIMessage:
        sent = estimate(*(str(message.content) for message in messages), *(str(tool.args) for tool in tools))
        tally.calls, tally.in_flight = tally.calls + 1, sent
        try:
            answer = await self._wired().turn(messages, tools)
        except BadAnswer:  # something was answered and will be charged
            await self._guard.count(channel, tally, sent, self.settings.max_tokens, estimated=True)
            raise
        told = counted(answer)
        used = told or (sent, estimate(str(answer.text)))
        await self._guard.count(channel, tally, *used, estimated=told is None)
        return answer

    async def _ready(self) -> None:
        """The first try of a server may be waited for a little."""
        if self._task is not None and not self._task.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PROBE_WAIT_S):
                    await self._opened.wait()
                    await self.probe.tried.wait()
        if self.probe.method is None or self._wire is None:
            raise NotReady

    def _wired(self) -> Wire:
        if self._wire is None:
            raise NotReady
        return self._wire

    async def _with_repair(
        self, messages: Messages, form: dict[str, Any], schema: type[M], channel: str, tally: Tally
    ) -> M:
        answer = await self._call(messages, form, channel, tally)
        value, wrong = _checked(answer, schema)
        left = self._guard.limit_s - (time.monotonic() - tally.started)
        if value is None and left > min(_REPAIR_S, self._guard.limit_s / 4):
            mend = f"That is not valid: {wrong[:_WRONG_CHARS]}. Answer again, in the form that was asked for."
            again = [*messages, ("assistant", answer.raw[:_RAW_CHARS] or "(nothing)"), ("user", mend)]
            value, wrong = _checked(await self._call(again, form, channel, tally), schema)
        if value is None:
            raise BadAnswer(wrong[:_WRONG_CHARS])
        return value

    async def _call(self, messages: Messages, form: dict[str, Any], channel: str, tally: Tally) -> Answer:
        method = self.probe.method
        if method is None:
            raise NotReady
        tally.calls, tally.in_flight = tally.calls + 1, estimate(json.dumps(form), *(text for _, text in messages))
        try:
            answer = await self._wired().call(messages, form, method)
        except BadAnswer:  # something was answered and will be charged
            await self._guard.count(channel, tally, tally.in_flight, self.settings.max_tokens, estimated=True)
            raise
        await self._guard.count(channel, tally, answer.tokens_in, answer.tokens_out, estimated=answer.estimated)
        return answer


def _open(settings: OpenAiSettings) -> Wire:
    """In a thread: importing langchain takes a second or two."""
    from bizaiops_bot.adapters.openai.wire import Wire

    return Wire(settings)


def _checked(answer: Answer, schema: type[M]) -> tuple[M | None, str]:
    """The value, or what is wrong with it."""
    if answer.problem:
        return None, answer.problem
    try:
        return schema.model_validate(answer.parsed), ""
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)[:5]
        return None, "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
