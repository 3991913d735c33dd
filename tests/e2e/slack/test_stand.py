"""The workspace that the other tests talk in is as strict as Slack, seen with Slack's own library."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientConnectionError, web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.demo_process import free_port
from tests.support.slack_stand import SlackStand
from tests.support.slack_stand.delivery import signed
from tests.support.slack_stand.stand import POOR_TOKEN

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*hello*"}}
BUTTON = {"type": "button", "action_id": "b:approve", "value": "card-1", "text": {"type": "plain_text", "text": "Go"}}
CELL = {"type": "raw_text", "text": "v2"}


class Listener:
    """A bot that only listens. requests: (headers, body)."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.status, self.answer = 200, ""

    async def hear(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.text()))
        return web.Response(status=self.status, text=self.answer)

    def events(self, kind: str) -> list[dict[str, Any]]:
        bodies = [json.loads(body) for headers, body in self.requests if headers["Content-Type"] == "application/json"]
        return [body["event"] for body in bodies if body["event"]["type"] == kind]


@pytest.fixture
def client(stand: SlackStand) -> AsyncWebClient:
    return AsyncWebClient(token=stand.bot_token, base_url=stand.base_url)


@pytest.fixture
async def listener(stand: SlackStand) -> AsyncIterator[Listener]:
    found, app, port = Listener(), web.Application(), free_port()
    app.router.add_post("/slack/events", found.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    stand.serves(f"http://127.0.0.1:{port}/slack/events")
    yield found
    stand.serves(None)
    await runner.cleanup()


async def refused(call: Any) -> str:
    """The error that Slack answers a call with."""
    with pytest.raises(SlackApiError) as told:
        await call
    return str(told.value.response["error"])


async def in_thread(work: Any, *args: Any, **more: Any) -> Any:
    return await asyncio.to_thread(work, *args, **more)


async def until(look: Any) -> Any:
    for _ in range(200):
        if found := look():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


async def test_what_is_posted_can_be_read_edited_and_clicked(
    stand: SlackStand, client: AsyncWebClient, listener: Listener
) -> None:
    channel = await in_thread(stand.channel)
    blocks = [SECTION, {"type": "actions", "block_id": "card-1:1", "elements": [BUTTON]}]
    posted = await client.chat_postMessage(channel=channel, text="hello", blocks=blocks)
    (message,) = await in_thread(stand.messages, channel)
    assert (message.text, message.words, message.buttons()) == ("hello", "*hello*\nGo", ["Go"])

    delivery = await in_thread(stand.users["erin"].clicks, message, "Go")
    assert delivery.status == 200
    headers, body = listener.requests[-1]
    clock_and_sign = headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]
    assert SignatureVerifier(stand.signing_secret).is_valid(body, *clock_and_sign)

    await client.chat_update(channel=channel, ts=posted["ts"], text="done", blocks=[SECTION])
    assert (await in_thread(stand.again, message)).buttons() == []


async def test_the_bot_is_told_what_its_manifest_asks_for(stand: SlackStand, listener: Listener) -> None:
    erin, channel = stand.users["erin"], await in_thread(stand.channel)
    await in_thread(erin.says, "not meant for the bot", channel)
    said = await in_thread(erin.mentions, "what models do we have?", channel)
    direct = await in_thread(erin.says, "hello", await in_thread(erin.dm))
    (mention,) = await until(lambda: listener.events("app_mention"))
    (message,) = await until(lambda: [e for e in listener.events("message") if e["user"] == erin.id])
    assert (mention["ts"], message["ts"], message["channel_type"]) == (said.ts, direct.ts, "im")


async def test_a_channel_without_the_bot_is_not_heard(stand: SlackStand, listener: Listener) -> None:
    outside, inside = await in_thread(stand.channel, bot=False), await in_thread(stand.channel)
    await in_thread(stand.users["erin"].mentions, "nobody hears this", outside)
    await in_thread(stand.users["erin"].mentions, "this is heard", inside)
    heard = await until(lambda: listener.events("app_mention"))
    assert {event["channel"] for event in heard} == {inside}


async def test_an_event_that_is_not_taken_comes_again_with_the_same_id(stand: SlackStand, listener: Listener) -> None:
    channel = await in_thread(stand.users["ana"].dm)
    listener.status = 500
    await in_thread(stand.users["ana"].says, "hello", channel)
    again = await until(lambda: [h for h, _ in listener.requests if h.get("X-Slack-Retry-Num") == "1"])
    assert again[0]["X-Slack-Retry-Reason"] == "http_error"
    assert len({json.loads(body)["event_id"] for _, body in listener.requests}) == 1
    listener.status = 200


async def test_a_modal_wants_a_fresh_trigger(stand: SlackStand, client: AsyncWebClient, listener: Listener) -> None:
    title, text = {"type": "plain_text", "text": "Deploy"}, {"type": "plain_text", "text": "Model"}
    field = {"type": "plain_text_input", "action_id": "value"}
    inputs = [{"type": "input", "block_id": "model", "label": text, "element": field}]
    view = {"type": "modal", "callback_id": "form", "title": title, "submit": title, "blocks": inputs}
    channel = await in_thread(stand.channel)
    await in_thread(stand.users["erin"].slash, "form", channel)
    asked = dict(pair.split("=") for pair in listener.requests[-1][1].split("&"))
    await client.views_open(trigger_id=asked["trigger_id"], view=view)
    assert await refused(client.views_open(trigger_id=asked["trigger_id"], view=view)) == "exchanged_trigger_id"

    modal = await in_thread(stand.users["erin"].modal, "Deploy")
    listener.answer = json.dumps({"response_action": "errors", "errors": {"model": "There is no such model."}})
    answer = await in_thread(stand.users["erin"].submits, modal, model="chrn")
    assert answer["errors"] == {"model": "There is no such model."}


async def test_a_socket_is_told_the_same_and_its_answer_comes_back(stand: SlackStand, client: AsyncWebClient) -> None:
    heard: list[SocketModeRequest] = []

    async def hear(socket: SocketModeClient, request: SocketModeRequest) -> None:  # type: ignore[override]
        heard.append(request)
        payload = {"text": "on it"} if request.type == "slash_commands" else None
        await socket.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    channel = await in_thread(stand.channel)
    socket = SocketModeClient(app_token=stand.app_token, web_client=client)
    socket.socket_mode_request_listeners.append(hear)  # type: ignore[arg-type]
    await socket.connect()
    try:
        await until(lambda: stand.bridge.delivering.sockets)
        delivery = await in_thread(stand.users["erin"].slash, "models", channel)
        assert delivery.answer == {"text": "on it"}
        await in_thread(stand.users["erin"].mentions, "hi", channel)
        await until(lambda: [r for r in heard if r.payload.get("event", {}).get("type") == "app_mention"])
    finally:
        await socket.close()
    await until(lambda: not stand.bridge.delivering.sockets)


@pytest.mark.parametrize(
    ("blocks", "why"),
    [
        ([{"type": "divider"}] * 51, "51 blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "a" * 3001}}], "3000"),
        ([{"type": "nonsense"}], "no block"),
        ([{**SECTION, "block_id": "x"}, {**SECTION, "block_id": "x"}], "twice"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "*no*"}}], "header"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "twice"),
        ([{"type": "table", "rows": [[CELL], [CELL, CELL]]}], "cells"),
        ([{"type": "data_visualization", "title": "x" * 51, "chart": {"type": "line", "series": []}}], "title of 51"),
        ([{**SECTION, "text": {"type": "mrkdwn", "text": "a" * 2900}}] * 5, "msg_blocks_too_long"),
    ],
)
async def test_blocks_that_slack_refuses_are_refused(
    stand: SlackStand, client: AsyncWebClient, blocks: list[dict[str, Any]], why: str
) -> None:
    channel = await in_thread(stand.channel)
    error = await refused(client.chat_postMessage(channel=channel, text="x", blocks=blocks))
    assert error in ("invalid_blocks", "msg_blocks_too_long")
    assert why in str(stand.records.refused[-1][1])


async def test_charts_of_slack_itself_are_refused_where_the_workspace_has_none(
    stand: SlackStand, client: AsyncWebClient
) -> None:
    channel = await in_thread(stand.channel)
    stand.bridge.native = False
    try:
        blocks = [{"type": "data_visualization", "title": "Cost", "chart": {"type": "line"}}]
        assert await refused(client.chat_postMessage(channel=channel, text="x", blocks=blocks)) == "invalid_blocks"
    finally:
        stand.bridge.native = True


async def test_a_fault_befalls_as_many_calls_as_it_says(stand: SlackStand, client: AsyncWebClient) -> None:
    channel = await in_thread(stand.channel)
    stand.fault("chat.postMessage", "ratelimited", amount=7)
    with pytest.raises(SlackApiError) as told:
        await client.chat_postMessage(channel=channel, text="x")
    assert (told.value.response.status_code, told.value.response.headers["Retry-After"]) == (429, "7")
    stand.fault("chat.postMessage", "lost")
    once = AsyncWebClient(token=stand.bot_token, base_url=stand.base_url, retry_handlers=[])
    with pytest.raises(ClientConnectionError):
        await once.chat_postMessage(channel=channel, text="lost")
    await client.chat_postMessage(channel=channel, text="kept")
    assert [m.text for m in await in_thread(stand.messages, channel)] == ["lost", "kept"]


async def test_a_picture_can_be_downloaded_after_it_was_uploaded(stand: SlackStand, client: AsyncWebClient) -> None:
    channel = await in_thread(stand.channel)
    await client.files_upload_v2(channel=channel, content=b"\x89PNG not really", filename="cost.png", title="Cost")
    (message,) = await in_thread(stand.messages, channel)
    assert await in_thread(stand.file, message) == b"\x89PNG not really"


async def test_people_are_as_slack_tells_of_them(stand: SlackStand, client: AsyncWebClient) -> None:
    users = {name: (await client.users_info(user=who.id))["user"] for name, who in stand.users.items()}
    assert users["erin"]["profile"]["email"] == "erin@example.com"
    assert users["gina"]["is_restricted"] and users["dora"]["deleted"] and users["otherbot"]["is_bot"]
    assert users["stan"]["team_id"] != users["erin"]["team_id"] and users["stan"]["is_stranger"]
    assert users["sam"]["enterprise_user"]["id"].startswith("W")
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert {g["handle"]: g["users"] for g in groups}["ml-leads"] == [stand.users["lee"].id]


async def test_a_scope_that_was_not_granted_is_missed(stand: SlackStand) -> None:
    poor = AsyncWebClient(token=POOR_TOKEN, base_url=stand.base_url)
    assert await refused(poor.users_lookupByEmail(email="erin@example.com")) == "missing_scope"
    assert "email" not in (await poor.users_info(user=stand.users["erin"].id))["user"]["profile"]
    granted = (await poor.auth_test()).headers["x-oauth-scopes"].split(",")
    assert "chat:write" in granted and "users:read.email" not in granted
    assert await refused(AsyncWebClient(token="xoxb-no", base_url=stand.base_url).auth_test()) == "invalid_auth"


async def test_a_stream_becomes_a_message_when_it_stops(stand: SlackStand, client: AsyncWebClient) -> None:
    channel = await in_thread(stand.users["erin"].dm)
    said = await in_thread(stand.users["erin"].says, "hi", channel)
    stream = await client.chat_stream(channel=channel, thread_ts=said.ts, recipient_user_id=stand.users["erin"].id)
    await stream.append(markdown_text="Half ")
    await stream.append(markdown_text="done.")
    await stream.stop()
    (message,) = await in_thread(stand.thread, channel, said.ts)
    assert message.text == "Half done."


async def test_a_request_signed_long_ago_is_told_by_its_clock(stand: SlackStand) -> None:
    old = signed("{}", at=time.time() - 600)
    assert not SignatureVerifier(stand.signing_secret).is_valid_request("{}", old)
    assert SignatureVerifier(stand.signing_secret).is_valid_request("{}", signed("{}"))
