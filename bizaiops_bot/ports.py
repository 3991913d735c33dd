"""What the bot needs, by capability. Adapters keep these promises; tests/contract holds every adapter to them.

Writes carry `key`: the same key changes nothing twice. A write returns what the outside reports afterwards, not what
was asked for.
Reads of an empty window return `NoData`, never an invented value. Adapters raise `Temporary` or `Permanent`, no
vendor error.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Protocol

from bizaiops_bot.domain.facts import Facts, Said, Task
from bizaiops_bot.domain.handbook import Found, Passage
from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.language_use import Spent, Use
from bizaiops_bot.domain.models import Build, Candidate, GateReport, ModelInfo, ModelVersion, Package, TrafficState
from bizaiops_bot.domain.monitoring import ArmSample, DriftReport, HealthSample, SeriesData
from bizaiops_bot.domain.posts import PostedCard
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
from bizaiops_bot.domain.timers import Freeze, Timer, TimerKind
from bizaiops_bot.domain.values import NoData, Period

Progress = Callable[[str], None]


class Clock(Protocol):
    """The bot's only source of time; always aware UTC."""

    def now(self) -> datetime: ...

    async def sleep_until(self, when: datetime) -> None:
        """Returns once `now() >= when`."""


class Pipelines(Protocol):
    """Builds, tests and packages model versions (CI/CD)."""

    async def candidates(self, model: str) -> list[Candidate]:
        """Versions that can be built, oldest first, built ones included."""

    async def build(self, model: str, version: str, *, key: str, progress: Progress) -> Build:
        """Trains the version; a known key returns the finished build. Raises NotFound for an unknown version."""

    async def retrain(self, model: str, version: str, since: datetime, *, key: str, progress: Progress) -> Build:
        """Trains `version`, a new number, on history plus all labelled rows from `since` on."""

    async def labelled_rows(self, model: str, since: datetime) -> int:
        """Labelled live rows since `since`: what a retraining could learn from."""

    async def test(self, build: Build, *, against: str, key: str) -> GateReport:
        """Measures the build and version `against` on the same held-out rows; a failed gate is a result, not an
        error.
        """

    async def package(self, build: Build, *, key: str) -> Package:
        """Makes the build servable and reads its digest back."""


class Serving(Protocol):
    """Serves models and splits traffic."""

    async def models(self) -> list[ModelInfo]: ...

    async def traffic(self, model: str) -> TrafficState: ...

    async def set_canary(self, model: str, version: str, percent: int, *, key: str) -> TrafficState:
        """Sends `percent` of requests to `version`, the rest to the stable one. The version must be registered."""

    async def promote(self, model: str, version: str, *, key: str) -> TrafficState:
        """Sends everything to `version` and makes it stable."""

    async def restore(self, model: str, version: str, *, key: str) -> TrafficState:
        """Makes `version` stable with all traffic and removes any canary; also ends a pause."""

    async def pause(self, model: str, *, key: str) -> TrafficState:
        """Stops serving; requests are turned away until `resume`."""

    async def resume(self, model: str, *, key: str) -> TrafficState: ...

    async def scale(self, model: str, replicas: int, *, key: str) -> TrafficState: ...


class ModelRegistry(Protocol):
    """Remembers every version, its metrics and the aliases `champion` and `previous`."""

    async def versions(self, model: str) -> list[ModelVersion]:
        """Oldest first."""

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        """Adds the version, reads it back; the same digest under the same version is a no-op, another digest a
        Conflict.
        """

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion: ...


class Metrics(Protocol):
    """Live measurements of served models."""

    async def health(self, model: str, *, minutes: float) -> list[HealthSample] | NoData:
        """One sample per version that got requests in the last `minutes`."""

    async def arms(self, model: str, since: datetime) -> list[ArmSample] | NoData:
        """Sufficient statistics per version since `since`, labels as far as they have arrived."""

    async def series(self, model: str, metric: str, start: datetime, end: datetime, points: int) -> SeriesData | NoData:
        """`metric` is one of requests_per_minute, error_rate, latency_p95_ms, score_mean, drift_psi."""


class DriftReports(Protocol):
    """Compares live rows with what the serving version was trained on."""

    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        """The stable version's rows of the last `minutes`; NoData under 200 rows."""


class Warehouse(Protocol):
    """KPIs from what the models predicted and what then happened."""

    async def kpis(self) -> list[Kpi]: ...

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        """One entry per local day, `end` inclusive; days without data are there with value None.

        A day whose data stop hours before that source's usually do is not complete.
        """

    async def by_version(self, kpi: str, since: datetime) -> dict[str, KpiDay]:
        """The KPI per serving version since `since`."""


class Faults(Protocol):
    """Fault injection; only the embedded company has it."""

    async def kinds(self) -> list[str]: ...

    async def inject(self, model: str, fault: str) -> str:
        """Starts the fault, returns one sentence about it."""

    async def clear(self, model: str | None = None) -> list[str]:
        """Ends faults, returns the names of those ended."""

    async def active(self) -> list[tuple[str, str, datetime]]:
        """(model, fault, since)."""


class Records(Protocol):
    """The bot's own memory, read only."""

    async def run(self, number: int) -> RunRecord: ...

    async def runs(self, *, model: str | None = None, limit: int = 20) -> list[RunRecord]:
        """Newest first."""

    async def releases(self, model: str, *, limit: int = 20) -> list[Release]:
        """Newest first."""

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


class Controls(Protocol):
    """Changes of the bot's own state; each is policy-checked and audited like any other change."""

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


class ChatPlatform(Protocol):
    """A chat outside, such as one Slack workspace, that shows the bot's cards.

    prefix: how the names of its conversations begin, "slack:"; what follows in "slack:C0123" is the `channel` here.
    Errors: Temporary(after_s): surely not accepted (429 with its Retry-After, refused connection). Unknown: may have
    been accepted (time limit, reset or 5xx after the request was sent). Permanent: will never be accepted (it is gone).
    The engine waits, retries and reads back: an adapter makes each call once, and an SDK's own retries are off.
    """

    prefix: str

    async def post(
        self, channel: str, thread_ref: str | None, card: PostedCard, *, outbox_id: str, version: int
    ) -> str:
        """Returns the platform's id (ref) of the message. `outbox_id` and `version` go into the message's metadata.

        thread_ref: the message it answers under; None posts into the channel itself.
        """

    async def edit(self, channel: str, ref: str, card: PostedCard, *, outbox_id: str, version: int) -> None:
        """Replaces the message and its metadata's version. The same edit twice is one."""

    async def find(self, channel: str, outbox_id: str, *, thread_ref: str | None = None) -> tuple[str, int] | None:
        """(ref, version) of the bot's own message with that id in its metadata; None when the channel has none.

        thread_ref: as for `post`; that thread is searched too. None is a promise that posting makes no second one, so
        raises when it cannot tell.
        """


class Words(Protocol):
    """Puts facts into words for people. What it returns is shown and never heard: no router sees it, no order comes of
    it. Nothing is raised: whatever fails, the facts' own words are said.
    """

    async def sentence(self, task: Task, facts: Facts, *, channel: str) -> Said:
        """At most `facts.sentences` sentences that claim nothing beyond the facts. channel: who pays for it."""

    async def investigate(self, model: str, facts: Facts, *, channel: str) -> Said:
        """Why the model is as it is. It may look again through ports that only read; `looks` has what it looked at."""


class Handbook(Protocol):
    """The bot's own documentation. What it returns is shown and never heard: no order comes of it."""

    async def look_up(self, question: str) -> Found:
        """The passages nearest to a question, nearest first."""

    async def passage(self, name: str) -> Passage:
        """The passage of this name, in any case. Raises NotFound with those that are near."""


class Ports(Protocol):
    """Everything a playbook can reach."""

    clock: Clock
    pipelines: Pipelines
    serving: Serving
    registry: ModelRegistry
    metrics: Metrics
    drift: DriftReports
    warehouse: Warehouse
    faults: Faults | None
    records: Records
    controls: Controls
    words: Words
    handbook: Handbook
