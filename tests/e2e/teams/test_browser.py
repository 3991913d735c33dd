"""The playground's page in a real browser, as a person sees it: a sentence, the plan, and a decision."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from bizaiops_bot.surfaces.teams.places import conversation_name
from tests.support.demo_process import DemoProcess
from tests.support.pages import browser
from tests.support.teams_stand import TeamsStand
from tests.support.teams_stand.company import PERSONAL

LONG_MS = 90_000.0


def test_a_person_says_a_sentence_reads_the_plan_is_refused_and_sees_the_decision_of_another(
    bot: DemoProcess, stand: TeamsStand, pictures: Path
) -> None:
    with browser() as chrome:
        page = chrome.new_page(viewport={"width": 1200, "height": 1300})
        page.set_default_timeout(LONG_MS)
        page.goto(stand.url)
        page.get_by_role("button", name="Hide log panel").click()
        expect(page.get_by_text("Hello Erin").last).to_be_visible(timeout=LONG_MS)
        page.locator('[contenteditable="true"][role="textbox"]').click()
        page.keyboard.type("pause demand")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Must approve").last).to_be_visible(timeout=LONG_MS)

        page.get_by_role("button", name="Approve…").last.click()
        page.get_by_role("button", name="Yes, approve").last.click()
        expect(page.get_by_text("requester cannot approve").last).to_be_visible(timeout=LONG_MS)
        page.screenshot(path=pictures / "teams-conversation.png")

        # the lead, who is not in Erin's personal chat, decides in the console
        cards = bot.cards(conversation_name(PERSONAL))
        plan = next(card for card in cards if "Reject" in [button["label"] for button in card["buttons"]])
        assert bot.click(plan, "Reject", by="lead")["accepted"]
        expect(page.get_by_text("rejected by lead").last).to_be_visible(timeout=LONG_MS)
        expect(page.get_by_role("button", name="Approve…")).to_have_count(0)
