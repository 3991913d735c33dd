"""`/mlops …`: said for the person in the channel, so that everybody sees the answer; a form where one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.surfaces.render.blockkit import form_view
from bizaiops_bot.surfaces.slack.listeners._asked import Asked, asked_in, tell
from bizaiops_bot.surfaces.slack.listeners._modals import View, choose_view, open_made
from bizaiops_bot.surfaces.slack.listeners._where import answerable
from bizaiops_bot.surfaces.slack.room import Room
from bizaiops_bot.surfaces.slack.words import plain

COMMAND = "/mlops"
SHOWN = 300
Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.command(COMMAND)
    async def mlops(ack: AsyncAck, body: Payload) -> None:
        """Slack has its answer already when the words were kept first; `ack` tells the keeper that they were heard."""
        words = plain(str(body.get("text") or ""))
        asked = asked_in(body)
        if not words or words.split()[0] == "form":
            await ack()
            await open_made(room(), asked, _form(room(), asked, words.removeprefix("form").strip()))
            return
        await say(room(), asked, words)
        await ack()


async def say(room: Room, asked: Asked, words: str) -> None:
    """The trigger is the command's id: sent twice, it is said once."""
    person = await room.person(asked.user, asked.team)
    channel = await answerable(room, asked, person)
    event = f"slack/{asked.trigger}"
    await room.lobby.desk.post(room.conversation(channel), person.id, words, platform_event=event)
    if channel != asked.channel:
        shown = words if len(words) <= SHOWN else f"{words[:SHOWN]}…"
        why = "I am not in this channel, so I answer in our direct messages. Invite me to have answers here."
        await tell(room, asked, f"You said: {shown}\n{why}")


async def _form(room: Room, asked: Asked, named: str) -> View:
    """The form of the named request; without a name that we know, the choice of one."""
    person = await room.person(asked.user, asked.team)
    known = [p for p in (await room.lobby.desk.catalogue()).playbooks if p.risk != "read" and p.slots]
    found = next((p for p in known if _is_named(p, named)), None)
    if not known:
        raise BadInput("There is nothing to fill in a form for.", do="Say what you want in words, or `help`.")
    if found is None:
        return choose_view([(p.name, p.title) for p in known], channel=asked.channel)
    return form_view(await room.lobby.forms.form(person.id, found.name), channel=asked.channel, thread="")


def _is_named(playbook: PlaybookSpec, said: str) -> bool:
    name = said.lower().replace(" ", "_")
    return name in (playbook.name, playbook.title.lower().replace(" ", "_"))
