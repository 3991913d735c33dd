"""A company in files is read strictly: a slip is told with its file and line before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bizaiops_bot.app.company import mistakes_in, what_holds
from bizaiops_bot.app.own_content import model_files, told
from bizaiops_bot.cli.given import settings_with
from bizaiops_bot.cli.main import app
from bizaiops_bot.company_files.folder import FILE
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.health import HealthLimits
from bizaiops_bot.domain.rule_cases import broken_promises
from bizaiops_bot.domain.yaml_files import Unusable
from bizaiops_bot.embedded.company import make_streams
from bizaiops_bot.embedded.settings import MODELS, EmbeddedSettings
from bizaiops_bot.engine.watch.rule_book import load_rule_book
from bizaiops_bot.settings import load_settings, variable

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob(f"*/{FILE}"))


def company(folder: Path, text: str = "", **others: str) -> Path:
    """A folder with company.yaml and other files, such as models__churn="slo: {}"."""
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text(text, encoding="utf-8")
    for name, content in others.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return folder


def command(*words: str) -> Result:
    return CliRunner().invoke(app, ["company", *words])


def origins(folder: Path) -> dict[str, tuple[str, str]]:
    return {line.name: (line.value, line.origin) for line in what_holds(folder)}


# -- what is read ------------------------------------------------------------------------------------


def test_settings_stand_in_the_file_by_their_own_names(tmp_path: Path) -> None:
    text = (
        "home: desk\ntime_zone: America/New_York\nnotices:\n  quiet: {from: 22:00, to: 07:00}\nembedded: {seed: 11}\n"
    )
    settings = load_settings(company=company(tmp_path, text))
    assert (settings.home, settings.time_zone, settings.embedded.seed) == ("desk", "America/New_York", 11)
    assert len(settings.notices.quiet) == 1
    assert settings.port == 8642


def test_a_variable_overrides_the_file_and_leaves_the_rest_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIZAIOPS_HOME", "elsewhere")
    monkeypatch.setenv("BIZAIOPS_EMBEDDED__SPEED", "5")
    settings = load_settings(company=company(tmp_path, "home: desk\nembedded: {seed: 11, speed: 9}\n"))
    assert (settings.home, settings.embedded.seed, settings.embedded.speed) == ("elsewhere", 11, 5.0)


def test_the_folder_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_COMPANY_DIR", str(company(tmp_path, "home: desk\n")))
    assert load_settings().home == "desk"


def test_without_a_folder_nothing_is_read() -> None:
    assert load_settings().company_dir is None


def test_paths_are_meant_from_the_folder(tmp_path: Path) -> None:
    settings = load_settings(company=company(tmp_path, "embedded: {churn_data: customers.csv}\ndata: /var/bot\n"))
    assert (settings.embedded.churn_data, settings.data) == (tmp_path / "customers.csv", Path("/var/bot"))


def test_a_folder_of_kpis_takes_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    kpi = "id: lapses\nmodel: churn\ntitle: L\nunit: '%'\ndirection: down_is_good\nnumerator: a\ndenominator: b\n"
    assert load_settings(company=company(tmp_path, kpis__lapses=kpi)).kpis == tmp_path / "kpis"


# -- secrets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "by"),
    [
        ("home: desk\ntokens:\n  lead: very-secret-word\n", "company.yaml:3: tokens.lead", "BIZAIOPS_TOKENS"),
        ("slack: {bot_token: very-secret-word}\n", "company.yaml:1: slack.bot_token", "BIZAIOPS_SLACK__BOT_TOKEN"),
        (
            "store:\n  kind: postgres\n  url: postgresql://u:very-secret-word@h/d\n",
            "company.yaml:3: store.url",
            "BIZAIOPS_STORE__URL",
        ),
        ("language: {kind: openai, apy_key: very-secret-word}\n", "company.yaml:1: language.apy_key", "{env: NAME}"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str, place: str, by: str) -> None:
    said = " ".join(mistakes_in(company(tmp_path, text)))
    assert f"{place}: a secret never stands in a file" in said
    assert by in said and "very-secret-word" not in said


def test_a_secret_is_taken_from_where_the_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAD_TOKEN", "a-long-word-of-lee")
    secrets = tmp_path / "mounted"
    secrets.write_text("a-long-word-of-sam\n", encoding="utf-8")
    text = f"tokens:\n  lead: {{env: LEAD_TOKEN}}\n  sre: {{file: {secrets}}}\n"
    folder = company(tmp_path / "co", text)
    found = {name: token.get_secret_value() for name, token in load_settings(company=folder).tokens.items()}
    assert found == {"lead": "a-long-word-of-lee", "sre": "a-long-word-of-sam"}
    shown = command("show", str(folder)).output
    assert "(hidden)" in shown and "a-long-word" not in shown


@pytest.mark.parametrize(
    ("where", "why"), [("{env: NOT_SET}", "the variable NOT_SET is not set"), ("{file: none.txt}", "cannot be read")]
)
def test_a_secret_that_is_not_there_is_a_mistake_of_that_line(tmp_path: Path, where: str, why: str) -> None:
    (said,) = mistakes_in(company(tmp_path, f"tokens:\n  lead: {where}\n"))
    assert said.startswith("company.yaml:2: tokens.lead: ") and why in said


# -- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("home: desk\ntimezone: UTC\n", "company.yaml:2: timezone: there is no such field; did you mean time_zone?"),
        ("home: a\ncompany: {seed: 3}\n", "company.yaml:2: company: `company` is called `embedded` now"),
        ("embedded:\n  sed: 3\n", "company.yaml:2: embedded.sed: there is no such field; did you mean seed?"),
        ("embedded:\n  seed: many\n", "company.yaml:2: embedded.seed: Input should be a valid integer"),
        ("home: 5\n", "company.yaml:1: home: Input should be a valid string"),
        (
            "people:\n  - id: a\n    name: A\n    rolles: [sre]\n",
            "company.yaml:4: people.rolles: there is no such field; did you mean roles?",
        ),
        (
            "language:\n  kind: openai\n  modle: x\n",
            "company.yaml:3: language.modle: there is no such field; did you mean mod",
        ),
        ("home: [\n", "is not YAML"),
        ("home: a\nhome: b\n", "company.yaml:2: home is written twice"),
        ("- home\n", "company.yaml:1: settings are written as `name: value`"),
        ("home: desk\n_env_file: x\n", "company.yaml:2: _env_file: there is no such field"),
        ("home: desk\n5: x\n", "company.yaml:2: 5: there is no such field"),
        ("company_dir: here\n", "company.yaml:1: company_dir: the folder does not say where it is"),
        ("notices:\n  owners: {chrun: lead}\n", "chrun"),
    ],
)
def test_a_mistake_of_the_settings_names_its_line_and_what_was_meant(tmp_path: Path, text: str, said: str) -> None:
    assert said in " ".join(mistakes_in(company(tmp_path, text)))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("churn", "title: A\n", "models/churn.yaml:1: title: "),
        ("churn", "titel: Lapse\n", "models/churn.yaml:1: titel: there is no such field; did you mean title?"),
        (
            "churn",
            "slo:\n  latency: 30\n",
            "models/churn.yaml:2: slo.latency: there is no such field; did you mean lat",
        ),
        ("churn", "slo:\n  error_rate: 2\n", "models/churn.yaml:2: slo.error_rate: Input should be less than 1"),
        ("churn", "slo: {error_rate_exit: 0.1}\n", "error_rate_exit 0.1 is above error_rate 0.02"),
        ("churn", "aliases:\n  - demand\n", "models/churn.yaml:2: aliases: 'demand' is said of demand too"),
        (
            "churn",
            "aliases: [lapse, roll back demand]\n",
            "models/churn.yaml:1: aliases: 'roll back demand' is not listened",
        ),
        ("churn", "title: approve run 7\n", "models/churn.yaml:1: title: 'approve run 7' is not listened to as a name"),
        ("churn", "labels:\n  delay: 366d\n", "models/churn.yaml:1: labels: delay 366d is more than 365d"),
        ("chrun", "owner: care\n", "models/chrun.yaml:1: no model 'chrun' is served; did you mean churn?"),
    ],
)
def test_a_mistake_in_the_file_of_a_model_names_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    assert said in " ".join(mistakes_in(company(tmp_path, **{f"models__{name}": text})))


def test_an_alias_belongs_to_one_model(tmp_path: Path) -> None:
    folder = company(tmp_path, models__churn="aliases: [the big one]\n", models__demand="aliases: [The Big One]\n")
    assert mistakes_in(folder) == ["models/demand.yaml:1: aliases: 'The Big One' is said of churn too"]


@pytest.mark.parametrize(
    ("churn", "demand", "said"),
    [
        (
            "forecast",
            "owner: care\nregistered_as: forecast\n",
            "models/demand.yaml:2: registered_as: 'forecast' is the name",
        ),
        ("demand", "owner: care\n", "models/churn.yaml:1: registered_as: 'demand' is the name of demand"),
        ("demand", "registered_as: churn\n", ""),
        ("churn", "registered_as: demand\n", ""),
    ],
)
def test_a_name_in_the_registry_belongs_to_one_model(tmp_path: Path, churn: str, demand: str, said: str) -> None:
    folder = company(tmp_path, models__churn=f"registered_as: {churn}\n", models__demand=demand)
    mistakes = mistakes_in(folder)
    assert (len(mistakes), said in " ".join(mistakes)) == (1 if said else 0, True)


def test_kpis_are_named_once(tmp_path: Path) -> None:
    kpi = "id: lapses\nmodel: churn\ntitle: L\nunit: '%'\ndirection: down_is_good\nnumerator: a\ndenominator: b\n"
    (said,) = mistakes_in(company(tmp_path, "home: desk\nkpis: elsewhere\n", kpis__lapses=kpi))
    assert said == "company.yaml:2: kpis: the folder kpis/ is there as well; keep one of them"


def test_a_file_that_nothing_reads_is_told(tmp_path: Path) -> None:
    folder = company(tmp_path, model__churn="owner: x\n")
    (folder / "README.md").write_text("for people", encoding="utf-8")
    (folder / "rules").mkdir()
    (folder / "rules" / "slow.yml").write_text("", encoding="utf-8")
    assert mistakes_in(folder) == [
        "model: nothing reads this; did you mean models?",
        "rules/slow.yml: nothing reads this; rules may hold *.yaml",
    ]


def test_all_mistakes_of_all_files_are_told_at_once_and_the_exit_code_is_1(tmp_path: Path) -> None:
    folder = company(
        tmp_path,
        "hom: desk\nport: no\n",
        models__churn="ownr: care\n",
        models__demnd="",
        kpis__a="id: b\n",
        rules__r="name: r\nwhen: never\n",
        policy__budgets="persn: {}\n",
    )
    told = command("check", str(folder))
    assert told.exit_code == 1
    for place in ("company.yaml:1", "company.yaml:2", "models/churn.yaml:1", "models/demnd.yaml:1", "a.yaml:1"):
        assert place in told.output
    assert "rules/r.yaml:2" in told.output and "budgets.yaml:1" in told.output


def test_a_bot_does_not_start_with_a_mistake(tmp_path: Path) -> None:
    folder = company(tmp_path / "co", "hom: desk\n")
    for name in ("demo", "serve", "doctor"):
        told = CliRunner().invoke(app, [name, "--company", str(folder), "--data", str(tmp_path / "data")])
        assert (told.exit_code, "company.yaml:1: hom" in told.output) == (2, True), told.output
    assert CliRunner().invoke(app, ["policy", "check", "--company", str(folder)]).exit_code == 2
    assert not (tmp_path / "data").exists()


def test_a_bad_variable_is_not_blamed_on_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_EMBEDDED__SPEED", "-1")
    with pytest.raises(BadInput, match="BIZAIOPS_EMBEDDED__SPEED is not usable"):
        load_settings(company=company(tmp_path, "embedded: {speed: 5}\n"))


def test_the_command_line_goes_over_the_folder_and_leaves_the_rest_of_it(tmp_path: Path) -> None:
    folder = company(
        tmp_path, "port: 9000\nnotices:\n  quiet: {from: 22:00, to: 07:00}\nembedded: {seed: 11, speed: 3}\n"
    )
    settings = settings_with({"port": 9100}, {"speed": 5}, folder)
    assert (settings.port, settings.embedded.seed, settings.embedded.speed, len(settings.notices.quiet)) == (
        9100,
        11,
        5,
        1,
    )


def test_a_folder_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInput, match=r"There is no company.yaml in 'nowhere'.*company init nowhere"):
        load_settings(company=Path("nowhere"))


def test_the_variable_of_the_folder_is_not_one_of_the_embedded_company() -> None:
    with pytest.raises(BadInput, match="Did you mean BIZAIOPS_COMPANY_DIR"):
        load_settings({"BIZAIOPS_COMPANY__DIR": "company"})


@pytest.mark.parametrize(("text", "calm"), [("embedded: {speed: 9}\n", None), ("home: desk\n", 1.0)])
def test_the_demo_keeps_the_speed_that_the_folder_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, calm: float | None
) -> None:
    started: list[float | None] = []
    monkeypatch.setattr(
        "bizaiops_bot.cli.start._run", lambda settings, **_: started.append(settings.embedded.calm_speed)
    )
    told = CliRunner().invoke(app, ["demo", "--company", str(company(tmp_path, text))])
    assert (told.exit_code, started) == (0, [calm]), told.output


def test_policy_is_asked_with_the_folders_people_and_names() -> None:
    (harbour,) = (folder for folder in EXAMPLES if folder.name == "harbour-insurance")
    words = ["policy", "explain", "--company", str(harbour), "--as", "ines", "deploy claims v2"]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    assert "Allowed for ines (role engineer) in staging." in told.output and "model demand, version v2" in told.output
    assert "when ines asks, omar, pia may decide" in told.output


# -- show, init, examples ----------------------------------------------------------------------------


def test_show_says_where_each_value_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_PORT", "9000")
    folder = company(tmp_path, "home: desk\n", models__churn="owner: care\nslo: {error_rate: 0.01}\n")
    found = origins(folder)
    assert found["home"] == ("desk", "company.yaml:1")
    assert found["port"] == ("9000", "BIZAIOPS_PORT")
    assert found["time_zone"] == ("Europe/Berlin", "default")
    assert found["churn.owner"] == ("care", "models/churn.yaml:1")
    assert found["churn.slo.error_rate"] == ("0.01", "models/churn.yaml:2")
    assert found["churn.slo.error_rate_exit"] == ("0.005", "default")
    assert found["demand.slo.error_rate"] == ("0.02", "default")
    assert found["rules"] == ("as shipped", "default")


def test_what_init_writes_is_right_changes_nothing_and_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "co"
    assert command("init", str(folder)).exit_code == 0
    told = command("check", str(folder))
    assert told.exit_code == 0, told.output
    written = load_settings(company=folder).model_dump(exclude={"company_dir"})
    assert written == load_settings().model_dump(exclude={"company_dir"})
    limits = {value for name, (value, _) in origins(folder).items() if name.endswith("slo.error_rate")}
    assert limits == {str(HealthLimits().error_rate)}
    assert command("init", str(folder)).exit_code == 1


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_right_and_its_rules_keep_their_promises(folder: Path) -> None:
    assert command("check", str(folder)).output.startswith(f"{folder} is right")
    for rule in load_rule_book(folder / "rules"):
        assert rule.cases and [broken_promises(rule, case) for case in rule.cases] == [[] for _ in rule.cases]


def test_the_models_that_files_may_be_about_are_those_that_are_served() -> None:
    assert tuple(stream.info.name for stream in make_streams(EmbeddedSettings())[0]) == MODELS


def test_a_place_is_named_by_the_variable_that_sets_it() -> None:
    assert variable(("slack", "bot_token")) == "BIZAIOPS_SLACK__BOT_TOKEN"
    assert variable(("tokens", "lead")) == "BIZAIOPS_TOKENS"


# -- where the files alone say which models there are ------------------------------------------------


def test_the_files_name_any_models_where_they_alone_say_which_there_are(tmp_path: Path) -> None:
    folder = company(
        tmp_path,
        **{"models__card-fraud": "title: Card fraud\ntask: classification\n", "models__eta": "owner: routes\n"},
    )
    specs = told(model_files(folder, None), [])
    assert [(spec.name, spec.title, spec.task, spec.owner) for spec in specs] == [
        ("card-fraud", "Card fraud", "classification", ""),
        ("eta", "eta", "other", "routes"),
    ]


def test_their_names_are_still_told_apart_and_can_be_said(tmp_path: Path) -> None:
    folder = company(tmp_path, models__fraud="", models__eta="aliases: [fraud]\n", models__ETA2="")
    with pytest.raises(Unusable) as told_off:
        model_files(folder, None)
    assert told_off.value.mistakes == [
        "models/ETA2.yaml:1: 'ETA2' is no name of a model: small letters, digits, - and _",
        "models/eta.yaml:1: aliases: 'fraud' is said of fraud too",
    ]
