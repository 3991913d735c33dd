"""Any card, form or Home tab becomes something that Slack takes, and nothing from outside comes alive in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bizaiops_bot.domain.forms import Form
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.render.blockkit import ask_reason, check, form_values, form_view, home_view, render
from bizaiops_bot.surfaces.render.blockkit_check_blocks import RULES
from bizaiops_bot.surfaces.render.blockkit_escape import size
from bizaiops_bot.surfaces.render.blockkit_limits import MESSAGE_TEXT
from tests.support.random_cards import cards, forms, patient, posted_cards, short, words
from tests.support.slack_shown import live, read_by_slack, shown

UNKNOWN_TO_THE_SDK = {"data_table", "data_visualization"}
"""Newer than its models; the limits of `check` and the types of Slack cover them."""

Json = dict[str, Any]


def read_back(blocks: list[Json]) -> None:
    for block in blocks:
        if block["type"] in UNKNOWN_TO_THE_SDK:
            assert Block.parse(block) is None, "the SDK knows it by now"
        else:
            parsed = Block.parse(block)
            assert parsed is not None
            assert parsed.to_dict() == block


@patient
@given(posted_cards, st.booleans(), st.booleans())
def test_any_card_becomes_a_message_that_slack_takes_and_in_which_nothing_comes_alive(
    posted: PostedCard, native: bool, form: bool
) -> None:
    message = render(posted, native=native, form=form)
    assert check(message.blocks) == []
    assert 1 <= size(message.text) <= MESSAGE_TEXT
    assert native or not message.native
    assert message.native == any(b["type"] in UNKNOWN_TO_THE_SDK for b in message.blocks)
    read_back(message.blocks)
    assert live(shown([message.text, *message.blocks])) == []
    assert not [text for text in (message.text, *read_by_slack(message.blocks)) if "<" in text or ">" in text]


@patient
@given(posted_cards)
def test_every_button_carries_the_cards_id_and_nothing_of_the_order(posted: PostedCard) -> None:
    ids = {f"b:{button.id}" for button in posted.buttons}
    drawn = [e for b in render(posted).blocks if b["type"] == "actions" for e in b["elements"]]
    assert all(e["action_id"] in ids and e["value"] == posted.id for e in drawn)
    assert len(drawn) == len(posted.buttons) or len(posted.buttons) > 5


@patient
@given(st.lists(cards, max_size=3).map(tuple), words)
def test_any_cards_become_a_home_tab(found: tuple[Any, ...], who: str) -> None:
    view = home_view(found, who=who)
    assert check(view) == []
    assert live(shown(view)) == []
    read_back(view["blocks"])


@patient
@given(forms, short, short, st.dictionaries(words, words, max_size=2))
def test_any_form_becomes_a_modal(form: Form, channel: str, thread: str, errors: dict[str, str]) -> None:
    names = [field.name for field in form.fields][:1]
    view = form_view(form, channel=channel, thread=thread, errors={**errors, **dict.fromkeys(names, "No such model.")})
    assert check(view) == []
    assert live(shown(view)) == []
    read_back(view["blocks"])
    View(**view).validate_json()


@patient
@given(words, words, words)
def test_any_question_for_a_reason_becomes_a_modal(card: str, label: str, ask: str) -> None:
    view = ask_reason(card, "k0", label, ask, "C0123", "1.2")
    assert check(view) == []
    assert live(shown(view)) == []


@pytest.mark.parametrize("state", [{}, {"values": {}}, {"values": {"a": {}}}, {"values": {"a": {"value": {}}}}])
def test_an_empty_form_gives_no_values(state: Json) -> None:
    assert set(form_values(state).values()) <= {""}


def test_the_rules_cover_every_kind_of_block_that_is_drawn() -> None:
    assert set(RULES) == {
        "header",
        "section",
        "context",
        "actions",
        "rich_text",
        "table",
        "data_table",
        "data_visualization",
        "input",
    }
