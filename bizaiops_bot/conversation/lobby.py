"""What a chat surface is given besides the desk: who speaks, what came in, where it came from, forms, home pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bizaiops_bot.conversation.desk import Desk
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.forms import Form
from bizaiops_bot.domain.identity import Identity, PlatformName
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.domain.posts import PostedMessage


class Directory(Protocol):
    """Who someone on a platform is to the bot."""

    async def recognise(self, identity: Identity) -> Actor:
        """The person, with the roles of now; kept, so that `known_as` finds it after a restart.

        Raises Refused, in words for that person, for a guest, a bot, a stranger, somebody deactivated, and a member
        whom neither the settings nor a user group name.
        """

    async def known_as(self, person: str, platform: PlatformName) -> Identity | None:
        """How the platform knows a person who was recognised before."""

    def groups(self, platform: PlatformName) -> dict[str, tuple[str, ...]]:
        """The platform's user -> handles of the user groups they were in when these were read last, if any."""

    async def refresh(self, platform: PlatformName, seen: list[Identity]) -> None:
        """The state of everybody the platform's groups name, read anew: roles follow, who left has none."""


class Events(Protocol):
    """What came in from platforms, kept before anything is done about it."""

    async def take(self, event: str, platform: PlatformName, body: str) -> bool:
        """Stores it durably; False for an event that is known. event: "slack/Ev123". Raises StoreDown."""

    async def end(self, event: str) -> None:
        """It was dealt with: it stays known, its body is let go."""

    async def left(self, platform: PlatformName) -> list[tuple[str, str]]:
        """(event, body) that nobody alive deals with, oldest first; now this worker does."""


class Places(Protocol):
    """Conversations of the platforms that the bot is in."""

    async def note(self, place: ChatPlace) -> None:
        """Remembers it, or what has changed of it."""

    async def find(self, conversation: str) -> ChatPlace | None: ...

    async def forget(self, conversation: str) -> None:
        """The bot was removed from it."""

    async def all(self, platform: PlatformName) -> list[ChatPlace]: ...


class Forms(Protocol):
    """Forms instead of questions back, for surfaces that can show one."""

    async def form(self, actor: str, playbook: str, given: Mapping[str, str] | None = None) -> Form:
        """The fields of the playbook's inputs, filled with `given`. Raises NotFound, and Refused where policy does."""

    async def form_of(self, actor: str, card: str) -> Form | None:
        """The form that asks all at once what the question on a card asks; None when the card asks nothing."""

    async def fill(
        self,
        actor: str,
        conversation: str,
        playbook: str,
        values: Mapping[str, str],
        *,
        thread: str | None = None,
        platform_event: str | None = None,
        platform_thread: str | None = None,
    ) -> PostedMessage:
        """Gives the order, as words that the person said in the conversation; answered like any message.

        values: field name -> text as typed. Raises WrongFields, at once and with nothing done.
        """


class HomePages(Protocol):
    """A person's own page: what waits for them, their models, schedules, health."""

    async def page(self, actor: str) -> tuple[Card, ...]:
        """Cards in the order they are shown. Their buttons have no ids: `say` carries one out."""

    async def say(self, actor: str, conversation: str, command: str, *, platform_event: str) -> PostedMessage:
        """Says a button's command of the home page for the person, in `conversation`."""


@dataclass(frozen=True)
class Lobby:
    """Given to each chat surface when it starts. site: where people reach the console, "" for nowhere."""

    desk: Desk
    people: Directory
    events: Events
    places: Places
    forms: Forms
    home: HomePages
    site: str = ""
