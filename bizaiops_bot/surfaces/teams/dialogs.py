"""Dialogs: a form for what an order lacks, shown again with what is wrong at its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.forms import Form, WrongFields
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.surfaces.render.adaptive import form_card, form_values
from bizaiops_bot.surfaces.teams.calls import CARD
from bizaiops_bot.surfaces.teams.clicks import in_time
from bizaiops_bot.surfaces.teams.hall import Hall
from bizaiops_bot.surfaces.teams.places import root_of
from bizaiops_bot.surfaces.teams.sdk import TaskFetchInvokeActivity, TaskSubmitInvokeActivity

Task = dict[str, Any]
LATER = "This takes a moment. The answer comes in the conversation."
TITLE_MAX = 64


async def opened(hall: Hall, activity: TaskFetchInvokeActivity) -> Task:
    """The dialog for the button "Fill in a form"."""
    return await in_time(_open(hall, activity), closing(LATER))


async def sent(hall: Hall, activity: TaskSubmitInvokeActivity) -> Task:
    """The order of a filled form; the dialog once more when it cannot be given like that."""
    return await in_time(_send(hall, activity), closing(LATER))


async def _open(hall: Hall, activity: TaskFetchInvokeActivity) -> Task:
    card = str(_data(activity.value.data).get("form", ""))
    try:
        actor, place = await hall.enter(activity)
        posted = await hall.card(place.conversation, card)
        form = None if posted is None else await hall.lobby.forms.form_of(actor.id, card)
    except BotError as exc:
        return closing(str(exc))
    if posted is None or form is None:
        return closing("That question is not open any more. Say in words what you want.")
    return _dialog(form, place, posted.thread, {})


async def _send(hall: Hall, activity: TaskSubmitInvokeActivity) -> Task:
    data = _data(activity.value.data)
    try:
        actor, place = await hall.enter(activity)
        return await _fill(hall, actor, place, data, f"teams/{activity.id}", root_of(activity.conversation.id))
    except BotError as exc:
        return closing(str(exc))


async def _fill(hall: Hall, actor: Actor, place: ChatPlace, data: Mapping[str, Any], event: str, root: str) -> Task:
    playbook, thread = str(data.get("playbook", "")), str(data.get("thread", ""))
    values = form_values(data)
    try:
        await hall.lobby.forms.fill(
            actor.id,
            place.conversation,
            playbook,
            values,
            thread=thread or None,
            platform_event=event,
            platform_thread=root or None,
        )
    except WrongFields as exc:
        form = await hall.lobby.forms.form(actor.id, playbook, values)
        return _dialog(form, place, thread, exc.fields)
    return closing("Thank you. The answer comes in the conversation.")


def _dialog(form: Form, place: ChatPlace, thread: str, errors: Mapping[str, str]) -> Task:
    card = form_card(form, conversation=place.conversation, thread=thread, errors=errors)
    about = {"title": form.title[:TITLE_MAX], "height": "medium", "width": "medium"}
    return {"task": {"type": "continue", "value": {**about, "card": {"contentType": CARD, "content": card}}}}


def closing(text: str) -> Task:
    """Closes the dialog with a line to the person."""
    return {"task": {"type": "message", "value": text}}


def _data(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
