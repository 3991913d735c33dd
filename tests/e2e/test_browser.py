"""The main conversation through the real page, in a real browser, against a real bot."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.conftest import StartDemo
from tests.support.demo_process import DemoProcess
from tests.support.eventually import eventually
from tests.support.pages import PHONE, ConsolePage, browser

LONG_MS = 90_000.0


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def bot(demo: StartDemo) -> DemoProcess:
    """A bot whose company is as founded."""
    return demo()


@pytest.fixture(scope="module")
def shared(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    """A bot for tests that need no release."""
    folder = tmp_path_factory.mktemp("shared") / "data"
    shutil.copytree(founded, folder)
    running = DemoProcess(folder).start()
    yield running
    running.end()


@contextmanager
def someone_at(chrome: Browser, url: str) -> Iterator[ConsolePage]:
    """Someone at the page; whatever the test does, the page must neither complain nor ask another host."""
    page = ConsolePage.open(chrome, url)
    yield page
    page.close()
    assert page.foreign == []
    assert page.complaints == []


@pytest.fixture
def console(chrome: Browser, bot: DemoProcess) -> Iterator[ConsolePage]:
    with someone_at(chrome, bot.url) as page:
        yield page


@pytest.fixture
def shared_console(chrome: Browser, shared: DemoProcess) -> Iterator[ConsolePage]:
    with someone_at(chrome, shared.url) as page:
        yield page


def test_a_release_is_asked_for_refused_to_its_requester_approved_by_the_lead_and_promoted_on_one_card(
    console: ConsolePage, bot: DemoProcess, pictures: Path
) -> None:
    card = console.say("deploy churn v2 as a 10% canary")
    for words in ("v1 90%, v2 10%", "Must approve", "lead", "Undo", "build", "judge v2"):
        expect(card).to_contain_text(words)
    expect(card.get_by_role("button")).to_have_text(["Approve", "Reject", "Cancel"])

    card.get_by_role("button", name="Approve").click()
    assert "requester cannot approve" in console.toast()
    expect(card.get_by_role("button", name="Approve")).to_be_enabled()

    console.become("lead")
    card.get_by_role("button", name="Approve").click()
    board = console.page.locator("#board")
    expect(board).to_contain_text(re.compile(r"v2\s+10%\s+canary"), timeout=LONG_MS)
    console.picture(pictures / "console.png", height=980)
    expect(card.get_by_role("heading")).to_have_text("Deploy churn v2: done", timeout=LONG_MS)
    promoted = card.locator(".step.done .step-name", has_text="promote")
    expect(promoted).to_be_hidden()
    details = card.get_by_text("Details", exact=True)
    details.click()
    expect(promoted).to_be_visible()
    details.click()
    for number_of in ("error rate", "latency", "score"):
        expect(card).to_contain_text(re.compile(number_of, re.IGNORECASE))
    assert console.page.locator(".card-post").count() == 1
    assert int(card.get_attribute("data-version") or 0) > 3
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)
    expect(board).to_contain_text("v2 100%")
    assert console.loads == 1, "everything came without loading the page again"
    assert bot.weights("churn") == {"v2": 100}
    console.page.get_by_role("button", name="Switch between light and dark").click()
    assert console.page.evaluate("document.documentElement.dataset.theme") == "dark"
    console.picture(pictures / "console-dark.png", top=card)


def test_a_click_is_answered_even_when_the_card_changes_before_the_answer_is_here(
    console: ConsolePage, bot: DemoProcess
) -> None:
    card = console.say("deploy churn v2 as a 10% canary")
    expect(card).to_contain_text("Must approve")

    def while_the_lead_approves(route: Route) -> None:
        posted = next(found for found in bot.cards() if found["run_id"] == 1)
        assert bot.click(posted, "Approve", "lead")["accepted"]
        eventually(lambda: bot.run(1)["status"] == "running", "the run")
        route.continue_()

    console.page.route("**/console/click", while_the_lead_approves)
    card.get_by_role("button", name="Approve").click()
    assert "no longer" in console.toast() or "decided" in console.toast()
    expect(card.get_by_role("heading")).to_contain_text("running")


def test_drift_that_is_injected_on_the_page_becomes_an_alert_card_by_itself(
    console: ConsolePage, pictures: Path
) -> None:
    page = console.page
    page.locator(".fault-form select[name=fault]").select_option("covariate_drift")
    page.locator(".fault-form").get_by_role("button", name="Inject").click()
    assert "churn" in console.toast()
    alert = page.locator(".card-post", has_text="drift").last
    expect(alert.locator("svg").first).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#board .alerts")).to_contain_text("churn")
    expect(page.locator("#board .gauges").first).to_contain_text("drifting")
    console.picture(pictures / "drift.png", top=alert, height=980)


def test_the_kpi_digest_is_sent_with_its_chart(
    shared_console: ConsolePage, shared: DemoProcess, pictures: Path
) -> None:
    page = shared_console.page
    page.get_by_role("link", name="business").click()
    shared_console.become("analyst")
    shared_console.say("send the churn KPI digest here every Monday at 9:00 Berlin time")
    page.get_by_role("button", name="Keep it").last.click()
    expect(page.locator("#board")).to_contain_text("Europe/Berlin")
    page.locator("#words").fill("send it now")
    page.keyboard.press("Enter")
    digest = page.locator(".card-post", has=page.get_by_role("link", name="Picture")).last
    expect(digest).to_contain_text("Churn rate")
    assert digest.locator("tbody tr").count() in range(1, 6)
    href = digest.get_by_role("link", name="Picture").first.get_attribute("href")
    chart = shared.http.get(href or "")
    assert chart.headers["content-type"] == "image/png" and chart.content.startswith(b"\x89PNG")
    shared_console.picture(pictures / "digest.png", top=digest)


def test_the_page_of_a_run_the_audit_and_an_unknown_address_tell_their_story(
    shared_console: ConsolePage, shared: DemoProcess
) -> None:
    card = shared_console.say("deploy churn v2 as a 10% canary")
    (run,) = shared.get("/api/runs", model="churn")
    card.get_by_role("link", name=f"Run {run['id']}").click()
    page = shared_console.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deploy model churn v2")
    expect(page.locator("code.hash")).to_have_text(run["plan_hash"])
    expect(page.locator(".steps .step").first).to_contain_text("approval 1")
    shared.post("cancel it", by="engineer")
    expect(page.get_by_role("heading", level=1)).to_contain_text("cancelled")

    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("intact")
    expect(page.locator("table.audit")).to_contain_text("run ended")
    page.get_by_role("link", name="Runs").first.click()
    expect(page.locator("table, .rows").first).to_contain_text("deploy model")

    answer = page.goto(f"{shared.url}/runs/4711")
    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_contain_text("4711")
    page.get_by_role("link", name="Back to the chat").click()
    expect(page.locator("#words")).to_be_visible()
    shared_console.complaints = [said for said in shared_console.complaints if "404" not in said]


def test_everything_can_be_reached_and_done_with_the_keyboard_alone(
    shared_console: ConsolePage, shared: DemoProcess
) -> None:
    page = shared_console.page

    def tab_to(selector: str, *, steps: int = 150) -> None:
        for _ in range(steps):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reached {selector}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    tab_to("#actor")
    tab_to("#words")
    page.keyboard.type("scale demand to 3")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    card = page.locator(".card-post", has_text="Scale demand")
    expect(card).to_contain_text("Must approve")
    expect(page.locator("#words")).to_have_value("")

    page.locator("#scroller").focus()
    tab_to(f"[id='{card.get_attribute('id')}'] .card-foot button:last-of-type")
    page.keyboard.press("Enter")
    expect(card).to_contain_text(re.compile("cancelled", re.IGNORECASE))
    (run,) = shared.get("/api/runs", model="demand")
    assert run["status"] == "cancelled"
    page.locator("#scroller").focus()
    page.keyboard.press("/")
    expect(page.locator("#words")).to_be_focused()


def test_what_others_say_and_get_appears_by_itself(shared_console: ConsolePage, shared: DemoProcess) -> None:
    shared.says("status demand", by="sre")
    page = shared_console.page
    expect(page.locator(".message .said", has_text="status demand")).to_be_visible()
    expect(page.locator(".card-post", has_text="demand: v1 100%")).to_be_visible()
    assert shared_console.loads == 1


def test_the_page_survives_a_restart_of_the_bot(console: ConsolePage, bot: DemoProcess) -> None:
    console.say("status churn")
    bot.crash()
    page = console.page
    expect(page.locator("#offline")).to_be_visible()
    bot.start()
    expect(page.locator("#offline")).to_be_hidden(timeout=LONG_MS)
    bot.says("status demand", by="sre")
    expect(page.locator(".card-post", has_text="demand: v1 100%")).to_be_visible()
    console.say("what models do we have?")
    assert page.locator(".card-post").count() == 3 and console.loads == 1
    # A browser reports every lost connection and failed try, and htmx whose they were; that is what happened here.
    lost = ("ERR_", "[object Event]", "htmx:afterRequest", "htmx:sendError")
    console.complaints = [said for said in console.complaints if not any(words in said for words in lost)]


def test_on_a_phone_one_pane_fits_the_screen_and_nothing_scrolls_sideways(
    chrome: Browser, bot: DemoProcess, pictures: Path
) -> None:
    phone = ConsolePage.open(chrome, bot.url, size=PHONE)
    page = phone.page
    card = phone.say("deploy churn v2 as a 10% canary")
    expect(card).to_contain_text("Must approve")
    assert phone.overflow_px() == 0
    assert page.locator(".top-nav").evaluate("nav => nav.scrollWidth - nav.clientWidth") == 0, "no name is cut"
    phone.picture(pictures / "console-phone.png", top=card)
    card.get_by_text("Details", exact=True).click()
    expect(card.locator(".step.waiting")).to_be_visible()
    expect(page.locator("#board")).to_be_hidden()
    box = card.get_by_role("button", name="Approve").bounding_box()
    assert box is not None and box["height"] >= 32 and box["x"] + box["width"] <= PHONE[0]
    for part in card.locator(".table-scroll").all():
        assert part.evaluate("part => part.scrollWidth - part.clientWidth") == 0, (
            "what changes is seen without scrolling"
        )
    page.get_by_role("button", name="Dashboard").click()
    expect(page.locator("#board")).to_be_visible()
    expect(page.locator("#words")).to_be_hidden()
    assert phone.overflow_px() == 0
    for path in ("/runs", "/runs/1", "/audit", "/docs", "/nowhere"):
        page.goto(bot.url + path)
        assert phone.overflow_px() == 0, path
    phone.close()
    assert phone.foreign == []
    assert [said for said in phone.complaints if "404" not in said] == []


def test_hostile_words_stay_words_on_the_page(shared_console: ConsolePage) -> None:
    shared_console.page.locator("#words").fill(
        '<img src=x onerror=alert(1)> **bold** <script>document.title="x"</script>'
    )
    shared_console.page.keyboard.press("Enter")
    said = shared_console.page.locator(".message .said").last
    expect(said).to_contain_text("<img src=x onerror=alert(1)>")
    assert said.locator("img, script").count() == 0
    assert "BizAIOps" in shared_console.page.title()
