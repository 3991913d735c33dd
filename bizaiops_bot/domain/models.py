"""The life of a model: versions and the quality gate."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from pydantic import Field

from bizaiops_bot.domain.health import HealthLimits
from bizaiops_bot.domain.judge import JudgeSpec
from bizaiops_bot.domain.values import Value

_PERSON = re.compile(r"[\w.@+-]{1,64}")
Task = Literal["classification", "regression", "ranking", "forecast", "other"]


class LabelSpec(Value):
    """delay: how long after a prediction its label is there, "30d"; "" when nobody said. source: where from."""

    delay: str = ""
    source: str = ""


class DriftSpec(Value):
    """Which columns are watched. columns: those alone; empty: all. leave_out: those not."""

    columns: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()

    def watches(self, column: str) -> bool:
        return column not in self.leave_out and (not self.columns or column in self.columns)


class ServiceSpec(Value):
    """What the company says of a model in one environment: what serves it, and what it is held to there.

    name: the serving system's own. namespace, cluster: "" where nobody said. canary, strategy: when nobody says
    another, None as the playbook says. channel: gets its alerts, "" for none of its own.
    """

    name: str
    namespace: str = ""
    cluster: str = ""
    limits: HealthLimits = HealthLimits()
    judge: JudgeSpec = JudgeSpec()
    canary: int | None = None
    strategy: str | None = None
    channel: str = ""


class ModelSpec(Value):
    """One model of the company: the words people use for it, the service level it is held to, and how its canaries are
    judged.

    channel: a conversation that gets its alerts and digests besides home. registered_as: its name in the registry.
    pipeline: what builds it, as its CI calls it. Each "" when nobody said. services: by environment, none where the
    company names no environments; limits and judge are those of the default one.
    """

    name: str
    title: str
    task: Task = "other"
    aliases: tuple[str, ...] = ()
    owner: str = ""
    limits: HealthLimits = HealthLimits()
    judge: JudgeSpec = JudgeSpec()
    labels: LabelSpec = LabelSpec()
    drift: DriftSpec = DriftSpec()
    channel: str = ""
    registered_as: str = ""
    pipeline: str = ""
    services: dict[str, ServiceSpec] = Field(default_factory=dict)

    def at(self, environment: str | None) -> ModelSpec:
        """As it is held to there; None: in the default environment."""
        there = None if environment is None else self.services.get(environment)
        return self if there is None else self.model_copy(update={"limits": there.limits, "judge": there.judge})


class Artifact(Value):
    """What a serving system loads; prints as its URI.

    format: the registry's word for it, such as "sklearn". size_bytes: None where that is not kept.
    """

    uri: str
    format: str = ""
    digest: str = ""
    size_bytes: int | None = None

    def __str__(self) -> str:
        return self.uri


class ModelVersion(Value):
    """A version in the registry; `metrics` were measured on held-out rows at its gate.

    digest, metrics, features (names of the columns it predicts from): empty where the registry does not have them, as
    for a version that somebody else registered. artifact: what is served, None where the
    registry does not say. state: whether the registry has it whole.
    by: who registered it, "" where that is not kept.
    """

    model: str
    version: str
    created: datetime
    summary: str
    metrics: dict[str, float]
    digest: str
    aliases: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    artifact: Artifact | None = None
    state: Literal["pending", "ready", "failed"] = "ready"
    by: str = ""

    @property
    def registrant(self) -> str:
        """Who registered it, as far as that is a name."""
        return self.by if _PERSON.fullmatch(self.by) else "somebody"


class GateCheck(Value):
    """One measured promise: `actual` against `limit`, both in `unit`."""

    name: str
    passed: bool
    actual: float
    limit: float
    unit: str = ""
    reason: str


class GateReport(Value):
    """The quality gate on held-out rows; holdout_rows: how many, None where only the numbers are known."""

    model: str
    version: str
    against: str
    holdout_rows: int | None = None
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
