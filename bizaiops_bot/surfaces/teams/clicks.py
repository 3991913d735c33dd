"""Clicks on cards: answered at once and truthfully; the card itself is changed for everybody by the poster."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bizaiops_bot.domain.errors import BotError, Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.domain.posts import ClickAnswer
from bizaiops_bot.surfaces.render.adaptive import reason_of
from bizaiops_bot.surfaces.teams.calls import CARD
from bizaiops_bot.surfaces.teams.hall import Hall
from bizaiops_bot.surfaces.teams.sdk import AdaptiveCardInvokeActivity

MESSAGE = "application/vnd.microsoft.activity.message"
ANSWER_S = 6.0
"""Teams gives up on an invoke after some ten seconds and then tells the person that something went wrong."""
LATER = "This takes a moment. The card will show how it ended."
_under_way: set[asyncio.Task[Any]] = set()
Answer = dict[str, Any]


async def invoked(hall: Hall, activity: AdaptiveCardInvokeActivity) -> Answer:
    """The answer to `adaptiveCard/action`: a line for the person, or a card for them."""
    action = activity.value.action
    verb = action.verb or str(action.data.get("action", ""))
    return await in_time(_act(hall, activity, verb, action.data), toast(LATER))


async def _act(hall: Hall, activity: AdaptiveCardInvokeActivity, verb: str, data: Mapping[str, Any]) -> Answer:
    try:
        actor, place = await hall.enter(activity)
        if verb == "refresh":
            return await _fresh(hall, place, _word(data, "card"))
        if verb == "click":
            answer = await _click(hall, actor, place, data, f"teams/{activity.id}")
            return toast(answer.message)
    except BotError as exc:
        return toast(str(exc))
    return toast("That button is not known. Say in words what you want.")


async def submitted(hall: Hall, actor: Actor, place: ChatPlace, value: Mapping[str, Any], event: str) -> str:
    """A button of an old client, which comes as a message without words; what the person is told."""
    if value.get("action") != "click":
        return "That button is not known. Say in words what you want."
    return (await _click(hall, actor, place, value, event)).message


async def _click(hall: Hall, actor: Actor, place: ChatPlace, data: Mapping[str, Any], event: str) -> ClickAnswer:
    """What is clicked is what a client says: a card that stands elsewhere is none that the person has before them."""
    card, button = _word(data, "card"), _word(data, "button")
    found = await hall.lobby.desk.card(card)
    if found is not None and found.conversation != place.conversation:
        raise Refused("Nothing was done.", "That card is of another conversation.", "Press the button there.")
    return await hall.lobby.desk.click(actor.id, card, button, reason=reason_of(data), event_id=event)


async def _fresh(hall: Hall, place: ChatPlace, card: str) -> Answer:
    posted = await hall.card(place.conversation, card)
    if posted is None:
        return toast("That card is not kept any more. Say in words what you want.")
    return {"statusCode": 200, "type": CARD, "value": await hall.draw(posted)}


def toast(text: str) -> Answer:
    """A line that only the person who clicked sees."""
    return {"statusCode": 200, "type": MESSAGE, "value": text}


async def in_time(work: Any, late: Answer) -> Answer:
    """The work's answer, or `late`: it goes on then, and is not begun again, as its event is known."""
    task = asyncio.ensure_future(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    try:
        answer: Answer = await asyncio.wait_for(asyncio.shield(task), ANSWER_S)
    except TimeoutError:
        return late
    return answer


def _word(data: Mapping[str, Any], name: str) -> str:
    """A field of what the client sent; anything but text is no field."""
    value = data.get(name, "")
    return value[:4000] if isinstance(value, str) else ""
