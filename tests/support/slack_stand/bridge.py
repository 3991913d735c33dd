"""The Web API as the bot sees it: emulate behind checks, faults and the methods it lacks."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.support.slack_stand import limits, workspace
from tests.support.slack_stand.delivery import Delivering
from tests.support.slack_stand.faults import Fault
from tests.support.slack_stand.limits import JSON
from tests.support.slack_stand.own_methods import OwnMethods
from tests.support.slack_stand.records import Call, Records, Whisper
from tests.support.slack_stand.workspace import Member

MESSAGES = ("chat.postMessage", "chat.update", "chat.postEphemeral", "chat.stopStream")
VIEWS = ("views.open", "views.update", "views.push", "views.publish")


@dataclass
class Bridge:
    """One workspace's Web API.

    native: whether blocks for charts and tables are taken. scopes: token -> its scopes. emulate: its URL, once it runs.
    """

    people: dict[str, Member]
    groups: dict[str, tuple[str, ...]]
    scopes: dict[str, list[str]]
    native: bool = True
    emulate: str = ""
    url: str = ""
    records: Records = field(default_factory=Records)

    def __post_init__(self) -> None:
        self.delivering = Delivering(self)
        self.own = OwnMethods(self)
        self._http: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        """The server of it all."""
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/events", self.delivering.event)
        app.router.add_get("/link", self.delivering.link)
        app.router.add_post("/respond/{user}/{channel}", self._respond)
        app.on_cleanup.append(self._end)
        return app

    @property
    def http(self) -> aiohttp.ClientSession:
        """For requests to emulate and to the bot."""
        if self._http is None:
            self._http = aiohttp.ClientSession()
        return self._http

    async def _end(self, _: web.Application) -> None:
        await self.delivering.end()
        if self._http is not None:
            await self._http.close()

    # -- one call ----------------------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, args = request.match_info["method"], await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(args.pop("token", ""))
        call = Call(method, args, token, time.monotonic())
        self.records.calls.append(call)
        fault = self.records.fault(method, args.get("channel") or args.get("channel_id"))
        if fault is not None and fault.kind in ("ratelimited", "error", "down"):
            return _failing(call, fault)
        call.answer = await self.answer(method, args, token)
        call.error = str(call.answer.get("error", ""))
        if fault is not None and fault.kind == "late":
            await asyncio.sleep(fault.amount)
        if fault is not None and fault.kind == "lost":
            call.error = "lost"
            assert request.transport is not None
            request.transport.close()
        granted = {"x-oauth-scopes": ",".join(self.scopes.get(token, []))}
        return web.json_response(call.answer, headers=granted)

    async def answer(self, method: str, args: JSON, token: str) -> JSON:
        """What Slack would answer."""
        known = token in self.scopes or any(token == who.token for who in self.people.values())
        if not known and token != workspace.APP_TOKEN:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        problems = self._problems(method, args)
        if problems:
            self.records.refused.append((method, problems, args.get("blocks") or args.get("view")))
            error = "msg_blocks_too_long" if problems == ["msg_blocks_too_long"] else "invalid_blocks"
            return {"ok": False, "error": error, "response_metadata": {"messages": problems}}
        own = self.own.find(method)
        answer = await (own(args, token) if own is not None else self.upstream(method, args, token))
        if answer.get("ok"):
            self._keep(method, args, answer)
        return answer

    async def upstream(self, method: str, args: JSON, token: str) -> JSON:
        """emulate's answer. It reads bodies only, where Slack also takes a query string: each call goes as JSON."""
        url, headers = f"{self.emulate}/api/{method}", {"Authorization": f"Bearer {token}"}
        async with self.http.post(url, json=args, headers=headers) as response:
            if response.status == 404:
                return {"ok": False, "error": "unknown_method", "req_method": method}
            answer: JSON = await response.json(content_type=None)
        return answer

    def _problems(self, method: str, args: JSON) -> list[str]:
        if method in MESSAGES and args.get("blocks"):
            return limits.message_problems(args["blocks"], native=self.native)
        return limits.view_problems(args["view"]) if method in VIEWS and isinstance(args.get("view"), dict) else []

    def _keep(self, method: str, args: JSON, answer: JSON) -> None:
        if method == "chat.postEphemeral":
            whisper = Whisper(args["user"], args["channel"], args.get("text", ""), args.get("blocks") or [])
            self.records.whispers.append(whisper)
        if method in ("views.open", "views.push", "views.update"):
            self.records.modals.append(answer["view"])
        if method == "views.publish":
            self.records.homes[args["user_id"]] = answer["view"]

    async def _respond(self, request: web.Request) -> web.Response:
        """A response_url: what is said there is seen by one person, unless it says otherwise."""
        said, place = await request.json(), request.match_info
        if problems := limits.message_problems(said.get("blocks") or [], native=self.native):
            self.records.refused.append(("response_url", problems, said["blocks"]))
            return web.json_response({"ok": False, "error": "invalid_blocks"}, status=400)
        if said.get("response_type") == "in_channel":
            posted = {k: said[k] for k in ("text", "blocks", "thread_ts") if k in said}
            await self.upstream("chat.postMessage", {"channel": place["channel"], **posted}, workspace.BOT_TOKEN)
        else:
            whisper = Whisper(place["user"], place["channel"], said.get("text", ""), said.get("blocks") or [])
            self.records.whispers.append(whisper)
        return web.json_response({"ok": True})


def _failing(call: Call, fault: Fault) -> web.Response:
    if fault.kind == "ratelimited":
        call.error = "429"
        headers = {"Retry-After": str(int(fault.amount))}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    if fault.kind == "down":
        call.error = "503"
        return web.Response(status=503, text="upstream connect error")
    call.error = fault.name
    return web.json_response({"ok": False, "error": fault.name})


async def _arguments(request: web.Request) -> JSON:
    """The arguments, wherever they were given; JSON inside of a form is read."""
    args: JSON = dict(request.query)
    if request.content_type == "application/json":
        args |= await request.json() if request.can_read_body else {}
    else:
        args |= {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
    for name in ("blocks", "view", "metadata", "files", "chunks", "prompts"):
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                continue
    return args
