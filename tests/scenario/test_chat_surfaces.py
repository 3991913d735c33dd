"""A whole bot with a chat platform: people let in by user groups order and approve, also after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from bizaiops_bot.app.bootstrap import Bot, build
from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.identity import Identity
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.settings import Settings
from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.chat_double import ChatDouble
from tests.support.talk import Talk
from tests.support.virtual_clock import VirtualClock


class SeenPlatform(ChatDouble):
    """Keeps the cards it was given, besides the ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[PostedCard] = []

    async def post(self, channel: str, thread_ref: str | None, card: PostedCard, **known: Any) -> str:
        self.cards.append(card)
        return await super().post(channel, thread_ref, card, **known)


class Platform:
    """A surface that does what it is told."""

    name, paths = "slack", ("/slack/events",)

    def __init__(self, refusal: Permanent | None = None) -> None:
        self.platform, self.refusal = SeenPlatform(), refusal
        self.lobby: Lobby | None = None

    def mount(self, app: FastAPI) -> None:
        app.add_api_route("/slack/events", lambda: {"ok": True}, methods=["POST"])

    async def start(self, lobby: Lobby) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.lobby = lobby

    async def stop(self) -> None:
        self.lobby = None

    def problem(self) -> str:
        return "The socket is closed."


GROUPS = {"ml": ("engineer",), "leads": ("approver",)}


class Chat:
    def __init__(self, talk: Talk, platform: Platform) -> None:
        self.talk, self.platform = talk, platform

    @classmethod
    async def open(cls, folder: Path, saved: Saved, platform: Platform) -> Chat:
        clock = VirtualClock(saved.at)
        settings = Settings(
            data=folder, embedded={"seed": 7}, store=stores.store_settings(folder), slack={"groups": GROUPS}
        )  # type: ignore[arg-type]
        bot: Bot = await build(settings, clock=clock, surfaces=[platform])
        talk = Talk(bot, clock, {})
        talk._watch()
        clock._settle = talk.stand_still
        bot.core.cards.draw_after_s = 0.01
        bot.poster.pace_s = 0.0
        try:
            await bot.start()
        except BaseException:
            await bot.stop()
            raise
        return cls(talk, platform)

    async def member(self, user: str, *groups: str) -> Actor:
        assert self.platform.lobby is not None
        seen = Identity(platform="slack", workspace="T1", user=user, email=f"{user}@corp.example", groups=groups)
        return await self.platform.lobby.people.recognise(seen)


@pytest.fixture
async def chat(founded: Saved, tmp_path: Path) -> AsyncIterator[Chat]:
    folder = tmp_path / "data"
    stores.copy_company(founded.folder, folder)
    chat = await Chat.open(folder, founded, Platform())
    yield chat
    await chat.talk.end()


async def test_people_of_user_groups_order_and_approve_and_the_platform_shows_it(chat: Chat) -> None:
    kim, lee = await chat.member("kim", "ml"), await chat.member("lee", "leads")
    plan = await chat.talk.says("deploy churn v2", by=kim.id, conversation="slack:C1")
    assert "lee" in plan.words and (await plan.click("Approve", by=kim.id)).accepted is False
    assert (await plan.click("Approve", by=lee.id)).accepted
    record = await chat.talk.finished(plan.run)
    assert record.status == "succeeded" and record.actor == "kim"
    posted = [card for card in chat.platform.platform.cards if card.conversation == "slack:C1"]
    assert posted and {card.asked_by for card in posted if card.reply_to} == {"kim"}


async def test_a_pending_approval_counts_the_same_people_after_a_restart(founded: Saved, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    stores.copy_company(founded.folder, folder)
    before = await Chat.open(folder, founded, Platform())
    kim, lee = await before.member("kim", "ml"), await before.member("lee", "leads")
    plan = await before.talk.says("deploy churn v2", by=kim.id, conversation="slack:C1")
    await before.talk.end()
    after = await Chat.open(folder, Saved(folder, before.talk.clock.now()), Platform())
    (gate,) = await after.talk.bot.core.ports.records.approvals(plan.run)
    assert "lee" in gate.may
    posted = await after.talk.bot.desk.card(plan.posted.id)
    assert posted is not None
    approve = next(b for b in posted.buttons if b.label == "Approve")
    assert (await after.talk.bot.desk.click(lee.id, posted.id, approve.id)).accepted
    assert (await after.talk.finished(plan.run)).status == "succeeded"
    await after.talk.end()


async def test_a_form_a_home_page_and_a_place_work_on_the_whole_bot(chat: Chat) -> None:
    kim, lobby = await chat.member("kim", "ml"), chat.platform.lobby
    assert lobby is not None
    await lobby.places.note(ChatPlace(conversation="slack:C1", title="#ml-ops"))
    values = {"model": "churn", "version": "v2", "canary": "10"}
    message = await lobby.forms.fill(kim.id, "slack:C1", "deploy_model", values, platform_event="slack/V1")
    await chat.talk.rest()
    cards = await lobby.desk.cards("slack:C1")
    assert [card.card.run_id for card in cards if card.reply_to == message.id] == [1]
    runs = (await lobby.home.page(kim.id))[2]
    assert runs.title == "Your runs"
    report = await chat.talk.bot.report()
    assert (report.problems, report.ports["slack"].says) == ({}, "The socket is closed."), "the bot itself works"


async def test_the_bot_does_not_start_when_the_platform_refuses_it(founded: Saved, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    stores.copy_company(founded.folder, folder)
    refusal = Permanent("Slack refuses the bot's token.", "invalid_auth.", "Check BIZAIOPS_SLACK__BOT_TOKEN.")
    with pytest.raises(Permanent, match="refuses"):
        await Chat.open(folder, founded, Platform(refusal))
    again = await Chat.open(folder, founded, Platform())
    await again.talk.end()
