"""What holds for every playbook file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.playbook import Playbook

FOLDER = Path(__file__).parents[2] / "playbooks"
FILES = sorted(p for p in FOLDER.glob("*.py") if p.stem != "__init__")
ALL = list(Playbooks.load(FOLDER))
RISKS = {
    "change": {
        "ab_test_model",
        "deploy_model",
        "pause_model",
        "reload_company",
        "resume_model",
        "retrain_model",
        "roll_back_model",
        "scale_model",
    },
    "control": {
        "approve_run",
        "cancel_reminder",
        "cancel_run",
        "clear_faults",
        "delegate_approvals",
        "end_ab_test",
        "end_delegation",
        "extend_freeze",
        "freeze_deploys",
        "inject_fault",
        "mute_alerts",
        "reject_run",
        "remind_me",
        "schedule_digest",
        "send_digest",
        "snooze_alert",
        "stop_schedule",
        "unfreeze_deploys",
        "unmute_alerts",
    },
}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_playbook_imports_nothing_of_the_bot_but_its_public_face(path: Path) -> None:
    modules = {n.module for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom) and n.module}
    ours = {m for m in modules if m.startswith(("bizaiops_bot", "playbooks"))}
    assert all(m == "bizaiops_bot.playbook" or m.startswith("playbooks._") for m in ours)


@pytest.mark.parametrize("entry", ALL, ids=lambda p: p.name)
def test_a_playbook_explains_itself_and_each_of_its_blanks(entry: Playbook) -> None:
    assert entry.help.endswith(".")
    assert all(slot.description for slot in entry.spec().slots)


@pytest.mark.parametrize("risk", ["change", "control"])
def test_only_known_playbooks_may_change_something(risk: str) -> None:
    assert {p.name for p in ALL if p.risk == risk} == RISKS[risk]
