"""The names that exist right now, as the router resolves words against them."""

from __future__ import annotations

import asyncio

from bizaiops_bot.domain.models import ModelInfo
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.engine.core import Core
from bizaiops_bot.router import naming

_KEEP_S = 5.0


class CatalogueReader:
    """Reads the ports, at most once in a few seconds of the machine's time: names change with releases, not with
    messages.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._kept: Catalogue | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()

    def stale(self) -> None:
        """Forces the next read; called when a run has ended."""
        self._kept = None

    @property
    def last(self) -> Catalogue | None:
        """As it was read last, however long ago; None before the first time."""
        return self._kept

    async def read(self) -> Catalogue:
        """The catalogue with the clock's present time."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._kept is None or now - self._read_at > _KEEP_S:
                self._kept, self._read_at = await self._read(), now
        return self._kept.model_copy(update={"now": self._core.clock.now()})

    async def _read(self) -> Catalogue:
        core = self._core
        models = await core.ports.serving.models()
        versions, stable, previous = {}, {}, {}
        for model in models:
            versions[model.name] = await self._versions(model)
            state = await core.ports.serving.traffic(model.name)
            if state.stable is not None:
                stable[model.name] = state.stable
            last = next((r.previous for r in await core.ports.records.releases(model.name, limit=1)), None)
            if last is not None:
                previous[model.name] = last
        found = Catalogue(
            models=tuple(models),
            versions=versions,
            stable=stable,
            previous=previous,
            kpis=await self._kpis(models),
            people=tuple(core.people),
            called={person.id: person.called for person in tuple(core.people.values())},
            playbooks=tuple(p.spec() for p in core.playbooks),
            last_run=next((run.id for run in await core.ports.records.runs(limit=1)), None),
            now=core.clock.now(),
            time_zone=core.time_zone,
        )
        return naming.trusted(found)

    async def _versions(self, model: ModelInfo) -> tuple[str, ...]:
        return tuple(c.version for c in await self._core.ports.pipelines.candidates(model.name))

    async def _kpis(self, models: list[ModelInfo]) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
        found = await self._core.ports.warehouse.kpis()
        return {m.name: tuple((k.id, (k.title, *k.aliases)) for k in found if k.model == m.name) for m in models}
