"""`bizaiops policy explain` and `check`: which rule decides, in words and in JSON; wrong words are told, not guessed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bizaiops_bot.app import own_content
from bizaiops_bot.cli import policy as policy_commands
from bizaiops_bot.cli.main import app
from bizaiops_bot.content import content_folder
from bizaiops_bot.engine.policy.explained import ALSO, explain
from bizaiops_bot.engine.runs.playbooks import Playbooks
from tests.support.policies import ENGINEER, LEAD, RULE, shipped


def explains(*words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "explain", *words])


def in_json(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(explains(*words, "--json").output)
    return found


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the bot's policy that the commands read instead."""
    folder = tmp_path / "policy"
    shutil.copytree(content_folder("policy"), folder)
    places = {name: content_folder(name) for name in ("intents", "playbooks")} | {"policy": folder}
    for module in (policy_commands, own_content):
        monkeypatch.setattr(module, "content_folder", lambda name: places[name])
    return folder


def test_an_analyst_learns_that_no_rule_lets_him_deploy_and_who_may() -> None:
    told = explains("--as", "analyst", "deploy churn")
    assert told.exit_code == 1
    assert told.output.splitlines() == [
        "Not allowed for analyst (role analyst) in demo.",
        "  Request:       deploy_model (model churn), a change",
        "  Asked first:   Which version of churn: v3 or v2?",
        "  Decided by:    default: no rule permits it to the role analyst",
        "  Who may:       engineer, lead, sre",
        "  Assumed:       changes are not frozen, the budget is not used up",
    ]


def test_what_is_allowed_names_the_rule_with_its_line_and_who_approves() -> None:
    told = explains("deploy churn v2 as a 10% canary")
    assert told.exit_code == 0
    assert "Allowed for engineer (role engineer) in demo." in told.output
    assert "Request:       deploy_model (model churn, version v2, canary 10), a change" in told.output
    assert "Decided by:    engineers_change_models (bizaiops.cedar:" in told.output
    assert "when engineer asks, lead, sre may decide" in told.output
    assert "counts for the budgets of the person and the conversation" in told.output


def test_the_same_in_json_for_programs() -> None:
    found = in_json("--as", "analyst", "deploy churn v2")
    assert (found["ok"], found["rule"], found["playbook"], found["risk"]) == (
        False,
        "default",
        "deploy_model",
        "change",
    )
    assert found["inputs"] == {"model": "churn", "version": "v2"}
    assert found["who_may"] == ["engineer", "lead", "sre"]
    assert found["costs"] is False


def test_a_freeze_and_a_used_up_budget_can_be_tried() -> None:
    frozen = explains("deploy churn v2", "--frozen")
    assert frozen.exit_code == 1
    assert "Decided by:    freeze (" in frozen.output
    assert "Also matches:  engineers_change_models" in frozen.output
    assert "Who may:       nobody" in frozen.output
    assert explains("roll back churn", "--frozen", "--over-budget").exit_code == 0
    assert in_json("scale demand to 3", "--over-budget")["rule"] == "budget"


def test_approving_is_asked_about_the_run_as_well() -> None:
    own = explains("--as", "lead", "approve run 7", "--requester", "lead")
    assert own.exit_code == 1
    assert "Decided by:    no_self_approval (" in own.output
    assert "Who may:       sre" in own.output
    other = explains("--as", "lead", "approve run 7", "--requester", "engineer")
    assert other.exit_code == 0
    assert "And asked:     approve, permit by approvers_approve (" in other.output
    assert "the run was asked for by engineer" in other.output


def test_a_rule_is_told_where_it_needs_no_person() -> None:
    alone = explains("--as", "rule:latency_rolls_back", "roll back churn")
    assert "none needed where its rule says so: unattended, permit by rules_roll_back_alone (" in alone.output
    assert "lead, sre may decide" in explains("--as", "rule:latency_rolls_back", "retrain churn").output
    assert explains("--as", "rule:latency_rolls_back", "deploy churn v2").exit_code == 1


def test_a_delegation_is_explained_with_its_span_in_words() -> None:
    told = explains("--as", "lead", "delegate my approvals to sam for 3 days")
    assert "delegate_approvals (to sre, until for 3 days), a control" in told.output
    assert explains("--as", "analyst", "delegate my approvals to sam").exit_code == 1


def test_a_playbook_can_be_named_instead_of_words() -> None:
    found = in_json("--playbook", "deploy_model", "--input", "model=churn", "--input", "canary=60")
    assert found["inputs"] == {"model": "churn", "canary": 60}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "ana", "deploy churn"], "There is no person 'ana'. Did you mean analyst?"),
        (["--as", "rule:latency", "roll back churn"], "Did you mean latency_page or latency_rolls_back?"),
        (["fly to the moon"], "'fly to the moon' is no request that I know."),
        (["deploy fraud v2"], "There is no model 'fraud'"),
        (["deploy churn, roll back demand"], "That is 2 things."),
        ([], "Give either words in quotes or --playbook NAME."),
        (["deploy churn", "--playbook", "deploy_model"], "Give either words in quotes or --playbook NAME."),
        (["deploy churn", "--input", "version=v2"], "--input goes with --playbook NAME"),
        (["--playbook", "deploy_modl"], "Did you mean deploy_model"),
        (["--playbook", "deploy_model", "--input", "canary"], "'canary' is not an input."),
        (
            ["--playbook", "deploy_model", "--input", "modell=churn"],
            "There is no deploy_model input 'modell'. Did you mean model?",
        ),
        (["--playbook", "deploy_model", "--input", "canary=lots"], "canary is not usable: 'lots'."),
    ],
)
def test_what_is_not_understood_is_told_and_ends_with_code_2(words: list[str], said: str) -> None:
    told = explains(*words)
    assert told.exit_code == 2
    assert said in told.output


def test_a_misspelt_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_PEPLE", "[]")
    told = explains("deploy churn")
    assert told.exit_code == 2
    assert "Did you mean BIZAIOPS_PEOPLE?" in told.output


def test_the_environment_can_be_another_one(own_files: Path) -> None:
    rule = (
        '@id("small")\n@why("small canaries first")\nforbid (principal, action == Action::"deploy_model", resource)\n'
    )
    condition = (
        'when { context.environment == "production" && context.inputs has canary && context.inputs.canary > 50 };\n'
    )
    (own_files / "own.cedar").write_text(rule + condition)
    words = ["deploy churn v2 as a 60% canary"]
    assert explains(*words).exit_code == 0
    production = explains(*words, "--environment", "production")
    assert production.exit_code == 1
    assert "small (own.cedar:1): small canaries first" in production.output


def test_a_window_that_is_open_now_is_told(own_files: Path) -> None:
    (own_files / "freeze_windows.yaml").write_text(
        "- {name: always, why: nobody works here, time_zone: UTC, from: 2020-01-01, to: 2999-01-01}\n"
    )
    assert "but now they are frozen by the window always until" in explains("deploy churn v2").output
    checked = CliRunner().invoke(app, ["policy", "check"])
    assert "Freeze windows: always. Now: frozen by the window always until" in checked.output


def test_check_says_what_there_is() -> None:
    told = CliRunner().invoke(app, ["policy", "check"])
    assert told.exit_code == 0
    assert "of them forbid; all fit the" in told.output
    assert "Budgets: 20 changes an hour for a person" in told.output


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("own.cedar", "permit (principal, action, resource);", "own.cedar:1: has no @id"),
        (
            "own.cedar",
            '@id("a")\n@why("b")\npermit (principal, action == Action::"deploy", resource);',
            "own.cedar:1: policy a",
        ),
        ("budgets.yaml", "person: {changes_per_hour: none}", "budgets.yaml:1: person.changes_per_hour"),
        ("freeze_windows.yaml", "- {name: a}", "freeze_windows.yaml:1"),
    ],
)
def test_check_names_the_first_mistake_with_file_and_line(own_files: Path, name: str, text: str, said: str) -> None:
    (own_files / name).write_text(text)
    told = CliRunner().invoke(app, ["policy", "check"])
    assert told.exit_code == 1
    assert said in told.output


def test_explained_and_asked_for_real_are_one_answer() -> None:
    policy = shipped()
    for playbook in Playbooks.load(content_folder("playbooks")):
        for actor in (ENGINEER, LEAD, RULE):
            for over in (False, True):
                context = {"requester": "analyst", "over_budget": over, "frozen": over}
                found = explain(policy, actor, playbook, {"model": "churn"}, **context)
                wanted = [playbook.name, *(ALSO[n] for n in [playbook.name] if n in ALSO)]
                about = {"model": "churn", "playbook": playbook.name, "inputs": {"model": "churn"}, **context}
                assert found.ok == all(policy.may(actor, action, **about).ok for action in wanted), (
                    playbook.name,
                    actor,
                )
