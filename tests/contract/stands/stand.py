"""What a promise needs of an implementation: the port, names it can use, and hands to make things so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest

from bizaiops_bot.domain.builds import BuildRef, BuildState
from bizaiops_bot.domain.errors import BadInput, NotEnoughData, Permanent, Temporary
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.domain.models import Package
from bizaiops_bot.domain.services import ServiceRef, TrafficState
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

T = TypeVar("T")


class Stand:
    """One implementation with a system of its own behind it, in an empty folder.

    cannot: name of a promise -> why this implementation is not held to it.
    reads_outlive, writes_outlive: why the port goes on when its system does not; "" for those that must then raise.
    """

    name: ClassVar[str]
    cannot: ClassVar[Mapping[str, str]] = {}
    reads_outlive: ClassVar[str] = ""
    writes_outlive: ClassVar[str] = ""

    def __init__(self, folder: Path) -> None: ...

    def break_(self) -> None:
        """The system behind the port stops answering."""

    def mend(self) -> None:
        """It answers again, and nothing that it had is lost."""

    def end(self) -> None:
        """Gives back what the stand holds."""


class ModelsStand(Stand):
    """A catalogue of the models in `names`, in their order."""

    port: Models
    names: ClassVar[tuple[str, ...]]


class ServingStand(Stand):
    """Two models, each with a service and served by `first`; `second` could be served too."""

    port: Serving
    model, other, first, second = "churn", "demand", "v1", "v2"
    service: ServiceRef
    """Of `model`."""
    apart: ClassVar[bool] = True
    """Whether its revisions are something else than versions, and may fail to get ready."""

    def again(self) -> Serving:
        """The port as a bot that starts anew opens it, on the same system."""
        raise NotImplementedError

    def served(self) -> dict[str, int]:
        """version -> percent of `service`, by what the requests themselves go by; empty while none is answered."""
        raise NotImplementedError

    async def pass_(self) -> None:
        """Some of the time that a change needs, where it needs any."""

    async def settled(self, state: TrafficState) -> TrafficState:
        """Once the service is as it was asked to be, within ten minutes."""
        for _ in range(600):
            if state.settled:
                return state
            await self.pass_()
            state = await self.port.traffic(state.service)
        raise AssertionError(f"it never settled: {state.unready}")

    async def generation(self) -> str:
        """What a plan of now would see."""
        return (await self.port.traffic(self.service)).generation

    async def twice(self, version: str) -> None:
        """From now on the version runs on two revisions, each with a part of its share."""

    async def forget(self, version: str) -> None:
        """Nobody knows any more which version that revision is."""

    async def spoil(self, version: str, why: str) -> None:
        """A revision of that version will not get ready."""


class MetricsStand(Stand):
    """One model, served by `first`, that nobody has asked anything yet."""

    port: Metrics
    model, first, second = "churn", "v1", "v2"
    service: ServiceRef
    """Of `model`."""
    revisions: list[str]
    """What serving calls `first` and `second`."""
    series: ClassVar[dict[str, tuple[float, float]]]
    """Each series of the port, and between what its values lie in calm traffic."""

    def now(self) -> datetime: ...

    async def traffic(self, minutes: int) -> None:
        """That many minutes pass with requests."""

    async def canary(self, percent: int) -> None:
        """`second` gets that share from now on."""

    async def pause(self) -> None:
        """Requests are turned away from now on."""

    def requests(self) -> int:
        """Answered so far, as counted by another way than the port's."""
        raise NotImplementedError


class PredictionsStand(Stand):
    """One model, served by `first`, that nobody has asked anything yet."""

    port: Predictions
    model, first, second = "churn", "v1", "v2"
    service: ServiceRef
    """Of `model`."""
    revisions: dict[str, str]
    """What serving calls `first` and `second` -> that version."""
    series: ClassVar[dict[str, tuple[float, float]]]
    """Each series of the port, and between what its values lie in calm traffic."""

    def now(self) -> datetime: ...

    async def traffic(self, minutes: int) -> None:
        """That many minutes pass with requests, over 200 a minute."""

    async def canary(self, percent: int) -> None:
        """`second` gets that share from now on."""

    async def promote(self) -> None:
        """`second` gets everything from now on."""

    async def shift(self) -> str:
        """From now on others ask than before; returns the column that tells."""
        raise NotImplementedError

    def answered(self) -> int:
        """Requests that got an answer so far, as counted by another way than the port's."""
        raise NotImplementedError


class OutcomesStand(Stand):
    """One model, served by `first`, that nobody has asked anything yet. Labels come minutes after the request."""

    port: Outcomes
    model, first, second = "churn", "v1", "v2"
    service: ServiceRef
    """Of `model`."""
    late: ClassVar[int]
    """Minutes until a label is there."""

    def now(self) -> datetime: ...

    async def traffic(self, minutes: int) -> None:
        """That many minutes pass with requests."""

    async def canary(self, percent: int) -> None:
        """`second` gets that share from now on."""

    async def worsen(self) -> None:
        """From now on what happens is not what it was at training."""

    def answered(self) -> int:
        """Requests that got an answer so far, as counted by another way than the port's."""
        raise NotImplementedError


class DriftStand(Stand):
    """One model, served by `first`, that nobody has asked anything yet."""

    port: DriftReports
    model, first, second = "churn", "v1", "v2"

    def now(self) -> datetime: ...

    async def traffic(self, minutes: int) -> None:
        """That many minutes pass with requests, over 200 a minute."""

    async def few(self) -> None:
        """Some requests, under 200."""

    async def shift(self) -> str:
        """From now on others ask than before; returns the column that tells."""
        raise NotImplementedError

    async def promote(self) -> None:
        """`second` gets everything from now on."""


class FaultsStand(Stand):
    """Two models without a fault."""

    port: Faults
    model, other = "churn", "demand"

    def now(self) -> datetime: ...

    async def traffic(self, minutes: int) -> None:
        """That many minutes pass."""


class RegistryStand(Stand):
    """An empty registry."""

    port: ModelRegistry

    @staticmethod
    def package(model: str, version: str, digest: str = "a" * 64) -> Package:
        """Something to register."""
        metrics = {"auc": 0.8612345678901234, "brier": 0.1}
        return Package(
            model=model,
            version=version,
            artifact=f"somewhere/{version}",
            digest=digest,
            size_bytes=1234,
            metrics=metrics,
            summary="gradient boosting on the same 20 features",
            features=("tenure", "plan"),
        )

    def now(self) -> datetime: ...

    def again(self) -> ModelRegistry:
        """The port as a bot that starts anew opens it, on the same system."""
        raise NotImplementedError

    async def by_others(self, model: str, source: str) -> None:
        """Somebody registers a version without the bot."""


class PipelinesStand(Stand):
    """One model; `first` is packaged, `second` can be built."""

    port: Pipelines
    model, first, second, new = "churn", "v1", "v2", "v4"
    asks: ClassVar[bool] = False
    """Whether its builds ask before their end."""

    def now(self) -> datetime: ...

    def labelled(self, rows: int) -> None:
        """So many labelled live rows are there."""

    async def again(self) -> Pipelines:
        """The bot has ended; the port, from now on `port`, as one that starts anew opens it on the same system."""
        raise NotImplementedError

    async def pass_(self) -> None:
        """Some of the time that a build needs."""

    async def spoil(self, build: BuildRef) -> None:
        """The build will fail in the middle."""

    async def until(self, build: BuildRef, ready: Callable[[BuildState], bool]) -> BuildState:
        """Its state once that is so; what it asks on the way is not answered."""
        for _ in range(3_000):
            state = await self.port.state(build)
            assert isinstance(state, BuildState), state
            if ready(state):
                return state
            await self.pass_()
        raise AssertionError(f"it never got there: {state.spoken()}")

    async def over(self, build: BuildRef) -> BuildState:
        """Once it has ended; what it asks on the way is answered with yes."""
        state = await self.until(build, lambda seen: seen.over or seen.question is not None)
        if state.question is not None:
            await self.port.answer(build, state.question.id, True, key="stand/yes")
        return await self.until(build, lambda seen: seen.over)


class WarehouseStand(Stand):
    """KPIs of two models, of which nothing has been counted; the clock stands at `now`."""

    port: Warehouse
    kpi = Kpi(
        id="churn_rate",
        model="churn",
        title="Churn rate",
        unit="%",
        direction="down_is_good",
        numerator="churned",
        denominator="labelled",
        scale=100,
    )
    other = kpi.model_copy(update={"id": "stock_out_rate", "model": "demand", "title": "Stock-outs"})
    today = date(2026, 3, 31)

    def count(self, at: datetime, above: float, below: float, *, version: str = "v1", kpi: Kpi = kpi) -> None:
        """At that full hour or minute `above` of `below` observations were so."""


class ClockStand(Stand):
    """A clock, and a span of its time that is over within a moment of ours."""

    port: Clock
    moment_s: float

    async def pass_(self, sleeper: Awaitable[T]) -> T:
        """Awaits what waits for at most two moments."""
        return await asyncio.wait_for(sleeper, 10)


async def told_in_our_words(call: Callable[[], Awaitable[object]], stand: Stand, *, write: bool = False) -> None:
    """Breaks the system, and sees what a caller then gets: an error of ours that says why, and never a wrong name's.

    A stand that outlives it answers as before.
    """
    outlives = stand.writes_outlive if write else stand.reads_outlive
    before = await call() if outlives else None
    stand.break_()
    if outlives:
        assert await call() == before, outlives
        return
    with pytest.raises((Temporary, Permanent)) as told:
        await call()
    assert not isinstance(told.value, BadInput | NotEnoughData), "an outage was told as something that is not there"
    assert told.value.what and told.value.why


def over(stands: list[type[Stand]]) -> Callable[..., Iterator[Stand]]:
    """The fixture `stand` of a port's promises: each promise once for every implementation."""

    @pytest.fixture(params=stands, ids=lambda kind: kind.name)
    def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
        kind = request.param
        if why := kind.cannot.get(request.function.__name__):
            pytest.skip(f"{kind.name}: {why}")
        made = kind(tmp_path)
        yield made
        made.end()

    return stand
