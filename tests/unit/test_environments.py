"""The environments of a company stand in files: one is the bot's, a model's services name those that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bizaiops_bot.app.company import mistakes_in
from bizaiops_bot.app.own_content import environments, model_files, notices, told
from bizaiops_bot.company_files.environments import read_environments
from bizaiops_bot.domain.environments import Environment
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.embedded.settings import MODELS
from bizaiops_bot.settings import load_settings
from tests.unit.test_company_files import company, origins

STAGING = {"environments__staging": "cluster: kind-eu\nnamespace: models\n"}
BOTH = STAGING | {"environments__production": "title: Production\ndefault: true\nnamespace: ml\n"}


def test_the_bot_acts_in_the_default_one(tmp_path: Path) -> None:
    assert load_settings(company=company(tmp_path, **BOTH)).environment == "production"


def test_one_that_is_alone_is_the_default(tmp_path: Path) -> None:
    assert load_settings(company=company(tmp_path, **STAGING)).environment == "staging"


def test_without_the_folder_one_word_says_it(tmp_path: Path) -> None:
    assert load_settings(company=company(tmp_path, "environment: live\n")).environment == "live"


def test_a_variable_chooses_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_ENVIRONMENT", "staging")
    assert load_settings(company=company(tmp_path, **BOTH)).environment == "staging"


def test_a_variable_that_names_none_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_ENVIRONMENT", "stagign")
    with pytest.raises(BadInput, match="BIZAIOPS_ENVIRONMENT: there is no environment 'stagign'; did you mean staging"):
        load_settings(company=company(tmp_path, **BOTH))


def test_show_says_what_each_is_and_which_is_the_bots(tmp_path: Path) -> None:
    found = origins(company(tmp_path, models__churn="services:\n  staging: {name: churn-s}\n", **BOTH))
    assert found["environment"] == ("production", "environments/production.yaml")
    assert found["environments.staging.cluster"] == ("kind-eu", "environments/staging.yaml:1")
    assert found["environments.staging.title"] == ("staging", "default")
    assert found["environments.production.title"] == ("Production", "environments/production.yaml:1")
    assert found["churn.services.staging.name"] == ("churn-s", "models/churn.yaml:2")


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        (
            "environment: live\n",
            BOTH,
            "company.yaml:1: environment: the folder environments/ says it; keep one of them",
        ),
        ("", STAGING | {"environments__qa": ""}, "environments: none of qa, staging says `default: true`"),
        (
            "",
            BOTH | {"environments__staging": "default: true\n"},
            "environments/staging.yaml: production and staging are both `default: true`",
        ),
        ("", {"environments__QA": ""}, "environments/QA.yaml:1: 'QA' is no name of an environment"),
        (
            "",
            {"environments__qa": "clutser: a\n"},
            "environments/qa.yaml:1: clutser: there is no such field; did you mean",
        ),
        (
            "",
            BOTH | {"models__churn": "services:\n  prodution: {name: c}\n"},
            "models/churn.yaml:2: services.prodution: there is no environment 'prodution'; did you mean production?",
        ),
    ],
)
def test_a_slip_is_told_with_its_file(tmp_path: Path, text: str, files: dict[str, str], why: str) -> None:
    assert why in "; ".join(mistakes_in(company(tmp_path, text, **files)))


# -- what holds where --------------------------------------------------------------------------------


def specs(folder: Path, acting: str = "production") -> dict[str, ModelSpec]:
    served = [ModelSpec(name=name, title=name) for name in MODELS]
    return {spec.name: spec for spec in told(model_files(folder, MODELS), served, read_environments(folder), acting)}


def test_what_is_nearest_to_a_service_counts(tmp_path: Path) -> None:
    """The service's own line, then the environment's, then the model's."""
    files = {
        "environments__production": "default: true\n",
        "environments__staging": "judge: {hold: 10m, must: [errors], margins: {error_rate_increase: 0.05}}\ncanary: 100\n",
        "models__churn": (
            "judge: {hold: 2h, advisory: [scores], margins: {latency_p95_ratio: 1.1}}\nslo: {latency_p95_ms: 90}\n"
            "services: {staging: {judge: {hold: 15m}, slo: {error_rate: 0.1}}}\n"
        ),
    }
    churn = specs(company(tmp_path, **files))["churn"]
    assert (churn.judge.hold, churn.judge.advisory, churn.limits.latency_p95_ms) == ("2h", ("scores",), 90)
    staging = churn.at("staging")
    assert (staging.judge.hold, staging.judge.must) == ("15m", ("errors", "sample_ratio"))
    assert (staging.judge.limits.error_rate_increase, staging.judge.limits.latency_p95_ratio) == (0.05, 1.1)
    assert (staging.limits.error_rate, staging.limits.error_rate_exit, staging.limits.latency_p95_ms) == (0.1, 0.05, 90)
    assert (churn.services["staging"].canary, churn.services["production"].canary) == (100, None)


def test_a_model_without_a_file_is_held_to_what_the_environment_says(tmp_path: Path) -> None:
    files = BOTH | {"environments__staging": "judge: {hold: 10m}\nslo: {latency_p95_ms: 900}\n"}
    demand = specs(company(tmp_path, **files))["demand"]
    assert (demand.judge.hold, demand.limits.latency_p95_ms) == ("30m", 150)
    assert (demand.at("staging").judge.hold, demand.at("staging").limits.latency_p95_ms) == ("10m", 900)
    assert demand.at("staging").judge.limits.latency_slo_ms == 900


def test_show_says_where_the_quorum_of_production_stands(tmp_path: Path) -> None:
    text = "default: true\nquorum: 1\njudge:\n  margins: {error_rate_increase: 0.02}\n"
    found = origins(company(tmp_path, **STAGING, environments__production=text))
    assert found["environments.production.quorum"] == ("1", "environments/production.yaml:2")
    assert found["environments.staging.quorum"] == ("as the playbook says", "default")
    assert found["environments.production.judge.margins.error_rate_increase"] == (
        "0.02",
        "environments/production.yaml:4",
    )


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {"environments__production": "default: true\nquorom: 2\n"},
            "environments/production.yaml:2: quorom: there is no such field; did you mean quorum?",
        ),
        ({"environments__production": "quorum: 12\n"}, "environments/production.yaml:1: quorum: Input should be less"),
        (
            {"environments__production": "title: P\nquorum: 7\n"},
            "environments/production.yaml:2: quorum: 7 people must agree, and policy lets only",
        ),
        (
            {"environments__production": "judge: {hold: 30s}\n"},
            "environments/production.yaml:1: judge: hold 30s is not between 1m and 7d",
        ),
        (
            BOTH | {"environments__live": "aliases: [prod]\n"},
            "environments/production.yaml: 'prod' is a name of live too",
        ),
        (
            BOTH
            | {
                "environments__staging": "slo: {error_rate: 0.01}\n",
                "models__churn": "services: {staging: {slo: {error_rate_exit: 0.02}}}\n",
            },
            "models/churn.yaml:1: services.staging: with what environments/staging.yaml and the model say: "
            "error_rate_exit 0.02 is above error_rate 0.01",
        ),
    ],
)
def test_a_slip_in_what_holds_there_is_told_with_its_line(tmp_path: Path, files: dict[str, str], why: str) -> None:
    found = "; ".join(mistakes_in(company(tmp_path, "", **files)))
    assert why in found


def test_each_service_has_its_own_channels(tmp_path: Path) -> None:
    files = BOTH | {
        "environments__staging": "channel: staging-news\n",
        "models__churn": "channel: churn-team\nservices: {staging: {channel: churn-lab}}\n",
    }
    folder = company(tmp_path, **files)
    found = notices(NoticeSettings(), specs(folder).values(), environments(read_environments(folder), "production"))
    assert found.destinations("alert", "churn") == ("churn-team",)
    assert found.destinations("alert", "churn in staging") == ("staging-news", "churn-lab")
    assert found.destinations("alert", "demand") == ()


@pytest.mark.parametrize(
    ("quorum", "safety", "asks"),
    [(None, False, None), (2, False, 2), (0, False, 0), (2, True, None), (0, True, 0), (1, False, 1)],
)
def test_safety_waits_for_no_more_people_than_its_playbook_asks(
    quorum: int | None, safety: bool, asks: int | None
) -> None:
    assert Environment(name="production", title="Production", quorum=quorum).asks(safety=safety) == asks
