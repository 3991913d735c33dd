"""What kind of thing was said decides what an answer may do: questions read, small talk asks for nothing."""

from __future__ import annotations

import pytest

from tests.support.talk import Talk


async def test_a_dry_run_of_a_freeze_freezes_nothing(talk: Talk) -> None:
    said = await talk.says("dry run: freeze deploys", by="lead")
    said.shows("Nothing was started", "takes effect at once")
    await talk.starts("deploy churn v2 as a 10% canary")


async def test_what_would_happen_is_shown_and_not_done(talk: Talk) -> None:
    said = await talk.says("what would happen if I deployed churn v2 as a 10% canary", by="engineer")
    said.shows("Dry run: Deploy", "Nothing was started")
    assert await talk.runs() == []


@pytest.mark.parametrize(
    "words", ["is traffic back?", "are we frozen?", "should we roll back churn?", "what are real faults"]
)
async def test_a_question_offers_only_what_reads(talk: Talk, words: str) -> None:
    said = await talk.says(words, by="sre")
    changing = ("roll back", "freeze", "clear", "deploy", "pause")
    assert not [label for label in said.buttons() if label.startswith(changing)]
    assert await talk.runs() == []


@pytest.mark.parametrize("words", ["thanks, great job", "hi", "are you stupid?", "ok", "you're killing me"])
async def test_small_talk_is_one_line_without_a_change_to_click(talk: Talk, words: str) -> None:
    said = await talk.says(words, by="engineer")
    assert len(said.words.splitlines()) <= 2 and set(said.buttons()) <= {"help", "models", "runs"}


async def test_the_help_card_has_only_buttons_that_read(talk: Talk) -> None:
    said = await talk.says("help", by="analyst")
    assert said.buttons() == ["what models do we have?", "who deployed churn last?", "who may deploy churn?",
                              "how did churn do this week?", "list approvals"]  # fmt: skip
