"""The bot's own memory, as playbooks, pages and programs read it."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from bizaiops_bot.domain.company_changes import CompanyChanges
from bizaiops_bot.domain.environments import Environment
from bizaiops_bot.domain.language_use import Spent, Use
from bizaiops_bot.domain.records import (
    Alert,
    AuditEntry,
    Delegation,
    Mute,
    OpenGate,
    Release,
    RunRecord,
    Schedule,
    Trial,
)
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.timers import Freeze, Timer, TimerKind


class Records(Protocol):
    """The bot's own memory, read only."""

    async def service(self, model: str) -> ServiceRef:
        """What serves "churn" in the default environment, "churn in staging" in that one. Raises NotFound."""

    async def environments(self) -> list[Environment]:
        """All of the company, the default one first."""

    async def company_changes(self) -> CompanyChanges:
        """What the company's folder says now, against what holds. Raises BadInput where there is none."""

    async def run(self, number: int) -> RunRecord: ...

    async def runs(self, *, model: str | None = None, limit: int = 20) -> list[RunRecord]:
        """Newest first."""

    async def under_way(self, model: str) -> list[RunRecord]:
        """Runs about the model that have not ended, in all environments, oldest first."""

    async def releases(self, model: str, *, limit: int = 20) -> list[Release]:
        """Newest first."""

    async def latest_releases(self) -> dict[str, Release]:
        """The newest one of every model."""

    async def trials(
        self, model: str | None = None, *, version: str | None = None, run: int | None = None, limit: int = 50
    ) -> list[Trial]:
        """What was found of versions when they were tried; newest first."""

    async def alerts(self, *, model: str | None = None, open_only: bool = False, limit: int = 20) -> list[Alert]:
        """Newest first."""

    async def alert(self, number: int) -> Alert:
        """The alert as it stands now; of those that share its cards the newest. Raises NotFound."""

    async def schedules(self, *, active_only: bool = True) -> list[Schedule]: ...

    async def audit(
        self, *, limit: int = 50, before: int | None = None, subject: str | None = None
    ) -> list[AuditEntry]:
        """Newest first."""

    async def approvals(self, number: int | None = None) -> list[OpenGate]:
        """What waits for a decision, oldest first, with who may still decide; of one run or all."""

    async def delegations(self) -> list[Delegation]:
        """Who decides for whom now or later, oldest first."""

    async def mutes(self) -> list[Mute]:
        """Alerts that nobody wants to hear of now, the one that ends first first."""

    async def frozen(self, model: str | None = None) -> str | None:
        """Who froze changes of the model, until when and why, or None. model: None for what holds for all."""

    async def freezes(self) -> list[Freeze]:
        """What holds, then what is to come: set by people, and windows of the calendar."""

    async def timers(self, kind: TimerKind, model: str | None = None) -> list[Timer]:
        """What is to end or to be said at a set moment, the first one first."""

    async def language_spend(self) -> list[Spent]:
        """What a language model was used for in the last 400 days, newest day first."""

    async def who_may(self, action: str, model: str | None = None) -> list[str]:
        """People whom policy lets do `action`: a playbook's name, or "approve"."""

    async def rules(self) -> list[Rule]:
        """What the bot does unasked, in the order in which the rules are asked; policy has to permit it as well."""

    async def language_use(self, first: date, last: date) -> dict[date, Use]:
        """What the language model was used for, by day, both inclusive; days on which it was not are left out."""
