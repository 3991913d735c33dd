"""REST for programs: what is served, what ran, what was measured. Nothing here changes anything."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from bizaiops_bot.bot_api.observed import health_of
from bizaiops_bot.domain.drift_windows import FAST_MINUTES, SLOW_MINUTES, telling
from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.health import HEALTH_MINUTES
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.domain.kpi_words import target_met
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.monitoring import DriftReport
from bizaiops_bot.domain.records import Alert, AuditEntry, Schedule
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.surfaces.kpis import ROW_DAYS, day_range, kpi_row
from bizaiops_bot.surfaces.shapes import (
    KpiDayOut,
    KpiOut,
    ModelOut,
    ReplicasOut,
    RevisionOut,
    RunOut,
    drift_out,
    health_out,
    run_out,
)
from bizaiops_bot.surfaces.site import Site, SiteDep

router = APIRouter()
FORWARDED = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})
"""Headers that proxies add."""
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[int | None, Query(ge=0, le=2**62)]
Number = Annotated[int, Path(ge=0, le=2**62)]


@router.get("/api/models", tags=["models"])
async def models(site: SiteDep) -> list[ModelOut]:
    """All models with their live traffic."""
    return [await _model_out(site, info) for info in await site.desk.reads.models.specs()]


@router.get("/api/models/{name}", tags=["models"])
async def model(site: SiteDep, name: str) -> ModelOut:
    """One model: revisions with their share, health and drift of the last 15 minutes (of one, if strong)."""
    known = await site.desk.reads.models.specs()
    info = next((info for info in known if info.name == name), None)
    if info is None:
        raise NotFound("model", name[:60], [info.name for info in known])
    return await _model_out(site, info)


@router.get("/api/runs", tags=["runs"])
async def runs(site: SiteDep, model: str | None = None, limit: Limit = 20) -> list[RunOut]:
    """Newest first."""
    return [run_out(run) for run in await site.desk.reads.records.runs(model=model, limit=limit)]


@router.get("/api/runs/{number}", tags=["runs"])
async def run(site: SiteDep, number: Number) -> RunOut:
    """One run: inputs, plan and its hash, steps, approvals."""
    return run_out(await site.desk.reads.records.run(number))


@router.get("/api/kpis", tags=["business"])
async def kpis(site: SiteDep) -> list[KpiOut]:
    """Every KPI with its last complete day and the change against the same weekday a week before."""
    return [await _kpi_out(site, kpi, 35, with_days=False) for kpi in await site.desk.reads.warehouse.kpis()]


@router.get("/api/kpis/{kpi_id}", tags=["business"])
async def kpi(site: SiteDep, kpi_id: str, days: Annotated[int, Query(ge=1, le=400)] = 35) -> KpiOut:
    """One KPI with its last `days` daily values."""
    known = await site.desk.reads.warehouse.kpis()
    found = next((kpi for kpi in known if kpi.id == kpi_id), None)
    if found is None:
        raise NotFound("KPI", kpi_id[:60], [kpi.id for kpi in known])
    return await _kpi_out(site, found, days, with_days=True)


@router.get("/api/audit", tags=["records"])
async def audit(
    site: SiteDep, before: Before = None, subject: str | None = None, limit: Limit = 50
) -> list[AuditEntry]:
    """The append-only log, newest first; `before` pages back."""
    return await site.desk.reads.records.audit(limit=limit, before=before, subject=subject)


@router.get("/api/schedules", tags=["records"])
async def schedules(site: SiteDep, all: bool = False) -> list[Schedule]:  # noqa: A002 (the name callers see)
    """Active schedules, or all of them."""
    return await site.desk.reads.records.schedules(active_only=not all)


@router.get("/api/alerts", tags=["records"])
async def alerts(site: SiteDep, model: str | None = None, open_only: bool = False, limit: Limit = 20) -> list[Alert]:
    """Newest first."""
    return await site.desk.reads.records.alerts(model=model, open_only=open_only, limit=limit)


@router.get("/healthz", tags=["operations"])
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", tags=["operations"])
async def readyz(site: SiteDep, request: Request) -> Response:
    """200 when the bot can take requests, else 503: nothing can be kept, or a loop of its own has ended. `ports` tells
    how each system behind it is; one that is away does not make the bot unready. Where these systems are is told to
    people who are signed in, and on the machine itself.
    """
    report = await site.ready()
    known = site.viewer(request) or _is_here(request)
    ports = {part: found.model_dump() if known else {"ok": found.ok} for part, found in report.ports.items()}
    body = {"ready": not report.problems, "problems": report.problems, "ports": ports}
    return JSONResponse(body, 503 if report.problems else 200)


@router.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
async def metrics(site: SiteDep) -> PlainTextResponse:
    """The bot's own numbers in the Prometheus text format."""
    return PlainTextResponse(site.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _is_here(request: Request) -> bool:
    """From this machine, and not for somebody else by a proxy."""
    here = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    return here and not FORWARDED & set(request.headers)


async def _model_out(site: Site, info: ModelSpec) -> ModelOut:
    ports = site.desk.reads
    traffic = await ports.serving.traffic(await ports.records.service(info.name))
    return ModelOut(
        **info.model_dump(include={"name", "title", "task", "owner"}),
        revisions=[RevisionOut(**revision.model_dump()) for revision in traffic.revisions],
        replicas=ReplicasOut(**traffic.replicas.model_dump()),
        paused=traffic.paused,
        settled=traffic.settled,
        read_at=traffic.read_at,
        health=health_out(await health_of(ports, traffic, minutes=HEALTH_MINUTES)),
        drift=drift_out(await drift_now(site, info.name)),
        open_alerts=len(await ports.records.alerts(model=info.name, open_only=True)),
    )


async def drift_now(site: Site, model: str) -> DriftReport | NoData:
    """Drift as the watch sees it."""
    report = site.desk.reads.drift.report
    return telling(await report(model, minutes=FAST_MINUTES), await report(model, minutes=SLOW_MINUTES))


async def _kpi_out(site: Site, kpi: Kpi, days: int, *, with_days: bool) -> KpiOut:
    start, today = day_range(site, max(days, ROW_DAYS))
    daily = await site.desk.reads.warehouse.daily(kpi.id, start, today, time_zone=site.time_zone)
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
