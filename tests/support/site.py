"""A real server around a FakeDesk, in the test's own event loop, and clients for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import uvicorn

from bizaiops_bot.surfaces.console.app import create_app
from tests.support.fake_desk import FakeDesk


def local_client(desk: FakeDesk, *, demo: bool = True, **options: Any) -> httpx.AsyncClient:
    """Talks to the application without a socket; it shows an error as a response, like a server."""
    app = create_app(desk, demo=demo, **{"faults": desk.faults} | options)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8642")


@asynccontextmanager
async def running_site(desk: FakeDesk) -> AsyncIterator[str]:
    """The address of a server that really listens: for streams and for clients in threads."""
    config = uvicorn.Config(
        create_app(desk, demo=True, faults=getattr(desk, "faults", None)),
        port=0,
        log_level="error",
        timeout_graceful_shutdown=0,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await task
