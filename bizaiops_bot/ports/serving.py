"""Model serving: traffic, canaries, pause, replicas."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.models import Artifact
from bizaiops_bot.domain.services import ServiceRef, Snapshot, TrafficState
from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.ports.adapter import Adapter


class ServedModels(Protocol):
    """What is served, and which revision gets which share of requests."""

    async def services(self) -> list[ServiceRef]:
        """Every service that the bot looks after, of all its environments."""

    async def traffic(self, service: ServiceRef) -> TrafficState:
        """As it is now. A revision whose version nobody knows is there by its own name. Raises NotFound."""

    async def snapshot(self, service: ServiceRef) -> Snapshot:
        """The last good state, for `restore`."""


class Serving(Adapter, ServedModels, Protocol):
    """Serves models and splits traffic.

    A write returns at once, with `settled` False while the outside needs time; `key` lives outside, so that a late
    retry changes nothing. guard: the generation that the change was planned on; on another one nothing is changed and
    Conflict is raised, which says how it is now. What brings safety takes no guard: it is never refused because
    something else has changed.
    """

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
        """Sends `percent` of requests to `version`, the rest to the stable one; with 0 it is up and gets none.

        artifact: what the registry has of it, for a serving system that loads by URI; None for one that knows itself.
        """

    async def try_out(self, service: ServiceRef, version: str, requests: int) -> Tried:
        """Sends requests like those that are asked to a version that is up, past the split: nobody gets the answers.

        Raises NotFound when it is not up, and BadInput where nobody knows what to ask it.
        """

    async def promote(self, service: ServiceRef, version: str, *, guard: str, key: str) -> TrafficState:
        """Sends everything to `version` and makes it stable. Raises Conflict while paused."""

    async def roll_back(
        self, service: ServiceRef, to: str, *, artifact: Artifact | None = None, key: str
    ) -> TrafficState:
        """Makes `to` stable with all traffic, removes any canary, ends a pause.

        to: an older version, or the name of a revision that is there and whose version nobody knows.
        """

    async def restore(self, service: ServiceRef, to: Snapshot, *, key: str) -> TrafficState:
        """Brings back exactly what was: revisions, weights, replicas, pause. Raises BadInput for another service's."""

    async def pause(self, service: ServiceRef, *, key: str) -> TrafficState:
        """Stops serving; requests are turned away until `resume`."""

    async def resume(self, service: ServiceRef, *, guard: str, key: str) -> TrafficState: ...

    async def scale(self, service: ServiceRef, least: int, most: int, *, guard: str, key: str) -> TrafficState:
        """Lets `least` to `most` replicas run."""
