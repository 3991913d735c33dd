"""What the self-healing rules do, and what they leave alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.events import Event
from bizaiops_bot.domain.records import Release
from bizaiops_bot.domain.rule import Guards, Rule, RuleCase
from bizaiops_bot.domain.rule_cases import broken_promises
from bizaiops_bot.domain.rules import Facts, decide, load_rules

FOLDER = Path(__file__).parents[2] / "playbooks" / "rules"
FILES = sorted(FOLDER.glob("*.yaml"))
RULES = [rule for file in FILES for rule in load_rules(file.read_text(encoding="utf-8"), file.name)]
CASES = [pytest.param(rule, case, id=f"{rule.name}: {case.says}") for rule in RULES for case in rule.cases]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_rule_file_keeps_the_promises_of_its_own_cases(rule: Rule, case: RuleCase) -> None:
    assert broken_promises(rule, case) == []


def test_every_rule_file_brings_cases_and_is_named_like_its_rule() -> None:
    assert [rule.name for rule in RULES] == [file.stem for file in FILES]
    assert len(RULES) >= 7
    assert all(len(rule.cases) >= 2 for rule in RULES)


def test_a_case_that_does_not_hold_is_reported_with_the_reason() -> None:
    rule = next(r for r in RULES if r.name == "drift_retrains")
    wrong = RuleCase(says="drift", detail={"rows": 10}, then_act=True)
    assert broken_promises(rule, wrong) == ["act is False: the finding rests on 10 rows, 200 needed"]


def happening(kind: str, version: str = "v2", ago: float = 3) -> Event:
    onset = NOON - timedelta(minutes=ago)
    detail = {"version": version, "rows": 500}
    return Event.model_validate(
        {"kind": kind, "model": "churn", "at": NOON, "onset": onset, "title": f"{kind} on churn", "detail": detail}
    )


def released(ago: float, version: str = "v2") -> Release:
    return Release(
        model="churn",
        version=version,
        previous="v1",
        kind="deploy",
        actor="engineer",
        approved_by=("lead",),
        run=4,
        at=NOON - timedelta(minutes=ago),
    )


@pytest.mark.parametrize("release", [None, released(8), released(59), released(2000), released(8, "v3")])
@pytest.mark.parametrize("kind", ["errors_detected", "latency_detected"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_errors_and_slowness_always_reach_exactly_one_rule(kind: str, version: str, release: Release | None) -> None:
    decisions = [decide(rule, happening(kind, version), Facts(now=NOON, release=release)) for rule in RULES]
    assert sum(d.applies for d in decisions) == 1


@pytest.mark.parametrize("release", [None, released(8), released(2000)])
def test_missing_values_never_start_a_playbook(release: Release | None) -> None:
    decisions = [decide(r, happening("missing_values_detected"), Facts(now=NOON, release=release)) for r in RULES]
    assert not any(d.act for d in decisions)
    assert [d.page for d in decisions if d.applies] == ["engineer"]


def rule_with(**fields: object) -> Rule:
    base = {"name": "mend", "about": "x", "when": "drift_detected", "playbook": "retrain_model", "page": "sre"}
    return Rule.model_validate({**base, "inputs": {"model": "{model}"}, **fields})


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts(now=NOON, open_runs=(3,)), "run 3 is at work on the model, 1 run at a time"),
        (Facts(now=NOON, acted=(NOON - timedelta(minutes=119),)), "cooldown: acted 1 h 59 min ago, next after 2h"),
        (
            Facts(now=NOON, acted=tuple(NOON - timedelta(hours=h) for h in (3, 9, 23))),
            "acted 3 times in 24h, at most 3",
        ),
        (Facts(now=NOON, frozen="by lead"), "changes are frozen: by lead"),
    ],
)
def test_a_guard_holds_the_rule_back_with_numbers_and_still_pages(facts: Facts, reason: str) -> None:
    decision = decide(rule_with(), happening("drift_detected"), facts)
    assert (decision.act, decision.page) == (False, "sre")
    assert reason in decision.reason


def test_guards_let_go_when_their_time_is_over() -> None:
    facts = Facts(now=NOON, acted=tuple(NOON - timedelta(hours=h) for h in (2, 9, 25)))
    assert decide(rule_with(), happening("drift_detected"), facts).act


def test_a_rule_that_may_act_in_a_freeze_does() -> None:
    rule = rule_with(guards=Guards(during_freeze=True))
    assert decide(rule, happening("drift_detected"), Facts(now=NOON, frozen="by lead")).act


def test_a_shadow_rule_says_what_it_would_do_and_does_nothing() -> None:
    decision = decide(rule_with(mode="shadow"), happening("drift_detected"), Facts(now=NOON))
    assert (decision.act, decision.inputs) == (False, {"model": "churn"})
    assert decision.reason == "shadow: would run retrain_model"


def test_braces_in_a_value_stay_a_value() -> None:
    event = happening("drift_detected").model_copy(update={"title": "drift in {onset} {0.__class__}"})
    decision = decide(rule_with(inputs={"reason": "{title}"}), event, Facts(now=NOON))
    assert decision.inputs == {"reason": "drift in {onset} {0.__class__}"}


GOOD = "name: mend\nabout: x\nwhen: drift_detected\npage: sre\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "playbok: retrain_model\n", "rules.yaml:5: playbok"),
        (GOOD + "guards:\n  max_actions: 2\n  cooldown: soon\n", "rules.yaml:7: guards.cooldown: Value error, 'soon'"),
        (GOOD.replace("drift_detected", "drift_seen"), "rules.yaml:3: when"),
        (GOOD.replace("page: sre\n", ""), "a rule needs a playbook or a role to page"),
        ("# nothing\n- a list\n", "rules.yaml:2 is not a rule"),
        (GOOD + "criteria: {min_rows: [\n", "rules.yaml:6 is not YAML"),
        (GOOD + "---\n" + GOOD, "rules.yaml:6: the name 'mend' is used twice"),
    ],
)
def test_a_mistake_in_a_rule_file_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_rules(text, "rules.yaml")
    assert said in str(caught.value)
