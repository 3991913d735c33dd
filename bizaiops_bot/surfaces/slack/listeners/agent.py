"""The Messages tab of the agent: opened, it offers what one may say first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.surfaces.slack.listeners._asked import asked_in
from bizaiops_bot.surfaces.slack.room import Room

MOST = 4
TITLE = "Ask about the models, or have something done"
Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.event("app_home_opened", matchers=[_is_messages])
    async def opened(body: Payload) -> None:
        await offer(room(), asked_in(body).channel)


async def _is_messages(event: Payload) -> bool:
    return event.get("tab") == "messages"


async def offer(room: Room, channel: str) -> None:
    """Suggested prompts with names that exist; nothing where the workspace has no agents."""
    prompts = prompts_for(await room.lobby.desk.catalogue())
    suggest = room.client.assistant_threads_setSuggestedPrompts
    call = lambda: suggest(channel_id=channel, title=TITLE, prompts=prompts)  # noqa: E731
    await room.progress.agent.has("assistant.threads.setSuggestedPrompts", call)


def prompts_for(known: Catalogue) -> list[dict[str, str]]:
    """One about each of the main things: health, approvals, a release, the business."""
    said = ["what waits for my approval?"]
    if known.models:
        model = known.models[0].name
        newest = next(iter(reversed(known.versions.get(model, ()))), None)
        said.insert(0, f"status {model}")
        if newest is not None and newest != known.stable.get(model):
            said.append(f"deploy {model} {newest} as a 10% canary")
        said.append(f"how did {model} do this week?")
    return [{"title": words[:1].upper() + words[1:], "message": words} for words in said[:MOST]]
