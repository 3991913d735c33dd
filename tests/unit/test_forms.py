"""Forms: all that an order lacks asked at once, mistakes told at the field, and nothing done that words could not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.errors import NotFound, Refused
from bizaiops_bot.domain.forms import Form, FormField, WrongFields
from tests.support.chat_rig import ChatRig, told
from tests.support.router_company import intents, specs

HERE = "slack:C1"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[ChatRig]:
    rig = await ChatRig(tmp_path / "data").start()
    yield rig
    await rig.stop()


def field(form: Form, name: str) -> FormField:
    return next(f for f in form.fields if f.name == name)


async def wrong(rig: ChatRig, playbook: str, **values: str) -> dict[str, str]:
    """What is told at the fields; checks that nothing was said."""
    with pytest.raises(WrongFields) as found:
        await rig.forms.fill("engineer", HERE, playbook, values)
    assert await rig.desk.messages(HERE) == []
    return found.value.fields


async def heard(rig: ChatRig, playbook: str, **values: str) -> tuple[str, dict[str, Any]]:
    """(the words the person said, the inputs of the request as policy was asked about it)."""
    message = await rig.forms.fill("engineer", HERE, playbook, values)
    card = await rig.answer(message)
    if "The next three:" in card.card.summary:  # what recurs is said back first
        await rig.says("yes")
    asked = [e for e in await rig.core.ports.records.audit(limit=20) if e.kind == "request"]
    assert asked[0].detail["playbook"] == playbook
    return message.text, asked[0].detail["inputs"]


# -- drawing it --------------------------------------------------------------------------------------------------------


async def test_a_form_offers_the_names_that_exist_and_the_bounds_of_numbers(rig: ChatRig) -> None:
    form = await rig.forms.form("engineer", "deploy_model", {"model": "churn"})
    model, version, canary = field(form, "model"), field(form, "version"), field(form, "canary")
    assert model.choices == (("churn", "churn: Customer churn"), ("demand", "demand: Demand forecast"))
    assert (model.value, model.required, model.label) == ("churn", True, "Model")
    assert version.choices == (("v3", "v3"), ("v2", "v2"), ("v1", "v1, serving now"))
    assert (version.label, version.hint) == ("Version to deploy", "Such as v2")
    assert (canary.kind, canary.value, canary.low, canary.high, canary.required) == ("number", "", 1, 100, False)
    assert form.submit == "Show the plan" and form.title == "Deploy a model version"


async def test_without_a_model_its_version_is_written_by_hand(rig: ChatRig) -> None:
    form = await rig.forms.form("engineer", "deploy_model")
    assert field(form, "version").kind == "text" and field(form, "version").choices == ()


_REQUESTS = {intent.playbook for intent in intents()} - {"", "approve_run", "reject_run"}


@pytest.mark.parametrize("playbook", sorted(_REQUESTS))
async def test_every_request_has_a_form_with_a_field_for_each_input(rig: ChatRig, playbook: str) -> None:
    form = await rig.forms.form("lead", playbook)
    spec = next(spec for spec in specs() if spec.name == playbook)
    # There is one environment here, so that nobody is asked which.
    assert [f.name for f in form.fields] == [slot.name for slot in spec.slots if slot.kind != "environment"]
    assert all(f.label and len(f.label) <= 48 and len(f.hint) <= 150 for f in form.fields)
    assert form.title and form.submit


async def test_who_may_not_do_it_gets_no_form(rig: ChatRig) -> None:
    with pytest.raises(Refused, match="analyst may not deploy"):
        await rig.forms.form("analyst", "deploy_model")
    with pytest.raises(Refused, match="analyst may not deploy"):
        await rig.forms.fill("analyst", HERE, "deploy_model", {"model": "churn", "version": "v2"})


async def test_an_unknown_request_is_told_with_the_nearest(rig: ChatRig) -> None:
    with pytest.raises(NotFound, match="deploy_model"):
        await rig.forms.form("engineer", "deploy_mode")


@pytest.mark.parametrize("playbook", ["approve_run", "reject_run"])
async def test_nothing_is_decided_in_a_form(rig: ChatRig, playbook: str) -> None:
    with pytest.raises(Refused, match="plan"):
        await rig.forms.form("lead", playbook)
    with pytest.raises(Refused, match="plan"):
        await rig.forms.fill("lead", HERE, playbook, {"run": "1"})


# -- from a question ---------------------------------------------------------------------------------------------------


async def test_a_question_becomes_a_form_with_what_is_known(rig: ChatRig) -> None:
    card = await rig.says("deploy churn with 20% canary")
    form = await rig.forms.form_of("engineer", card.id)
    assert form is not None and form.playbook == "deploy_model"
    assert {f.name: f.value for f in form.fields} == {
        "model": "churn",
        "version": "",
        "canary": "20",
        "strategy": "",
    }


async def test_a_question_for_the_first_of_several_values_asks_for_all_of_them(rig: ChatRig) -> None:
    card = await rig.says("deploy")
    form = await rig.forms.form_of("engineer", card.id)
    assert form is not None and [f.name for f in form.fields if f.required and not f.value] == ["model", "version"]


async def test_a_question_without_choices_has_a_form_too(rig: ChatRig) -> None:
    rig.world.buildable = ()
    card = await rig.says("deploy churn")
    assert card.buttons == ()
    form = await rig.forms.form_of("engineer", card.id)
    assert form is not None and field(form, "model").value == "churn"


async def test_a_card_that_asks_nothing_has_no_form(rig: ChatRig) -> None:
    for text in ("status churn", "what is the weather like", "deploy churn v2"):
        card = await rig.says(text)
        assert await rig.forms.form_of("engineer", card.id) is None, told(card.card)
    assert await rig.forms.form_of("engineer", "c-unknown") is None


# -- filling it in -----------------------------------------------------------------------------------------------------


async def test_a_filled_form_is_an_order_in_words_and_waits_for_approval(rig: ChatRig) -> None:
    message = await rig.forms.fill(
        "engineer",
        HERE,
        "deploy_model",
        {"model": "churn", "version": "v2", "canary": "20"},
        platform_event="slack/V1",
        platform_thread="17.1",
    )
    assert message.text == "deploy churn v2 as a 20% canary"
    card = await rig.answer(message)
    (run,) = await rig.core.ports.records.runs()
    assert card.card.run_id == run.id and run.status == "waiting" and run.actor == "engineer"
    given = {name: value for name, value in run.inputs.items() if value is not None}
    assert given == {"model": "churn", "version": "v2", "canary": 20}
    assert rig.world.weights == {"v1": 100}


async def test_the_same_submission_twice_is_one_order(rig: ChatRig) -> None:
    values = {"model": "churn", "version": "v2"}
    first = await rig.forms.fill("engineer", HERE, "deploy_model", values, platform_event="slack/V1")
    again = await rig.forms.fill("engineer", HERE, "deploy_model", values, platform_event="slack/V1")
    await rig.answer(first)
    assert again.id == first.id and len(await rig.core.ports.records.runs()) == 1


async def test_every_mistake_is_told_at_its_field_at_once(rig: ChatRig) -> None:
    told_at = await wrong(rig, "deploy_model", model="chrun", version="", canary="lots")
    assert told_at == {
        "model": "There is no model 'chrun'. Did you mean churn?",
        "version": "This is needed.",
        "canary": "'lots' is not a whole number; I need from 1 to 100.",
    }


async def test_a_version_of_another_model_and_a_share_out_of_bounds_are_told(rig: ChatRig) -> None:
    told_at = await wrong(rig, "deploy_model", model="churn", version="v9", canary="101")
    assert told_at["version"] == "churn has no version 'v9'. Known versions: v1, v2, v3."
    assert told_at["canary"] == "It has to be from 1 to 100."


async def test_a_field_that_does_not_exist_is_told(rig: ChatRig) -> None:
    told_at = await wrong(rig, "deploy_model", model="churn", version="v2", approved="yes")
    assert told_at == {"approved": "There is no such field."}


@pytest.mark.parametrize(
    "playbook,values,name",
    [
        ("schedule_digest", {"model": "churn", "cron": "sometimes"}, "cron"),
        ("schedule_digest", {"model": "churn", "cron": "every monday"}, "cron"),
        ("mute_alerts", {"model": "churn", "until": "whenever"}, "until"),
        ("show_kpis", {"model": "churn", "window": "a while"}, "window"),
        ("show_kpis", {"model": "churn", "kpi": "weather"}, "kpi"),
        ("delegate_approvals", {"to": "nobody.here"}, "to"),
        ("show_run", {"run": "0"}, "run"),
        ("show_run", {"run": "seven"}, "run"),
        ("inject_fault", {"model": "churn", "fault": "earthquake"}, "fault"),
        ("retrain_model", {"model": "churn", "since": "forever ago"}, "since"),
        ("schedule_digest", {"model": "churn", "cron": "every monday at 9:00", "time_zone": "Atlantis"}, "time_zone"),
    ],
)
async def test_what_cannot_be_read_is_told_in_words_at_the_field(
    rig: ChatRig, playbook: str, values: dict[str, str], name: str
) -> None:
    told_at = await wrong(rig, playbook, **values)
    assert list(told_at) == [name] and len(told_at[name]) > 20
    assert not any(word in told_at[name] for word in ("Input should", "pydantic", "type=", "Traceback"))


async def test_times_are_read_as_people_write_them(rig: ChatRig) -> None:
    words, inputs = await heard(rig, "schedule_digest", model="churn", cron="monday 9:00", time_zone="Europe/Berlin")
    assert (inputs["cron"], inputs["time_zone"]) == ("0 9 * * 1", "Europe/Berlin")
    assert "churn" in words and "9:00" in words.lower()
    _, inputs = await heard(rig, "show_kpis", model="churn", window="last 7 days", kpi="Revenue at risk")
    assert inputs["window"]["label"] == "last 7 days" and inputs["kpi"] == "churn_revenue_at_risk"
    _, inputs = await heard(rig, "mute_alerts", model="churn", until="friday")
    assert "friday" in inputs["until"]["label"]
    _, inputs = await heard(rig, "retrain_model", model="churn", since="last 30 days")
    assert inputs["since"].startswith("2026-10-2")


async def test_a_secret_in_a_reason_goes_no_further(rig: ChatRig) -> None:
    message = await rig.forms.fill(
        "lead", HERE, "freeze_deploys", {"reason": "token xoxb-123456789012-abcdefghijklmnop leaked"}
    )
    card = await rig.answer(message)
    assert "xoxb-123456789012" not in message.text + told(card.card)
    rows = await rig.core.ports.records.audit(limit=20)
    assert not any("xoxb-123456789012" in str(row) for row in rows)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("steps", "steps"),
        ("10, 50%", "steps 10, 50"),
        ("Blue green", "blue-green"),
        ("a canary", "canary"),
        ("10 40 80", "steps 10, 40, 80"),
        ("5/25/50", "steps 5, 25, 50"),
        ("steps 5, 25, 50, asked each", "steps 5, 25, 50, asked each"),
        ("in steps, no canary", "steps"),
    ],
)
async def test_the_way_to_all_traffic_is_written_in_words(rig: ChatRig, written: str, meant: str) -> None:
    _, inputs = await heard(rig, "deploy_model", model="churn", version="v2", strategy=written)
    assert inputs.get("strategy") == meant


async def test_a_way_that_cannot_be_is_told_at_its_field(rig: ChatRig) -> None:
    assert (
        "more than the one before"
        in (await wrong(rig, "deploy_model", model="churn", version="v2", strategy="50, 25"))["strategy"]
    )
    for written in ("sideways", "canary of 20", "a 20% canary then 50%", "blue-green on tuesdays"):
        told_at = await wrong(rig, "deploy_model", model="churn", version="v2", strategy=written)
        assert "Say canary, blue-green" in told_at["strategy"], written
    told_at = await wrong(rig, "deploy_model", model="churn", version="v2", strategy="not blue-green")
    assert "Say which way" in told_at["strategy"]
