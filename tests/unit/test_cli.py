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
