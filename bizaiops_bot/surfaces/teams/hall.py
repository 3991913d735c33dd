"""What every handler of the Teams surface works with."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.teams.calls import Calls
from bizaiops_bot.surfaces.teams.people import TeamsPeople
from bizaiops_bot.surfaces.teams.places import TeamsPlaces, place_of
from bizaiops_bot.surfaces.teams.platform import drawn
from bizaiops_bot.surfaces.teams.sdk import Activity

log = logging.getLogger("bizaiops.teams")


@dataclass(frozen=True)
class Hall:
    lobby: Lobby
    calls: Calls
    people: TeamsPeople
    places: TeamsPlaces

    async def enter(self, activity: Activity) -> tuple[Actor, ChatPlace]:
        """Who acts, and where, which is noted. Raises Refused in words for that person."""
        place = place_of(activity)
        actor = await self.people.recognise(activity.from_, place)
        return actor, await self.places.note(place, actor.id)

    async def card(self, conversation: str, card: str) -> PostedCard | None:
        """A card as it is now; None for one that is not kept, or of another conversation."""
        found = await self.lobby.desk.card(card)
        return found if found is not None and found.conversation == conversation else None

    async def draw(self, posted: PostedCard) -> dict[str, Any]:
        """As it is shown, with a form where the card asks for what is missing."""
        return await drawn(posted, self.lobby)
