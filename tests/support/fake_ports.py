"""Ports with fixed answers, for tests of the surfaces: a company at one moment, with a canary out and some drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bizaiops_bot.domain.errors import NotFound, Refused
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.monitoring import DriftReport, FeatureDrift, RevisionSample, SeriesData
from bizaiops_bot.domain.records import Alert, AuditEntry, DecisionRecord, OpenGate, RunRecord, Schedule
from bizaiops_bot.domain.services import Revision, ServiceRef, TrafficState
from bizaiops_bot.domain.values import NoData
from tests.support.sample_cards import NOW, PLAN, steps, wave
from tests.support.services import service, traffic


@dataclass
class FakeClock:
    now_is: datetime = NOW

    def now(self) -> datetime:
        return self.now_is

    async def sleep_until(self, when: datetime) -> None:
        self.now_is = max(self.now_is, when)


class FakeModels:
    async def specs(self) -> list[ModelSpec]:
        return [
            ModelSpec(name="churn", title="Customer churn", task="classification", owner="growth"),
            ModelSpec(name="demand", title="Demand forecast", task="forecast", owner="supply"),
        ]


class FakeServing:
    async def services(self) -> list[ServiceRef]:
        return [service("churn"), service("demand")]

    async def traffic(self, service: ServiceRef) -> TrafficState:
        both = service.model == "churn"
        stable = Revision(name=f"{service.name}-00001", version="v1", weight=90 if both else 100, role="stable")
        canary = (Revision(name="churn-00002", version="v2", weight=10, role="canary"),) if both else ()
        return traffic(NOW, stable, *canary, of=service, count=2)


class FakeMetrics:
    async def health(
        self, service: ServiceRef, revisions: Sequence[str], *, minutes: float
    ) -> list[RevisionSample] | NoData:
        if service.model == "demand":
            return NoData(query="requests of demand", window="15 min", searched="in-process series")
        stable, canary = revisions
        quick = Histogram(edges_ms=(21.0, 48.0, 60.0), counts=(900.0, 810.0, 90.0, 0.0))
        slow = Histogram(edges_ms=(21.0, 51.0, 60.0), counts=(100.0, 90.0, 10.0, 0.0))
        return [
            RevisionSample(revision=stable, requests=1800, errors=9, latency=quick, start=NOW, end=NOW),
            RevisionSample(revision=canary, requests=200, errors=1, latency=slow, start=NOW, end=NOW),
        ]

    async def series(
        self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
    ) -> SeriesData | NoData:
        values = wave(points, 45, 6) if metric == "latency_p95_ms" else wave(points, 0.005, 0.002)
        return SeriesData(metric=metric, unit="ms", times=tuple(start for _ in values), values=values)


class FakeDrift:
    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        if model == "demand":
            return NoData(query="rows of demand", window="60 min", searched="stream")

        def feature(name: str, psi: float) -> FeatureDrift:
            return FeatureDrift(
                name=name,
                kind="number",
                psi=psi,
                p_value=0.001,
                missing_share=0,
                reference_missing_share=0,
                missing_p_value=1,
                drifted=psi > 0.25,
                missing=False,
                change="higher",
            )

        features = (feature("monthly_charges", 0.43), feature("tenure", 0.31), feature("age", 0.02))
        return DriftReport(
            model=model,
            version="v1",
            start=NOW,
            end=NOW,
            rows=2140,
            features=features,
            score=feature("score", 0.1),
            onset=NOW,
        )


class FakeWarehouse:
    async def kpis(self) -> list[Kpi]:
        common: dict[str, Any] = {"numerator": "a", "denominator": "b"}
        return [
            Kpi(
                id="revenue_at_risk",
                model="churn",
                title="Revenue at risk",
                unit="€",
                direction="down_is_good",
                target=45000,
                **common,
            ),
            Kpi(
                id="churn_rate",
                model="churn",
                title="Churn rate",
                unit="%",
                direction="down_is_good",
                target=4.5,
                **common,
            ),
            Kpi(
                id="stock_outs",
                model="demand",
                title="Stock-outs",
                unit="%",
                direction="down_is_good",
                target=2.0,
                **common,
            ),
            Kpi(id="wape", model="demand", title="Forecast error", unit="%", direction="down_is_good", **common),
        ]

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        base = {"revenue_at_risk": 43000.0, "churn_rate": 4.3, "stock_outs": 2.4, "wape": 18.0}[kpi]
        days = (end - start).days + 1
        return [
            KpiDay(kpi=kpi, day=start + timedelta(days=i), value=v, n=900, complete=i < days - 1, updated=NOW)
            for i, v in enumerate(wave(days, base, base * 0.08))
        ]


@dataclass
class FakeFaults:
    on: list[tuple[str, str, datetime]] = field(default_factory=list)

    async def kinds(self) -> list[str]:
        return ["covariate_drift", "concept_drift", "latency", "errors", "missing_values", "bad_release"]

    async def inject(self, model: str, fault: str) -> str:
        self.on.append((model, fault, NOW))
        return f"{fault} now affects {model}."

    async def clear(self, model: str | None = None) -> list[str]:
        ended = [fault for name, fault, _ in self.on if model in (None, name)]
        self.on = [entry for entry in self.on if model not in (None, entry[0])]
        return ended

    async def active(self) -> list[tuple[str, str, datetime]]:
        return list(self.on)


class FakeRecords:
    def __init__(self) -> None:
        lines = steps(6).steps
        decision = DecisionRecord(gate="deploy", actor="lead", decision="approved", at=NOW + timedelta(minutes=2))
        first = RunRecord(
            id=7,
            playbook="deploy_model",
            inputs=PLAN.inputs,
            actor="engineer",
            conversation="ml-ops",
            thread="m1",
            status="running",
            summary="",
            error="",
            plan=PLAN,
            steps=lines,
            decisions=(decision,),
            created=NOW,
            ended=None,
        )
        failed = first.model_copy(
            update={
                "id": 6,
                "status": "failed",
                "steps": steps(6, failed=True).steps,
                "ended": NOW + timedelta(minutes=9),
                "error": "churn v3 was not promoted: error rate 6.1% > 1.5%. Traffic is as before: v1 100%.",
            }
        )
        done = first.model_copy(
            update={
                "id": 5,
                "playbook": "roll_back_model",
                "status": "succeeded",
                "steps": steps(8).steps,
                "ended": NOW,
                "summary": "v1 serves **100%** again.",
            }
        )
        self.all = {run.id: run for run in (first, failed, done)}
        self.log = [self._entry(seq) for seq in range(120, 0, -1)]

    @staticmethod
    def _entry(seq: int) -> AuditEntry:
        kind = ("message_received", "run_started", "gate_decided", "step_finished")[seq % 4]
        actor = ("engineer", "lead", "rule:drift_retrains")[seq % 3]
        return AuditEntry(
            seq=seq,
            at=NOW + timedelta(seconds=seq),
            actor=actor,
            kind=kind,
            subject="run 7" if seq % 2 else "churn",
            detail={"text": "<script>alert(1)</script>", "n": seq},
            prev_hash=f"{seq - 1:064x}",
            hash=f"{seq:064x}",
        )

    async def service(self, model: str) -> ServiceRef:
        return service(model)

    async def run(self, number: int) -> RunRecord:
        if number not in self.all:
            raise NotFound("run", str(number), [str(n) for n in self.all])
        return self.all[number]

    async def runs(self, *, model: str | None = None, limit: int = 20) -> list[RunRecord]:
        return list(self.all.values())[:limit]

    async def alerts(self, *, model: str | None = None, open_only: bool = False, limit: int = 20) -> list[Alert]:
        alert = Alert(
            id=1,
            model="churn",
            kind="drift",
            title="3 of 19 features have drifted",
            detail={},
            onset=NOW - timedelta(minutes=41),
            detected=NOW,
            closed=None,
            run=7,
        )
        return [alert] if model in (None, "churn") else []

    async def schedules(self, *, active_only: bool = True) -> list[Schedule]:
        return [
            Schedule(
                id=3,
                title="Weekly churn digest",
                playbook="send_digest",
                inputs={},
                cron="0 9 * * 1",
                time_zone="Europe/Berlin",
                conversation="business",
                owner="analyst",
                active=True,
                next_at=NOW + timedelta(days=6),
                last_at=None,
            )
        ]

    async def audit(
        self, *, limit: int = 50, before: int | None = None, subject: str | None = None
    ) -> list[AuditEntry]:
        found = [e for e in self.log if (before is None or e.seq < before) and subject in (None, e.subject)]
        return found[:limit]

    async def frozen(self, model: str | None = None) -> str | None:
        return None

    async def approvals(self, number: int | None = None) -> list[OpenGate]:
        """Run 7 waits, as far as programs are told."""
        gate = OpenGate(
            run=7,
            name="approval 1",
            question="Go?",
            kind="approval",
            quorum=1,
            role="approver",
            people=(),
            plan_hash=PLAN.hash,
            opened=NOW,
            expires=NOW + timedelta(hours=24),
            voices=(),
            may=("lead", "sre"),
        )
        return [gate] if number in (None, 7) else []


class FakeControls:
    """Lets everybody decide but the one who asked."""

    async def decide_words(self, number: int, decision: str, *, actor: str, reason: str = "", **bound: object) -> str:
        self.bound = bound
        if actor == "engineer":
            raise Refused("The requester cannot approve.", do="Ask lead.")
        return f"Run {number} is {decision}{f': {reason}' if reason else ''}."
