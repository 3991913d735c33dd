"""Everything the world keeps about one model."""

from __future__ import annotations

from dataclasses import dataclass

from bizaiops_bot.embedded.business.streams import Stream
from bizaiops_bot.embedded.life.minutes import MinuteRing
from bizaiops_bot.embedded.life.rows import RowStore
from bizaiops_bot.embedded.life.sketches import SketchRing


@dataclass(frozen=True)
class ModelLife:
    """One model: where its requests come from, and what was measured about them."""

    stream: Stream
    minutes: MinuteRing
    sketches: SketchRing
    rows: RowStore
    requests_per_minute: float
    counts: bool = True
    """Whether anybody acts on its answers: outcomes, drift and KPIs are of those alone, and not of a staging."""

    @classmethod
    def new(cls, stream: Stream, requests_per_minute: float, *, counts: bool = True) -> ModelLife:
        """Nothing measured yet."""
        return cls(stream, MinuteRing(), SketchRing(), RowStore(stream.features), requests_per_minute, counts)
