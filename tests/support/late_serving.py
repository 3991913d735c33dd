"""Serving as a cluster does it: a change takes minutes, revisions have numbers, and not everything gets ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from bizaiops_bot.domain.models import Artifact
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import Revision, ServiceRef, Snapshot, TrafficState
from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.serving import EmbeddedServing
from bizaiops_bot.ports.clock import Clock


class LateServing:
    """Implements ports.Serving over the embedded company's; requests go by a change when it is settled.

    takes: from a write until it is settled. problems: version -> why it never gets ready. nameless: versions that are
    not known by that name here. twice: versions that run on two revisions, a third of the share on the second one.
    """

    def __init__(self, inner: EmbeddedServing, clock: Clock, *, takes: timedelta = timedelta(minutes=2)) -> None:
        self._inner, self._clock, self.takes = inner, clock, takes
        self._under_way: dict[str, tuple[datetime, TrafficState]] = {}
        self._numbers: dict[str, list[str]] = {}
        self.problems: dict[str, str] = {}
        self.nameless: set[str] = set()
        self.twice: set[str] = set()

    def seen_by(self, inner: EmbeddedServing) -> LateServing:
        """The same system, to another bot."""
        other = copy(self)
        other._inner = inner
        return other

    async def ready(self) -> Readiness:
        return await self._inner.ready()

    async def services(self) -> list[ServiceRef]:
        return await self._inner.services()

    async def snapshot(self, service: ServiceRef) -> Snapshot:
        return await self._inner.snapshot(service)

    async def traffic(self, service: ServiceRef) -> TrafficState:
        wanted = await self._inner.traffic(service)
        until, before = self._under_way.get(service.model, (None, wanted))
        ill = any(r.version in self.problems for r in wanted.revisions if r.role != "idle")
        late = until is not None and (self._clock.now() < until or (ill and not wanted.paused))
        return self._told(self._on_the_way(before, wanted) if late else wanted)

    async def set_canary(
        self,
        service: ServiceRef,
        version: str,
        percent: int,
        *,
        guard: str,
        artifact: Artifact | None = None,
        key: str,
    ) -> TrafficState:
        return await self._write(
            service, lambda: self._inner.set_canary(service, version, percent, guard=guard, artifact=artifact, key=key)
        )

    async def try_out(self, service: ServiceRef, version: str, requests: int) -> Tried:
        return await self._inner.try_out(service, version, requests)

    async def promote(self, service: ServiceRef, version: str, *, guard: str, key: str) -> TrafficState:
        return await self._write(service, lambda: self._inner.promote(service, version, guard=guard, key=key))

    async def roll_back(
        self, service: ServiceRef, to: str, *, artifact: Artifact | None = None, key: str
    ) -> TrafficState:
        return await self._write(service, lambda: self._inner.roll_back(service, to, artifact=artifact, key=key))

    async def restore(self, service: ServiceRef, to: Snapshot, *, key: str) -> TrafficState:
        return await self._write(service, lambda: self._inner.restore(service, to, key=key))

    async def pause(self, service: ServiceRef, *, key: str) -> TrafficState:
        return await self._write(service, lambda: self._inner.pause(service, key=key))

    async def resume(self, service: ServiceRef, *, guard: str, key: str) -> TrafficState:
        return await self._write(service, lambda: self._inner.resume(service, guard=guard, key=key))

    async def scale(self, service: ServiceRef, least: int, most: int, *, guard: str, key: str) -> TrafficState:
        return await self._write(service, lambda: self._inner.scale(service, least, most, guard=guard, key=key))

    def requests_go_by(self, model: str) -> dict[str, int]:
        """version -> percent: the split of before until the change has settled."""
        until, before = self._under_way.get(model, (None, None))
        if before is not None and until is not None and self._clock.now() < until:
            return before.weights
        return self._inner.state(model).weights

    async def _write(self, service: ServiceRef, change: Callable[[], Awaitable[TrafficState]]) -> TrafficState:
        before = await self._inner.traffic(service)
        after = await change()
        if after.generation != before.generation:
            self._under_way[service.model] = (self._clock.now() + self.takes, before)
        return await self.traffic(service)

    def _on_the_way(self, before: TrafficState, wanted: TrafficState) -> TrafficState:
        """Weights and replicas as they were; what is new is there and not ready."""
        old = {r.name: r for r in before.revisions}
        there = [
            r.model_copy(
                update={
                    "weight": old[r.name].weight if r.name in old else 0,
                    "ready": r.name in old,
                    "problem": self.problems.get(str(r.version), "") if r.role != "idle" else "",
                }
            )
            for r in wanted.revisions
        ]
        gone = [
            r.model_copy(update={"role": "idle"}) for r in before.revisions if r.name not in {t.name for t in there}
        ]
        ready = min(before.replicas.ready, wanted.replicas.desired)
        replicas = wanted.replicas.model_copy(update={"ready": ready})
        changes: dict[str, Any] = {"revisions": (*there, *gone), "settled": False, "replicas": replicas}
        return wanted.model_copy(update={**changes, "paused": before.paused})

    def _number(self, model: str, version: str) -> int:
        """Revisions are counted as they come."""
        known = self._numbers.setdefault(model, [])
        if version not in known:
            known.append(version)
        return known.index(version) + 1

    async def inner_names(self, service: ServiceRef) -> dict[str, str]:
        """The name here of each revision -> what the company itself calls it."""
        inner = (await self._inner.traffic(service)).revisions
        return {self._name(service, str(r.version)): r.name for r in inner}

    def _name(self, service: ServiceRef, version: str) -> str:
        return f"{service.name}-{self._number(service.model, version):05}"

    def _told(self, state: TrafficState) -> TrafficState:
        found: list[Revision] = []
        for r in state.revisions:
            version = str(r.version)
            name = self._name(state.service, version)
            told = None if version in self.nameless else version
            second = r.weight // 3 if version in self.twice else 0
            found.append(r.model_copy(update={"name": name, "version": told, "weight": r.weight - second}))
            if second:
                found.append(r.model_copy(update={"name": f"{name}-b", "version": told, "weight": second}))
        return state.model_copy(update={"revisions": tuple(found)})


class ByTheirNumbers:
    """Metrics and Predictions of the company itself, which know revisions by the names that LateServing has."""

    def __init__(self, inner: Any, late: LateServing) -> None:
        self._inner, self._late = inner, late

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def health(self, service: ServiceRef, revisions: Sequence[str], *, minutes: float) -> Any:
        names = await self._late.inner_names(service)
        asked = [names[r] for r in revisions if r in names]
        return _renamed(await self._inner.health(service, asked, minutes=minutes), names)

    async def arms(self, service: ServiceRef, revisions: Sequence[str], since: datetime) -> Any:
        names = await self._late.inner_names(service)
        return _renamed(await self._inner.arms(service, [names[r] for r in revisions if r in names], since), names)

    async def scores(self, service: ServiceRef, revisions: Mapping[str, str], since: datetime) -> Any:
        names = await self._late.inner_names(service)
        asked = {names[r]: version for r, version in revisions.items() if r in names}
        return _renamed(await self._inner.scores(service, asked, since), names)


def _renamed(found: Any, names: Mapping[str, str]) -> Any:
    back = {inner: here for here, inner in names.items()}
    if isinstance(found, NoData):
        return found
    return [sample.model_copy(update={"revision": back[sample.revision]}) for sample in found]
