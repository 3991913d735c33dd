"""A form is a dialog in Teams: typed inputs, what is wrong told at its field, and its values come back as typed."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.forms import Form, FormField
from bizaiops_bot.surfaces.render.adaptive import check, form_card, form_values
from bizaiops_bot.surfaces.render.adaptive_check import BUDGET, size
from tests.support.adaptive_schema import nodes, schema_errors, sdk_accepts, shown_text
from tests.support.random_cards import forms, words

thorough = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
DEPLOY = Form(
    playbook="deploy_model",
    title="Deploy a model",
    text="You see the plan first; nothing changes before it is approved.",
    fields=(
        FormField(
            name="model", label="Model", kind="choice", required=True, choices=(("churn", "Churn"), ("demand", "D"))
        ),
        FormField(name="canary", label="Canary", kind="number", required=True, value="10", low=1, high=100),
        FormField(name="at", label="When", kind="time", hint="monday 9:00"),
    ),
)


def card(form: Form = DEPLOY, **errors: str) -> dict[str, Any]:
    return form_card(form, conversation="teams:ab", thread="m-1", errors=errors)


def inputs(drawn: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["id"]: field for field in nodes(drawn, "Input.")}


@thorough
@given(forms, st.dictionaries(st.sampled_from(["model", "a", "version"]), words, max_size=3))
def test_any_form_becomes_a_dialog_that_teams_takes(form: Form, errors: dict[str, str]) -> None:
    drawn = form_card(form, conversation="teams:ab", thread="m-1", errors=errors)
    assert check(drawn) == []
    assert size(drawn) <= BUDGET
    assert schema_errors(drawn) == []
    assert sdk_accepts(drawn)
    assert len(inputs(drawn)) == len(form.fields)


@thorough
@given(forms)
def test_what_is_typed_into_any_form_comes_back_under_its_fields_names(form: Form) -> None:
    drawn = form_card(form, conversation="teams:ab", thread="m-1")
    (submit,) = drawn["actions"]
    sent = {**submit["data"], **{name: f"typed into {name.removeprefix('input.')}" for name in inputs(drawn)}}
    assert form_values(sent) == {field.name: f"typed into {field.name.removeprefix('input.')}" for field in form.fields}


def test_each_kind_of_field_has_its_input() -> None:
    drawn = card()
    found = inputs(drawn)
    assert found["model"]["type"] == "Input.ChoiceSet"
    assert found["model"]["choices"] == [{"title": "Churn", "value": "churn"}, {"title": "D", "value": "demand"}]
    assert found["model"]["isRequired"] is True
    number = found["canary"]
    assert (number["type"], number["value"], number["min"], number["max"]) == ("Input.Number", 10, 1, 100)
    assert number["errorMessage"] == "A number from 1 to 100 is needed."
    assert (found["at"]["type"], found["at"]["placeholder"]) == ("Input.Text", "monday 9:00")
    assert drawn["actions"] == [
        {
            "type": "Action.Submit",
            "title": "Show the plan",
            "style": "positive",
            "data": {"action": "fill", "playbook": "deploy_model", "conversation": "teams:ab", "thread": "m-1"},
        }
    ]


def test_what_is_wrong_stands_below_its_field_and_the_rest_at_the_top() -> None:
    drawn = card(canary="100 is too much for churn.", other="The model is frozen.")
    places = [node.get("id") or shown_text(node) for node in drawn["body"]]
    assert places.index("100 is too much for churn.") == places.index("canary") + 1
    assert places.index("The model is frozen.") < places.index("model")


def test_a_long_list_can_be_searched_and_a_far_too_long_one_is_typed() -> None:
    many = tuple((f"m{i}", f"Model {i}") for i in range(40))
    field = FormField(name="model", label="Model", kind="choice", choices=many)
    assert inputs(card(Form(playbook="p", title="t", fields=(field,))))["model"]["style"] == "filtered"
    huge = tuple((f"{'m' * 400}{i}", "x" * 80) for i in range(200))
    fields = tuple(field.model_copy(update={"name": f"f{i}", "choices": huge}) for i in range(3))
    found = inputs(card(Form(playbook="p", title="t", fields=fields)))
    assert {one["type"] for one in found.values()} == {"Input.Text"}


def test_a_choice_that_is_made_already_is_not_lost_when_the_list_is_cut() -> None:
    many = tuple((f"m{i}", f"Model {i}") for i in range(500))
    field = FormField(name="model", label="Model", kind="choice", choices=many, value="m450")
    found = inputs(card(Form(playbook="p", title="t", fields=(field,))))
    assert found["model"]["value"] == "m450"


def test_a_field_that_is_called_like_the_forms_own_data_keeps_its_value() -> None:
    field = FormField(name="thread", label="Thread", value="x")
    drawn = card(Form(playbook="p", title="t", fields=(field,)))
    (name,) = inputs(drawn)
    assert name != "thread"
    assert form_values({**drawn["actions"][0]["data"], name: "mine"}) == {"thread": "mine"}


def test_what_was_left_empty_is_not_sent() -> None:
    assert form_values({"action": "fill", "playbook": "p", "model": " churn ", "at": "", "canary": 10}) == {
        "model": "churn",
        "canary": "10",
    }
