"""A tiny company in memory for playbook tests: every port, no real model; the test sets what the world says."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from bizaiops_bot.domain.builds import Buildable, BuildOrder, BuildRef, BuildState, Stage
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound
from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.language_use import Use
from bizaiops_bot.domain.models import (
    Artifact,
    GateCheck,
    GateReport,
    ModelSpec,
    ModelVersion,
    Package,
)
from bizaiops_bot.domain.monitoring import (
    ArmSample,
    DriftReport,
    PerformanceDrift,
    RevisionSample,
    ScoreArm,
    SeriesData,
    ValueArm,
)
from bizaiops_bot.domain.records import Alert, AuditEntry, Delegation, Mute, Release, RunRecord, Schedule, Trial
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.domain.services import Revision, ServiceRef, Snapshot, TrafficState
from bizaiops_bot.domain.timers import Freeze, Timer
from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.domain.versions import following
from tests.support.arms import counted, revision, scored, worth
from tests.support.services import replicas

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOTHING = NoData(query="anything", window="15 min", searched="the fake company")

REVENUE = Kpi(
    id="churn_revenue_at_risk",
    model="churn",
    title="Revenue at risk",
    unit="EUR",
    direction="down_is_good",
    numerator="risk",
    denominator="days",
    target=12_000.0,
    decimals=0,
)
RATE = Kpi(
    id="churn_rate",
    model="churn",
    title="Churn rate",
    unit="%",
    direction="down_is_good",
    numerator="l",
    denominator="n",
)
STOCK = Kpi(
    id="stock_outs",
    model="demand",
    title="Stock-outs",
    unit="",
    direction="down_is_good",
    numerator="s",
    denominator="n",
)


@dataclass
class Company:
    """The whole state of the fake world; tests change it directly."""

    now: datetime = START
    weights: dict[str, int] = field(default_factory=lambda: {"v1": 100})
    stable: str | None = "v1"
    paused: bool = False
    replicas: int = 2
    loaded: dict[str, Artifact | None] = field(default_factory=dict)
    """What serving was told to load, by version."""
    nameless: frozenset[str] = frozenset()
    """Versions that the serving system does not know by that name."""
    idle: tuple[str, ...] = ()
    """Versions that were taken out of traffic."""
    problems: dict[str, str] = field(default_factory=dict)
    settling: timedelta = timedelta(0)
    """How long a change of the service takes."""
    tried: list[tuple[str, int]] = field(default_factory=list)
    """What was asked past the split: (version, requests)."""
    tried_answers: Tried = field(default_factory=lambda: Tried(requests=100, failed=0, latencies_ms=(20.0,) * 100))
    """What comes of that."""
    settles: datetime = START
    registered: dict[str, ModelVersion] = field(default_factory=dict)
    buildable: tuple[str, ...] = ("v1", "v2", "v3")
    bad: tuple[str, ...] = ("v3",)
    builds: dict[str, BuildState] = field(default_factory=dict)
    keys: dict[str, BuildRef] = field(default_factory=dict)
    """The builds by the keys that they were ordered with."""
    orders: list[BuildOrder] = field(default_factory=list)
    queue: int = 0
    """So many looks find a build in its queue."""
    build_problem: str = ""
    """Why builds fail."""
    forgets_builds: bool = False
    refuses_orders: bool = False
    answers: asyncio.Event = field(default_factory=lambda: _set(asyncio.Event()))
    """An order of a build is taken, and answered once this is set."""
    pipeline_registers: str = ""
    """The version as which the pipeline registers what it builds by itself."""
    registry_names: bool = False
    """Nobody knows the name of a new version before it is registered."""
    ignores_weights: bool = False
    labelled: int | None = 400
    """None: nobody keeps labels."""
    labelled_per_minute: int = 300
    health: list[RevisionSample] | NoData = NOTHING
    arms: list[ArmSample] | NoData = NOTHING
    """What each port knows of them is taken from here."""
    report: DriftReport | NoData = NOTHING
    quality: PerformanceDrift | NoData = NOTHING
    line: SeriesData | NoData = NOTHING
    runs: list[RunRecord] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    delegations: list[Delegation] = field(default_factory=list)
    mutes: list[Mute] = field(default_factory=list)
    frozen: str | None = None
    freezes: list[Freeze] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    days: dict[str, Callable[[date], float | None]] = field(default_factory=dict)
    matures_after: dict[str, str] = field(default_factory=dict)
    """Of KPIs whose outcomes come late, by id."""
    fresh: datetime | NoData | None = None
    """Up to when KPIs have data; None: up to now."""
    by_version: dict[str, KpiDay] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    language_use: dict[date, Use] = field(default_factory=dict)
    active_faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registered.setdefault("v1", version("v1", aliases=("champion",)))
        self.releases.append(release("v1", None, "initial", at=self.now - timedelta(days=60)))

    def state(self, model: str) -> TrafficState:
        weights = {} if self.paused else self.weights
        revisions = tuple(
            Revision(
                name=f"{model}-{v}",
                version=None if v in self.nameless else v,
                weight=weights.get(v, 0),
                role=self._role(v),
                problem=self.problems.get(v, ""),
            )
            for v in sorted({*self.weights, *self.idle, *([self.stable] if self.stable else [])})
        )
        settled = self.now >= self.settles
        asked = (self.weights, self.stable, self.paused, self.replicas)
        return TrafficState(
            service=served(model),
            revisions=revisions,
            replicas=replicas(self.replicas),
            paused=self.paused,
            settled=settled,
            generation=f"{zlib.crc32(repr(asked).encode()):x}",
            read_at=self.now,
        )

    def _role(self, name: str) -> Any:
        return "stable" if name == self.stable else "idle" if name in self.idle else "canary"


def _set(event: asyncio.Event) -> asyncio.Event:
    event.set()
    return event


def served(model: str) -> ServiceRef:
    """The service has a name of its own."""
    return ServiceRef(environment="demo", model=model, name=f"{model}-api")


def version(name: str, *, auc: float = 0.83, aliases: tuple[str, ...] = ()) -> ModelVersion:
    return ModelVersion(
        model="churn",
        version=name,
        created=START - timedelta(days=60),
        summary=f"recipe {name}",
        metrics={"auc": auc},
        digest=f"digest-{name}",
        artifact=Artifact(uri=f"s3://models/churn/{name}"),
        aliases=aliases,
    )


def release(name: str, previous: str | None, kind: Any, *, at: datetime = START, run: int | None = None) -> Release:
    return Release(
        model="churn",
        version=name,
        previous=previous,
        kind=kind,
        actor="engineer",
        approved_by=("lead",),
        run=run,
        at=at,
    )


class FakeClock:
    def __init__(self, world: Company) -> None:
        self.world = world

    def now(self) -> datetime:
        return self.world.now

    async def sleep_until(self, when: datetime) -> None:
        minutes = max(0.0, (when - self.world.now) / timedelta(minutes=1))
        if self.world.labelled is not None:
            self.world.labelled += round(minutes * self.world.labelled_per_minute)
        self.world.now = max(self.world.now, when)


class FakePipelines:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def buildable(self, model: str) -> list[Buildable]:
        return [Buildable(model=model, version=v, summary=f"recipe {v}") for v in self.world.buildable]

    async def all_buildable(self) -> dict[str, list[Buildable]]:
        return {model: await self.buildable(model) for model in ("churn", "demand")}

    async def new_version(self, model: str, taken: Sequence[str]) -> str | NoData:
        return NOTHING if self.world.registry_names else following([*self.world.buildable, *taken])

    async def start(self, order: BuildOrder, *, key: str) -> BuildRef:
        if key not in self.world.keys:
            if self.world.refuses_orders:
                raise BadInput("There is no job for it.")
            ref = BuildRef(id=f"build-{len(self.world.builds) + 1}", url="https://ci.example/1")
            self.world.keys[key] = ref
            self.world.builds[ref.id] = BuildState(ref=ref, phase="queued", before=1, read_at=self.world.now)
            self.world.orders.append(order)
        await self.world.answers.wait()
        return self.world.keys[key]

    async def state(self, build: BuildRef) -> BuildState | NoData:
        """Queued for some looks, then over."""
        known = self.world.builds.get(build.id)
        if known is None or self.world.forgets_builds:
            return NOTHING
        if self.world.queue:
            self.world.queue -= 1
        elif not known.over:
            known = self.world.builds[build.id] = self._done(known, self.world.orders[-1])
        return known.model_copy(update={"read_at": self.world.now})

    def _done(self, before: BuildState, order: BuildOrder) -> BuildState:
        if self.world.build_problem:
            stages = (Stage(name="train", phase="failed", link="https://ci.example/1/train"),)
            return before.model_copy(
                update={"phase": "failed", "stages": stages, "problem": self.world.build_problem, "before": None}
            )
        name = self.world.pipeline_registers or order.version
        package = Package(
            model=order.model,
            version=name,
            artifact=f"/{name}",
            digest=f"digest-{name}",
            size_bytes=120_000,
            metrics={"auc": 0.85},
            summary=f"recipe {name}",
        )
        if self.world.pipeline_registers:
            self.world.registered[name] = version(name, auc=0.71 if name in self.world.bad else 0.85)
            return before.model_copy(update={"phase": "succeeded", "version": name, "before": None})
        report = self._measured(order)
        ended = {"phase": "succeeded", "package": package} if report.passed else {"phase": "failed"}
        return before.model_copy(update={**ended, "report": report, "before": None, "said": "9,000 rows in 1.5 s"})

    async def log(self, build: BuildRef, *, stage: str = "", tail: int = 40) -> str | NoData:
        return f"{stage}: reading the rows\n{stage}: {self.world.build_problem}"

    async def answer(self, build: BuildRef, question: str, proceed: bool, *, key: str) -> BuildState:
        raise Conflict("It has asked nothing.")

    async def stop(self, build: BuildRef, *, key: str) -> BuildState:
        if build.id not in self.world.builds:
            raise NotFound("build", build.id, self.world.builds)
        stopped = self.world.builds[build.id].model_copy(update={"phase": "stopped"})
        self.world.builds[build.id] = stopped
        return stopped

    async def package(self, model: str, version: str) -> Package:
        """As the embedded company has its first ones."""
        made = self._done(
            BuildState(ref=BuildRef(id="0"), phase="queued", read_at=START), BuildOrder(model=model, version=version)
        )
        assert made.package is not None
        return made.package

    def _measured(self, order: BuildOrder) -> GateReport:
        auc = 0.71 if order.version in self.world.bad else 0.85
        check = GateCheck(
            name="auc", passed=auc >= 0.82, actual=auc, limit=0.82, reason=f"auc {auc:.3f} against a limit of 0.820"
        )
        return GateReport(
            model=order.model,
            version=order.version,
            against=order.against,
            holdout_rows=2_000,
            checks=(check,),
            metrics={"auc": auc},
        )


class FakeModels:
    async def specs(self) -> list[ModelSpec]:
        return [
            ModelSpec(name="churn", title="Customer churn", task="classification", owner="crm"),
            ModelSpec(name="demand", title="Demand forecast", task="forecast", owner="supply"),
        ]


class FakeServing:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def services(self) -> list[ServiceRef]:
        return [served("churn"), served("demand")]

    async def traffic(self, service: ServiceRef) -> TrafficState:
        assert service == served(service.model)
        return self.world.state(service.model)

    async def snapshot(self, service: ServiceRef) -> Snapshot:
        state = await self.traffic(service)
        spec = {"weights": dict(self.world.weights), "stable": self.world.stable, "replicas": self.world.replicas}
        return Snapshot(service=service, spec=spec, words=f"{state.spoken()}, {state.replicas.spoken()}")

    async def set_canary(
        self,
        service: ServiceRef,
        version: str,
        percent: int,
        *,
        guard: str,
        artifact: Artifact | None = None,
        key: str,
    ) -> TrafficState:
        await self._guarded(service, guard)
        self.world.loaded[version] = artifact
        if not self.world.ignores_weights:
            shares = {str(self.world.stable): 100 - percent, version: percent}
            self.world.weights = {v: share for v, share in shares.items() if share}
        return await self._begun(service)

    async def try_out(self, service: ServiceRef, version: str, requests: int) -> Tried:
        self.world.tried.append((version, requests))
        return self.world.tried_answers

    async def promote(self, service: ServiceRef, version: str, *, guard: str, key: str) -> TrafficState:
        await self._guarded(service, guard)
        return await self._all_to(service, version)

    async def roll_back(
        self, service: ServiceRef, to: str, *, artifact: Artifact | None = None, key: str
    ) -> TrafficState:
        self.world.loaded[to] = artifact
        return await self._all_to(service, to)

    async def restore(self, service: ServiceRef, to: Snapshot, *, key: str) -> TrafficState:
        spec = cast(dict[str, Any], to.spec)
        self.world.weights, self.world.stable, self.world.paused = dict(spec["weights"]), spec["stable"], False
        self.world.replicas = spec["replicas"]
        return await self._begun(service)

    async def pause(self, service: ServiceRef, *, key: str) -> TrafficState:
        self.world.paused = True
        return await self._begun(service)

    async def resume(self, service: ServiceRef, *, guard: str, key: str) -> TrafficState:
        await self._guarded(service, guard)
        self.world.paused = False
        return await self._begun(service)

    async def scale(self, service: ServiceRef, least: int, most: int, *, guard: str, key: str) -> TrafficState:
        await self._guarded(service, guard)
        self.world.replicas = most
        return await self._begun(service)

    async def _all_to(self, service: ServiceRef, name: str) -> TrafficState:
        self.world.weights, self.world.stable, self.world.paused = {name: 100}, name, False
        return await self._begun(service)

    async def _guarded(self, service: ServiceRef, guard: str) -> None:
        state = await self.traffic(service)
        if guard and guard != state.generation:
            raise Conflict(f"{service.model} was not changed.", f"It is now {state.spoken()}.")

    async def _begun(self, service: ServiceRef) -> TrafficState:
        self.world.settles = self.world.now + self.world.settling
        return await self.traffic(service)


class FakeRegistry:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def versions(self, model: str) -> list[ModelVersion]:
        return list(self.world.registered.values())

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        return {"churn": await self.versions("churn")}

    async def version(self, model: str, version: str) -> ModelVersion:
        return self.world.registered[version]

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        self.world.registered[package.version] = version(package.version, auc=package.metrics["auc"])
        return self.world.registered[package.version]

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        for name, known in self.world.registered.items():
            kept = tuple(a for a in known.aliases if a != alias)
            aliases = (*kept, alias) if name == version else kept
            self.world.registered[name] = known.model_copy(update={"aliases": aliases})
        return self.world.registered[version]


class FakeMetrics:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def health(
        self, service: ServiceRef, revisions: Sequence[str], *, minutes: float
    ) -> list[RevisionSample] | NoData:
        return self.world.health

    async def arms(
        self, service: ServiceRef, revisions: Sequence[str], since: datetime
    ) -> list[RevisionSample] | NoData:
        if isinstance(self.world.arms, NoData):
            return self.world.arms
        return [counted(service.model, arm, since) for arm in self.world.arms if _name(service, arm) in revisions]

    async def series(
        self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
    ) -> SeriesData | NoData:
        return self.world.line


def _name(service: ServiceRef, arm: ArmSample) -> str:
    return revision(service.model, arm.version)


class FakePredictions:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def scores(
        self, service: ServiceRef, revisions: Mapping[str, str], since: datetime
    ) -> list[ScoreArm] | NoData:
        if isinstance(self.world.arms, NoData):
            return self.world.arms
        return [scored(service.model, arm) for arm in self.world.arms if _name(service, arm) in revisions]

    async def sketches(self, service: ServiceRef, version: str, *, minutes: float) -> NoData:
        return NOTHING

    async def series(
        self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
    ) -> SeriesData | NoData:
        return self.world.line


class FakeOutcomes:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def quality(self, service: ServiceRef, version: str, *, minutes: float) -> PerformanceDrift | NoData:
        return self.world.quality

    async def value(self, service: ServiceRef, versions: Sequence[str], since: datetime) -> list[ValueArm] | NoData:
        if isinstance(self.world.arms, NoData):
            return self.world.arms
        return [worth(arm) for arm in self.world.arms if arm.version in versions]

    async def labels(self, model: str, since: datetime) -> int | NoData:
        return NOTHING if self.world.labelled is None else self.world.labelled


class FakeDrift:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        return self.world.report


def _no_value(day: date) -> float | None:
    return None


class FakeWarehouse:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def kpis(self) -> list[Kpi]:
        late = self.world.matures_after
        return [k.model_copy(update={"matures_after": late.get(k.id, "")}) for k in (REVENUE, RATE, STOCK)]

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        value = self.world.days.get(kpi, _no_value)
        days = (start + timedelta(days=n) for n in range((end - start).days + 1))
        return [self._day(kpi, day, value(day)) for day in days]

    def _day(self, kpi: str, day: date, value: float | None) -> KpiDay:
        known = value is not None
        updated = self.world.now - timedelta(minutes=5) if known else None
        complete = day < self.world.now.date()
        return KpiDay(kpi=kpi, day=day, value=value, n=500 if known else 0, complete=complete, updated=updated)

    async def fresh(self, kpi: str) -> datetime | NoData:
        return self.world.fresh or self.world.now

    async def by_version(self, kpi: str, since: datetime) -> dict[str, KpiDay]:
        return self.world.by_version
