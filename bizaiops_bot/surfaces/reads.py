"""REST for programs: what is served, what ran, what was measured. Nothing here changes anything."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from bizaiops_bot.domain.drift_windows import FAST_MINUTES, SLOW_MINUTES, telling
from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.domain.kpi_words import target_met
from bizaiops_bot.domain.models import ModelInfo
from bizaiops_bot.domain.monitoring import DriftReport
from bizaiops_bot.domain.records import Alert, AuditEntry, Schedule
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.surfaces.kpis import ROW_DAYS, day_range, kpi_row
from bizaiops_bot.surfaces.shapes import (
    KpiDayOut,
    KpiOut,
    ModelOut,
    RevisionOut,
    RunOut,
    drift_out,
    health_out,
    run_out,
)
from bizaiops_bot.surfaces.site import Site, SiteDep

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[int | None, Query(ge=0, le=2**62)]
Number = Annotated[int, Path(ge=0, le=2**62)]
HEALTH_MINUTES = 15.0


@router.get("/api/models", tags=["models"])
async def models(site: SiteDep) -> list[ModelOut]:
    """All models with their live traffic."""
    return [await _model_out(site, info) for info in await site.desk.ports.serving.models()]


@router.get("/api/models/{name}", tags=["models"])
async def model(site: SiteDep, name: str) -> ModelOut:
    """One model: revisions with their share, health and drift of the last 15 minutes (of one, if strong)."""
    known = await site.desk.ports.serving.models()
    info = next((info for info in known if info.name == name), None)
    if info is None:
        raise NotFound("model", name[:60], [info.name for info in known])
    return await _model_out(site, info)


@router.get("/api/runs", tags=["runs"])
async def runs(site: SiteDep, model: str | None = None, limit: Limit = 20) -> list[RunOut]:
    """Newest first."""
    return [run_out(run) for run in await site.desk.ports.records.runs(model=model, limit=limit)]


@router.get("/api/runs/{number}", tags=["runs"])
async def run(site: SiteDep, number: Number) -> RunOut:
    """One run: inputs, plan and its hash, steps, approvals."""
    return run_out(await site.desk.ports.records.run(number))


@router.get("/api/kpis", tags=["business"])
async def kpis(site: SiteDep) -> list[KpiOut]:
    """Every KPI with its last complete day and the change against the same weekday a week before."""
    return [await _kpi_out(site, kpi, 35, with_days=False) for kpi in await site.desk.ports.warehouse.kpis()]


@router.get("/api/kpis/{kpi_id}", tags=["business"])
async def kpi(site: SiteDep, kpi_id: str, days: Annotated[int, Query(ge=1, le=400)] = 35) -> KpiOut:
    """One KPI with its last `days` daily values."""
    known = await site.desk.ports.warehouse.kpis()
    found = next((kpi for kpi in known if kpi.id == kpi_id), None)
    if found is None:
        raise NotFound("KPI", kpi_id[:60], [kpi.id for kpi in known])
    return await _kpi_out(site, found, days, with_days=True)


@router.get("/api/audit", tags=["records"])
async def audit(
    site: SiteDep, before: Before = None, subject: str | None = None, limit: Limit = 50
) -> list[AuditEntry]:
    """The append-only log, newest first; `before` pages back."""
    return await site.desk.ports.records.audit(limit=limit, before=before, subject=subject)


@router.get("/api/schedules", tags=["records"])
async def schedules(site: SiteDep, all: bool = False) -> list[Schedule]:  # noqa: A002 (the name callers see)
    """Active schedules, or all of them."""
    return await site.desk.ports.records.schedules(active_only=not all)


@router.get("/api/alerts", tags=["records"])
async def alerts(site: SiteDep, model: str | None = None, open_only: bool = False, limit: Limit = 20) -> list[Alert]:
    """Newest first."""
    return await site.desk.ports.records.alerts(model=model, open_only=open_only, limit=limit)


@router.get("/healthz", tags=["operations"])
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", tags=["operations"])
async def readyz(site: SiteDep) -> Response:
    """200 when every part works, else 503 with what does not."""
    problems = await site.ready()
    return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)


@router.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
async def metrics(site: SiteDep) -> PlainTextResponse:
    """The bot's own numbers in the Prometheus text format."""
    return PlainTextResponse(site.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _model_out(site: Site, info: ModelInfo) -> ModelOut:
    ports = site.desk.ports
    traffic = await ports.serving.traffic(info.name)
    return ModelOut(
        **info.model_dump(include={"name", "title", "kind", "owner"}),
        revisions=[RevisionOut(**revision.model_dump()) for revision in traffic.revisions],
        replicas=traffic.replicas,
        paused=traffic.paused,
        read_at=traffic.read_at,
        health=health_out(await ports.metrics.health(info.name, minutes=HEALTH_MINUTES)),
        drift=drift_out(await drift_now(site, info.name)),
        open_alerts=len(await ports.records.alerts(model=info.name, open_only=True)),
    )


async def drift_now(site: Site, model: str) -> DriftReport | NoData:
    """Drift as the watch sees it."""
    report = site.desk.ports.drift.report
    return telling(await report(model, minutes=FAST_MINUTES), await report(model, minutes=SLOW_MINUTES))


async def _kpi_out(site: Site, kpi: Kpi, days: int, *, with_days: bool) -> KpiOut:
    start, today = day_range(site, max(days, ROW_DAYS))
    daily = await site.desk.ports.warehouse.daily(kpi.id, start, today, time_zone=site.time_zone)
    row = kpi_row(kpi, daily, today)
    change = row.change if row else None
    shown: list[dict[str, Any]] = [day.model_dump(include=set(KpiDayOut.model_fields)) for day in daily[-days:]]
    return KpiOut(
        **kpi.model_dump(include={"id", "model", "title", "unit", "direction", "target", "description"}),
        day=row.day if row else None,
        value=row.value if row else None,
        change=change.share if change else None,
        difference=change.difference if change else None,
        better=change.better if change else None,
        target_met=target_met(kpi, row.value) if row else None,
        days=[KpiDayOut(**day) for day in shown] if with_days else [],
    )
