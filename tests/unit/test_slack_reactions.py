"""Reactions in Slack: the bot's own, that tell how far it is, and people's thumbs on its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.surfaces.slack.reactions_queue import Reactions
from tests.support.sample_cards import run_card
from tests.support.slack_room import BOT, CHANNEL, FakeWebClient, SlackStand, click, event

WHERE = f"slack:{CHANNEL}"
HERE = (CHANNEL, "5.1")


@pytest.fixture
async def stand() -> AsyncIterator[SlackStand]:
    made = SlackStand()
    running = asyncio.create_task(made.room.progress.run(made.room))
    await asyncio.sleep(0)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _thumb(reaction: str, *, user: str = "UENG", kind: str = "reaction_added", event_id: str = "Ev1") -> dict[str, Any]:
    item = {"type": "message", "channel": CHANNEL, "ts": "9.1"}
    inner = {"type": kind, "user": user, "reaction": reaction, "item_user": BOT, "item": item, "event_ts": "1.1"}
    return event(inner, event_id)


async def _answer(stand: SlackStand) -> str:
    """An answer of the bot that stands in the channel as 9.1."""
    desk = stand.lobby.desk
    await desk.post(WHERE, "engineer", "hello")
    card = (await desk.cards(WHERE))[-1]
    desk.shown_as[WHERE, "9.1"] = card.id
    return card.id


async def test_a_thumb_up_is_a_vote_and_the_person_is_thanked(stand: SlackStand) -> None:
    card = await _answer(stand)
    await stand.send(_thumb("+1::skin-tone-3"))
    assert stand.lobby.desk.thumbs == [("engineer", card, "good")]
    assert "Thanks" in stand.told[0]


async def test_after_a_thumb_down_the_person_can_say_what_was_meant(stand: SlackStand) -> None:
    card = await _answer(stand)
    await stand.send(_thumb("-1"))
    asked = stand.client.of("chat.postEphemeral")[0]
    assert "meant:show_kpis" in str(asked["blocks"])
    await stand.send(click(card, "meant:show_kpis"))
    assert stand.lobby.desk.judged[(await stand.lobby.desk.messages(WHERE))[0].id, "engineer"] == ("bad", "show_kpis")


async def test_a_thumb_that_is_taken_away_is_no_vote_any_more(stand: SlackStand) -> None:
    card = await _answer(stand)
    await stand.send(_thumb("+1", kind="reaction_removed"))
    assert stand.lobby.desk.thumbs == [("engineer", card, "none")] and stand.told == []


@pytest.mark.parametrize("reaction", ["tada", "white_check_mark"])
async def test_other_reactions_say_nothing(stand: SlackStand, reaction: str) -> None:
    await _answer(stand)
    await stand.send(_thumb(reaction))
    assert stand.lobby.desk.thumbs == [] and stand.told == []


async def test_a_thumb_of_somebody_unknown_or_on_no_answer_does_not_count(stand: SlackStand) -> None:
    await stand.send(_thumb("+1"))
    await _answer(stand)
    await stand.send(_thumb("+1", user="UX"))
    assert stand.lobby.desk.thumbs == [] and stand.told == []


# -- the bot's own -------------------------------------------------------------------------------------


class Paced:
    """A queue of reactions whose waits are only written down."""

    def __init__(self) -> None:
        self.client = FakeWebClient()
        self.slept: list[float] = []
        self.queue = Reactions(self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def settle(self, waits: int) -> list[tuple[str, str]]:
        """Runs until so many waits were made; (method, emoji) of the calls."""
        task = asyncio.create_task(self.queue.run(self.client))
        async with asyncio.timeout(5):
            while len(self.slept) < waits:  # noqa: ASYNC110 (the queue tells nobody that it has called)
                await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [(name, given["name"]) for name, given in self.client.calls]


async def test_eyes_give_way_to_how_it_ended() -> None:
    paced = Paced()
    paced.queue.show(HERE, "eyes")
    await paced.settle(1)
    paced.queue.show(HERE, "white_check_mark")
    assert await paced.settle(3) == [
        ("reactions.add", "eyes"),
        ("reactions.add", "white_check_mark"),
        ("reactions.remove", "eyes"),
    ]


async def test_a_quick_answer_costs_one_reaction() -> None:
    paced = Paced()
    paced.queue.show(HERE, "eyes")
    paced.queue.show(HERE, "white_check_mark")
    assert await paced.settle(1) == [("reactions.add", "white_check_mark")]


async def test_what_slack_refuses_is_said_once_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    paced = Paced()
    paced.client.errors["reactions.add"] = "missing_scope"
    for ts in ("1.1", "1.2", "1.3"):
        paced.queue.show((CHANNEL, ts), "eyes")
    assert len(await paced.settle(3)) == 3
    assert caplog.text.count("missing_scope") == 1


async def test_when_slack_is_asked_too_often_it_is_waited_for() -> None:
    paced = Paced()
    paced.client.errors["reactions.add"] = "ratelimited"
    paced.queue.show(HERE, "eyes")
    await paced.settle(2)
    assert paced.slept[:2] == [30.0, 30.0]


async def test_a_message_is_marked_from_taken_to_answered(stand: SlackStand) -> None:
    desk = stand.lobby.desk
    desk.silent = True
    message = await desk.post(WHERE, "engineer", "hello")
    stand.room.progress.taken(message, channel=CHANNEL, ts="5.1", user="UENG")
    await stand.until(lambda: stand.client.of("reactions.add"))
    await desk.answer(WHERE, Card(title="no", answer="refused"), reply_to=message)
    shown = stand.room.progress.reactions
    await stand.until(lambda: shown._wanted.get(HERE) == "x")
    assert stand.client.of("reactions.add")[0]["name"] == "eyes"


async def test_an_answer_about_a_run_is_an_answer_and_not_the_run(stand: SlackStand) -> None:
    desk = stand.lobby.desk
    desk.silent = True
    message = await desk.post(WHERE, "engineer", "show run 3")
    await desk.answer(WHERE, run_card(), reply_to=message)
    stand.room.progress.taken(message, channel=CHANNEL, ts="5.1", user="UENG")
    shown = stand.room.progress.reactions
    await stand.until(lambda: "white_check_mark" in (*shown._wanted.values(), *_added(stand)))


def _added(stand: SlackStand) -> list[str]:
    return [given["name"] for given in stand.client.of("reactions.add")]
