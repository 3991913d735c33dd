"""The conversations of chat platforms, kept in the bot's database."""

from __future__ import annotations

from bizaiops_bot.domain.identity import PlatformName
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.engine.store import known_places
from bizaiops_bot.engine.store.store import Store


class EnginePlaces:
    """Implements lobby.Places. What is noted again as it was costs no write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted: dict[str, ChatPlace] = {}

    async def note(self, place: ChatPlace) -> None:
        if self._noted.get(place.conversation) == place:
            return
        await self._store.write(lambda conn: known_places.note(conn, place))
        self._noted[place.conversation] = place

    async def find(self, conversation: str) -> ChatPlace | None:
        return await self._store.read(lambda conn: known_places.find(conn, conversation))

    async def forget(self, conversation: str) -> None:
        self._noted.pop(conversation, None)
        await self._store.write(lambda conn: known_places.forget(conn, conversation))

    async def all(self, platform: PlatformName) -> list[ChatPlace]:
        return await self._store.read(lambda conn: known_places.of_platform(conn, platform))
