"""The command line refuses what would be unsafe before anything starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bizaiops_bot.cli.lazy import COMMANDS
from bizaiops_bot.cli.main import app

get_command = import_module("typer.main").get_command


def test_the_demo_does_not_listen_to_the_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BIZAIOPS_HOST", "0.0.0.0")
    answer = CliRunner().invoke(app, ["demo", "--data", str(tmp_path / "data")])
    assert answer.exit_code == 2
    assert "anyone could be anyone" in answer.output
    assert not (tmp_path / "data").exists()


def test_serving_needs_tokens(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["serve", "--data", str(tmp_path / "data")])
    assert answer.exit_code == 2
    assert "needs tokens" in answer.output


@pytest.mark.parametrize("chat", ["SLACK__BOT_TOKEN", "TEAMS__CLIENT_ID"])
def test_whoever_talks_in_slack_or_teams_alone_needs_no_tokens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chat: str
) -> None:
    started: list[bool] = []
    monkeypatch.setattr("bizaiops_bot.cli.start._run", lambda settings, **_: started.append(not settings.tokens))
    monkeypatch.setenv(f"BIZAIOPS_{chat}", "something")
    answer = CliRunner().invoke(app, ["serve", "--data", str(tmp_path / "data")])
    assert answer.exit_code == 0, answer.output
    assert started == [True]


@pytest.mark.parametrize(
    ("forgotten", "given"),
    [("SLACK__BOT_TOKEN", "SLACK__APP_TOKEN"), ("TEAMS__CLIENT_ID", "TEAMS__CLIENT_SECRET")],
)
def test_a_chat_that_is_set_by_half_says_what_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forgotten: str, given: str
) -> None:
    monkeypatch.setenv(f"BIZAIOPS_{given}", "very-secret-word")
    answer = CliRunner().invoke(app, ["serve", "--data", str(tmp_path / "data")])
    assert answer.exit_code == 2
    assert f"BIZAIOPS_{forgotten}" in answer.output and "very-secret-word" not in answer.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_ones_own_help_says(name: str) -> None:
    helped = " ".join(CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "400"}).output.split())
    assert COMMANDS[name].help in helped
    assert " ".join(COMMANDS[name].help.split()[:3]) in CliRunner().invoke(app, ["--help"]).output


def every_command(name: str) -> Iterator[list[str]]:
    """The words of the command and of those below it."""

    def below(command: Any, words: list[str]) -> Iterator[list[str]]:
        yield words
        for inner, found in getattr(command, "commands", {}).items():
            yield from below(found, [*words, inner])

    root = get_command(app)
    yield from below(root.get_command(None, name), [name])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_same_plain_help(name: str) -> None:
    for words in every_command(name):
        helped = CliRunner().invoke(app, [*words, "--help"])
        assert helped.exit_code == 0 and helped.output.startswith("Usage: "), words
        assert "--install-completion" not in helped.output and "─" not in helped.output, words


@pytest.mark.parametrize(("slip", "meant"), [(["dem"], "demo"), (["teams", "packge"], "package")])
def test_a_slip_is_told_what_was_meant(slip: list[str], meant: str) -> None:
    answer = CliRunner().invoke(app, slip)
    assert answer.exit_code == 2
    assert f"Did you mean '{meant}'?" in answer.output


def test_the_script_of_an_older_install_still_starts_the_program() -> None:
    script = "import sys; sys.argv = ['bizaiops', '--help']; from bizaiops_bot.cli import main; main()"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("Usage: ")
