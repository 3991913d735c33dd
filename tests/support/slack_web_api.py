"""Slack's Web API as far as the bot's transport uses it, in process: answers are scripted, calls are kept."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bizaiops_bot.surfaces.slack.settings import SlackSettings

JSON = dict[str, Any]
Script = Callable[[web.Request, JSON], web.StreamResponse]
GONE = "gone"
"""The connection breaks without an answer."""


class WebApi:
    """answers: method -> what it answers, one a call, the last one for ever. A function may answer by the arguments."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[Any]] = defaultdict(list)
        self.calls: list[tuple[str, JSON]] = []
        self.url = ""
        self.headers: dict[str, str] = {}

    def says(self, method: str, *answers: Any) -> None:
        """A dict is Slack's answer; a number an HTTP status, with (status, headers); GONE breaks the line."""
        self.answers[method] = list(answers)

    def refuses(self, method: str, *errors: str) -> None:
        self.says(method, *({"ok": False, "error": error} for error in errors), {"ok": True, "ts": "1.000100"})

    def of(self, method: str) -> list[JSON]:
        return [args for name, args in self.calls if name == method]

    def settings(self, **more: Any) -> SlackSettings:
        return SlackSettings.model_validate({"bot_token": "xoxb-test", "base_url": f"{self.url}/api/", **more})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method, args = request.match_info["method"], await _arguments(request)
        self.calls.append((method, args))
        waiting = self.answers[method]
        found = waiting.pop(0) if len(waiting) > 1 else (waiting[0] if waiting else {"ok": True, "ts": "1.000100"})
        if callable(found):
            found = found(args)
        if found == GONE:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if isinstance(found, tuple):
            return web.json_response({"ok": False}, status=found[0], headers=found[1])
        if isinstance(found, int):
            return web.Response(status=found, text="upstream connect error")
        return web.json_response(found, headers=self.headers)


async def _arguments(request: web.Request) -> JSON:
    args: JSON = dict(request.query)
    if request.content_type == "application/json":
        return args | await request.json()
    args |= {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
    for name in ("blocks", "metadata"):
        if isinstance(args.get(name), str):
            args[name] = json.loads(args[name])
    return args


async def until(look: Callable[[], object], *, patience_s: float = 60) -> None:
    """Lets other tasks go on until `look` gives something."""
    async with asyncio.timeout(patience_s):
        while not look():  # noqa: ASYNC110 (what is looked at rings no bell)
            await asyncio.sleep(0.005)


@asynccontextmanager
async def web_api() -> AsyncIterator[WebApi]:
    api = WebApi()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", api.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        await runner.cleanup()
