"""The command line refuses what would be unsafe before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bizaiops_bot.cli import app


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
    monkeypatch.setattr("bizaiops_bot.cli._run", lambda settings, **_: started.append(not settings.tokens))
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
