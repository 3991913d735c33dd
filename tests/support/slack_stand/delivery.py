"""What Slack sends to an app: events, commands and clicks, signed over HTTP or in envelopes over a socket."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.support.slack_stand import events, workspace
from tests.support.slack_stand.limits import JSON
from tests.support.slack_stand.records import Delivery

if TYPE_CHECKING:
    from tests.support.slack_stand.bridge import Bridge

PATIENCE_S = 3.0
RETRIES_S = (0.1, 1.0, 3.0)
"""Slack waits nothing, a minute and five minutes."""
SIGNER = SignatureVerifier(workspace.SECRET)


class Delivering:
    """Sends to the bot at `bot`, its /slack/events, or over the newest socket when there is one.

    sockets: open ones. retry: whether an event that was not answered with 200 is sent again, as Slack does.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.bot: str | None = None
        self.sockets: list[web.WebSocketResponse] = []
        self.retry = True
        self._acks: dict[str, asyncio.Future[JSON]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._inside: set[str] = set()

    async def end(self) -> None:
        """Closes the sockets and lets nothing more go out."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self.sockets):
            await socket.close()

    # -- events ------------------------------------------------------------------------------------------------------------

    async def event(self, request: web.Request) -> web.Response:
        """Something happened in the workspace; the bot hears of it if its manifest asks for it. Nobody waits for it."""
        told = await request.json()
        event, channel = told["event"], told["event"].get("channel")
        if event["type"].startswith("member_") and event.get("user") == workspace.BOT_USER:
            (self._inside.add if event["type"] == "member_joined_channel" else self._inside.discard)(channel)
        scopes = self._bridge.scopes[workspace.BOT_TOKEN]
        for envelope in events.for_the_bot(told, scopes, inside=self._inside):
            self.send_soon(envelope)
        return web.Response()

    def send_soon(self, envelope: JSON) -> None:
        """Sends an event as Slack does: on its own, and again when it is not answered."""
        task = asyncio.get_running_loop().create_task(self._send(envelope))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, envelope: JSON) -> None:
        delivery = await self.deliver("event", envelope)
        for number, wait in enumerate(RETRIES_S, start=1):
            if delivery.status == 200 or not self.retry:
                return
            await asyncio.sleep(wait)
            reason = "http_timeout" if delivery.status == 0 else "http_error"
            again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            delivery = await self.deliver("event", envelope, headers=again)

    # -- one delivery ------------------------------------------------------------------------------------------------------

    async def deliver(self, kind: str, payload: JSON, *, headers: dict[str, str] | None = None) -> Delivery:
        """kind: "event", "interactive" or "command". Waits three seconds for the answer."""
        began = time.monotonic()
        try:
            if self.sockets:
                status, body = 200, json.dumps(await self._over_socket(kind, payload, headers or {}))
            else:
                status, body = await self._over_http(kind, payload, headers or {})
        except (TimeoutError, aiohttp.ClientError, ConnectionError):
            status, body = 0, ""
        delivery = Delivery(kind, payload, status, time.monotonic() - began, body)
        self._bridge.records.deliveries.append(delivery)
        return delivery

    async def _over_http(self, kind: str, payload: JSON, headers: dict[str, str]) -> tuple[int, str]:
        if self.bot is None:
            raise ConnectionError("no bot is there")
        if kind == "event":
            body, form = json.dumps(payload), "application/json"
        else:
            fields = payload if kind == "command" else {"payload": json.dumps(payload)}
            body, form = urllib.parse.urlencode(fields), "application/x-www-form-urlencoded"
        return await self.post(body, {**signed(body), "Content-Type": form, **headers})

    async def post(self, body: str, headers: dict[str, str]) -> tuple[int, str]:
        """A request to the bot as it is."""
        limit = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with self._bridge.http.post(f"{self.bot}", data=body, headers=headers, timeout=limit) as response:
            return response.status, await response.text()

    async def _over_socket(self, kind: str, payload: JSON, headers: dict[str, str]) -> JSON:
        envelope = str(uuid.uuid4())
        waiting = self._acks[envelope] = asyncio.get_running_loop().create_future()
        types = {"event": "events_api", "interactive": "interactive", "command": "slash_commands"}
        sent = {"type": types[kind], "envelope_id": envelope, "payload": payload}
        sent |= {"accepts_response_payload": kind != "event"}
        if kind == "event":
            sent |= {"retry_attempt": int(headers.get("X-Slack-Retry-Num", 0))}
            sent |= {"retry_reason": headers.get("X-Slack-Retry-Reason", "")}
        await self.sockets[-1].send_json(sent)
        ack = await asyncio.wait_for(waiting, PATIENCE_S)
        payload_back: JSON = ack.get("payload") or {}
        return payload_back

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        """Socket Mode: the bot's end of the line."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        info = {"num_connections": len(self.sockets), "connection_info": {"app_id": workspace.APP}}
        await socket.send_json({"type": "hello", **info, "debug_info": {"approximate_connection_time": 18060}})
        try:
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT and message.data.startswith("{"):
                    ack = json.loads(message.data)
                    waiting = self._acks.pop(ack.get("envelope_id", ""), None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(ack)
        finally:
            self.sockets.remove(socket)
        return socket


def signed(body: str, *, at: float | None = None) -> dict[str, str]:
    """Headers by which the bot knows that a body comes from Slack, sent at `at` (epoch seconds; None: now)."""
    when = str(int(time.time() if at is None else at))
    signature = SIGNER.generate_signature(timestamp=when, body=body)
    assert signature is not None
    return {"X-Slack-Request-Timestamp": when, "X-Slack-Signature": signature}
