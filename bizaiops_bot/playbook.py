"""The public face for playbook authors: write one typed async function, get a durable, approved, audited procedure.

A playbook imports this module and nothing else of the bot. The same function runs, and yields its plan (dry run),
form, help and docs.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, ParamSpec, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidatorFunctionWrapHandler, field_validator

from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.cards import (
    Block,
    Button,
    Card,
    Chart,
    Context,
    Diff,
    DiffLine,
    Fields,
    File,
    Link,
    Links,
    Mark,
    Series,
    StepLine,
    Steps,
    Table,
    Text,
    Tone,
    sparkline,
)
from bizaiops_bot.domain.changes import changes
from bizaiops_bot.domain.csv_text import Cell, csv_text
from bizaiops_bot.domain.digest import build_rows, headline
from bizaiops_bot.domain.drift import DriftLimits
from bizaiops_bot.domain.drift_windows import FAST_MINUTES, SLOW_MINUTES, telling
from bizaiops_bot.domain.effects import release_effect
from bizaiops_bot.domain.errors import (
    BadInput,
    BotError,
    Conflict,
    NotEnoughData,
    NotFound,
    Permanent,
    Refused,
    Regression,
    Temporary,
    Undecided,
)
from bizaiops_bot.domain.facts import Facts, Look, Said, template
from bizaiops_bot.domain.foresight import Foresight, foresee
from bizaiops_bot.domain.glossary import Term
from bizaiops_bot.domain.glossary import find as find_term
from bizaiops_bot.domain.handbook import Found, Passage
from bizaiops_bot.domain.health import HealthLimits, HealthVerdict, assess_health
from bizaiops_bot.domain.investigation import LOOK_BACK, POINTS, Diagnosis, Evidence, diagnose, investigation_facts
from bizaiops_bot.domain.kpi import Change, Effect, Kpi, KpiDay, KpiRow, change_of, pooled
from bizaiops_bot.domain.kpi_words import amount, change_words, full_title, short_amount, target_words
from bizaiops_bot.domain.language_use import Spent as LanguageSpend
from bizaiops_bot.domain.language_use import Use
from bizaiops_bot.domain.leakage import too_good
from bizaiops_bot.domain.models import Build, Candidate, GateReport, ModelInfo, ModelVersion, Package, TrafficState
from bizaiops_bot.domain.monitoring import ArmSample, Check, DriftReport, HealthSample, Outcome, SeriesData, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.questions import PLAYBOOKS, Inquiry, within
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
    TrialKind,
)
from bizaiops_bot.domain.recurrence import spoken as spoken_schedule
from bizaiops_bot.domain.routing import PlaybookSpec, SlotSpec
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.domain.stand_in import StandIn
from bizaiops_bot.domain.timers import Freeze, Timer, spoken_end, spoken_moment
from bizaiops_bot.domain.trials import all_held_against, held_against, of_gate, taken_back, trial_words
from bizaiops_bot.domain.values import (
    AlertNumber,
    BlamedVersion,
    Cron,
    FaultName,
    FreeText,
    KpiName,
    LaterSlot,
    ModelName,
    MomentSlot,
    NoData,
    Percent,
    Period,
    PeriodSlot,
    PersonId,
    ReminderFor,
    ReminderNumber,
    Replicas,
    RunNumber,
    ScheduleNumber,
    SlotKind,
    TimeZone,
    Until,
    UntilSlot,
    Value,
    Version,
    Window,
    WindowSlot,
    duration_s,
    spoken_duration,
)
from bizaiops_bot.domain.wording import digest_facts
from bizaiops_bot.ports import (
    Clock,
    Controls,
    DriftReports,
    Faults,
    Handbook,
    Metrics,
    ModelRegistry,
    Pipelines,
    Records,
    Serving,
    Warehouse,
    Words,
)

__all__ = [
    "FAST_MINUTES",
    "LOOK_BACK",
    "PLAYBOOKS",
    "POINTS",
    "SLOW_MINUTES",
    "Actor",
    "Alert",
    "AlertNumber",
    "ArmSample",
    "AuditEntry",
    "BadInput",
    "BlamedVersion",
    "Block",
    "BotError",
    "Build",
    "Button",
    "CanaryLimits",
    "Candidate",
    "Card",
    "Cell",
    "Change",
    "Chart",
    "Check",
    "Conflict",
    "Context",
    "Cron",
    "Delegation",
    "Diagnosis",
    "Diff",
    "DiffLine",
    "DriftLimits",
    "DriftReport",
    "Effect",
    "Evidence",
    "Facts",
    "FaultName",
    "Fields",
    "File",
    "Foresight",
    "Found",
    "FreeText",
    "Freeze",
    "GateReport",
    "HealthLimits",
    "HealthSample",
    "HealthVerdict",
    "Inputs",
    "Inquiry",
    "Kpi",
    "KpiDay",
    "KpiName",
    "KpiRow",
    "LanguageSpend",
    "LaterSlot",
    "Link",
    "Links",
    "Look",
    "Mark",
    "ModelInfo",
    "ModelName",
    "ModelVersion",
    "MomentSlot",
    "Mute",
    "NoData",
    "NotEnoughData",
    "NotFound",
    "OpenGate",
    "Outcome",
    "Outputs",
    "Package",
    "Passage",
    "Percent",
    "Period",
    "PeriodSlot",
    "Permanent",
    "PersonId",
    "Playbook",
    "Refused",
    "Regression",
    "Release",
    "ReminderFor",
    "ReminderNumber",
    "Replicas",
    "Rule",
    "Run",
    "RunNumber",
    "RunRecord",
    "Said",
    "Schedule",
    "ScheduleNumber",
    "Series",
    "SeriesData",
    "StepLine",
    "Steps",
    "Table",
    "Temporary",
    "Term",
    "Text",
    "TimeZone",
    "Timer",
    "Tone",
    "TrafficState",
    "Trial",
    "TrialKind",
    "Undecided",
    "Until",
    "UntilSlot",
    "Use",
    "Value",
    "Verdict",
    "Version",
    "Window",
    "WindowSlot",
    "all_held_against",
    "amount",
    "assess_health",
    "build_rows",
    "card_and_output",
    "change_of",
    "change_words",
    "changes",
    "csv_text",
    "diagnose",
    "digest_facts",
    "duration_s",
    "find_term",
    "foresee",
    "full_title",
    "headline",
    "held_against",
    "investigation_facts",
    "of_gate",
    "playbook",
    "pooled",
    "release_effect",
    "short_amount",
    "sparkline",
    "spoken_duration",
    "spoken_end",
    "spoken_moment",
    "spoken_schedule",
    "stamp",
    "taken_back",
    "target_words",
    "telling",
    "template",
    "too_good",
    "trial_words",
    "within",
]  # fmt: skip

T = TypeVar("T")
P = ParamSpec("P")
Risk = Literal["read", "control", "change"]


class Inputs(BaseModel):
    """Base of a playbook's inputs; its docstring is the playbook's help, its fields are the slots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def met_by_undo(self) -> bool:
        """For a safety playbook: whether stopping the rollout at work, and undoing it, is all that is asked for."""
        return False


class Outputs(BaseModel):
    """Base of what a playbook returns besides its card: typed fields for programs, kept with the run.

    In a dry run a field may hold a stand-in, as nothing is known of a step that was not done.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    card: Card

    @field_validator("*", mode="wrap")
    @classmethod
    def _let_stand_in(cls, value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        return value if isinstance(value, StandIn) else check(value)


class Run(ABC):
    """One run of a playbook. Everything that touches the outside goes through `step`, so that a restart does it once.

    While a plan is made the same function runs with a planning Run: reads are real, steps are only noted and return
    `assume`.
    """

    id: int
    actor: Actor
    conversation: str
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
    time_zone: str
    planning: bool

    @abstractmethod
    async def step(
        self,
        name: str,
        do: Callable[..., Awaitable[T]],
        *args: Any,
        changes: Iterable[DiffLine] = (),
        assume: T | None = None,
        detail: Callable[[T], str] | None = None,
        timeout: str = "30m",
        **kwargs: Any,
    ) -> T:
        """Does `do(*args, **kwargs)` once, durably, and returns its result, also after a restart.

        do: a port method; `key` (and `progress`) are passed if it takes them. Its return annotation must be JSON-able
        by pydantic.
        changes: what the plan shows as from -> to. assume: the result the plan goes on with; without one a stand-in
        that prints as the
        step's name. detail: words for the run card from the result. timeout: real time, "30m".
        Raises Permanent at once, Temporary after three tries.
        """

    @abstractmethod
    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """Reads the world: real while planning too; remembered in a run, so that a restart sees the same."""

    @abstractmethod
    async def approve(
        self,
        question: str,
        *,
        quorum: int = 1,
        role: str = "approver",
        people: Iterable[str] = (),
        expires: str = "24h",
        escalate: Mapping[str, str] | None = None,
        undo: str = "",
        foresight: str = "",
    ) -> None:
        """Waits until `quorum` people with `role` or named in `people`, never the requester, agree.

        One veto, cancel or expiry ends the run. escalate: {"2h": "sre"} tells those with the role, or the person, again
        after that time; the quorum never gets lower. undo: how it is taken back afterwards, shown to those who decide.
        foresight: what the run can show, measured for the plan; shown to those who decide, not compared afterwards.
        """

    @abstractmethod
    def patched(self, change: str) -> bool:
        """Whether this run takes the new way of a changed playbook.

        True while planning and in runs planned since; False in runs that were planned before the change: put new steps
        under `if run.patched("2026-11 check quota"):`, and runs under way finish as they were approved.
        """

    @abstractmethod
    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        """Within the block, a failure or a cancel does `do(*args)` before the run ends."""

    @abstractmethod
    async def judge(
        self, model: str, version: str, *, hold: str = "30m", share: int | None = None, value_must: bool | None = None,
        before: ArmSample | None = None,
    ) -> Verdict:  # fmt: skip
        """Compares the canary `version` with the stable one on live traffic until `hold` ends or it clearly fails.

        While there is not enough evidence the hold is three times as long, then a person is asked; see `Verdict.ok`.
        share: percent of the requests the canary was given; None does not check that it got them. value_must: whether
        the plan said that the business value is tested; None goes by the labels of the stable version. before: what
        the stable version did before, where the canary has all requests.
        """

    @abstractmethod
    async def note_trial(self, model: str, version: str, kind: TrialKind, verdict: Verdict) -> None:
        """Keeps with the version what was found of it, once a run; `judge` does so by itself. Plans note nothing.

        kind: "canary", "gate" or "rollback".
        """

    @abstractmethod
    async def wait(
        self, name: str, ready: Callable[[], Awaitable[tuple[bool, str]]], *, every: str = "1m", deadline: str = "4h"
    ) -> str:
        """Asks `ready` every so often, in the bot's clock; returns its last words. Raises Temporary at the deadline."""

    @abstractmethod
    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        """Posts a card into the run's thread, once; `conversation` posts it elsewhere."""


PlaybookBody = Callable[[Run, Any], Awaitable[Card | Outputs]]


@dataclass(frozen=True)
class Playbook:
    """A registered playbook. `body(run, inputs)` returns the card that says how it ended, within `output` if that is
    not None.
    """

    name: str
    title: str
    risk: Risk
    inputs: type[Inputs]
    body: PlaybookBody
    help: str
    output: type[Outputs] | None = None
    safety: bool = False

    def spec(self) -> PlaybookSpec:
        """Typed blanks for the router, forms and docs."""
        return PlaybookSpec(name=self.name, title=self.title, risk=self.risk, slots=tuple(_slots(self.inputs)))


def playbook(*, title: str, risk: Risk, safety: bool = False) -> Callable[[PlaybookBody], Playbook]:
    """Makes `async def name(run: Run, ask: SomeInputs) -> Card` a playbook named like the function.

    It may return a subclass of Outputs instead of the Card. risk: "read" answers at once; "control" changes only the
    bot's own state (cancel, freeze, schedules), at once; "change" touches the world: it gets a plan, approvals and a
    durable run, one at a time per model. safety: it makes things safe again and goes first: it takes the place of what
    only waits for its model, stops what is at work on it, and by the shipped policy no freeze or budget holds it back.
    """

    def register(body: PlaybookBody) -> Playbook:
        hints = get_type_hints(body)
        output = hints.pop("return", None)
        inputs = next(reversed(hints.values()), None)
        if not (inspect.isclass(inputs) and issubclass(inputs, Inputs)):
            raise TypeError(f"{body.__name__}: the second argument must be annotated with a subclass of Inputs")
        if not (inspect.isclass(output) and issubclass(output, Card | Outputs)):
            raise TypeError(f"{body.__name__}: the result must be annotated with Card or a subclass of Outputs")
        typed = output if issubclass(output, Outputs) else None
        return Playbook(body.__name__, title, risk, inputs, body, inspect.getdoc(inputs) or title, typed, safety)

    return register


def card_and_output(result: Card | Outputs) -> tuple[Card, dict[str, Any] | None]:
    """What a body returned as the card for people and the JSON for programs, None when it has no typed fields."""
    if isinstance(result, Outputs):
        return result.card, result.model_dump(mode="json", exclude={"card"})
    return result, None


def _slots(inputs: type[Inputs]) -> Iterable[SlotSpec]:
    for name, field in inputs.model_fields.items():
        kind = next((m.name for m in field.metadata if isinstance(m, SlotKind)), None)
        if kind is None:
            kind = next((m.name for m in _nested_metadata(field.annotation) if isinstance(m, SlotKind)), "text")
        yield SlotSpec(name=name, kind=kind, required=field.is_required(), description=field.description or "")


def _nested_metadata(annotation: Any) -> Iterable[Any]:
    for arg in getattr(annotation, "__args__", ()):
        yield from getattr(arg, "__metadata__", ())


def stamp(when: datetime) -> str:
    """ "21 Nov 14:02 UTC", as cards write times."""
    return f"{when:%-d %b %H:%M} UTC"
