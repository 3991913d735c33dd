"""The pages: console, runs, one run, audit, API description."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from bizaiops_bot.domain.records import AuditEntry
from bizaiops_bot.surfaces.api import CONVERSATION
from bizaiops_bot.surfaces.console.apidocs import describe
from bizaiops_bot.surfaces.console.dashboard import Dashboard
from bizaiops_bot.surfaces.console.feed import THREADS_SHOWN, load_feed, thread_html
from bizaiops_bot.surfaces.console.views import page
from bizaiops_bot.surfaces.reads import Before, Number
from bizaiops_bot.surfaces.site import Site, SiteDep

router = APIRouter(include_in_schema=False)
AUDIT_PAGE = 50


@router.get("/")
async def console(
    site: SiteDep,
    request: Request,
    c: Annotated[str, Query(pattern=f"^$|{CONVERSATION}")] = "",
    shown: Annotated[int, Query(ge=1, le=2000)] = THREADS_SHOWN,
) -> HTMLResponse:
    """Chat and dashboard. `c` is the conversation, `shown` how many threads back."""
    conversation = c or site.desk.home
    feed = await load_feed(site.desk, conversation, shown=shown)
    board, digest = await _dashboard(request, site).html()
    reader = site.viewer(request)
    votes = await site.desk.votes(reader, conversation) if reader else {}
    faults = site.faults
    return page(
        request,
        "console.html",
        conversation=conversation,
        tabs=await _tabs(site, conversation),
        feed=feed,
        threads=[thread_html(thread, conversation, votes) for thread in feed.threads],
        shown=shown,
        board=board,
        digest=digest,
        models=[info.name for info in await site.desk.reads.models.specs()] if faults else [],
        fault_kinds=await faults.kinds() if faults else [],
        quote=quote,
    )


async def _tabs(site: Site, current: str) -> list[str]:
    names = [site.desk.home, "business", *await site.desk.conversations(), current]
    return list(dict.fromkeys(names))


@router.get("/console/dashboard")
async def dashboard(site: SiteDep, request: Request, seen: str = "") -> Response:
    """The dashboard's inside, or 204 when it still looks like `seen`."""
    body, digest = await _dashboard(request, site).html()
    if digest == seen:
        return Response(status_code=204)
    return HTMLResponse(body, headers={"X-Digest": digest, "Cache-Control": "no-store"})


def _dashboard(request: Request, site: Site) -> Dashboard:
    state = request.app.state
    if not hasattr(state, "dashboard"):
        state.dashboard = Dashboard(site)
    board: Dashboard = state.dashboard
    return board


@router.get("/runs")
async def runs(site: SiteDep, request: Request, model: str | None = None) -> HTMLResponse:
    """The last hundred runs."""
    return page(request, "runs.html", runs=await site.desk.reads.records.runs(model=model, limit=100), model=model)


@router.get("/runs/{number}")
async def run(site: SiteDep, request: Request, number: Number) -> HTMLResponse:
    """One run: steps, plan, approvals, audit."""
    record = await site.desk.reads.records.run(number)
    entries = await site.desk.reads.records.audit(subject=f"run {number}", limit=200)
    return page(request, "run.html", run=record, entries=list(reversed(entries)))


@router.get("/audit")
async def audit(site: SiteDep, request: Request, before: Before = None, subject: str | None = None) -> HTMLResponse:
    """The audit log, newest first, and whether its chain is whole."""
    entries = await site.desk.reads.records.audit(limit=AUDIT_PAGE + 1, before=before, subject=subject or None)
    shown = entries[:AUDIT_PAGE]
    more = shown[-1].seq if len(entries) > AUDIT_PAGE else None
    state = await site.verify_audit() if site.verify_audit else _linked(shown if subject is None else [])
    return page(
        request,
        "audit.html",
        entries=shown,
        more=more,
        before=before,
        subject=subject or "",
        intact=state[0],
        verdict=state[1],
    )


def _linked(entries: list[AuditEntry]) -> tuple[bool, str]:
    """Whether each entry shown names the hash of the one before it."""
    for newer, older in pairwise(entries):
        if newer.prev_hash != older.hash:
            return False, f"Entry {newer.seq} does not follow entry {older.seq}: the log was changed."
    return True, "The entries on this page form one chain."


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The API, drawn from its own OpenAPI description: no outside script."""
    schema: dict[str, Any] = request.app.openapi()
    return page(request, "docs.html", groups=describe(schema), info=schema["info"])
