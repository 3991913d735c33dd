"""The bot's own records: runs, steps, decisions, releases, alerts, schedules, audit entries."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from bizaiops_bot.domain.builds import BuildRef
from bizaiops_bot.domain.cards import StepLine
from bizaiops_bot.domain.monitoring import Check, Outcome
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.values import Value

RunStatus = Literal["waiting", "running", "succeeded", "failed", "rejected", "cancelled", "expired"]
FINISHED: frozenset[RunStatus] = frozenset({"succeeded", "failed", "rejected", "cancelled", "expired"})


class DecisionRecord(Value):
    """One click or word on a gate that counted."""

    gate: str
    actor: str
    decision: Literal["approved", "rejected", "held"]
    reason: str = ""
    at: datetime
    behalf: str | None = None
    """The approver who delegated the right to decide."""


class Delegation(Value):
    """`delegate` may decide for the approver `owner` until `until`. begins: None for from `at` on."""

    id: int
    owner: str
    delegate: str
    at: datetime
    until: datetime
    begins: datetime | None = None


class OpenGate(Value):
    """A decision that a run waits for, as it stands now."""

    run: int
    name: str
    question: str
    kind: Literal["approval", "question", "verdict", "outside"]
    quorum: int
    role: str
    people: tuple[str, ...]
    plan_hash: str
    opened: datetime
    expires: datetime
    voices: tuple[str, ...]
    """Approvals that count now: "lead", "sam for lead"."""
    may: tuple[str, ...]
    """Who may still decide: "sre", "kim for sre"."""
    reminders: tuple[tuple[datetime, str], ...] = ()
    """When which role or person is told again."""
    reminded: int = 0
    """How many of the reminders are done."""


class RunRecord(Value):
    """A run as people and the API see it."""

    id: int
    playbook: str
    inputs: dict[str, Any]
    actor: str
    conversation: str
    thread: str
    status: RunStatus
    summary: str
    error: str
    plan: Plan
    steps: tuple[StepLine, ...]
    decisions: tuple[DecisionRecord, ...]
    created: datetime
    ended: datetime | None
    edition: int = 1
    """Raised with every change of the plan; decisions are those of this edition."""
    output: dict[str, Any] | None = None
    """The playbook's typed output, if it has one."""
    superseded: str = ""
    """Which run has taken its place, and by whom: "Superseded by run 8 (Roll back churn, asked for by engineer)."."""
    build: BuildRef | None = None
    """The build that it waits for, where one run is asked for."""

    @property
    def finished(self) -> bool:
        return self.status in FINISHED


class Release(Value):
    """A change of the stable version, as the bot made it."""

    model: str
    version: str
    previous: str | None
    kind: Literal["deploy", "rollback", "retrain", "initial"]
    actor: str
    approved_by: tuple[str, ...]
    run: int | None
    at: datetime


TrialKind = Literal["canary", "gate", "rollback", "ab_test"]


class Trial(Value):
    """What was found of a version when it was tried: as a canary (or with all traffic), at its gate, or by being
    taken back. It belongs to the version and stays.
    """

    id: int
    model: str
    version: str
    kind: TrialKind
    outcome: Outcome
    reason: str
    checks: tuple[Check, ...]
    stable_requests: int
    canary_requests: int
    by: str
    """Who asked for the run."""
    run: int | None
    at: datetime

    @property
    def ok(self) -> bool:
        return self.outcome is Outcome.SUCCESSFUL


class Alert(Value):
    """A standing fact about a model that needs care."""

    id: int
    model: str
    kind: str
    title: str
    detail: dict[str, Any]
    onset: datetime
    detected: datetime
    closed: datetime | None
    run: int | None
    repeats: int | None = None
    """The earlier alert that this one only repeats: the two share their cards."""

    @property
    def shown_as(self) -> int:
        """The number that its cards, and a snooze, go by."""
        return self.repeats or self.id

    @property
    def detect_s(self) -> float:
        """Seconds from the estimated onset to detection."""
        return (self.detected - self.onset).total_seconds()

    @property
    def recover_s(self) -> float | None:
        """Seconds from detection to the end, None while open."""
        return None if self.closed is None else (self.closed - self.detected).total_seconds()


class Mute(Value):
    """`who` wants no news of the model's alerts, or of one alert, until `until`. They are found and listed as ever.

    alert: its number; None for all alerts of the model.
    """

    id: int
    model: str
    alert: int | None
    who: str
    at: datetime
    until: datetime

    @property
    def what(self) -> str:
        """ "churn alerts", or "alert 5"."""
        return f"{self.model} alerts" if self.alert is None else f"alert {self.alert}"


class Schedule(Value):
    """Something that is done again and again; `cron` has five fields, read in `time_zone`."""

    id: int
    title: str
    playbook: str
    inputs: dict[str, Any]
    cron: str
    time_zone: str
    conversation: str
    owner: str
    active: bool
    next_at: datetime | None
    last_at: datetime | None


class AuditEntry(Value):
    """One line of the append-only, hash-chained log."""

    seq: int
    at: datetime
    actor: str
    kind: str
    subject: str
    detail: dict[str, Any]
    prev_hash: str
    hash: str


def run_title(playbook: str, inputs: dict[str, Any]) -> str:
    """ "deploy_model" with its inputs: "Deploy churn v2", "Deploy churn v2 in staging"."""
    verb = playbook.removesuffix("_model").replace("_", " ").capitalize().replace("Ab test", "A/B test")
    where = f"in {inputs['environment']}" if inputs.get("environment") else ""
    said = [verb, *(str(inputs[k]) for k in ("model", "version") if inputs.get(k)), where]
    return " ".join(filter(None, said))
