"""What is measured of requests to served models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bizaiops_bot.domain.monitoring import RevisionSample, SeriesData
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.adapter import Adapter


class Metrics(Adapter, Protocol):
    """What a monitoring system counts of requests. It knows revisions, by the names that serving has for them; which
    version each is, is not its affair.
    """

    async def health(
        self, service: ServiceRef, revisions: Sequence[str], *, minutes: float
    ) -> list[RevisionSample] | NoData:
        """One sample for each of `revisions` that got requests in the last `minutes`; NoData when none did."""

    async def arms(
        self, service: ServiceRef, revisions: Sequence[str], since: datetime
    ) -> list[RevisionSample] | NoData:
        """One sample for each of `revisions` that got requests since `since`, by minute where minutes are known.

        A minute that had begun before is left out: in it the requests were split in another way.
        """

    async def series(
        self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
    ) -> SeriesData | NoData:
        """Of all revisions together. `metric` is one of requests_per_minute, error_rate, latency_p95_ms."""
