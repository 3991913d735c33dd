"""The web application: console, REST and API description in one FastAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from bizaiops_bot.conversation.desk import Desk
from bizaiops_bot.domain.readiness import Report
from bizaiops_bot.ports.faults import Faults
from bizaiops_bot.surfaces import api, problems, reads, world
from bizaiops_bot.surfaces.console import chat, handbook, pages, sign_in
from bizaiops_bot.surfaces.console.views import STATIC
from bizaiops_bot.surfaces.guards import Guard
from bizaiops_bot.surfaces.site import Identify, Site
from bizaiops_bot.surfaces.tokens import SignedInOnly


class KeptFiles(StaticFiles):
    """Static files whose address holds their digest: browsers keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(
    desk: Desk,
    *,
    demo: bool,
    title: str = "BizAIOps",
    time_zone: str = "UTC",
    metrics: Callable[[], str] | None = None,
    ready: Callable[[], Awaitable[Report]] | None = None,
    faults: Faults | None = None,
    world_facts: Callable[[], Awaitable[dict[str, Any]]] | None = None,
    verify_audit: Callable[[], Awaitable[tuple[bool, str]]] | None = None,
    identify: Identify | None = None,
    hosts: Iterable[str] = (),
    open_paths: Iterable[str] = (),
    suggestions: tuple[str, ...] | None = None,
) -> FastAPI:
    """The whole site for `desk`.

    demo: people choose who they are, and the world can be broken; else every request needs `identify` to name someone.
    metrics: Prometheus text. faults: what breaks the world. ready: for /readyz. verify_audit: (intact,
    one sentence).
    hosts: names the site is reached by besides localhost; "*" for any. open_paths: neither need a sign-in nor come from
    this site, as their routes check who sends. Event streams have no end, so run uvicorn with
    a `timeout_graceful_shutdown` of a second or two.
    """
    site = Site(desk=desk, demo=demo, title=title, time_zone=time_zone, verify_audit=verify_audit, identify=identify)
    site.faults = faults if demo else None
    site.metrics = metrics or site.metrics
    site.ready = ready or site.ready
    site.world = world_facts or site.world
    site.suggestions = suggestions or site.suggestions
    about = "Everything the console can do, for programs. Errors are `{error: {what, why, do}}`."
    app = FastAPI(title=title, version="1", description=about, docs_url=None, redoc_url=None)
    app.state.site = site
    problems.install(app)
    if not demo:
        app.add_middleware(SignedInOnly, identify=identify or _nobody, paths=tuple(open_paths))
    app.add_middleware(Guard, hosts=tuple(hosts), paths=tuple(open_paths))
    extra = world.router if demo else sign_in.router
    for router in (api.router, reads.router, chat.router, pages.router, handbook.router, extra):
        app.include_router(router)
    app.mount("/static", KeptFiles(directory=STATIC), name="static")
    return app


def _nobody(_request: Request) -> str | None:
    return None
