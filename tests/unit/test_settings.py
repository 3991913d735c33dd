"""A misspelt setting stops the start: otherwise another adapter would answer than people believe."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.settings import load_settings


def test_a_misspelt_variable_is_named_with_the_right_one() -> None:
    with pytest.raises(
        BadInput, match=r"BIZAIOPS_COMPNY__SPEED is not a setting. Did you mean BIZAIOPS_COMPANY__SPEED"
    ):
        load_settings({"BIZAIOPS_COMPNY__SPEED": "5"})


def test_a_bad_value_says_which_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_PORT", "99999")
    with pytest.raises(BadInput, match="BIZAIOPS_PORT is not usable: '99999'"):
        load_settings()


def test_variables_reach_nested_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_COMPANY__SPEED", "5")
    monkeypatch.setenv("BIZAIOPS_HOME", "mlops-alerts")
    settings = load_settings()
    assert (settings.company.speed, settings.home) == (5.0, "mlops-alerts")


def test_other_programs_variables_are_none_of_our_business() -> None:
    assert load_settings({"PATH": "/bin", "BIZ": "1"}).port == 8642


def test_nobody_may_be_called_like_the_bot_in_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_PEOPLE", '[{"id": "policy", "name": "P", "roles": ["approver"]}]')
    with pytest.raises(BadInput, match="the bot's own name"):
        load_settings()
