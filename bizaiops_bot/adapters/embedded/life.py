"""Everything the world keeps about one model."""

from __future__ import annotations

from dataclasses import dataclass

from bizaiops_bot.adapters.embedded.minutes import MinuteRing
from bizaiops_bot.adapters.embedded.rows import RowStore
from bizaiops_bot.adapters.embedded.sketches import SketchRing
from bizaiops_bot.adapters.embedded.streams import Stream


@dataclass(frozen=True)
class ModelLife:
    """One model: where its requests come from, and what was measured about them."""

    stream: Stream
    minutes: MinuteRing
    sketches: SketchRing
    rows: RowStore
    requests_per_minute: float

    @classmethod
    def new(cls, stream: Stream, requests_per_minute: float) -> ModelLife:
        """Nothing measured yet."""
        return cls(stream, MinuteRing(), SketchRing(), RowStore(stream.features), requests_per_minute)
