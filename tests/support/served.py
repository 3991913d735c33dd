"""A bot's own web server, in the loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn

from tests.support.talk import Talk


@asynccontextmanager
async def served(talk: Talk, *, port: int = 0) -> AsyncIterator[str]:
    """Its address. port: 0 takes a free one."""
    config = uvicorn.Config(talk.bot.app(demo=True), port=port, log_level="error", timeout_graceful_shutdown=0)
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
