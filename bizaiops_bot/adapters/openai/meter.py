"""What the model costs: counted for each conversation and day, held against the budgets, shown to Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.domain.language_use import Use

log = logging.getLogger("bizaiops.language")
MOST_CHANNELS = 200


class UseBook(Protocol):
    """Where use is kept, so that a restart or another worker does not begin the budget anew."""

    async def spent(self, day: str, channel: str) -> tuple[Use, Use]:
        """On `day` (YYYY-MM-DD): by the channel, and in all."""

    async def add(self, day: str, channel: str, use: Use) -> None: ...


class MemoryBook:
    """For a process alone, such as a command-line tool: nothing is kept."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], Use] = {}

    async def spent(self, day: str, channel: str) -> tuple[Use, Use]:
        total = sum((use for (on, _), use in self._used.items() if on == day), Use())
        return self._used.get((day, channel), Use()), total

    async def add(self, day: str, channel: str, use: Use) -> None:
        self._used[day, channel] = self._used.get((day, channel), Use()) + use


class Metrics:
    """Counters since the process started, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        mine = self.registry
        self.calls = Counter(
            "bizaiops_language_requests",
            "Times the language model was to be asked.",
            ["purpose", "outcome"],
            registry=mine,
        )
        self.tokens = Counter(
            "bizaiops_language_tokens", "Tokens sent and answered.", ["channel", "direction"], registry=mine
        )
        self.cost = Counter("bizaiops_language_cost_usd", "US dollars by the price list.", ["channel"], registry=mine)
        self.resting = Gauge(
            "bizaiops_language_resting", "1 while the model is left alone after failures.", registry=mine
        )
        self.ready = Gauge("bizaiops_language_ready", "1 when the form of answers is known.", registry=mine)

    def text(self) -> str:
        """The Prometheus text format."""
        return generate_latest(self.registry).decode()


class Meter:
    """Counts and limits. A book that cannot be read or written holds calls back: nothing is spent uncounted."""

    def __init__(
        self,
        settings: OpenAiSettings,
        book: UseBook,
        time_zone: str = "UTC",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """time_zone: the company's, in which days begin. now: the machine's clock, since a server bills real days."""
        self._settings, self._book, self._zone, self._now = settings, book, ZoneInfo(time_zone), now
        self._unwritten: dict[tuple[str, str], Use] = {}
        self._channels: set[str] = set()
        self.metrics = Metrics()

    async def over_budget(self, channel: str) -> str:
        """Which budget is used up, "" for none."""
        try:
            await self._write_up()
            mine, total = await self._book.spent(self._day(), channel)
        except Exception as error:  # whatever the store raises
            log.warning("the language model waits: its use cannot be read (%s)", type(error).__name__)
            return "book"
        limits = self._settings
        if total.usd >= limits.daily_budget > 0 or (limits.daily_budget == 0 and any(limits.prices)):
            return "day"
        if mine.usd >= limits.daily_budget_channel and any(limits.prices):
            return "channel"
        if total.tokens >= limits.daily_tokens:
            return "day's tokens"
        return "channel's tokens" if mine.tokens >= limits.daily_tokens_channel else ""

    async def count(self, channel: str, tokens_in: int, tokens_out: int) -> float:
        """Notes one call; returns its cost in USD."""
        price_in, price_out = self._settings.prices
        micro = round(tokens_in * price_in + tokens_out * price_out)
        key = (self._day(), channel)
        use = Use(calls=1, tokens_in=tokens_in, tokens_out=tokens_out, micro_usd=micro)
        self._unwritten[key] = self._unwritten.get(key, Use()) + use
        label = self._label(channel)
        self.metrics.tokens.labels(label, "in").inc(tokens_in)
        self.metrics.tokens.labels(label, "out").inc(tokens_out)
        self.metrics.cost.labels(label).inc(use.usd)
        try:
            await self._write_up()
        except Exception as error:  # kept, and written before the next call
            log.warning("the language model's use is not written yet (%s)", type(error).__name__)
        return use.usd

    async def _write_up(self) -> None:
        for key in list(self._unwritten):
            use = self._unwritten.pop(key)
            try:
                await self._book.add(*key, use)
            except BaseException:  # also when called off: better counted twice than never
                self._unwritten[key] = self._unwritten.get(key, Use()) + use
                raise

    def _day(self) -> str:
        return self._now().astimezone(self._zone).date().isoformat()

    def _label(self, channel: str) -> str:
        """A counter for each conversation, up to a number that Prometheus can bear."""
        if channel not in self._channels and len(self._channels) >= MOST_CHANNELS:
            return "(others)"
        self._channels.add(channel)
        return channel
