"""The bot's cards into Teams: the poster's side of the surface."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.domain.posts import PostedCard, reachable
from bizaiops_bot.surfaces.render.adaptive import fallback_text, render
from bizaiops_bot.surfaces.teams.calls import Calls, TooLarge
from bizaiops_bot.surfaces.teams.places import PREFIX, THREAD

log = logging.getLogger("bizaiops.teams")
SUMMARY = 200


@dataclass(frozen=True)
class Ref:
    """The platform's id of a message, "message" or "message;messageid=root": an edit in a channel needs the thread."""

    message: str
    root: str = ""

    @classmethod
    def parse(cls, ref: str) -> Ref:
        message, _, root = ref.partition(THREAD)
        return cls(message, root)

    @property
    def thread(self) -> str:
        """The root of the thread that this message is in or begins."""
        return self.root or self.message

    def __str__(self) -> str:
        return f"{self.message}{THREAD}{self.root}" if self.root else self.message


class TeamsPlatform:
    """Implements ports.ChatPlatform. Works once `connect` was called; cards wait until then."""

    prefix = PREFIX

    def __init__(self) -> None:
        self._calls: Calls | None = None
        self._lobby: Lobby | None = None

    def connect(self, calls: Calls, lobby: Lobby) -> None:
        """Addresses are read from the lobby's places, as they have to outlive the process."""
        self._calls, self._lobby = calls, lobby

    async def post(
        self, channel: str, thread_ref: str | None, card: PostedCard, *, outbox_id: str, version: int
    ) -> str:
        """Only channels have threads: a personal or group chat is one, so there a card comes at its end."""
        calls, lobby, place = await self._reach(channel)
        root = Ref.parse(thread_ref).thread if thread_ref and place.kind == "channel" else ""
        text = fallback_text(card)
        try:
            sent = await calls.send(place, root=root, card=await drawn(card, lobby), summary=text[:SUMMARY])
        except TooLarge:
            sent = await calls.send(place, root=root, text=text)
        return str(Ref(sent, root))

    async def edit(self, channel: str, ref: str, card: PostedCard, *, outbox_id: str, version: int) -> None:
        calls, lobby, place = await self._reach(channel)
        at = Ref.parse(ref)
        root = at.thread if place.kind == "channel" else ""
        try:
            await calls.edit(place, at.message, root=root, card=await drawn(card, lobby))
        except TooLarge:
            await calls.edit(place, at.message, root=root, text=fallback_text(card))

    async def find(self, channel: str, outbox_id: str, *, thread_ref: str | None = None) -> tuple[str, int] | None:
        """Teams shows a bot no messages, so what became of a post whose answer was lost cannot be found out."""
        raise Permanent(
            "Teams lets no bot read a conversation back.",
            do="Look there: if the card is missing, have it posted again.",
        )

    async def _reach(self, channel: str) -> tuple[Calls, Lobby, ChatPlace]:
        if self._calls is None or self._lobby is None:
            raise Temporary("Teams is not connected yet.")
        place = await self._lobby.places.find(self.prefix + channel)
        if place is None or "id" not in place.reference:
            raise Permanent(
                f"Where {self.prefix}{channel} is in Teams is not known.",
                "Teams tells a bot the address of a conversation when it is added or spoken to there.",
                "Mention the bot there once, then have the card posted again.",
            )
        return self._calls, self._lobby, place


async def drawn(card: PostedCard, lobby: Lobby) -> dict[str, Any]:
    """The card; with the button "Fill in a form" when it asks its person for what an order lacks."""
    asked = None
    if card.asked_by is not None:
        try:
            asked = await lobby.forms.form_of(card.asked_by, card.id)
        except Permanent as exc:
            log.info("%s has no form: %s", card.id, exc)
    return render(reachable(card, lobby.site), form=asked is not None)
