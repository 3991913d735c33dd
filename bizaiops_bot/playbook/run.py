"""One run of a playbook, as its author sees it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from bizaiops_bot.bot_api.controls import Controls
from bizaiops_bot.bot_api.handbook import Handbook
from bizaiops_bot.bot_api.records import Records
from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import ArmSample, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.records import TrialKind
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.faults import Faults
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.model_registry import ModelRegistry
from bizaiops_bot.ports.models import Models
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.pipelines import Pipelines
from bizaiops_bot.ports.predictions import Predictions
from bizaiops_bot.ports.serving import Serving
from bizaiops_bot.ports.warehouse import Warehouse
from bizaiops_bot.ports.words import Words

T = TypeVar("T")


class Question(Protocol):
    """What is asked outside: its id there, and its words."""

    @property
    def id(self) -> str: ...

    @property
    def text(self) -> str: ...


class Run(ABC):
    """One run of a playbook. Everything that touches the outside goes through `step`, so that a restart does it once.

    While a plan is made the same function runs with a planning Run: reads are real, steps are only noted and return
    `assume`.
    """

    id: int
    actor: Actor
    conversation: str
    clock: Clock
    models: Models
    pipelines: Pipelines
    serving: Serving
    registry: ModelRegistry
    metrics: Metrics
    predictions: Predictions
    outcomes: Outcomes
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
        step's name. detail: words for the run card from the result. timeout: of one try, in
        real time, "30m".
        Raises Permanent at once, Temporary once an outage has lasted for half an hour. A call that takes a `key` and
        does not answer in its time is such an outage; of another one nobody knows what it did, and it fails.
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
        self,
        service: ServiceRef,
        version: str,
        *,
        by: JudgeSpec | None = None,
        hold: str | None = None,
        share: int | None = None,
        value_must: bool | None = None,
        before: ArmSample | None = None,
        stage: Stage | None = None,
    ) -> Verdict:
        """Compares the canary `version` with the stable one on live traffic until the hold ends or it clearly fails.

        by: how the model's canaries are judged, `ModelSpec.judge`; None: as every model's. hold: another one than its.

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
    async def until(
        self,
        name: str,
        look: Callable[..., Awaitable[T]],
        *args: Any,
        done: Callable[[T], bool],
        failed: Callable[[T], str | None] | None = None,
        every: str = "30s",
        deadline: str = "2h",
        detail: Callable[[T], str] | None = None,
        assume: T | None = None,
        asks: Callable[[T], Question | None] | None = None,
        answer: Callable[..., Awaitable[Any]] | None = None,
    ) -> T:
        """What `look(*args)` sees once it is `done`: for work that takes minutes or days outside.

        Between two looks the run is parked: nobody holds it, and it is gone on with when something has changed.
        look: a port method that reads. failed: why it can never be done, None while it still may. every, deadline: on
        the bot's clock; detail: words of the last look for the run card. assume: as for `step`.
        asks: what the outside waits to be told, which approvers are asked; what they say goes to
        `answer(*args, id, proceed, key=)`, a port method. Answered elsewhere meanwhile, it is not asked any more.
        An outside that cannot be reached is waited for up to the deadline. Raises Permanent when it has failed or not
        been done by then.
        """

    @abstractmethod
    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        """Posts a card into the run's thread, once; `conversation` posts it elsewhere."""
