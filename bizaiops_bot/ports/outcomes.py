"""What became of the requests: labels that come late, and what they were worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bizaiops_bot.domain.monitoring import PerformanceDrift, ValueArm
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.adapter import Adapter


class Outcomes(Adapter, Protocol):
    """What is known of requests long after they were answered."""

    async def labels(self, model: str, since: datetime) -> int | NoData:
        """Requests since `since` whose label is there: what a retraining could learn from. 0 where none has come yet,
        NoData only where nobody keeps them. Raises NotFound for a model that it does not have.
        """

    async def quality(self, service: ServiceRef, version: str, *, minutes: float) -> PerformanceDrift | NoData:
        """How good `version` is by the labels that came in the last `minutes`, against its gate; NoData for too few
        of them, or when its gate is not known. Requests of when it was not stable may be left out.
        """

    async def value(self, service: ServiceRef, versions: Sequence[str], since: datetime) -> list[ValueArm] | NoData:
        """What requests since `since` brought, for each of `versions` that answered any, as far as their labels have
        arrived; NoData where nobody knows what a request is worth. A minute that had begun before is left out, as
        Metrics does.
        """
