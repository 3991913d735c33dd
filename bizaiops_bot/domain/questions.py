"""What is asked of the bot's records, metrics, KPIs and rules, as one typed question."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from bizaiops_bot.domain.values import (
    AlertNumber,
    KpiName,
    ModelName,
    PersonId,
    RunNumber,
    Value,
    Version,
    Window,
    WindowSlot,
)

Subject = Literal["release", "run", "approval", "alert", "model", "version", "kpi", "cost", "rule", "freeze", "person"]
Aggregate = Literal[
    "list",
    "count",
    "first",
    "last",
    "best",
    "worst",
    "compare",
    "why",
    "when",
    "who",
    "may",
    "on_call",
    "how_long",
    "state",
    "will",
    "amount",
    "roi",
]
Measure = Literal[
    "",
    "errors",
    "latency",
    "requests",
    "drift",
    "quality",
    "features",
    "duration",
    "ahead",
    "end",
    "expiry",
    "risk",
    "undo",
    "detect",
    "recover",
]
Kind = Literal["", "deploy", "rollback", "retrain", "drift"]
State = Literal["", "failed", "rejected", "cancelled", "expired", "succeeded", "running", "waiting", "open", "closed"]

SUBJECTS: tuple[str, ...] = get_args(Subject)
AGGREGATES: tuple[str, ...] = get_args(Aggregate)
PLAYBOOKS = {"deploy": "deploy_model", "rollback": "roll_back_model", "retrain": "retrain_model"}
"""Which playbook a kind of release is made by."""


class Inquiry(Value):
    """One question: of what (`subject`), what is told of it (`aggregate`, `measure`), and what it is narrowed to.

    Everything after `measure` is a filter; a field left out does not narrow.
    """

    subject: Subject = Field(description="what is asked about: release, run, approval, alert, model, freeze and so on")
    aggregate: Aggregate = Field(description="what is told: list, count, first, last, best, worst, why, when, who ...")
    measure: Measure = Field("", description="which number or side of it: errors, latency, duration, risk and so on")
    kind: Kind = Field("", description="only deploys, rollbacks, retrainings, or alerts of drift")
    state: State = Field("", description="only what is failed, rejected, running, waiting, open and so on")
    model: ModelName | None = Field(None, description="only this model")
    versions: tuple[Version, ...] = Field((), description="only these versions")
    run: RunNumber | None = Field(None, description="only this run")
    alert: AlertNumber | None = Field(None, description="only this alert")
    person: PersonId | None = Field(None, description="only what this person did")
    kpi: KpiName | None = Field(None, description="only this KPI")
    last: bool = Field(False, description="only the newest that fits")
    window: WindowSlot | None = Field(None, description="only what happened then; all on record if left out")

    def holds(self, when: datetime) -> bool:
        """Whether a moment lies in the window; every one does without a window."""
        return within(self.window, when)

    @property
    def spoken_filter(self) -> str:
        """ "rollbacks, churn, by lead"; "" when nothing is narrowed."""
        told = [
            _KINDS.get(self.kind, ""),
            self.state,
            " ".join([self.model or "", *self.versions]).strip(),
            f"run {self.run}" if self.run else "",
            f"alert {self.alert}" if self.alert else "",
            f"by {self.person}" if self.person else "",
            self.kpi or "",
        ]
        return ", ".join(word for word in told if word)


_KINDS = {"deploy": "deploys", "rollback": "rollbacks", "retrain": "retrainings", "drift": "drift"}


def within(window: Window | None, when: datetime) -> bool:
    """Whether `when` lies in the window, its end left out; without one it always does."""
    return window is None or window.start <= when < window.end
