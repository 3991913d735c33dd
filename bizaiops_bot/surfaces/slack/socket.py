"""Socket Mode: what Slack sends over a line that the bot opens, so that nothing of ours has to be reached."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any

from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.surfaces.slack.calls import is_local, read
from bizaiops_bot.surfaces.slack.inbox import SEEN_BY_ALL, Inbox, key_of

log = logging.getLogger("bizaiops.slack")
sdk_log = logging.getLogger("bizaiops.slack.socket")
PING_S = 5.0
LOOK_S = 1.0
CONNECT_S = 20.0


class Socket:
    """One line; the SDK opens it anew when it breaks."""

    def __init__(self, client: AsyncWebClient, app_token: str, inbox: Inbox) -> None:
        self._web, self._token, self._inbox = client, app_token, inbox
        self._client: SocketModeClient | None = None
        self._watch: asyncio.Task[None] | None = None
        self._lost: datetime | None = None

    async def start(self) -> None:
        """Raises Permanent when Slack refuses the token, Temporary when it is not reached."""
        what = "Slack does not let the bot in over Socket Mode."
        try:
            opened = await read(what, self._web.apps_connections_open(app_token=self._token))
        except Permanent as exc:
            do = "Check BIZAIOPS_SLACK__APP_TOKEN: it starts with xapp- and has the scope connections:write."
            raise Permanent(what, exc.why, do) from exc
        client = SocketModeClient(self._token, logger=sdk_log, web_client=self._web, ping_interval=PING_S)
        if is_local(self._web.base_url):
            client.proxy = None
        client.wss_uri = str(opened["url"])
        client.socket_mode_request_listeners.append(self._receive)
        try:
            await asyncio.wait_for(client.connect(), CONNECT_S)  # type: ignore[no-untyped-call]
        except TimeoutError as exc:
            await client.close()  # type: ignore[no-untyped-call]
            raise Temporary(what, f"The line was not open within {CONNECT_S:g} s.") from exc
        self._client = client
        self._watch = asyncio.create_task(self._look())

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]

    def problem(self) -> str:
        """Since when the line is down; empty while it is open."""
        if self._lost is None:
            return ""
        return f"Slack's socket is down since {self._lost:%Y-%m-%d %H:%M:%S} UTC; the bot keeps trying."

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            there = self._client is not None and await self._client.is_connected()
            if there and self._lost is not None:
                log.warning("Slack's socket is open again, after %s", self.problem())
                self._lost = None
            elif not there and self._lost is None:
                self._lost = datetime.now(UTC)
                log.warning("%s", self.problem())

    async def _receive(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """An envelope that is not answered comes again."""
        body: dict[str, Any] = request.payload
        try:
            key = key_of(body)
        except KeyError as exc:
            log.warning("an envelope of Slack has no %s and is let be", exc)
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
            return
        if key is None:
            answer = await self._inbox.answer(body)
            await client.send_socket_mode_response(_envelope(request.envelope_id, answer))
            return
        try:
            await self._inbox.take(key, json.dumps(body), body)
        except StoreDown as exc:
            log.error("an event was not kept, Slack sends it again: %s", exc)
            return
        seen = SEEN_BY_ALL if "command" in body else None
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=seen))


def _envelope(envelope: str, answer: BoltResponse) -> SocketModeResponse:
    """As slack-bolt answers: JSON as it is, text as a message; what failed is told to the person, not to Slack."""
    if not answer.body or answer.status != 200:
        return SocketModeResponse(envelope_id=envelope)
    kind = answer.first_headers().get("content-type", "")
    payload = json.loads(answer.body) if kind.startswith("application/json") else {"text": answer.body}
    return SocketModeResponse(envelope_id=envelope, payload=payload)
