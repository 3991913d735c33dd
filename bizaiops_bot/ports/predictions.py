"""What served models were asked and what they answered: the log of requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from bizaiops_bot.domain.live_drift import LiveSketches
from bizaiops_bot.domain.monitoring import ScoreArm, SeriesData
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.adapter import Adapter


class Predictions(Adapter, Protocol):
    """What is known of inputs and scores, without what then happened."""

    async def scores(
        self, service: ServiceRef, revisions: Mapping[str, str], since: datetime
    ) -> list[ScoreArm] | NoData:
        """The scores of each revision that answered since `since`, against the shape of its version on held-out rows.

        revisions: name -> version. A minute that had begun before is left out, as Metrics does.
        """

    async def sketches(self, service: ServiceRef, version: str, *, minutes: float) -> LiveSketches | NoData:
        """What `version` was asked in the last `minutes`, minute by minute, beside what it was trained on.

        NoData when it answered nothing, or when its training is not known. Rows of when it was not stable may be left
        out.
        """

    async def series(
        self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
    ) -> SeriesData | NoData:
        """`metric` is one of score_mean, of all revisions together, and drift_psi, of the stable one's worst input."""
