"""What a chat surface is to the rest: one folder, one line in the settings and one in bootstrap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.ports.chat_platform import ChatPlatform

if TYPE_CHECKING:
    from fastapi import FastAPI


class ChatSurface(Protocol):
    """Words and clicks of one chat platform in, cards out.

    platform: given to the poster before anything starts. paths: of the web server that need no sign-in of the console
    and take requests from elsewhere, as the surface checks who sends them ("/slack/events").
    """

    name: str

    @property
    def platform(self) -> ChatPlatform: ...

    @property
    def paths(self) -> tuple[str, ...]: ...

    def mount(self, app: FastAPI) -> None:
        """Adds its routes to the web server; nothing when it needs none."""

    async def start(self, lobby: Lobby) -> None:
        """Connects and goes on with what a dead process left. Raises Permanent when the platform refuses the bot."""

    async def stop(self) -> None:
        """Lets what is under way end, within a second or two; what does not is taken up at the next start."""

    def problem(self) -> str:
        """Why it does not work now, for /readyz; empty when it does."""

    async def checkup(self, places: Iterable[str]) -> list[Readiness]:
        """Asked of the platform, for `bizaiops doctor`; without `start`. places: conversations that news go to."""
