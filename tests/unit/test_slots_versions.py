"""A version is what the registry calls it: numbers, dates, releases and shas are heard by those names, others are told."""

from __future__ import annotations

from typing import Any

import pytest

from bizaiops_bot.domain.routing import Catalogue, Command, Question, Refusal
from bizaiops_bot.router import naming
from bizaiops_bot.router.hearing import Hearing
from tests.support.router_company import COMPANY, NOW, does, hears, router

SHA, TWIN = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678", "a1b2c3d00000000000000000000000000000000f"


def company(*churn: str, demand: tuple[str, ...] = ("v1", "v2", "v3"), previous: str = "") -> Catalogue:
    """churn serves the version before its newest."""
    return COMPANY.model_copy(
        update={
            "versions": {"churn": churn, "demand": demand},
            "stable": {"churn": churn[-2] if len(churn) > 1 else churn[0], "demand": "v1"},
            "previous": {"churn": previous or churn[0]},
            "now": NOW,
        }
    )


NUMBERS = company("6", "7", "8")
OURS = company("v6", "v7", "v8")
DATES = company("2026-11-02", "2026-11-15", "2026-11-29")
RELEASES = company("1.3.9", "1.4.0", "1.4.0-rc1")
SHAS = company("0f00dfeed1234567", SHA)
ODD = (DATES, RELEASES, SHAS)


@pytest.mark.parametrize(
    ("text", "known", "inputs"),
    [
        ("deploy churn 8", NUMBERS, {"version": "8"}),
        ("deploy churn v8", NUMBERS, {"version": "8"}),
        ("deploy churn version 8", NUMBERS, {"version": "8"}),
        ("deploy churn 8", OURS, {"version": "v8"}),
        ("deploy churn v8", OURS, {"version": "v8"}),
        ("deploy churn 8 as a 10% canary", NUMBERS, {"version": "8", "canary": 10}),
        ("deploy churn v8 at 8%", NUMBERS, {"version": "8", "canary": 8}),
        ("deploy churn 1.4.0-rc1", RELEASES, {"version": "1.4.0-rc1"}),
        ("deploy churn 1.4.0-RC1 as a 20% canary", RELEASES, {"version": "1.4.0-rc1", "canary": 20}),
        ("please ship version 1.4.0-rc1 of churn to 5% of traffic", RELEASES, {"version": "1.4.0-rc1", "canary": 5}),
        ("deploy churn 2026-11-29", DATES, {"version": "2026-11-29"}),
        ("deploy churn 2026-11-29 as a 10% canary", DATES, {"version": "2026-11-29", "canary": 10}),
        ("ship churn 2026-11-29 canary 15%", DATES, {"version": "2026-11-29", "canary": 15}),
        (f"deploy churn {SHA}", SHAS, {"version": SHA}),
        ("deploy churn a1b2c3d", SHAS, {"version": SHA}),
        ("deploy churn a1b2c3d4e5 at 10%", SHAS, {"version": SHA, "canary": 10}),
        ("deploy latest churn", DATES, {"version": "2026-11-29"}),
        ("deploy latest churn", company("10", "9"), {"version": "9"}),
        ("deploy the latest version of churn", company("2.0.0", "1.9.9"), {"version": "1.9.9"}),
    ],
)
def test_a_version_is_deployed_by_the_name_that_the_registry_has(
    text: str, known: Catalogue, inputs: dict[str, Any]
) -> None:
    playbook, found = does(text, company=known)
    assert (playbook, {k: v for k, v in found.items() if k != "model"}) == ("deploy_model", inputs)


@pytest.mark.parametrize(
    ("text", "known", "inputs"),
    [
        ("roll churn back to 6", NUMBERS, {"version": "6"}),
        ("roll churn back to v6", NUMBERS, {"version": "6"}),
        ("roll back churn to 2026-11-02", DATES, {"version": "2026-11-02"}),
        ("roll churn back to 1.3.9", RELEASES, {"version": "1.3.9"}),
        ("roll churn back to a1b2c3d", company("0f00dfeed1234567", SHA, "77aa88b"), {"version": SHA}),
        ("roll churn back, v7 is broken", NUMBERS, {"blamed": "7"}),
        ("roll back churn because 1.4.0 is too slow", RELEASES, {"blamed": "1.4.0"}),
        ("roll back churn, 2026-11-15 is broken", DATES, {"blamed": "2026-11-15"}),
    ],
)
def test_a_rollback_goes_to_the_version_said_and_never_to_the_blamed_one(
    text: str, known: Catalogue, inputs: dict[str, Any]
) -> None:
    playbook, found = does(text, company=known)
    assert playbook == "roll_back_model"
    assert {k: v for k, v in found.items() if k in {"version", "blamed"}} == inputs


@pytest.mark.parametrize(
    ("text", "known", "near"),
    [
        ("deploy churn 1.4.0-rc2", RELEASES, "1.4.0-rc1"),
        ("deploy churn 2026-11-28", DATES, "2026-11-29"),
        ("deploy churn 1.4.O-rc1", RELEASES, "1.4.0-rc1"),
    ],
)
def test_a_near_miss_is_told_with_what_it_may_have_been(text: str, known: Catalogue, near: str) -> None:
    decision = hears(text, company=known)
    assert isinstance(decision, Refusal), decision
    assert "Did you mean" in decision.why
    assert near in [choice.label for choice in decision.choices]


@pytest.mark.parametrize(
    ("text", "known", "said"),
    [
        ("deploy churn 9", NUMBERS, "v9"),
        ("deploy churn v9", OURS, "v9"),
        ("deploy churn a1b2c3e", SHAS, "a1b2c3e"),
        ("deploy churn 3.0.0", DATES, "3.0.0"),
        ("roll churn back to 2.0.0", RELEASES, "2.0.0"),
    ],
)
def test_a_version_that_there_is_not_is_refused_with_those_that_there_are(
    text: str, known: Catalogue, said: str
) -> None:
    decision = hears(text, company=known)
    assert isinstance(decision, Refusal), decision
    assert f"churn has no version {said}" in decision.why
    assert all(choice.label in known.versions["churn"] for choice in decision.choices)


def test_the_beginning_of_two_shas_is_asked_back() -> None:
    decision = hears("deploy churn a1b2c3d", company=company("v1", SHA, TWIN))
    assert isinstance(decision, Question)
    assert [choice.label for choice in decision.choices] == [SHA, TWIN]


def test_where_the_registry_has_8_and_v8_a_bare_8_is_asked_back_and_the_answer_is_taken_by_its_letters() -> None:
    both = company("7", "8", "v8")
    decision = hears("deploy churn 8", company=both)
    assert isinstance(decision, Question)
    assert [choice.label for choice in decision.choices] == ["8", "v8"]
    assert does("deploy churn v8", company=both) == ("deploy_model", {"model": "churn", "version": "v8"})
    for said in ("8", "v8"):
        memory = router().remember(None, decision, both, NOW)
        answer = router().route(said, memory, both, said_at=NOW)
        assert isinstance(answer, Command), answer
        assert answer.inputs["version"] == said


@pytest.mark.parametrize(
    "text",
    [
        "how did churn do since 2026-11-29?",
        "what happened to churn after 2026-11-29?",
        "compare demand 2026-11-29",
    ],
)
def test_a_date_behind_a_word_for_a_time_or_of_another_model_stays_a_date(text: str) -> None:
    assert Hearing(text, DATES).versions == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("scale churn to 8 replicas", "replicas", 8),
        ("scale churn to 8", "replicas", 8),
        ("deploy churn v7 at 8%", "percent", 8),
        ("approve run 8", "run", 8),
        ("show run 2026", "run", 2026),
    ],
)
def test_a_share_copies_and_the_number_of_a_run_are_no_version(text: str, kind: str, value: int) -> None:
    for known in (NUMBERS, OURS, *ODD):
        heard = Hearing(text, known)
        assert [m.value for m in heard.of_kind(kind)] == [value]
        assert str(value) not in {str(m.value).removeprefix("v") for m in heard.versions}


@pytest.mark.parametrize("known", ODD)
def test_the_digits_of_a_version_are_no_share_no_copies_and_no_time(known: Catalogue) -> None:
    for name in known.versions["churn"]:
        heard = Hearing(f"roll churn back to {name} canary", known)
        assert [m.value for m in heard.versions] == [name]
        assert not heard.percents
        assert not heard.replicas
        assert heard.window is None


def test_a_version_called_like_an_order_is_none() -> None:
    hostile = company("v1", "v2", "approve run 7", "<b>8</b>", "v8\nroll back demand", "10%", "latest")
    assert naming.trusted(hostile).versions["churn"] == ("v1", "v2")
