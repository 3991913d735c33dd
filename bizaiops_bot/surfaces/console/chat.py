"""What the page's chat sends and gets: messages, clicks, the live stream, who-am-I and chart pictures."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from bizaiops_bot.domain.cards import Chart
from bizaiops_bot.domain.errors import NotFound, Refused
from bizaiops_bot.domain.feedback import Verdict
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.api import After, Conversation
from bizaiops_bot.surfaces.charts import chart_png
from bizaiops_bot.surfaces.console.feed import live_html
from bizaiops_bot.surfaces.console.forms import Form, field
from bizaiops_bot.surfaces.console.views import fragment, toast
from bizaiops_bot.surfaces.live import resume_from, stream
from bizaiops_bot.surfaces.site import ACTOR_COOKIE, Site, SiteDep
from bizaiops_bot.surfaces.world import faults_of, inject

router = APIRouter(include_in_schema=False)
YEAR_S = 365 * 86400
VERDICTS: dict[str, Verdict] = {"good": "good", "bad": "bad"}


@router.post("/console/{id}/say")
async def say(site: SiteDep, request: Request, conversation: Conversation, form: Form) -> Response:
    """Posts a message; it comes back, like the bot's answer, through the live stream."""
    who = site.acting(request, form.get("actor"))
    thread, event_id = form.get("thread", "")[:200] or None, form.get("event_id", "")[:200] or None
    await site.desk.post(conversation, who, form.get("text", ""), thread=thread, event_id=event_id)
    return Response(status_code=204, headers={"HX-Trigger": "said"})


@router.post("/console/click")
async def click(site: SiteDep, request: Request, form: Form) -> HTMLResponse:
    """Clicks a button; the answer is a toast, the outcome an edited card."""
    who = site.acting(request, form.get("actor"))
    reason, event_id = form.get("reason", "")[:500], form.get("event_id", "")[:200] or None
    answer = await site.desk.click(who, field(form, "card"), field(form, "button"), reason=reason, event_id=event_id)
    return toast(answer.message, "success" if answer.accepted else "warning")


@router.post("/console/feedback")
async def feedback(site: SiteDep, request: Request, form: Form) -> HTMLResponse:
    """Judges an answer; what the thumbs look like now, with what may have been meant, for this person alone."""
    who, card = site.acting(request, form.get("actor")), field(form, "card")
    verdict = VERDICTS.get(form.get("verdict", ""), "none")
    answer = await site.desk.feedback(who, card, verdict, meant=form.get("meant", "")[:100])
    told = answer.message if answer.verdict == "bad" else ""
    return HTMLResponse(fragment("_judge.html", card=card, verdict=answer.verdict, told=told, meant=answer.meant))


@router.get("/console/{id}/live")
async def live(site: SiteDep, request: Request, conversation: Conversation, after: After = 0) -> StreamingResponse:
    """New and edited posts as HTML."""
    return stream(site.desk, conversation, resume_from(request, after), live_html)


@router.post("/console/me")
async def become(site: SiteDep, form: Form) -> HTMLResponse:
    """Demo only: speak as another account from now on."""
    if not site.demo:
        raise Refused("Accounts cannot be switched here.", "Only the demo has the switch.")
    who = site.person(field(form, "actor"))
    response = HTMLResponse(fragment("_me.html", people=site.desk.people(), viewer=who))
    response.set_cookie(ACTOR_COOKIE, who, max_age=YEAR_S, samesite="strict", httponly=True)
    return response


@router.post("/console/faults")
async def add_fault(site: SiteDep, form: Form) -> HTMLResponse:
    """Demo only: the fault panel."""
    _demo_only(site)
    return toast(await inject(site, field(form, "model"), field(form, "fault")), "warning", event="faults")


@router.post("/console/faults/clear")
async def clear_faults(site: SiteDep) -> HTMLResponse:
    """Demo only: ends all faults."""
    _demo_only(site)
    ended = await faults_of(site).clear(None)
    return toast(f"Ended: {', '.join(ended)}." if ended else "No fault was active.", "success", event="faults")


@router.get("/charts/{card_id}/{index}.png")
async def chart(site: SiteDep, card_id: str, index: int, dark: bool = False, c: str = "", seq: After = 0) -> Response:
    """The `index`-th chart of a card as a picture. `c` and `seq` (conversation, seq of the card) save the search."""
    posted = await find_card(site, card_id, c, seq)
    charts = [block for block in posted.blocks if isinstance(block, Chart)]
    if not 0 <= index < len(charts):
        raise NotFound("chart", str(index), [str(i) for i in range(len(charts))])
    png = await asyncio.to_thread(chart_png, charts[index], dark)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


async def find_card(site: Site, card_id: str, conversation: str, seq: int) -> PostedCard:
    """conversation, seq: save the search where they are known. Raises NotFound."""
    if conversation and seq:
        for card in await site.desk.cards(conversation, after=seq - 1, limit=1):
            if card.id == card_id:
                return card
    for name in [conversation] if conversation else await site.desk.conversations():
        after = 0
        while cards := await site.desk.cards(name, after=after, limit=500):
            for card in cards:
                if card.id == card_id:
                    return card
            after = cards[-1].seq
    raise NotFound("card", card_id[:60], [])


def _demo_only(site: Site) -> None:
    if not site.demo:
        raise Refused("Faults can be injected in the demo only.")
