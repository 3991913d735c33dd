"""Conversations of chat platforms: kept, found by what people call them, and forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bizaiops_bot.conversation.places import EnginePlaces
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.engine.store import known_places
from bizaiops_bot.engine.store.store import Store
from tests.support import stores


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = stores.open_store(tmp_path)
    yield store
    await store.aclose()


OPS = ChatPlace(conversation="slack:C1", title="#ml-ops", reference={"team": "T1"})
LEE = ChatPlace(conversation="slack:D7", kind="personal", title="@lead")


async def called(store: Store, name: str) -> str | None:
    return await store.read(lambda conn: known_places.resolve(conn, name))


async def test_a_place_is_found_by_its_name_and_by_what_people_call_it(store: Store) -> None:
    places = EnginePlaces(store)
    await places.note(OPS)
    await places.note(LEE)
    assert await places.find("slack:C1") == OPS
    assert await places.find("slack:C2") is None
    assert await called(store, "slack:#ML-ops") == "slack:C1"
    assert await called(store, "slack:@lead") == "slack:D7"
    assert await called(store, "teams:#ml-ops") is None
    assert await called(store, "slack:C1") == "slack:C1"
    assert await called(store, "ml-ops") == "ml-ops"


async def test_a_title_that_two_conversations_have_means_neither(store: Store) -> None:
    places = EnginePlaces(store)
    await places.note(OPS)
    await places.note(OPS.model_copy(update={"conversation": "slack:C2"}))
    assert await called(store, "slack:#ml-ops") is None


async def test_what_is_not_told_again_stays_and_a_new_title_counts_at_once(store: Store) -> None:
    places = EnginePlaces(store)
    await places.note(OPS)
    await places.note(ChatPlace(conversation="slack:C1", reference={"url": "https://chat.example"}))
    found = await places.find("slack:C1")
    assert found is not None and found.title == "#ml-ops"
    assert found.reference == {"team": "T1", "url": "https://chat.example"}
    await places.note(ChatPlace(conversation="slack:C1", title="#mlops"))
    assert await called(store, "slack:#mlops") == "slack:C1"
    assert await called(store, "slack:#ml-ops") is None


async def test_a_conversation_the_bot_was_removed_from_can_be_joined_again(store: Store) -> None:
    places = EnginePlaces(store)
    await places.note(OPS)
    await places.forget("slack:C1")
    assert await places.all("slack") == []
    await places.note(OPS)
    assert await places.all("slack") == [OPS]
    assert await places.all("teams") == []


async def test_a_group_chat_gets_nothing_that_is_meant_for_a_person_or_a_channel_by_its_name(store: Store) -> None:
    places = EnginePlaces(store)
    for number, title in enumerate(("@lead", "#ml-ops")):
        await places.note(ChatPlace(conversation=f"teams:g{number}", kind="group", title=title))
    assert await called(store, "teams:@lead") is None and await called(store, "teams:#ml-ops") is None
    await places.note(ChatPlace(conversation="teams:p1", kind="personal", title="@lead"))
    await places.note(ChatPlace(conversation="teams:c1", kind="channel", title="#ml-ops"))
    assert await called(store, "teams:@lead") == "teams:p1" and await called(store, "teams:#ml-ops") == "teams:c1"
