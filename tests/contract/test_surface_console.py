"""What a person at the web console sees and can do, over plain HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest

from bizaiops_bot.domain.cards import Button, Card, Chart, File, Series, Text
from bizaiops_bot.domain.kpi import KpiRow
from bizaiops_bot.domain.kpi_words import short_amount, target_met, target_words
from bizaiops_bot.surfaces.console.dashboard import KpiTile
from tests.support.fake_desk import FakeDesk
from tests.support.sample_cards import NOW, drift_card, run_card, verdict_card
from tests.support.site import local_client, running_site

HTMX = {"HX-Request": "true"}
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
async def web(desk: FakeDesk) -> AsyncIterator[httpx.AsyncClient]:
    async with local_client(desk) as client:
        yield client


async def test_an_empty_conversation_offers_things_to_say(web: httpx.AsyncClient) -> None:
    html = (await web.get("/")).text
    assert "deploy churn v2 as a 10% canary" in html
    assert "Anything that changes a model shows its plan first" in html


async def test_the_page_asks_nothing_of_other_sites_and_has_no_inline_script_or_style(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    await desk.post("ml-ops", "engineer", "plan")
    await desk.answer("ml-ops", drift_card())
    for path in ("/", "/runs/7", "/audit", "/docs", "/runs"):
        html = (await web.get(path)).text
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', html), path
        assert not re.findall(r"<script(?![^>]*src=)|\sstyle=|\son\w+=|<style", html), path


async def test_every_file_the_page_names_is_served_and_kept(web: httpx.AsyncClient) -> None:
    names = re.findall(r'(?:src|href)="(/static/[^"]+)"', (await web.get("/")).text)
    assert len(names) >= 6
    for name in names:
        response = await web.get(name)
        assert response.status_code == 200, name
        assert "immutable" in response.headers["cache-control"]


async def test_words_of_people_and_cards_are_never_markup(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    await desk.post("ml-ops", "engineer", evil)
    card = Card(
        title=evil,
        blocks=(Text(text=f"**{evil}** `{evil}`"),),
        buttons=(Button(label=evil, command="x", confirm=evil),),
    )
    await desk.answer("ml-ops", card)
    html = (await web.get("/")).text
    assert "<img" not in html
    assert html.count("&lt;img") >= 5


async def test_a_conversation_name_cannot_carry_markup(web: httpx.AsyncClient) -> None:
    response = await web.get('/?c="><script>', headers=BROWSER)
    assert response.status_code == 422
    assert '"><script>' not in response.text


async def test_threads_stand_in_order_and_an_edited_card_keeps_its_place(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    first = await desk.post("ml-ops", "engineer", "plan alpha")
    await desk.post("ml-ops", "lead", "later words")
    (card, *_) = await desk.cards("ml-ops")
    await desk.edit(card.id, verdict_card())
    await desk.post("ml-ops", "sre", "a reply", thread=first.thread)
    html = (await web.get("/")).text
    places = [html.index(words) for words in ("plan alpha", "churn v2 is promoted", "a reply", "later words")]
    assert places == sorted(places)
    assert html.count(f'id="thread-{first.thread}"') == 1


async def test_saying_something_shows_it_working_until_the_card_is_there(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    desk.silent = True
    response = await web.post("/console/ml-ops/say", data={"text": "status churn", "actor": "lead"}, headers=HTMX)
    assert (response.status_code, response.headers["hx-trigger"]) == (204, "said")
    (message,) = await desk.messages("ml-ops")
    assert (message.actor, message.text) == ("lead", "status churn")
    assert "is working on it" in (await web.get("/")).text
    await desk.answer("ml-ops", run_card(), reply_to=message)
    assert "is working on it" not in (await web.get("/")).text


async def test_an_answer_has_two_thumbs_and_other_cards_have_none(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    await desk.post("ml-ops", "engineer", "ask")
    html = (await web.get("/")).text
    assert html.count('aria-label="Good answer"') == html.count('aria-label="Wrong answer"') == 1
    await desk.answer("ml-ops", drift_card())
    await desk.post("ml-ops", "engineer", "plan")
    assert (await web.get("/")).text.count('aria-label="Good answer"') == 1


async def test_a_vote_shows_pressed_for_who_gave_it_and_pressed_again_is_taken_back(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    await desk.post("ml-ops", "engineer", "ask")
    (card,) = await desk.cards("ml-ops")
    vote = {"card": card.id, "verdict": "good", "actor": "lead"}
    thumbs = (await web.post("/console/feedback", data=vote, headers=HTMX)).text
    assert thumbs.count('aria-pressed="true"') == 1 and "&#34;verdict&#34;: &#34;none&#34;" in thumbs
    assert (await web.get("/?as=lead")).text.count(
        'class="thumb good" aria-label="Good answer" title="Good answer" aria-pressed="true"'
    ) == 1
    assert (
        'class="thumb good" aria-label="Good answer" title="Good answer" aria-pressed="true"'
        not in (await web.get("/?as=sre")).text
    )
    back = await web.post("/console/feedback", data=vote | {"verdict": "none"}, headers=HTMX)
    assert 'aria-pressed="true"' not in back.text and desk.judged[card.reply_to, "lead"] == ("none", "")


async def test_after_a_bad_vote_only_who_gave_it_is_asked_what_was_meant(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    await desk.post("ml-ops", "engineer", "ask")
    (card,) = await desk.cards("ml-ops")
    vote = {"card": card.id, "verdict": "bad", "actor": "lead"}
    asked = (await web.post("/console/feedback", data=vote, headers=HTMX)).text
    assert "What did you mean?" in asked and "how did churn do" in asked and "something else" in asked
    assert "What did you mean?" not in (await web.get("/?as=lead")).text, "it is asked once, and posted nowhere"
    told = await web.post("/console/feedback", data=vote | {"meant": "show_kpis"}, headers=HTMX)
    assert "Thanks, kept for review." in told.text and desk.judged[card.reply_to, "lead"] == ("bad", "show_kpis")
    unknown = await web.post("/console/feedback", data=vote | {"card": "c-none"}, headers=HTMX)
    assert unknown.headers["hx-retarget"] == "#toasts"


async def test_a_refused_click_is_told_in_a_toast(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    await desk.post("ml-ops", "engineer", "plan")
    (card,) = await desk.cards("ml-ops")
    click = {"card": card.id, "button": card.buttons[0].id}
    refused = await web.post("/console/click", data=click | {"actor": "engineer"}, headers=HTMX)
    assert refused.headers["hx-retarget"] == "#toasts"
    assert "The requester cannot approve" in refused.text
    accepted = await web.post("/console/click", data=click | {"actor": "lead"}, headers=HTMX)
    assert 'class="toast success"' in accepted.text


async def test_a_button_that_asks_for_a_reason_passes_it_on(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    await desk.post("ml-ops", "engineer", "plan")
    (card,) = await desk.cards("ml-ops")
    page = (await web.get("/")).text
    assert 'hx-confirm="Why do you reject run 7?" data-ask' in page and 'id="confirm-reason"' in page
    reject = next(b for b in card.buttons if b.label == "Reject")
    click = {"card": card.id, "button": reject.id, "actor": "lead", "reason": "too late in the day — später"}
    assert 'class="toast success"' in (await web.post("/console/click", data=click, headers=HTMX)).text
    assert desk.reasons == ["too late in the day — später"]


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("/console/ml-ops/say", {"text": "  "}, "The message is empty."),
        ("/console/ml-ops/say", {"text": "x", "actor": "nobody"}, "There is no person"),
        ("/console/click", {}, "The field card is missing"),
        ("/console/faults", {"model": "churn", "fault": "fire"}, "There is no fault"),
    ],
)
async def test_what_cannot_be_done_is_told_in_a_toast(
    web: httpx.AsyncClient, path: str, data: dict[str, str], words: str
) -> None:
    response = await web.post(path, data=data, headers=HTMX)
    assert response.headers["hx-retarget"] == "#toasts"
    assert words in response.text


async def test_who_am_i_is_remembered_in_the_demo(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    await web.post("/console/me", data={"actor": "analyst"}, headers=HTMX)
    assert '<option value="analyst" selected>' in (await web.get("/")).text
    await web.post("/console/ml-ops/say", data={"text": "hello"}, headers=HTMX)
    assert (await desk.messages("ml-ops"))[0].actor == "analyst"


async def test_outside_the_demo_there_is_no_switch_and_no_fault_panel(desk: FakeDesk) -> None:
    async with local_client(desk, demo=False, identify=lambda _: "sre") as web:
        html = (await web.get("/")).text
        assert 'id="actor"' not in html
        assert "Break something" not in html
        assert (await web.post("/console/me", data={"actor": "lead"})).status_code == 403
        assert (await web.post("/console/faults", data={"model": "churn", "fault": "errors"})).status_code == 403


async def test_the_dashboard_shows_the_world_and_answers_204_while_nothing_changes(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    page = await web.get("/")
    for words in (
        "v2 10% canary",
        "2 drifting",
        "Revenue at risk",
        "6 of 8 steps",
        "Weekly churn digest",
        "3 of 19 features",
    ):
        assert words in page.text
    assert "no data" in page.text, "demand has no samples, so it is not called healthy"
    digest = re.findall(r'data-digest="(\w+)"', page.text)[0]
    assert (await web.get(f"/console/dashboard?seen={digest}")).status_code == 204
    changed = await web.get("/console/dashboard?seen=other")
    assert changed.headers["x-digest"] == digest


async def test_a_run_has_its_page_with_plan_steps_approvals_and_audit(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    html = (await web.get("/runs/7")).text
    for words in (
        desk.records.all[7].plan.hash,
        "41,200 rows in 6.2 s",
        "Send 10% of churn to v2?",
        "lead",
        "v1 90%, v2 10%",
    ):
        assert words in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "every 3s" in html, "a running run refreshes itself"
    assert "every 3s" not in (await web.get("/runs/6")).text


async def test_the_audit_log_pages_back_and_tells_whether_it_is_whole(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    first = await web.get("/audit")
    assert "intact" in first.text
    assert 'href="/audit?before=71"' in first.text
    last = await web.get("/audit?before=21")
    assert "Older" not in last.text
    desk.records.log[3] = desk.records.log[3].model_copy(update={"hash": "f" * 64})
    assert "the log was changed" in (await web.get("/audit")).text


async def test_the_audit_verdict_comes_from_the_whole_log_when_it_can(desk: FakeDesk) -> None:
    async def verify() -> tuple[bool, str]:
        return False, "Entry 12 was changed."

    async with local_client(desk, verify_audit=verify) as web:
        assert "Entry 12 was changed." in (await web.get("/audit")).text


@pytest.mark.parametrize("path", ["/nothing", "/runs/99"])
async def test_a_missing_page_is_friendly(web: httpx.AsyncClient, path: str) -> None:
    response = await web.get(path, headers=BROWSER)
    assert response.status_code == 404
    assert "Back to the chat" in response.text


async def test_the_api_page_needs_no_script_from_elsewhere(web: httpx.AsyncClient) -> None:
    html = (await web.get("/docs")).text
    assert "/api/conversations/{id}/messages" in html
    assert "curl -s -X POST http://127.0.0.1:8642/api/clicks" in html


async def test_a_chart_is_served_as_a_picture(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    card = await desk.answer("ml-ops", drift_card())
    for query in ("", f"?c=ml-ops&seq={card.seq}", "?dark=true"):
        response = await web.get(f"/charts/{card.id}/0.png{query}")
        assert response.headers["content-type"] == "image/png"
        assert response.content.startswith(b"\x89PNG")
    assert (await web.get(f"/charts/{card.id}/1.png")).status_code == 404
    assert (await web.get("/charts/none/0.png")).status_code == 404


async def test_a_live_post_comes_inside_its_thread() -> None:
    desk = FakeDesk()
    message = await desk.post("ml-ops", "engineer", "plan")
    (card,) = await desk.cards("ml-ops")
    async with running_site(desk) as url, httpx.AsyncClient(base_url=url, timeout=5) as web:  # noqa: SIM117
        async with web.stream("GET", f"/console/ml-ops/live?after={card.seq}") as stream:
            await desk.edit(card.id, verdict_card())
            lines: list[str] = []
            async for line in stream.aiter_lines():
                lines.append(line.removeprefix("data: "))
                if not line and any("</section>" in each for each in lines):
                    break
    html = "\n".join(lines)
    assert "event: post" in html
    assert f'id="thread-{message.thread}"' in html
    assert f'id="post-{card.id}" data-version="2"' in html


async def test_a_card_that_cannot_be_drawn_well_does_not_take_the_page_down(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    nan = float("nan")
    await desk.answer(
        "ml-ops", Card(title="", blocks=(Chart(title="", x=(), series=(Series(name="", values=(nan, None)),)),))
    )
    response = await web.get("/")
    assert response.status_code == 200
    assert "No data in this window." in response.text


async def test_a_long_unit_stands_under_the_name_and_not_beside_the_number(
    web: httpx.AsyncClient, desk: FakeDesk
) -> None:
    (first, *_) = await desk.reads.warehouse.kpis()
    tile = KpiTile(first.model_copy(update={"unit": "EUR per 1,000 customers"}), None)
    assert tile.name == f"{first.title} per 1,000 customers"
    assert KpiTile(first.model_copy(update={"unit": "%"}), None).name == first.title


@pytest.mark.parametrize(
    ("value", "week_before", "target", "change"),
    [
        (18.6, 20.0, ("danger", "target 17.0%, missed"), "▼ 7.0% better"),
        (15.8, 15.0, ("success", "target 17.0%, met"), "▲ 5.3% worse"),
        (17.04, 17.04, ("success", "target 17.0%, met"), "= no change"),
    ],
)
async def test_the_colour_of_a_kpi_is_that_of_its_target_and_its_change_is_said_in_words(
    desk: FakeDesk, value: float, week_before: float, target: tuple[str, str], change: str
) -> None:
    kpi = next(k for k in await desk.reads.warehouse.kpis() if k.id == "churn_rate").model_copy(update={"target": 17.0})
    row = KpiRow(
        kpi=kpi, day=NOW.date(), value=value, week_before=week_before, median_28d=None, history=(), n=900, updated=NOW
    )
    tile = KpiTile(kpi, row)
    assert (tile.target, tile.change) == (target, change)


async def test_console_programs_and_cards_say_the_same_of_a_kpi(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    page = unescape((await web.get("/console/dashboard")).text)
    for kpi in await desk.reads.warehouse.kpis():
        told = (await web.get(f"/api/kpis/{kpi.id}")).json()
        assert short_amount(kpi, told["value"]) in page
        assert target_met(kpi, told["value"]) is told["target_met"]
        if kpi.target is not None:
            assert f"target {target_words(kpi, told['value'])}" in page


async def test_the_handbook_is_served_where_cards_link_to(web: httpx.AsyncClient) -> None:
    assert "/handbook/how-to/write-a-rule" in (await web.get("/handbook")).text
    page = await web.get("/handbook/explanation/drift-and-verdicts")
    assert page.status_code == 200 and 'id="the-canarys-verdict"' in page.text
    assert 'id="psi"' in (await web.get("/handbook/glossary")).text
    assert (await web.get("/handbook/how-to/none")).status_code == 404
    assert (await web.get("/handbook/../settings")).status_code == 404


async def test_a_file_of_a_card_is_saved_under_its_name_and_never_shown(web: httpx.AsyncClient, desk: FakeDesk) -> None:
    file = File(name="churn-kpis.csv", title="KPIs of churn", text="day,churn_rate\n2026-03-01,17\n")
    card = await desk.answer("ml-ops", Card(title="KPIs", blocks=(file,)))
    assert f"/files/{card.id}/0" in (await web.get("/")).text
    response = await web.get(f"/files/{card.id}/0?c=ml-ops&seq={card.seq}")
    assert response.text == file.text
    assert response.headers["content-disposition"] == 'attachment; filename="churn-kpis.csv"'
    assert response.headers["content-type"].startswith("text/csv")
    assert (await web.get(f"/files/{card.id}/1")).status_code == 404
