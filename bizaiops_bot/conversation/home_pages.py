"""A person's own page: what waits for them, their models, runs, schedules, alerts, and how the bot is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bizaiops_bot.bot_api.observed import health_of
from bizaiops_bot.conversation import home_cards
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.health import HEALTH_MINUTES
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import PostedMessage
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.store import known_places

T = TypeVar("T")
MOST_MODELS = 15
RUNS_LOOKED_AT = 50


async def _none() -> dict[str, str]:
    return {}


class EngineHomePages:
    """Implements lobby.HomePages."""

    def __init__(self, core: Core, desk: FrontDesk, problems: Callable[[], Awaitable[dict[str, str]]] = _none) -> None:
        """problems: why a part of the bot does not work now, by its name."""
        self._core, self._desk, self._problems = core, desk, problems

    async def page(self, actor: str) -> tuple[Card, ...]:
        person = self._desk.person(actor)
        parts = (
            _told("What waits for you", self._approvals(person)),
            _told("Models", self._models(person)),
            _told("Runs", self._runs(person)),
            _told("Schedules", self._schedules(person)),
            _told("Alerts", self._alerts()),
            _told("My own state", self._health(person)),
        )
        return tuple(await asyncio.gather(*parts))

    async def say(self, actor: str, conversation: str, command: str, *, platform_event: str) -> PostedMessage:
        return await self._desk.post(conversation, actor, command, platform_event=platform_event)

    # -- the cards -----------------------------------------------------------------------------------

    async def _approvals(self, person: Actor) -> Card:
        records = self._core.ports.records
        open_now = await records.approvals()
        mine = [g for g in open_now if any(may == person.id or may.startswith(f"{person.id} for ") for may in g.may)]
        runs = [await records.run(gate.run) for gate in mine]
        return home_cards.approvals(list(zip(mine, runs, strict=True)), self._core.clock.now())

    async def _models(self, person: Actor) -> Card:
        served = await self._core.ports.models.specs()
        called = {person.id, person.name.lower(), *person.called}
        own = [model for model in served if model.owner.lower() in called]
        shown = own or served
        found = await asyncio.gather(*(self._model(info) for info in shown[:MOST_MODELS]))
        more = len(served) - len(found)
        return home_cards.models(found, own=bool(own), alerts=await self._open_alerts(), more=more)

    async def _model(self, info: ModelSpec) -> home_cards.Model:
        ports = self._core.ports
        service = await _known(ports.records.service(info.name))
        if service is None:
            return info, None, None
        traffic = await _known(ports.serving.traffic(service))
        if traffic is None:
            return info, None, None
        return info, traffic, await _known(health_of(ports, traffic, minutes=HEALTH_MINUTES))

    async def _runs(self, person: Actor) -> Card:
        newest = await self._core.ports.records.runs(limit=RUNS_LOOKED_AT)
        return home_cards.runs([run for run in newest if run.actor == person.id], self._core.clock.now())

    async def _schedules(self, person: Actor) -> Card:
        active = await self._core.ports.records.schedules()
        used = {schedule.conversation for schedule in active}
        places = await self._core.store.read(lambda conn: [known_places.find(conn, name) for name in sorted(used)])
        titles = {place.conversation: place.title for place in places if place is not None}
        return home_cards.schedules(active, person.id, titles)

    async def _alerts(self) -> Card:
        return home_cards.alerts(await self._open_alerts(), self._core.clock.now())

    async def _open_alerts(self) -> list[Alert]:
        return await self._core.ports.records.alerts(open_only=True, limit=100)

    async def _health(self, person: Actor) -> Card:
        return home_cards.health(await self._problems(), await self._core.ports.records.frozen(), person.roles)


async def _known(reading: Awaitable[T]) -> T | None:
    """None where the system does not answer: the other models are shown all the same."""
    try:
        return await reading
    except BotError:
        return None


async def _told(what: str, drawing: Awaitable[Card]) -> Card:
    try:
        return await drawing
    except BotError as exc:
        return home_cards.unreadable(what, str(exc))
