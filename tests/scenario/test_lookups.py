"""Someone asks what a word means, how a thing is done, when the bot acts: answered from the handbook, with numbers."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.cards import Fields, Links
from tests.support.talk import Shown, Talk


def source(card: Shown) -> str:
    """Where the card says that it has its words from."""
    links = [link for block in card.card.blocks if isinstance(block, Links) for link in block.links]
    assert links, card.card
    return links[0].to


async def test_a_word_is_explained_with_the_numbers_of_now_and_its_source(talk: Talk) -> None:
    # when somebody asks what PSI is
    card = await talk.says("what is PSI?", by="analyst")
    # then there is the meaning, the watch's own PSI of each model, and where it is written
    card.shows("how far the values of a column have moved", "PSI at most")
    numbers = next(block for block in card.card.blocks if isinstance(block, Fields))
    assert [label for label, _ in numbers.fields] == ["churn now", "demand now"]
    assert source(card) == "/handbook/glossary#psi"


async def test_a_kpi_is_explained_with_its_value_of_the_last_days(talk: Talk) -> None:
    card = await talk.says("what does churn rate mean?", by="analyst")
    card.shows("Share of customers who left", "Churn rate, last 7 days", "Target")
    assert source(card) == "/handbook/reference/kpis#churn_rate"


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("how do you decide whether a canary passed?", "/handbook/explanation/drift-and-verdicts#the-canarys-verdict"),
        ("what happens if nobody approves my deploy?", "/handbook/explanation/safety-and-approvals#who-decides"),
        ("what are quiet hours?", "/handbook/how-to/say-where-news-go#2-quiet-hours"),
        ("how do I connect you to slack?", "/handbook/how-to/connect-slack"),
    ],
)
async def test_a_question_of_how_is_answered_with_the_passage_and_its_source(talk: Talk, asked: str, page: str) -> None:
    card = await talk.says(asked)
    assert source(card).startswith(page)
    # and nothing was begun
    assert not [run for run in await talk.bot.core.ports.records.runs() if run.playbook != "help"]


async def test_what_is_near_is_a_click_away(talk: Talk) -> None:
    # given an answer with others beside it
    card = await talk.says("how do you decide whether a canary passed?")
    other = card.buttons()[0]
    # when one of them is clicked
    answer = await card.click(other, by="engineer")
    # then that passage comes
    assert answer.accepted
    assert (await talk.cards())[-1].card.title in other


async def test_a_question_that_the_handbook_does_not_answer_is_told_so(talk: Talk) -> None:
    card = await talk.says("how do I bake bread?")
    assert card.card.answer == "refused"
    assert not any(isinstance(block, Links) for block in card.card.blocks)
