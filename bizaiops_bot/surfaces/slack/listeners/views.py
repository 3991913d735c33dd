"""Modals that were submitted: a reason, a form, the choice of a form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.forms import WrongFields
from bizaiops_bot.surfaces.render.blockkit import form_values, form_view
from bizaiops_bot.surfaces.slack.listeners._asked import Asked, asked_in
from bizaiops_bot.surfaces.slack.listeners._modals import given, notice
from bizaiops_bot.surfaces.slack.listeners._where import answerable
from bizaiops_bot.surfaces.slack.listeners.actions import card_now, tell_outcome
from bizaiops_bot.surfaces.slack.room import Room

TAKE_S = 2.5
ERROR = 300
Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.view("reason")
    async def reason(ack: AsyncAck, body: Payload, view: Payload) -> None:
        await ack()
        await decide(room(), body, view)

    @app.view("form")
    async def form(ack: AsyncAck, body: Payload, view: Payload) -> None:
        await ack(**await fill(room(), body, view))

    @app.view("choose")
    async def choose(ack: AsyncAck, body: Payload, view: Payload) -> None:
        await ack(**await chosen(room(), body, view))


async def decide(room: Room, body: Payload, view: Payload) -> None:
    """The press that waited for a reason; none is an answer too. The modal's id is the press: sent twice, it counts
    once.
    """
    kept = json.loads(view["private_metadata"])
    asked = _standing(body, kept)
    person = await room.person(asked.user, asked.team)
    posted = await card_now(room, kept["card"])
    answer = await room.lobby.desk.click(
        person.id, kept["card"], kept["button"], reason=given(view, "reason"), event_id=f"slack/{view['id']}"
    )
    await tell_outcome(room, asked, posted, answer)


async def fill(room: Room, body: Payload, view: Payload) -> dict[str, Any]:
    """Gives the order; what Slack is answered: nothing closes the modal, mistakes stand at their fields.

    The modal's id is the order's, so pressing the button again after a mistake or a delay orders once.
    """
    try:
        async with asyncio.timeout(TAKE_S):
            await _order(room, body, view)
    except WrongFields as exc:
        return {"response_action": "errors", "errors": _at_fields(view, exc)}
    except TimeoutError:
        told = "That took too long. Press the button once more: it is done once."
        return {"response_action": "errors", "errors": {_first_input(view): told}}
    except BotError as exc:
        return {"response_action": "update", "view": notice(str(exc))}
    return {}


async def _order(room: Room, body: Payload, view: Payload) -> None:
    kept = json.loads(view["private_metadata"])
    asked = _standing(body, kept)
    person = await room.person(asked.user, asked.team)
    channel = await answerable(room, asked, person)
    await room.lobby.forms.fill(
        person.id,
        room.conversation(channel),
        kept["playbook"],
        form_values(view["state"]),
        platform_event=f"slack/{view['id']}",
        platform_thread=asked.thread if channel == asked.channel else None,
    )


async def chosen(room: Room, body: Payload, view: Payload) -> dict[str, Any]:
    """The form of the chosen request takes the place of the choice."""
    asked = _standing(body, json.loads(view["private_metadata"]))
    try:
        async with asyncio.timeout(TAKE_S):
            person = await room.person(asked.user, asked.team)
            form = await room.lobby.forms.form(person.id, given(view, "playbook"))
    except TimeoutError:
        return {"response_action": "errors", "errors": {"playbook": "That took too long. Press the button once more."}}
    except BotError as exc:
        return {"response_action": "errors", "errors": {"playbook": str(exc)[:ERROR]}}
    return {"response_action": "update", "view": form_view(form, channel=asked.channel, thread="")}


def _standing(body: Payload, kept: Payload) -> Asked:
    """Who submitted, in the place where the modal was opened."""
    asked = asked_in(body)
    return Asked(asked.user, asked.team, kept.get("channel") or "", kept.get("thread") or None)


def _at_fields(view: Payload, wrong: WrongFields) -> dict[str, str]:
    """Slack wants every mistake at an input of the modal; one that has none there stands at the first."""
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    told: dict[str, str] = {}
    for name, text in wrong.fields.items():
        at = name if name in inputs else inputs[0]
        told[at] = f"{told[at]} {text}"[:ERROR] if at in told else text[:ERROR]
    return told


def _first_input(view: Payload) -> str:
    return str(next(block["block_id"] for block in view["blocks"] if block["type"] == "input"))
