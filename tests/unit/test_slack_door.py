"""What Slack sends over HTTP: let in when it is signed, kept before it is answered, dealt with once."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from fastapi import FastAPI
from slack_sdk.signature import SignatureVerifier

from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.surfaces.slack import bolt, door, inbox
from bizaiops_bot.surfaces.slack.listeners import messages
from bizaiops_bot.surfaces.slack.surface import SlackSurface
from tests.support.fake_lobby import FakeLobby, fake_lobby
from tests.support.slack_web_api import WebApi, until, web_api

SECRET = "a-secret"
JSON_TYPE = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHO = {"ok": True, "user_id": "UBOT", "team_id": "T1", "bot_id": "B1", "user": "bizaiops", "team": "Acme"}


class Stand:
    """A started surface and its door."""

    def __init__(self, api: WebApi, surface: SlackSurface, lobby: FakeLobby, http: httpx.AsyncClient) -> None:
        self.api, self.surface, self.lobby, self.http = api, surface, lobby, http

    async def send(self, body: str, headers: dict[str, str], *, at: float | None = None) -> httpx.Response:
        stamp = str(int(time.time() if at is None else at))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature)}
        return await self.http.post("/slack/events", content=body, headers={**signed, **headers})

    async def event(self, event: dict[str, Any], *, event_id: str = "Ev1", **headers: str) -> httpx.Response:
        return await self.send(envelope(event, event_id), {**JSON_TYPE, **headers})

    async def rest(self) -> None:
        """Everything that was taken is dealt with."""
        await until(lambda: not self.lobby.events.bodies)


def envelope(event: dict[str, Any], event_id: str = "Ev1") -> str:
    whole = {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": event_id, "event": event}
    return json.dumps(whole)


def mention(text: str = "<@UBOT> status churn", *, ts: str = "1.5", **more: Any) -> dict[str, Any]:
    base = {
        "type": "app_mention",
        "user": "UENG",
        "team": "T1",
        "channel": "C1",
        "text": text,
        "ts": ts,
        "event_ts": ts,
    }
    return base | more


def direct(text: str = "status churn", *, ts: str = "1.5", **more: Any) -> dict[str, Any]:
    return mention(text, ts=ts) | {"type": "message", "channel": "D1", "channel_type": "im"} | more


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with web_api() as api:
        api.says("auth.test", WHO)
        api.says("users.conversations", {"ok": True, "channels": [{"id": "C1", "name": "ml-ops", "is_member": True}]})
        api.says("conversations.open", {"ok": True, "channel": {"id": "D1"}})
        api.says("users.info", lambda args: {"ok": True, "user": {"id": args["user"], "team_id": "T1", "profile": {}}})
        surface, lobby, app = SlackSurface(api.settings(signing_secret=SECRET), Path()), fake_lobby(), FastAPI()
        surface.mount(app)
        await surface.start(lobby)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as http:
            yield Stand(api, surface, lobby, http)
        await surface.stop()


# -- who is let in ---------------------------------------------------------------------------------


async def test_slack_proves_that_the_address_is_ours(stand: Stand) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    assert (await stand.send(body, JSON_TYPE)).json() == {"challenge": "abc"}
    assert (await stand.http.post("/slack/events", content=body, headers=JSON_TYPE)).status_code == 401


async def test_a_look_at_the_certificate_is_answered(stand: Stand) -> None:
    answer = await stand.http.post("/slack/events", content="ssl_check=1&token=x", headers=FORM)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{", JSON_TYPE, 400),
        ("[1]", JSON_TYPE, 400),
        ("[" * 100_000, JSON_TYPE, 400),
        ('{"type": "event_callback", "event": {}}', JSON_TYPE, 400),
        ("payload=%7B", FORM, 400),
        ("command=%2Fmlops&text=help", FORM, 400),
        ("<xml/>", {"Content-Type": "text/xml"}, 415),
        ("x" * (door.MAX_BODY + 1), JSON_TYPE, 413),
    ],
)
async def test_what_is_none_of_slacks_is_refused_in_words(
    stand: Stand, body: str, headers: dict[str, str], status: int
) -> None:
    answer = await stand.send(body, headers)
    assert answer.status_code == status and answer.text.strip()
    assert not stand.lobby.events.known


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "ä".encode()},
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "٣"},
    ],
)
async def test_a_wrong_signature_is_no_event(stand: Stand, changed: dict[str, Any]) -> None:
    headers = [(k, v if isinstance(v, bytes) else v.encode()) for k, v in {**JSON_TYPE, **changed}.items()]
    stamp = [("X-Slack-Request-Timestamp", str(int(time.time())).encode())]
    given = headers if "X-Slack-Request-Timestamp" in changed else headers + stamp
    answer = await stand.http.post("/slack/events", content=envelope(mention()), headers=given)
    assert answer.status_code == 401 and not stand.lobby.events.known


@pytest.mark.parametrize("apart", [400, -400])
async def test_a_wrong_clock_is_told_plainly_to_both_sides(
    stand: Stand, apart: float, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await stand.send(envelope(mention()), JSON_TYPE, at=time.time() - apart)
    assert answer.status_code == 401 and "clock" in answer.text
    assert "clock differs" in caplog.text and "Set the clock" in caplog.text
    assert not stand.lobby.events.known


async def test_before_the_start_and_while_nothing_can_be_kept_slack_is_asked_to_send_it_again(stand: Stand) -> None:
    async def down(event: str, platform: str, body: str) -> bool:
        raise StoreDown("The database does not answer.")

    stand.lobby.events.take = down  # type: ignore[method-assign]
    assert (await stand.event(mention())).status_code == 503
    await stand.surface.stop()
    assert (await stand.event(mention())).status_code == 503
    assert not stand.lobby.desk.said


# -- what is done with it --------------------------------------------------------------------------


async def test_an_event_is_kept_before_it_is_answered_and_heard_once_however_often_it_comes(stand: Stand) -> None:
    assert (await stand.event(mention())).status_code == 200
    assert "slack/Ev1" in stand.lobby.events.known
    for number in range(1, 4):
        again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"}
        assert (await stand.event(mention(), **again)).status_code == 200
    await stand.rest()
    (said,) = stand.lobby.desk.said
    assert (said.conversation, said.actor, said.text) == ("slack:C1", "engineer", "status churn")
    assert (said.platform_event, said.platform_thread) == ("slack/C1/1.5", "1.5")


async def test_a_message_that_slack_tells_of_twice_is_one(stand: Stand) -> None:
    both = {"channel": "G1", "channel_type": "mpim"}
    await stand.event(mention(**both), event_id="Ev1")
    await stand.event(mention(**both) | {"type": "message"}, event_id="Ev2")
    await stand.rest()
    assert len(stand.lobby.desk.said) == 1


async def test_direct_messages_need_no_mention_and_an_answer_in_a_thread_stays_there(stand: Stand) -> None:
    await stand.event(direct(thread_ts="1.1"))
    await stand.rest()
    (said,) = stand.lobby.desk.said
    assert (said.conversation, said.text, said.platform_thread) == ("slack:D1", "status churn", "1.1")
    assert stand.lobby.places.known["slack:D1"].title == "@engineer"


async def test_a_mention_without_words_asks_for_help(stand: Stand) -> None:
    await stand.event(mention("<@UBOT>"))
    await stand.rest()
    assert [said.text for said in stand.lobby.desk.said] == ["help"]


@pytest.mark.parametrize(
    "event",
    [
        direct(bot_id="B9"),
        direct(user="UBOT"),
        direct(subtype="message_changed", user=None),
        direct(subtype="message_deleted"),
        direct(subtype="bot_message", bot_id="B9"),
        direct(subtype="channel_join"),
        direct(channel="C1", channel_type="channel"),
        direct(channel="G1", channel_type="mpim"),
        mention(bot_id="B9"),
    ],
)
async def test_what_is_not_said_to_the_bot_by_a_person_is_let_be(stand: Stand, event: dict[str, Any]) -> None:
    assert (await stand.event(event)).status_code == 200
    await stand.rest()
    assert not stand.lobby.desk.said and not stand.api.of("chat.postEphemeral")


async def test_who_may_not_order_is_told_alone_in_a_channel_and_normally_in_direct_messages(stand: Stand) -> None:
    await stand.event(mention(user="UX", thread_ts="1.1"), event_id="Ev1")
    await stand.event(direct(user="UX", ts="1.6"), event_id="Ev2")
    await stand.rest()
    (alone,), (openly,) = stand.api.of("chat.postEphemeral"), stand.api.of("chat.postMessage")
    assert (alone["user"], alone["channel"], alone["thread_ts"]) == ("UX", "C1", "1.1")
    assert "do not know you" in alone["text"] and "do not know you" in openly["text"]
    assert openly["channel"] == "D1" and not stand.lobby.desk.said


async def test_what_one_person_says_in_a_channel_is_heard_in_its_order(stand: Stand) -> None:
    slow = asyncio.Event()
    recognise = stand.lobby.people.recognise

    async def slowly(identity: Any) -> Any:
        if not slow.is_set():
            slow.set()
            await asyncio.sleep(0.05)
        return await recognise(identity)

    stand.lobby.people.recognise = slowly  # type: ignore[method-assign]
    for number in range(5):
        await stand.event(mention(f"<@UBOT> word {number}", ts=f"2.{number}"), event_id=f"Ev{number}")
    await stand.rest()
    assert [said.text for said in stand.lobby.desk.said] == [f"word {n}" for n in range(5)]


async def test_what_a_dead_process_left_is_heard_at_the_next_start(stand: Stand) -> None:
    lobby = fake_lobby()
    await lobby.events.take("slack/Ev7", "slack", envelope(mention(), "Ev7"))
    await lobby.events.take("slack/Ev8", "slack", "torn {")
    other = SlackSurface(stand.api.settings(signing_secret=SECRET), Path())
    await other.start(lobby)
    await until(lambda: not lobby.events.bodies)
    assert [said.text for said in lobby.desk.said] == ["status churn"]
    await other.stop()


async def test_a_command_is_kept_and_said_and_one_that_opens_a_form_is_not_kept(stand: Stand) -> None:
    said = {"command": "/mlops", "text": "status churn", "user_id": "UENG", "team_id": "T1", "channel_id": "C1"}
    answer = await stand.send(urlencode(said | {"trigger_id": "tr1"}), FORM)
    assert (answer.status_code, answer.json()) == (200, {"response_type": "in_channel"}), "all see what was asked"
    await stand.rest()
    assert [one.text for one in stand.lobby.desk.said] == ["status churn"]
    stand.api.says("views.open", {"ok": True, "view": {"id": "V1"}})
    for number, text in enumerate(("form", "form deploy model", "")):
        told = len(stand.api.of("views.open")) + len(stand.api.of("chat.postEphemeral"))
        assert (await stand.send(urlencode(said | {"trigger_id": f"f{number}", "text": text}), FORM)).status_code == 200
        await until(lambda told=told: len(stand.api.of("views.open")) + len(stand.api.of("chat.postEphemeral")) > told)  # type: ignore[misc]
    assert stand.lobby.events.known == {"slack/tr1"} and len(stand.lobby.desk.said) == 1


def pressed(trigger: str, user: str = "UENG") -> str:
    action = {"type": "button", "action_id": "b:none", "value": "c-none", "action_ts": "3.1", "block_id": "x"}
    body = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": user, "team_id": "T1"},
        "trigger_id": trigger,
        "channel": {"id": "C1"},
        "message": {"ts": "1.1"},
        "actions": [action],
        "api_app_id": "A1",
    }
    return urlencode({"payload": json.dumps(body)})


async def test_a_press_is_dealt_with_at_once_and_not_kept(stand: Stand) -> None:
    assert (await stand.send(pressed("tr"), FORM)).status_code == 200
    await until(lambda: stand.lobby.desk.clicks)
    assert not stand.lobby.events.known


async def test_a_listener_that_takes_too_long_holds_no_answer_back_and_goes_on(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "ANSWER_S", 0.05)
    begun, go = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def slow(body: dict[str, Any]) -> None:
        begun.set()
        await go.wait()
        ended.append("done")

    monkeypatch.setattr(stand.surface._dispatch, "at_once", slow)
    assert (await stand.send(pressed("tr"), FORM)).status_code == 200
    assert begun.is_set() and not ended
    go.set()
    await until(lambda: ended)


# -- the workspace ---------------------------------------------------------------------------------


async def test_the_channels_of_the_bot_are_known_by_name_and_follow_what_happens(stand: Stand) -> None:
    assert stand.lobby.places.known["slack:C1"].title == "#ml-ops"
    stand.api.says("conversations.info", {"ok": True, "channel": {"id": "C2", "name": "churn-team"}})
    await stand.event({"type": "member_joined_channel", "user": "UBOT", "channel": "C2"}, event_id="Ev1")
    await stand.event({"type": "member_joined_channel", "user": "UENG", "channel": "C3"}, event_id="Ev2")
    await stand.rest()
    assert stand.lobby.places.known["slack:C2"].title == "#churn-team" and "slack:C3" not in stand.lobby.places.known
    await stand.event({"type": "channel_rename", "channel": {"id": "C2", "name": "churners"}}, event_id="Ev3")
    await stand.rest()
    assert stand.lobby.places.known["slack:C2"].title == "#churners"
    await stand.event({"type": "channel_left", "channel": "C2"}, event_id="Ev4")
    await stand.rest()
    assert "slack:C2" not in stand.lobby.places.known


async def test_who_speaks_in_a_channel_can_be_written_to_directly_from_then_on(stand: Stand) -> None:
    await stand.event(mention())
    await until(lambda: "slack:D1" in stand.lobby.places.known)
    assert stand.lobby.places.known["slack:D1"].title == "@engineer"


async def test_bolt_leaves_the_levels_of_our_own_logs_alone(stand: Stand) -> None:
    await stand.event(mention())
    await stand.rest()
    assert logging.getLogger("bizaiops").level == logging.getLogger("bizaiops.slack").level == logging.NOTSET


async def test_what_people_say_to_each_other_is_kept_and_costs_no_more(stand: Stand) -> None:
    await stand.event(direct(channel="C1", channel_type="channel"))
    await stand.rest()
    assert stand.lobby.events.known == {"slack/Ev1"} and not stand.lobby.desk.said


async def test_a_press_that_is_refused_at_once_is_answered_at_once(stand: Stand) -> None:
    await stand.surface._room_now().called("UX")  # who it is, is in memory: nothing lets the loop breathe
    began = time.monotonic()
    for number in range(3):
        assert (await stand.send(pressed(f"tr{number}", "UX"), FORM)).status_code == 200
    assert time.monotonic() - began < inbox.ANSWER_S
    await until(lambda: len(stand.api.of("chat.postEphemeral")) == 3)


async def test_a_message_waits_while_slack_neither_says_who_it_is_nor_takes_a_word(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setitem(messages.hear.__kwdefaults__, "sleep", at_once)
    for method in ("users.info", "chat.postMessage"):
        stand.api.says(method, *[503] * 20, {"ok": True, "ts": "9.1", "user": {"id": "UENG", "team_id": "T1"}})
    await stand.event(direct())
    await stand.rest()
    assert [said.text for said in stand.lobby.desk.said] == ["status churn"]


async def test_what_was_dealt_with_while_the_database_is_away_is_not_done_again_at_some_later_start(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "AGAIN_S", 0.01)
    end, refused = stand.lobby.events.end, 0

    async def away(event: str) -> None:
        nonlocal refused
        refused += 1
        if refused < 4:
            raise StoreDown("The database does not answer.")
        await end(event)

    stand.lobby.events.end = away  # type: ignore[method-assign]
    await stand.event(mention())
    await stand.rest()
    assert len(stand.lobby.desk.said) == 1


async def test_one_person_with_many_words_keeps_nobody_else_waiting(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognise, go = stand.lobby.people.recognise, asyncio.Event()

    async def slowly(identity: Any) -> Any:
        if identity.user == "UENG":
            await go.wait()
        return await recognise(identity)

    stand.lobby.people.recognise = slowly  # type: ignore[method-assign]
    for number in range(bolt.AT_ONCE + 5):
        await stand.event(mention(ts=f"2.{number}"), event_id=f"Ev{number}")
    await stand.event(mention("<@UBOT> help", user="ULEAD", ts="3.1"), event_id="EvLead")
    await until(lambda: [said.actor for said in stand.lobby.desk.said] == ["lead"])
    go.set()
    await stand.rest()
    assert len(stand.lobby.desk.said) == bolt.AT_ONCE + 6


@pytest.mark.parametrize("wrong", [{"actions": []}, {"actions": None}, {"user": 3}])
async def test_what_slack_signed_and_nobody_can_read_is_answered_and_not_kept(
    stand: Stand, wrong: dict[str, Any]
) -> None:
    body = json.loads(parse_qs(pressed("tr"))["payload"][0]) | wrong
    assert (await stand.send(urlencode({"payload": json.dumps(body)}), FORM)).status_code == 400
    await stand.send(json.dumps({"type": "event_callback", "event_id": "Ev9", "event": "x"}), JSON_TYPE)
    await stand.rest()
    assert "slack/Ev9" in stand.lobby.events.known
