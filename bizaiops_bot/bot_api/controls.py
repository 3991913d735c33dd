"""Changes of the bot's own state."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from bizaiops_bot.domain.company_changes import CompanyChanges
from bizaiops_bot.domain.records import Delegation, Mute, Release, RunRecord, Schedule
from bizaiops_bot.domain.timers import Freeze, Timer
from bizaiops_bot.domain.values import Period


class Controls(Protocol):
    """Changes of the bot's own state; each is policy-checked and audited like any other change."""

    async def reload_company(self, seen: str, *, actor: str) -> CompanyChanges:
        """Puts in place what the company's folder says. seen: the digest of the changes that were shown.

        Raises Conflict when it says something else by now, BadInput when it cannot be used.
        """

    async def cancel(self, number: int, *, actor: str) -> RunRecord: ...

    async def decide(
        self,
        number: int,
        decision: str,
        *,
        actor: str,
        reason: str = "",
        plan_hash: str | None = None,
        gate: str | None = None,
    ) -> RunRecord:
        """Approves or rejects the open gate of a run; `decision` is "approved" or "rejected".

        plan_hash, gate: what the person has seen; without a hash, what the bot last showed them, else what the run
        began with. A decision on another plan or gate raises Unseen or Conflict.
        """

    async def decide_words(
        self,
        number: int,
        decision: str,
        *,
        actor: str,
        reason: str = "",
        plan_hash: str | None = None,
        gate: str | None = None,
        event: str | None = None,
    ) -> str:
        """As `decide`, returning what the person is told.

        event: the sender's own id; one that has counted is answered as then, and does not count again.
        """

    async def delegate(
        self, to: str, *, actor: str, until: datetime | None = None, begins: datetime | None = None
    ) -> Delegation:
        """Lets the person `to` decide in the actor's place, by default for 24 h from `begins` (None: now), at most 30
        days.
        """

    async def end_delegation(self, to: str | None, *, actor: str) -> list[Delegation]:
        """Takes back what the actor delegated; to everybody when `to` is None. Raises Conflict when it is nothing."""

    async def mute(self, model: str, *, actor: str, conversation: str, until: datetime | None = None) -> Mute:
        """Holds news of the model's alerts back, by default for 8 h, at most 30 days; home is told that it does.

        conversation: where it was asked for and answered.
        """

    async def snooze(self, alert: int, *, actor: str, conversation: str, until: datetime | None = None) -> Mute:
        """As `mute`, for one alert. Raises Conflict when it is over."""

    async def unmute(self, model: str | None, alert: int | None, *, actor: str) -> list[Mute]:
        """Ends what holds news of the model, of the alert, or of all back. Raises Conflict when nothing does."""

    async def freeze(
        self, period: Period, *, actor: str, reason: str, conversation: str, key: str, model: str | None = None
    ) -> Freeze:
        """No change of the model, or of any, begins in the period. Its begin and end are told in `conversation`.

        Raises BadInput for an end that has passed, Conflict where that is frozen already.
        """

    async def unfreeze(self, *, actor: str, model: str | None = None) -> list[Freeze]:
        """Ends the freezes by people that hold, else those to come. Raises Conflict when there is none."""

    async def extend_freeze(self, until: datetime, *, actor: str, model: str | None = None) -> Freeze:
        """A later end for the freeze that holds, else for the next one. Raises Conflict when there is none."""

    async def end_pause(
        self, model: str, until: datetime, *, run: int, actor: str, conversation: str, key: str
    ) -> Timer:
        """Has the model that `run` pauses resumed at `until` by itself; an end that was set before counts no more."""

    async def look_at_effect(
        self, model: str, after: str, *, run: int, actor: str, conversation: str, key: str
    ) -> Timer:
        """Tells in the thread of `run` what that release did to the KPIs, a time such as "30d" from now.

        Nothing is told when another version was released by then.
        """

    async def remind(self, at: datetime, text: str, *, person: str, actor: str, conversation: str, key: str) -> Timer:
        """Says `text` in the conversation at `at`. person: who is reminded; empty for everybody there."""

    async def cancel_reminder(self, number: int, *, actor: str) -> Timer:
        """Raises NotFound, and Refused for somebody else's."""

    async def add_schedule(
        self,
        title: str,
        playbook: str,
        inputs: dict[str, Any],
        cron: str,
        time_zone: str,
        *,
        actor: str,
        conversation: str,
    ) -> Schedule: ...

    async def stop_schedule(self, number: int, *, actor: str) -> Schedule: ...

    async def record_release(
        self, model: str, version: str, previous: str | None, kind: str, *, run: int | None
    ) -> Release:
        """Notes a change of the stable version; once per run and version."""
