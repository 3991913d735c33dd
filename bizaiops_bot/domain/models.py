"""The life of a model: versions, revisions, traffic, builds and the quality gate."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bizaiops_bot.domain.values import Value

RevisionState = Literal["stable", "canary", "idle"]


class ModelInfo(Value):
    """One model of the company and the words people use for it."""

    name: str
    title: str
    kind: Literal["classification", "forecast"]
    aliases: tuple[str, ...] = ()
    owner: str = ""


class Revision(Value):
    """A deployed version and the share of requests it gets."""

    revision: str
    version: str
    weight: int
    state: RevisionState


class TrafficState(Value):
    """What the serving system reports, not what was asked for. Weights add up to 100, or are all 0 when paused."""

    model: str
    revisions: tuple[Revision, ...]
    replicas: int = 1
    paused: bool = False
    read_at: datetime

    @property
    def weights(self) -> dict[str, int]:
        """version -> percent, only versions that get requests."""
        return {r.version: r.weight for r in self.revisions if r.weight}

    @property
    def stable(self) -> str | None:
        """Version of the stable revision."""
        return next((r.version for r in self.revisions if r.state == "stable"), None)

    @property
    def canary(self) -> str | None:
        """Version of the canary revision, if one is out."""
        return next((r.version for r in self.revisions if r.state == "canary"), None)

    def spoken(self) -> str:
        """For people: "v1 90%, v2 10%"."""
        if self.paused:
            return "paused, no requests served"
        return ", ".join(f"{version} {weight}%" for version, weight in self.weights.items()) or "no traffic"


class Candidate(Value):
    """A version that can be built: its recipe in one sentence."""

    model: str
    version: str
    summary: str


class ModelVersion(Value):
    """A version in the registry; `metrics` were measured on held-out rows at its gate.

    features: names of the columns it predicts from; empty where that was not kept.
    """

    model: str
    version: str
    created: datetime
    summary: str
    metrics: dict[str, float]
    digest: str
    aliases: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


class Build(Value):
    """A trained model on disk. `artifact` is the adapter's own reference, `train_rows` the rows it learned from."""

    model: str
    version: str
    artifact: str
    digest: str
    train_rows: int
    train_seconds: float
    summary: str


class GateCheck(Value):
    """One measured promise: `actual` against `limit`, both in `unit`."""

    name: str
    passed: bool
    actual: float
    limit: float
    unit: str = ""
    reason: str


class GateReport(Value):
    """The quality gate on held-out rows."""

    model: str
    version: str
    against: str
    holdout_rows: int
    checks: tuple[GateCheck, ...]
    metrics: dict[str, float]

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The failed checks with their numbers, or all of them when everything passed."""
        failed = [check.reason for check in self.checks if not check.passed]
        return "; ".join(failed or [check.reason for check in self.checks])


class Package(Value):
    """A build made ready to serve; the digest is of the bytes that will be loaded."""

    model: str
    version: str
    artifact: str
    digest: str
    size_bytes: int
    metrics: dict[str, float]
    summary: str
    features: tuple[str, ...] = ()
