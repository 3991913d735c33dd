"""A misspelt setting stops the start: otherwise another adapter would answer than people believe."""

from __future__ import annotations

from zoneinfo import available_timezones

import duckdb
import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.zones import zone_name
from bizaiops_bot.settings import load_settings, variable_names


def test_a_misspelt_variable_is_named_with_the_right_one() -> None:
    with pytest.raises(
        BadInput, match=r"BIZAIOPS_EMBEDED__SPEED is not a setting. Did you mean BIZAIOPS_EMBEDDED__SPEED"
    ):
        load_settings({"BIZAIOPS_EMBEDED__SPEED": "5"})


def test_a_variable_that_was_renamed_is_told_with_its_new_name() -> None:
    with pytest.raises(BadInput, match=r"BIZAIOPS_COMPANY__SEED is called BIZAIOPS_EMBEDDED__SEED now"):
        load_settings({"BIZAIOPS_COMPANY__SEED": "5"})


def test_a_bad_value_says_which_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_PORT", "99999")
    with pytest.raises(BadInput, match="BIZAIOPS_PORT is not usable: '99999'"):
        load_settings()


def test_variables_reach_nested_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_EMBEDDED__SPEED", "5")
    monkeypatch.setenv("BIZAIOPS_HOME", "mlops-alerts")
    settings = load_settings()
    assert (settings.embedded.speed, settings.home) == (5.0, "mlops-alerts")


def test_other_programs_variables_are_none_of_our_business() -> None:
    assert load_settings({"PATH": "/bin", "BIZ": "1"}).port == 8642


def test_nobody_may_be_called_like_the_bot_in_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_PEOPLE", '[{"id": "policy", "name": "P", "roles": ["approver"]}]')
    with pytest.raises(BadInput, match="the bot's own name"):
        load_settings()


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
        ("CEST", "for example"),
        ("localtime", "for example"),
        ("../etc", "for example"),
    ],
)
def test_a_zone_that_is_none_is_refused_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, given: str, near: str
) -> None:
    monkeypatch.setenv("BIZAIOPS_TIME_ZONE", given)
    with pytest.raises(BadInput, match=f"BIZAIOPS_TIME_ZONE is not usable.*is not a time zone.*{near}"):
        load_settings()


def test_every_zone_that_the_start_takes_is_known_to_the_warehouse() -> None:
    """Or every KPI would fail with the first question."""
    with duckdb.connect() as db:
        for name in sorted(available_timezones() - {"localtime"}):
            assert zone_name(name) == name
            db.execute("select timezone(?, timestamptz '2026-01-01 00:00:00+00')", [name])


@pytest.mark.parametrize("name", sorted(set(variable_names())))
def test_an_empty_variable_never_means_something_else(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Empty, the data folder would be the working folder, and the host every address of the machine."""
    monkeypatch.setenv(name, "")
    if name == "BIZAIOPS_LANGUAGE__API_KEY":
        monkeypatch.setenv("BIZAIOPS_LANGUAGE__KIND", "openai")
        monkeypatch.setenv("BIZAIOPS_LANGUAGE__BASE_URL", "http://127.0.0.1:9/v1")
        assert load_settings().language.kind == "openai", "most servers need no key"
        return
    with pytest.raises(BadInput, match=f"{name} is empty"):
        load_settings()


UNUSABLE = [
    ("BIZAIOPS_METRICS__KIND", "prom", "cannot be 'prom'.*There is embedded and http and none"),
    ("BIZAIOPS_STORE", '{"kind": "postgres", "url": "postgresql://u:geheim@h:abc/d"}', "no address such as"),
    ("BIZAIOPS_STORE", '{"kind": "postgres", "url": "mysql://u:geheim@h/d"}', "begins with postgresql://"),
    ("BIZAIOPS_CACHE", '{"kind": "redis", "url": "redis://:geheim@h:abc/0"}', "no address such as"),
    ("BIZAIOPS_REGISTRY__TRACKING_URI", "mlflow:5000", "begins with http://"),
    ("BIZAIOPS_TEAMS__SERVICE_URL", "teams", "should match"),
    ("BIZAIOPS_PEOPLE", "[]", "at least 1"),
    ("BIZAIOPS_HOSTS", '["http://bot.example.org/"]', "should match"),
    ("BIZAIOPS_TOKENS", '{"leed": "geheim"}', "did you mean lead"),
    ("BIZAIOPS_NOTICES", '{"quiet": [{"from": "22:00", "to": "07:00", "time_zone": "Berlin"}]}', "Europe/Berlin"),
]


@pytest.mark.parametrize(("name", "value", "why"), UNUSABLE)
def test_what_could_not_work_later_is_refused_at_the_start_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=f"{name}.*{why}") as told:
        load_settings()
    assert "geheim" not in str(told.value)
