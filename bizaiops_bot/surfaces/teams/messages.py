"""Messages people write to the bot, and its comings and goings in conversations."""

from __future__ import annotations

from bizaiops_bot.domain.errors import BadInput, BotError, Refused
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.surfaces.teams import clicks, words
from bizaiops_bot.surfaces.teams.hall import Hall, log
from bizaiops_bot.surfaces.teams.places import place_of, root_of
from bizaiops_bot.surfaces.teams.sdk import (
    Account,
    Activity,
    ConversationUpdateActivity,
    InstalledActivity,
    MessageActivity,
    UninstalledActivity,
)
from bizaiops_bot.surfaces.teams.welcome import welcome

MOST_MENTIONS = 5
GONE = frozenset({"channelDeleted", "teamDeleted", "teamHardDeleted"})


async def deal(hall: Hall, activity: Activity, event: str) -> None:
    """Carries out one kept activity; the same one again changes nothing."""
    match activity:
        case MessageActivity():
            await _heard(hall, activity, event)
        case ConversationUpdateActivity():
            await _changed(hall, activity)
        case InstalledActivity():
            await _installed(hall, activity)
        case UninstalledActivity():
            await hall.places.forget(place_of(activity).conversation)


async def _heard(hall: Hall, activity: MessageActivity, event: str) -> None:
    root = root_of(activity.conversation.id)
    try:
        actor, place = await hall.enter(activity)
        if isinstance(activity.value, dict) and not activity.text.strip():
            told = await clicks.submitted(hall, actor, place, activity.value, event)
            if told:
                await hall.calls.tell(place, told, root=root)
            return
        text = words.said(activity, await _names(hall, words.mentioned(activity), place))
        await hall.lobby.desk.post(
            place.conversation, actor.id, text, platform_event=event, platform_thread=root or None
        )
    except (Refused, BadInput) as exc:
        await _refuse(hall, activity, str(exc))


async def _refuse(hall: Hall, activity: MessageActivity, why: str) -> None:
    """A bot is not answered: two bots would talk for ever."""
    place = place_of(activity)
    identity = await hall.people.identity(activity.from_, place)
    if identity.standing != "bot":
        await hall.calls.tell(place, why, root=root_of(activity.conversation.id))


async def _names(hall: Hall, mentioned: list[Account], place: ChatPlace) -> dict[str, str]:
    """Ids of the bot's people among those who are mentioned: "delegate my approvals to @Lee Lang" means lead."""
    names: dict[str, str] = {}
    for account in mentioned[:MOST_MENTIONS]:
        try:
            names[account.id] = (await hall.people.recognise(account, place)).id
        except BotError as exc:
            log.info("a mention keeps its name: %s", exc)
    return names


async def _changed(hall: Hall, activity: ConversationUpdateActivity) -> None:
    """People who come and go are none of the bot's business; it notes where it is itself."""
    place = place_of(activity)
    bot = activity.recipient.id if activity.recipient else ""
    event = activity.channel_data.event_type if activity.channel_data else None
    left = any(account.id == bot for account in activity.members_removed or [])
    if left or event in GONE:
        await hall.places.forget(place.conversation)
        return
    joined = any(account.id == bot for account in activity.members_added or [])
    if joined or event == "channelRenamed" or await hall.lobby.places.find(place.conversation) is not None:
        await hall.places.note(place)


async def _installed(hall: Hall, activity: InstalledActivity) -> None:
    """Teams sends it once, so a person is greeted once. A stranger is told at once that orders will be refused."""
    place = place_of(activity)
    if place.kind != "personal":
        await hall.places.note(place)
        return
    try:
        actor, place = await hall.enter(activity)
    except Refused as exc:
        await hall.calls.tell(place, str(exc))
        return
    known = await hall.lobby.places.find(place.conversation)
    await hall.calls.send(known or place, card=welcome(actor), summary="Say what you want in your own words.")
