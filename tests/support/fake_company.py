"""A tiny company in memory for playbook tests: every port, no real model; the test sets what the world says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.language_use import Use
from bizaiops_bot.domain.models import (
    Build,
    Candidate,
    GateCheck,
    GateReport,
    ModelInfo,
    ModelVersion,
    Package,
    Revision,
    TrafficState,
)
from bizaiops_bot.domain.monitoring import ArmSample, DriftReport, HealthSample, SeriesData
from bizaiops_bot.domain.records import Alert, AuditEntry, Delegation, Mute, Release, RunRecord, Schedule, Trial
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.domain.timers import Freeze, Timer
from bizaiops_bot.domain.values import NoData

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOTHING = NoData(query="anything", window="15 min", searched="the fake company")
Progress = Callable[[str], None]

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
    registered: dict[str, ModelVersion] = field(default_factory=dict)
    buildable: tuple[str, ...] = ("v1", "v2", "v3")
    bad: tuple[str, ...] = ("v3",)
    ignores_weights: bool = False
    labelled: int = 400
    labelled_per_minute: int = 300
    health: list[HealthSample] | NoData = NOTHING
    arms: list[ArmSample] | NoData = NOTHING
    report: DriftReport | NoData = NOTHING
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
            Revision(revision=f"{model}-{v}", version=v, weight=weights.get(v, 0), state=self._role(v))
            for v in sorted({*self.weights, *([self.stable] if self.stable else [])})
        )
        return TrafficState(
            model=model, revisions=revisions, replicas=self.replicas, paused=self.paused, read_at=self.now
        )

    def _role(self, name: str) -> Any:
        return "stable" if name == self.stable else "canary"


def version(name: str, *, auc: float = 0.83, aliases: tuple[str, ...] = ()) -> ModelVersion:
    return ModelVersion(
        model="churn",
        version=name,
        created=START - timedelta(days=60),
        summary=f"recipe {name}",
        metrics={"auc": auc},
        digest=f"digest-{name}",
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
        self.world.labelled += round(minutes * self.world.labelled_per_minute)
        self.world.now = max(self.world.now, when)


class FakePipelines:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def candidates(self, model: str) -> list[Candidate]:
        return [Candidate(model=model, version=v, summary=f"recipe {v}") for v in self.world.buildable]

    async def build(self, model: str, version: str, *, key: str, progress: Progress) -> Build:
        progress("training")
        return self._build(model, version)

    async def retrain(self, model: str, version: str, since: datetime, *, key: str, progress: Progress) -> Build:
        progress(f"training on rows since {since:%Y-%m-%d}")
        return self._build(model, version)

    def _build(self, model: str, name: str) -> Build:
        return Build(
            model=model,
            version=name,
            artifact=f"/{name}",
            digest=f"digest-{name}",
            train_rows=9_000,
            train_seconds=1.5,
            summary=f"recipe {name}",
        )

    async def labelled_rows(self, model: str, since: datetime) -> int:
        return self.world.labelled

    async def test(self, build: Build, *, against: str, key: str) -> GateReport:
        auc = 0.71 if build.version in self.world.bad else 0.85
        check = GateCheck(
            name="auc", passed=auc >= 0.82, actual=auc, limit=0.82, reason=f"auc {auc:.3f} against a limit of 0.820"
        )
        return GateReport(
            model=build.model,
            version=build.version,
            against=against,
            holdout_rows=2_000,
            checks=(check,),
            metrics={"auc": auc},
        )

    async def package(self, build: Build, *, key: str) -> Package:
        return Package(
            model=build.model,
            version=build.version,
            artifact=build.artifact,
            digest=build.digest,
            size_bytes=120_000,
            metrics={"auc": 0.85},
            summary=build.summary,
        )


class FakeServing:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def models(self) -> list[ModelInfo]:
        return [
            ModelInfo(name="churn", title="Customer churn", kind="classification", owner="crm"),
            ModelInfo(name="demand", title="Demand forecast", kind="forecast", owner="supply"),
        ]

    async def traffic(self, model: str) -> TrafficState:
        return self.world.state(model)

    async def set_canary(self, model: str, version: str, percent: int, *, key: str) -> TrafficState:
        if not self.world.ignores_weights:
            shares = {str(self.world.stable): 100 - percent, version: percent}
            self.world.weights = {v: share for v, share in shares.items() if share}
        return self.world.state(model)

    async def promote(self, model: str, version: str, *, key: str) -> TrafficState:
        return self._all_to(model, version)

    async def restore(self, model: str, version: str, *, key: str) -> TrafficState:
        return self._all_to(model, version)

    def _all_to(self, model: str, name: str) -> TrafficState:
        self.world.weights, self.world.stable, self.world.paused = {name: 100}, name, False
        return self.world.state(model)

    async def pause(self, model: str, *, key: str) -> TrafficState:
        self.world.paused = True
        return self.world.state(model)

    async def resume(self, model: str, *, key: str) -> TrafficState:
        self.world.paused = False
        return self.world.state(model)

    async def scale(self, model: str, replicas: int, *, key: str) -> TrafficState:
        self.world.replicas = replicas
        return self.world.state(model)


class FakeRegistry:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def versions(self, model: str) -> list[ModelVersion]:
        return list(self.world.registered.values())

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

    async def health(self, model: str, *, minutes: float) -> list[HealthSample] | NoData:
        return self.world.health

    async def arms(self, model: str, since: datetime) -> list[ArmSample] | NoData:
        return self.world.arms

    async def series(self, model: str, metric: str, start: datetime, end: datetime, points: int) -> SeriesData | NoData:
        return self.world.line


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
        return [REVENUE, RATE, STOCK]

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        value = self.world.days.get(kpi, _no_value)
        days = (start + timedelta(days=n) for n in range((end - start).days + 1))
        return [self._day(kpi, day, value(day)) for day in days]

    def _day(self, kpi: str, day: date, value: float | None) -> KpiDay:
        known = value is not None
        updated = self.world.now - timedelta(minutes=5) if known else None
        complete = day < self.world.now.date()
        return KpiDay(kpi=kpi, day=day, value=value, n=500 if known else 0, complete=complete, updated=updated)

    async def by_version(self, kpi: str, since: datetime) -> dict[str, KpiDay]:
        return self.world.by_version
