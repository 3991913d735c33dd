"""The names that exist right now, as the router resolves words against them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from bizaiops_bot.domain.environments import spoken_service
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.versions import in_order
from bizaiops_bot.engine.context.core import Core, log
from bizaiops_bot.engine.context.patience import Late, within
from bizaiops_bot.router import naming

T = TypeVar("T")
_KEEP_S = 5.0
_TIMES = 20.0
"""Names are kept as many times as long as it took to read them, where that is longer: a registry of thousands of
versions is no reason to do nothing else.
"""
_LONGEST_KEEP_S = 60.0
_LATE = 3.0
"""So many times as long they still answer, while they are read anew."""
LONGEST_S = 5.0
"""Of the machine's time, for one question to a port: people wait for the names meanwhile."""
FIRST_S = 2.0
"""For the registry when nothing is known of it yet: a new one is made meanwhile, and what can be built is known."""
AT_ONCE = 16
"""Models that are asked about at the same time."""


@dataclass(frozen=True)
class _Said:
    """What the ports said last, by model. registered: names, oldest first, and the one with the alias `previous`.
    released: what served before the last release. called: other names of people.
    """

    models: list[ModelSpec] = field(default_factory=list)
    services: dict[str, ServiceRef] = field(default_factory=dict)
    registered: dict[str, tuple[tuple[str, ...], str | None]] = field(default_factory=dict)
    buildable: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stable: dict[str, str] = field(default_factory=dict)
    released: dict[str, str] = field(default_factory=dict)
    kpis: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(default_factory=dict)
    called: dict[str, tuple[str, ...]] = field(default_factory=dict)


class _Missed(NamedTuple):
    """A port that did not answer. since: when its names were read last, None where they never were."""

    why: str
    since: datetime | None

    def __str__(self) -> str:
        if self.since is None:
            return self.why
        return f"{self.why} Names from there are as they were at {self.since:%-d %b %H:%M} UTC."


class CatalogueReader:
    """Reads the ports, at most once in a few seconds of the machine's time: names change with releases, not with
    messages. Where a port does not answer, its names stay as they were read last.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._kept: Catalogue | None = None
        self._said = _Said()
        self._missed: dict[str, _Missed] = {}
        self._failing: dict[str, str] = {}
        self._hung: set[str] = set()
        self._answered: set[str] = set()
        self._read_at, self._keep_s = 0.0, _KEEP_S
        self._lock = asyncio.Lock()

    def stale(self) -> None:
        """Forces the next read; called when a run has ended."""
        self._read_at = float("-inf")

    @property
    def last(self) -> Catalogue | None:
        """As it was read last, however long ago; None before the first time."""
        return self._kept

    def problems(self) -> dict[str, str]:
        """Ports that do not answer, each with why, and since when its names are old."""
        return {port: str(missed) for port, missed in self._missed.items()}

    async def read(self) -> Catalogue:
        """The catalogue with the clock's present time."""
        kept, age = self._kept, asyncio.get_running_loop().time() - self._read_at
        if kept is None or age > _LATE * self._keep_s:
            kept = await self._renewed()
        elif age > self._keep_s and not self._lock.locked():
            self._core.background.add(task := asyncio.ensure_future(self._renew()))
            task.add_done_callback(self._core.background.discard)
        return kept.model_copy(update={"now": self._core.clock.now()})

    async def _renew(self) -> None:
        try:
            await self._renewed()
        except Exception:
            log.exception("the names could not be read")

    async def _renewed(self) -> Catalogue:
        async with self._lock:
            time = asyncio.get_running_loop().time
            if self._kept is None or time() - self._read_at > self._keep_s:
                began = time()
                self._kept = await self._read()
                self._read_at = time()
                took = 0.0 if self._failing else self._read_at - began
                self._keep_s = min(max(_KEEP_S, _TIMES * took), _LONGEST_KEEP_S)
            return self._kept

    async def _read(self) -> Catalogue:
        core, self._failing, self._hung = self._core, {}, set()
        ports, said = core.ports, self._said
        models, services, registered, buildable, releases, kpis = await asyncio.gather(
            self._or("models", ports.models.specs, said.models),
            self._or("serving", self._served, said.services),
            self._or("registry", self._registered, said.registered),
            self._or("pipelines", self._buildable, said.buildable),
            ports.records.latest_releases(),
            self._or("warehouse", self._kpis, said.kpis),
        )
        free = asyncio.Semaphore(AT_ONCE)
        served = [*dict.fromkeys([*(model.name for model in models), *services])]
        stable = await asyncio.gather(*(self._stable(name, services.get(name), free) for name in served))
        self._said = _Said(
            models=list(models),
            services=services,
            registered=registered,
            buildable=buildable,
            stable={name: version for name, version in zip(served, stable, strict=True) if version is not None},
            released={model: release.previous for model, release in releases.items() if release.previous is not None},
            kpis=kpis,
            called={person.id: person.called for person in tuple(core.people.values())},
        )
        now = core.clock.now()
        self._missed = {port: _Missed(why, self._since(port, now)) for port, why in self._failing.items()}
        names = self._names if self._kept is not None and self._said == said else self._trusted(now)
        last = await ports.records.runs(limit=1)
        return names.model_copy(
            update={
                "playbooks": tuple(p.spec() for p in core.playbooks),
                "last_run": last[0].id if last else None,
                "now": now,
            }
        )

    def _trusted(self, now: datetime) -> Catalogue:
        """The names that may be used. The same object while nothing outside says anything else: what was made of its
        parts is found by them.
        """
        said = self._said
        aliases = {model: alias for model, (_, alias) in said.registered.items() if alias is not None}
        self._names = naming.trusted(
            Catalogue(
                models=tuple(said.models),
                versions={
                    m.name: in_order(said.registered.get(m.name, ((), None))[0], said.buildable.get(m.name, ()))
                    for m in said.models
                },
                stable=said.stable,
                previous=said.released | aliases,
                kpis={m.name: said.kpis.get(m.name, ()) for m in said.models},
                called=said.called,
                people=tuple(said.called),
                environments=tuple((one.name, one.words) for one in self._core.environments.known),
                now=now,
                time_zone=self._core.time_zone,
            )
        )
        return self._names

    def _since(self, port: str, now: datetime) -> datetime | None:
        if port in self._missed and self._missed[port].since is not None:
            return self._missed[port].since
        return now if port in self._answered else None

    async def _or(self, port: str, ask: Callable[[], Awaitable[T]], before: T) -> T:
        """What the port answers, else what it said before. One that hangs is asked nothing more in this read."""
        if port in self._hung:
            return before
        try:
            first = port == "registry" and port not in self._answered
            answer = await within(FIRST_S if first else LONGEST_S, ask())
        except BotError as exc:
            if isinstance(exc, Late):
                self._hung.add(port)
            self._failing[port] = exc.what
            return before
        self._answered.add(port)
        return answer

    async def _registered(self) -> dict[str, tuple[tuple[str, ...], str | None]]:
        found = await self._core.ports.registry.all_versions()
        return {
            model: (
                tuple(v.version for v in versions),
                next((v.version for v in versions if "previous" in v.aliases), None),
            )
            for model, versions in found.items()
        }

    async def _buildable(self) -> dict[str, tuple[str, ...]]:
        found = await self._core.ports.pipelines.all_buildable()
        return {model: tuple(one.version for one in known) for model, known in found.items()}

    async def _served(self) -> dict[str, ServiceRef]:
        """Every service of the company's environments, as people say it: "churn", "churn in staging"."""
        known = [one.name for one in self._core.environments.known]
        found = [s for s in await self._core.ports.serving.services() if s.environment in known]
        return {spoken_service(s.model, None if s.environment == known[0] else s.environment): s for s in found}

    async def _stable(self, model: str, service: ServiceRef | None, free: asyncio.Semaphore) -> str | None:
        before = self._said.stable.get(model)
        if service is None:
            return before

        async def ask() -> str | None:
            return (await self._core.ports.serving.traffic(service)).stable_version

        async with free:
            return await self._or("serving", ask, before)

    async def _kpis(self) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
        found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for kpi in await self._core.ports.warehouse.kpis():
            found.setdefault(kpi.model, []).append((kpi.id, (kpi.title, *kpi.aliases)))
        return {model: tuple(kpis) for model, kpis in found.items()}
