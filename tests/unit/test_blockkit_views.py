"""Modals and the Home tab: what a person fills in comes back whole, and mistakes stand at their fields."""

from __future__ import annotations

import json
from typing import Any

from bizaiops_bot.domain.cards import Button, Card, Table, Text
from bizaiops_bot.domain.forms import Form, FormField
from bizaiops_bot.surfaces.render.blockkit import ask_reason, check, form_values, form_view, home_view
from tests.support.sample_cards import alert_card, digest_card, history_card, verdict_card
from tests.support.slack_shown import shown

Json = dict[str, Any]


def inputs(*fields: FormField, **more: Any) -> dict[str, Json]:
    view = form_view(Form(playbook="deploy_model", title="Deploy", fields=fields), channel="C1", thread="1.2", **more)
    assert check(view) == []
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def test_a_form_has_an_input_of_its_kind_for_every_field() -> None:
    made = inputs(
        FormField(name="note", label="Note", value="hello"),
        FormField(name="canary", label="Canary", kind="number", value="10", low=1, high=50.5, required=True),
        FormField(name="version", label="Version", kind="choice", value="v1", choices=(("v2", "new"), ("v1", "old"))),
        FormField(name="at", label="When", kind="time", hint="Nothing means at once."),
    )
    assert made["note"]["element"]["initial_value"] == "hello"
    assert made["note"]["optional"]
    assert not made["canary"]["optional"]
    assert made["canary"]["element"] == {
        "type": "number_input",
        "action_id": "value",
        "is_decimal_allowed": True,
        "min_value": "1",
        "max_value": "50.5",
        "initial_value": "10",
    }
    version = made["version"]["element"]
    assert [(option["value"], option["text"]["text"]) for option in version["options"]] == [
        ("v2", "new"),
        ("v1", "old"),
    ]
    assert version["initial_option"]["value"] == "v1"
    assert made["at"]["element"]["placeholder"]["text"] == "monday 9:00"
    assert made["at"]["hint"]["text"] == "Nothing means at once."


def test_a_number_out_of_its_bounds_is_not_filled_in_but_told() -> None:
    field = inputs(FormField(name="canary", label="Canary", kind="number", value="90", low=1, high=50))["canary"]
    assert "initial_value" not in field["element"]
    assert field["hint"]["text"] == "You gave 90."


def test_more_choices_than_a_list_holds_are_typed() -> None:
    choices = tuple((f"m{i}", f"Model {i}") for i in range(150))
    field = inputs(FormField(name="model", label="Model", kind="choice", choices=choices))["model"]
    assert field["element"]["type"] == "plain_text_input"
    assert field["hint"]["text"].startswith("One of 150, such as m0, m1, ")


def test_mistakes_stand_under_their_field_and_others_at_the_end() -> None:
    form = Form(playbook="p", title="t", fields=(FormField(name="a", label="A"), FormField(name="b", label="B")))
    view = form_view(form, channel="C1", thread="", errors={"a": "No such model.", "x": "Not possible."})
    assert [block["type"] for block in view["blocks"]] == ["input", "context", "input", "context"]
    assert "⚠️ No such model." in "".join(shown(view["blocks"][1]))
    assert "Not possible." in "".join(shown(view["blocks"][3]))


def test_a_modal_remembers_where_it_came_from_and_what_it_is_for() -> None:
    view = form_view(Form(playbook="deploy_model", title="Deploy", submit="Show the plan"), channel="C1", thread="1.2")
    assert json.loads(view["private_metadata"]) == {"playbook": "deploy_model", "channel": "C1", "thread": "1.2"}
    assert (view["callback_id"], view["submit"]["text"]) == ("form", "Show the plan")
    asked = ask_reason("c-7", "k1", "Reject", "Why do you reject run 7?", "C1", "1.2")
    assert json.loads(asked["private_metadata"]) == {"card": "c-7", "button": "k1", "channel": "C1", "thread": "1.2"}
    [why] = asked["blocks"]
    assert (asked["callback_id"], why["block_id"], why["optional"]) == ("reason", "reason", True)
    assert why["label"]["text"] == "Why do you reject run 7?"


def test_what_was_filled_in_comes_back_by_the_fields_name() -> None:
    state = {
        "values": {
            "note": {"value": {"type": "plain_text_input", "value": " a & b "}},
            "canary": {"value": {"type": "number_input", "value": "10"}},
            "version": {"value": {"type": "static_select", "selected_option": {"value": "v2"}}},
            "none": {"value": {"type": "static_select", "selected_option": None}},
            "empty": {"value": {"type": "plain_text_input", "value": None}},
        }
    }
    assert form_values(state) == {"note": "a & b", "canary": "10", "version": "v2", "none": "", "empty": ""}


def test_the_home_tab_shows_cards_one_after_the_other_with_their_buttons() -> None:
    view = home_view((alert_card(), digest_card(), history_card(), verdict_card()), who="lead")
    assert check(view) == []
    titles = [block["text"]["text"] for block in view["blocks"] if block["type"] == "header"]
    assert titles == [
        "🔴 churn v2: 4.1% of requests fail",
        "Churn this week: revenue at risk fell 12%",
        "What was done to the models in February",
        "✅ churn v2 is promoted: 100% of traffic",
    ]
    pressed = [e for block in view["blocks"] if block["type"] == "actions" for e in block["elements"]]
    assert [(e["action_id"], e["value"]) for e in pressed] == [
        ("say:0", "roll back churn"),
        ("say:1", "mute churn for 1 hour"),
    ]
    assert pressed[0]["confirm"]["text"]["text"] == "Send all traffic to v1?"


def test_what_does_not_fit_on_the_home_tab_is_told() -> None:
    view = home_view((verdict_card(),) * 60, who="lead")
    assert check(view) == []
    shown_ = sum(block["type"] == "header" for block in view["blocks"])
    assert 10 < shown_ < 60
    assert f"… {60 - shown_} more cards: see all in the console." in "\n".join(shown(view["blocks"]))


def test_one_card_far_too_long_does_not_push_the_others_out() -> None:
    long_ = Card(title="long", blocks=(Text(text="word " * 1_000), Table(columns=("n",), rows=(("x",),) * 300)) * 40)
    view = home_view((long_, verdict_card()), who="")
    assert check(view) == []
    assert "✅ churn v2 is promoted: 100% of traffic" in list(shown(view["blocks"]))


def test_a_command_too_long_to_come_back_whole_has_no_button() -> None:
    view = home_view((Card(title="t", buttons=(Button(label="b", command="x" * 2_001),)),), who="lead")
    assert not [block for block in view["blocks"] if block["type"] == "actions"]
