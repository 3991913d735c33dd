"""Services and their traffic, as a serving system would tell them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bizaiops_bot.domain.services import Replicas, Revision, ServiceRef, TrafficState


def service(model: str = "churn") -> ServiceRef:
    """As the embedded company has them."""
    return ServiceRef(environment="demo", model=model, name=model)


def replicas(count: int) -> Replicas:
    """All there, and no others wanted."""
    return Replicas(ready=count, desired=count, least=count, most=count)


def traffic(
    at: datetime, *revisions: Revision, of: ServiceRef | None = None, count: int = 1, **more: Any
) -> TrafficState:
    """Settled, with `count` replicas."""
    told = {"service": of or service(), "replicas": replicas(count), "generation": "1", **more}
    return TrafficState(revisions=revisions, read_at=at, **told)
