"""REST for programs: conversations and clicks. Reads of models, runs and KPIs are in reads.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse

from bizaiops_bot.domain.feedback import FeedbackAnswer
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import ClickAnswer, PostedMessage
from bizaiops_bot.domain.records import OpenGate
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.surfaces.live import resume_from, stream
from bizaiops_bot.surfaces.shapes import (
    CardOut,
    ClickIn,
    DecisionIn,
    FeedbackIn,
    MessageAccepted,
    MessageIn,
    card_out,
    event_out,
)
from bizaiops_bot.surfaces.site import SiteDep

router = APIRouter(prefix="/api", tags=["conversations"])
CONVERSATION = r"^[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,99}$"
Conversation = Annotated[
    str, Path(alias="id", pattern=CONVERSATION, description="Such as ml-ops; a new name begins one.")
]
After = Annotated[int, Query(ge=0, le=2**62, description="Only what has a higher seq.")]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/people")
async def people(site: SiteDep) -> list[Actor]:
    """The accounts and their roles."""
    return site.desk.people()


@router.get("/conversations")
async def conversations(site: SiteDep) -> list[str]:
    """Ids of all conversations, the one where the bot reports by itself first."""
    others = await site.desk.conversations()
    return [site.desk.home, *(name for name in others if name != site.desk.home)]


@router.post("/conversations/{id}/messages", status_code=202)
async def say(site: SiteDep, request: Request, conversation: Conversation, body: MessageIn) -> MessageAccepted:
    """Say something; the reply comes as a card whose reply_to is the message_id."""
    actor = site.acting(request, body.actor)
    posted = await site.desk.post(conversation, actor, body.text, thread=body.thread, event_id=body.event_id)
    return MessageAccepted(message_id=posted.id, thread=posted.thread, seq=posted.seq)


@router.get("/conversations/{id}/messages")
async def messages(
    site: SiteDep, conversation: Conversation, after: After = 0, limit: Limit = 200
) -> list[PostedMessage]:
    """What people wrote."""
    return await site.desk.messages(conversation, after=after, limit=limit)


@router.get("/conversations/{id}/cards")
async def cards(site: SiteDep, conversation: Conversation, after: After = 0, limit: Limit = 200) -> list[CardOut]:
    """The newest version of every card. One edited in place appears again with a higher seq and version."""
    return [card_out(card) for card in await site.desk.cards(conversation, after=after, limit=limit)]


@router.get("/conversations/{id}/events")
async def events(site: SiteDep, request: Request, conversation: Conversation, after: After = 0) -> StreamingResponse:
    """Server-sent events `card` and `message`, the same JSON; id is the seq, and Last-Event-ID goes on after it."""
    return stream(site.desk, conversation, resume_from(request, after), event_out)


@router.post("/clicks")
async def click(site: SiteDep, request: Request, body: ClickIn) -> ClickAnswer:
    """Click a button. `accepted` false is an answer too: `message` says why not."""
    who = site.acting(request, body.actor)
    return await site.desk.click(who, body.card_id, body.button_id, reason=body.reason, event_id=body.event_id)


@router.post("/cards/{id}/feedback")
async def feedback(
    site: SiteDep, request: Request, card: Annotated[str, Path(alias="id", max_length=200)], body: FeedbackIn
) -> FeedbackAnswer:
    """Say whether an answer was right: kept as an example that a person reviews. After "bad", `meant` has what it may
    have been; send one of them to name it, and if it only reads, it is said for you.
    """
    who = site.acting(request, body.actor)
    return await site.desk.feedback(who, card, body.verdict, body.event_id, meant=body.meant)


@router.get("/catalogue")
async def catalogue(site: SiteDep) -> Catalogue:
    """The names that words are understood by: models, versions, KPIs, people and playbooks, as they are now."""
    return await site.desk.catalogue()


@router.get("/approvals", tags=["runs"])
async def approvals(site: SiteDep, run: Annotated[int | None, Query(ge=0, le=2**62)] = None) -> list[OpenGate]:
    """What waits for a decision, oldest first, with who has agreed and who may still decide; of one run or all."""
    return await site.desk.reads.records.approvals(run)


@router.post("/runs/{number}/decision", tags=["runs"])
async def decide(
    site: SiteDep, request: Request, number: Annotated[int, Path(ge=0, le=2**62)], body: DecisionIn
) -> ClickAnswer:
    """Approve or reject what a run waits for. One that does not count is an error that says why: 403, 404 or 409."""
    word = "approved" if body.decision == "approve" else "rejected"
    who = site.acting(request, body.actor)
    told = await site.desk.decide(
        who, number, word, reason=body.reason, plan_hash=body.plan_hash, gate=body.gate, event_id=body.event_id
    )
    return ClickAnswer(accepted=True, message=told)
