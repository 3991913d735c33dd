"""The bot as Slack's agent: prompts, status, title, and steps streamed while a run works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bizaiops_bot.domain.cards import Card, StepLine, Steps
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.slack.agent_stream import Strips
from tests.support.slack_room import DM, SlackStand, event

CARD = PostedCard.model_validate(
    {
        "seq": 1,
        "id": "run-4",
        "version": 1,
        "conversation": f"slack:{DM}",
        "thread": "m1",
        "reply_to": "m1",
        "at": "2026-03-01T10:00:00Z",
        "card": Card(title="Deploy churn", run_id=4),
        "buttons": (),
    }
)


@pytest.fixture
async def stand() -> AsyncIterator[SlackStand]:
    made = SlackStand()
    running = asyncio.create_task(made.room.progress.run(made.room))
    await asyncio.sleep(0)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _open(stand: SlackStand) -> None:
    await stand.send(event({"type": "app_home_opened", "user": "UENG", "channel": DM, "tab": "messages"}))


async def test_the_messages_tab_offers_what_can_be_said_with_names_that_exist(stand: SlackStand) -> None:
    await _open(stand)
    given = stand.client.of("assistant.threads.setSuggestedPrompts")[0]
    said = [prompt["message"] for prompt in given["prompts"]]
    assert given["channel_id"] == DM and len(said) <= 4
    assert any(words.startswith("status ") for words in said)


async def test_a_workspace_without_agents_is_asked_once(stand: SlackStand) -> None:
    stand.client.errors["assistant.threads.setSuggestedPrompts"] = "unknown_method"
    await _open(stand)
    await _open(stand)
    assert len(stand.client.of("assistant.threads.setSuggestedPrompts")) == 1


async def test_while_a_direct_message_is_answered_the_status_says_so_and_then_no_more(stand: SlackStand) -> None:
    desk = stand.lobby.desk
    desk.silent = True
    model = (await desk.catalogue()).models[0].name
    message = await desk.post(f"slack:{DM}", "engineer", f"status {model}")
    stand.room.progress.taken(message, channel=DM, ts="5.1", user="UENG")
    await stand.until(lambda: stand.client.of("assistant.threads.setTitle"))
    await desk.answer(f"slack:{DM}", Card(title="healthy"), reply_to=message)
    await stand.until(lambda: len(stand.client.of("assistant.threads.setStatus")) == 2)
    first, last = stand.client.of("assistant.threads.setStatus")
    assert (first["status"], first["thread_ts"]) == (f"is looking at {model}…", "5.1")
    assert last["status"] == ""
    assert stand.client.of("assistant.threads.setTitle")[0]["title"] == f"status {model}"


async def test_in_channels_there_is_no_status(stand: SlackStand) -> None:
    message = await stand.lobby.desk.post("slack:C1", "engineer", "hello")
    stand.room.progress.taken(message, channel="C1", ts="5.1", user="UENG")
    await stand.until(lambda: stand.client.of("reactions.add"))
    assert stand.client.of("assistant.threads.setStatus") == []


def _at(*steps: tuple[str, str]) -> PostedCard:
    lines = tuple(StepLine.model_validate({"name": name, "status": status}) for name, status in steps)
    return CARD.model_copy(update={"card": Card(title="Deploy churn", run_id=4, blocks=(Steps(steps=lines),))})


class Streaming:
    """Strips that send at once, beside a stand's client."""

    def __init__(self, stand: SlackStand) -> None:
        self.stand, self.sent = stand, 0
        self.strips = Strips(self._sleep)
        self.task = asyncio.create_task(self.strips.run(stand.client, "T1"))

    async def _sleep(self, _seconds: float) -> None:
        self.sent += 1
        await asyncio.sleep(0)

    async def show(self, card: PostedCard, *, live: bool) -> None:
        before = self.sent
        self.strips.show(DM, "5.1", "UENG", card, live=live)
        await self.stand.until(lambda: self.sent > before)


@pytest.fixture
async def streaming(stand: SlackStand) -> AsyncIterator[Streaming]:
    made = Streaming(stand)
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_steps_are_streamed_while_the_run_works_and_the_strip_ends_with_it(streaming: Streaming) -> None:
    client = streaming.stand.client
    await streaming.show(_at(("build", "running"), ("promote", "planned")), live=True)
    await streaming.show(_at(("build", "done"), ("promote", "planned")), live=True)
    await streaming.show(_at(("build", "done"), ("promote", "done")), live=False)
    started, appended, stopped = (client.of(f"chat.{name}Stream")[0] for name in ("start", "append", "stop"))
    assert (started["channel"], started["thread_ts"]) == (DM, "5.1")
    assert "in_progress" in str(started["chunks"]) and "promote" in str(started["chunks"])
    assert "build" in str(appended["chunks"]) and "promote" not in str(appended["chunks"])
    assert stopped["ts"] == "900.1"
    assert len(client.of("chat.startStream")) == 1


async def test_where_slack_does_not_stream_the_card_alone_shows_the_run(streaming: Streaming) -> None:
    client = streaming.stand.client
    client.errors["chat.startStream"] = "unknown_method"
    await streaming.show(_at(("build", "running")), live=True)
    streaming.strips.show(DM, "5.1", "UENG", _at(("build", "done")), live=True)
    await asyncio.sleep(0)
    assert [name for name, _ in client.calls if name.endswith("Stream")] == ["chat.startStream"]
