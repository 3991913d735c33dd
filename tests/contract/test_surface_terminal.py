"""What `bizaiops say` and `bizaiops chat` do for someone in a terminal."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from rich.console import Console

from bizaiops_bot.surfaces.terminal import chat, say
from tests.support.fake_desk import FakeDesk
from tests.support.sample_cards import plan_card
from tests.support.site import running_site


class Terminal:
    """A desk behind a real server, and what a terminal in front of it prints."""

    def __init__(self, desk: FakeDesk, url: str) -> None:
        self.desk, self.url, self.printed = desk, url, io.StringIO()
        self.console = Console(file=self.printed, width=100, color_system=None)

    async def say(self, text: str, actor: str = "engineer", **options: Any) -> int:
        wait_s = options.pop("wait_s", 5.0)
        return await asyncio.to_thread(
            say, text, self.url, actor, "ml-ops", wait_s=wait_s, console=self.console, **options
        )

    async def chat(self, *lines: str) -> int:
        typed: Iterator[str] = iter(lines)

        def read(prompt: str) -> str:
            line = next(typed, None)
            if line is None:
                raise EOFError
            self.printed.write(f"{prompt}{line}\n")
            return line

        return await asyncio.to_thread(chat, self.url, "engineer", "ml-ops", console=self.console, read=read)

    @property
    def text(self) -> str:
        return self.printed.getvalue()


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    desk = FakeDesk()
    async with running_site(desk) as url:
        yield Terminal(desk, url)


async def test_a_question_is_answered_with_its_card(terminal: Terminal) -> None:
    assert await terminal.say("ask") == 0
    assert "Which model: churn or demand?" in terminal.text
    assert "[1] churn" in terminal.text


async def test_json_holds_the_card_for_programs(terminal: Terminal) -> None:
    assert await terminal.say("ask", as_json=True) == 0
    heard = json.loads(terminal.text)
    assert heard["cards"][0]["reply_to"] == heard["message_id"]


async def test_a_refusal_is_exit_1(terminal: Terminal) -> None:
    assert await terminal.say("refuse", actor="analyst") == 1
    assert "Deploying needs the role engineer" in terminal.text


async def test_a_plan_that_waits_for_people_is_done_for_now(terminal: Terminal) -> None:
    run = terminal.desk.records.all[7]
    terminal.desk.records.all[7] = run.model_copy(update={"status": "waiting"})
    assert await terminal.say("plan") == 0
    assert "v1 90%, v2 10%" in terminal.text


async def test_a_run_that_goes_on_is_exit_4_when_the_wait_is_over(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await terminal.say("plan", wait_s=0.1) == 4
    assert "Run 7 is still going on." in capsys.readouterr().err


async def test_no_answer_is_exit_4(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.desk.silent = True
    assert await terminal.say("hello", wait_s=0.05) == 4
    assert "the message is stored" in capsys.readouterr().err


async def test_a_click_by_label_goes_to_the_newest_card_that_has_it(terminal: Terminal) -> None:
    old = await terminal.desk.answer("ml-ops", plan_card())
    new = await terminal.desk.answer("ml-ops", plan_card())
    run = terminal.desk.records.all[7]
    terminal.desk.records.all[7] = run.model_copy(update={"status": "succeeded"})
    assert await terminal.say("", actor="lead", click="approve") == 0
    assert "Approve: done." in terminal.text
    assert "churn v2 is promoted" in terminal.text
    versions = {card.id: card.version for card in await terminal.desk.cards("ml-ops")}
    assert versions == {old.id: 1, new.id: 2}


async def test_a_refused_click_is_exit_1(terminal: Terminal) -> None:
    await terminal.desk.answer("ml-ops", plan_card())
    assert await terminal.say("", click="Approve") == 1
    assert "The requester cannot approve." in terminal.text


async def test_a_label_that_no_card_has_is_told_with_those_there_are(terminal: Terminal) -> None:
    await terminal.desk.answer("ml-ops", plan_card())
    assert await terminal.say("", actor="lead", click="Aprove") == 1
    assert "Did you mean Approve?" in terminal.text


async def test_an_unknown_person_and_empty_words_are_exit_2(terminal: Terminal) -> None:
    assert await terminal.say("hi", actor="enginer") == 2
    assert "Did you mean engineer?" in terminal.text
    assert await terminal.say("  ") == 2


async def test_without_a_bot_it_says_how_to_start_one() -> None:
    out = io.StringIO()
    code = say("hi", "http://127.0.0.1:1", "engineer", "ml-ops", console=Console(file=out, width=100))
    assert code == 3
    assert "bizaiops demo" in out.getvalue()
    assert chat("http://127.0.0.1:1", "engineer", "ml-ops", console=Console(file=out)) == 3


async def test_in_chat_a_number_clicks_and_as_changes_who_one_is(terminal: Terminal) -> None:
    assert await terminal.chat("plan", "1", "/as lead", "1", "99", "") == 0
    for words in (
        "The requester cannot approve.",
        "lead> 1",
        "Approve: done.",
        "churn v2 is promoted",
        "The bot goes on.",
    ):
        assert words in terminal.text
    said = [message.text for message in await terminal.desk.messages("ml-ops")]
    assert said == ["plan", "99"], "a number that is no button is something said"


async def test_in_chat_the_last_answer_is_judged_and_a_number_says_what_was_meant(terminal: Terminal) -> None:
    assert await terminal.chat("/good", "ask", "/good", "/bad", "3", "") == 0
    for words in (
        "There is no answer to judge yet.",
        "Thanks, kept for review.",
        "What did you mean? [3] how did churn do  [4] something else",
    ):
        assert words in terminal.text
    (card,) = await terminal.desk.cards("ml-ops")
    assert terminal.desk.judged == {(card.reply_to, "engineer"): ("bad", "show_kpis")}
    assert [message.text for message in await terminal.desk.messages("ml-ops")] == ["ask"]


async def test_in_chat_a_rejection_is_asked_for_its_reason(terminal: Terminal) -> None:
    assert await terminal.chat("plan", "/as lead", "2", "2 the AUC is too low", "") == 0
    assert "Why do you reject run 7? Type: 2 YOUR REASON" in terminal.text
    assert "Reject: done." in terminal.text and terminal.desk.reasons == ["the AUC is too low"]


async def test_in_chat_a_mistake_is_told_and_the_talk_goes_on(terminal: Terminal) -> None:
    assert await terminal.chat("/as nobody", "/people", "ask") == 0
    assert "There is no person 'nobody'" in terminal.text
    assert "engineer, lead, analyst, sre" in terminal.text
    assert "Which model" in terminal.text
