"""Server-sent events: one generator for JSON and for HTML, with keepalives and a clean end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from fastapi import Request
from fastapi.responses import StreamingResponse

from bizaiops_bot.conversation.desk import Desk
from bizaiops_bot.domain.posts import PostedCard, PostedMessage

Post = PostedCard | PostedMessage
Draw = Callable[[Post], tuple[str, str]]
KEEPALIVE_S = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def stream(desk: Desk, conversation: str, after: int, draw: Draw) -> StreamingResponse:
    """Everything in `conversation` above seq `after`, then live. `draw` gives (event name, data)."""
    return StreamingResponse(_events(desk, conversation, after, draw), media_type="text/event-stream", headers=HEADERS)


def resume_from(request: Request, after: int) -> int:
    """The seq a reconnecting browser has seen last, else `after`."""
    seen = request.headers.get("last-event-id", "")
    return int(seen) if seen.isdecimal() and len(seen) < 19 else after


async def _events(desk: Desk, conversation: str, after: int, draw: Draw) -> AsyncIterator[str]:
    posts = desk.events(conversation, after=after)
    waiting = asyncio.ensure_future(anext(posts, None))
    yield "retry: 1000\n: connected\n\n"
    try:
        while True:
            # asyncio.wait leaves the pending read alone; wait_for would cancel it and end the desk's generator with it.
            done, _ = await asyncio.wait({waiting}, timeout=KEEPALIVE_S)
            if not done:
                yield ": keepalive\n\n"
                continue
            post = waiting.result()
            if post is None:
                return
            waiting = asyncio.ensure_future(anext(posts, None))
            yield sse(post.seq, *draw(post))
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        close = getattr(posts, "aclose", None)
        if close is not None:
            await close()


def sse(seq: int, name: str, data: str) -> str:
    """One event in the wire form; a line break in `data` becomes a further data line."""
    lines = "".join(f"data: {line}\n" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return f"id: {seq}\nevent: {name}\n{lines}\n"
