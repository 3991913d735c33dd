"""What an author of intents is told, with the line, before people find it in the chat."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bizaiops_bot.cli.main import app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.routing import PlaybookSpec, SlotSpec
from bizaiops_bot.evaluation.intent_files import Finding
from bizaiops_bot.evaluation.intent_lint import FOUND_BY, lint
from bizaiops_bot.evaluation.samples import sentences

MODEL = SlotSpec(name="model", kind="model", required=True)
SPECS = (
    PlaybookSpec(name="greet", title="Greet", risk="read", slots=(MODEL,)),
    PlaybookSpec(name="crown", title="Crown", risk="change", slots=(MODEL,)),
)
GREETINGS = ("hello", "welcome", "salute", "wave at", "bow to", "cheer", "hail", "nod at", "smile at", "shout to")
CROWNS = ("crown", "we crown", "crown and praise", "make haste and crown", "I crown")
GREET = (
    'title: Greet\nplaybook: greet\nrisk: read\nhelp: "Greets: `greet churn`."\nformats: ["greet {model}"]\nexamples:\n'
    + "".join(f"  - {word} {{model}}{end}\n" for word in GREETINGS for end in ("", " warmly", " again"))
    + "must_not: {crown the king: crown}\n"
)
CROWN = (
    'title: Crown\nplaybook: crown\nrisk: change\nhelp: "Crowns: `crown churn`."\ncues: [crown]\n'
    'formats: ["crown {model}"]\nexamples:\n'
    + "".join(
        f"  - {word} {{model}} as {end}\n" for word in CROWNS for end in ("king", "queen", "duke", "earl", "lord")
    )
    + "must_not: {crown prince: none}\n"
)


def found(
    folder: Path, greet: str = GREET, crown: str = CROWN, *, hear: bool = False
) -> list[tuple[str, int, str, str]]:
    """(file, line, level, code) of the findings."""
    (folder / "greet.yaml").write_text(greet, encoding="utf-8")
    (folder / "crown.yaml").write_text(crown, encoding="utf-8")
    return [(Path(f.file).name, f.line, f.level, f.code) for f in lint(folder, SPECS, hear=hear)]


def test_good_files_have_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, hear=True) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("risk: read", "risk: change\ncues: [hello]", ("greet.yaml", 3, "error", "risk")),
        ("playbook: greet", "playbook: greed", ("greet.yaml", 2, "error", "playbook")),
        ("help:", "hepl:", ("greet.yaml", 4, "error", "key")),
        ("risk: read", "risk: [read", ("greet.yaml", 4, "error", "yaml")),
        ("  - cheer {model}\n", "  - cheer {modle}\n", ("greet.yaml", 22, "error", "slot")),
        ("  - cheer {model}\n", "  - cheer {model} again!\n", ("greet.yaml", 24, "error", "duplicate")),
        ("  - cheer {model}\n", "  - we crown {model} as king\n", ("greet.yaml", 22, "error", "duplicate")),
        ("  - cheer {model}\n", f"  - cheer {{model}} {'so ' * 40}loud\n", ("greet.yaml", 22, "error", "long")),
        ("  - cheer {model}\n", "  - grüße {model}\n", ("greet.yaml", 22, "error", "english")),
        ("  - cheer {model}\n", "  - bitte zeig mir {model}\n", ("greet.yaml", 22, "error", "english")),
        ("  - cheer {model}\n", "  - crown {model}\n", ("greet.yaml", 22, "error", "format")),
        (
            '["greet {model}"]',
            '["greet {model}", "(greet|crown) {model}"]',
            ("greet.yaml", 5, "error", "ambiguous-format"),
        ),
        ("help:", "aliases: [crown churn]\nhelp:", ("greet.yaml", 4, "error", "alias")),
        ("crown the king: crown", "crown the king: queen", ("greet.yaml", 37, "error", "must-not")),
        ("crown the king: crown", '"cheer {model}": crown', ("greet.yaml", 37, "error", "must-not")),
        ("must_not: {crown the king: crown}\n", "", ("greet.yaml", 1, "warning", "must-not")),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, finding: tuple[str, int, str, str]
) -> None:
    assert old in GREET
    assert finding in found(tmp_path, greet=GREET.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("  - we crown {model} as duke\n", "  - honour {model} as a duke\n", ("crown.yaml", 15, "error", "cue")),
        ("cues: [crown]", "cues: [crown]\nagainst: [earl]", ("crown.yaml", 12, "error", "cue")),
        ("cues: [crown]", "cues: [crown]\nabout: [king, queen, duke, earl]", ("crown.yaml", 13, "error", "cue")),
    ],
)
def test_an_example_of_a_change_that_would_not_be_acted_on_is_told(
    tmp_path: Path, old: str, new: str, finding: tuple[str, int, str, str]
) -> None:
    assert finding in found(tmp_path, crown=CROWN.replace(old, new, 1))


def test_too_few_examples_are_an_error_and_hardly_enough_a_warning(tmp_path: Path) -> None:
    lines = GREET.splitlines(keepends=True)
    assert ("greet.yaml", 6, "warning", "few") in found(tmp_path, greet="".join([*lines[:27], lines[-1]]))
    assert ("greet.yaml", 6, "error", "few") in found(tmp_path, greet="".join([*lines[:16], lines[-1]]))


def test_a_required_slot_that_nobody_says_is_told(tmp_path: Path) -> None:
    assert ("greet.yaml", 6, "error", "unused-slot") in found(tmp_path, greet=GREET.replace("{model}", "churn"))


def test_a_file_that_cannot_be_learned_does_not_hide_what_is_wrong_in_the_others(tmp_path: Path) -> None:
    codes = {code for _, _, _, code in found(tmp_path, GREET.replace("{model}", "{modle}"), CROWN + "  bad: [\n")}
    assert {"slot", "yaml"} <= codes


def test_help_that_does_not_work_is_told(tmp_path: Path) -> None:
    told = found(tmp_path, GREET.replace("`greet churn`", "`crown churn`"), hear=True)
    assert told == [("greet.yaml", 4, "error", "help")]


def test_help_without_an_example_is_a_warning(tmp_path: Path) -> None:
    told = found(tmp_path, GREET.replace('"Greets: `greet churn`."', "Greets."), hear=True)
    assert told == [("greet.yaml", 4, "warning", "help")]


def test_every_code_is_explained(tmp_path: Path) -> None:
    assert {code for _, _, _, code in found(tmp_path, greet=GREET.replace("risk: read", "risk: none"))} <= set(FOUND_BY)


def test_a_format_is_said_in_every_way_it_has() -> None:
    assert sentences("(stop|end) [the] run {run}") == [
        *("stop run {run}", "stop the run {run}", "end run {run}", "end the run {run}")
    ]
    assert sentences("a [(b|c) [d]]") == ["a", "a b", "a b d", "a c", "a c d"]


def says(*words: str) -> Result:
    return CliRunner().invoke(app, ["intents", *words])


@cache
def of_the_bot() -> tuple[Finding, ...]:
    from bizaiops_bot.evaluation.company import specs

    return tuple(lint(content_folder("intents"), specs()))


def test_the_intents_of_the_bot_have_no_errors() -> None:
    assert [str(finding) for finding in of_the_bot() if finding.level == "error"] == []


def test_the_command_prints_findings_and_ends_with_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "wave.yaml").write_text(GREET.replace("playbook: greet", "playbook: wave"), encoding="utf-8")
    told = says("lint", str(tmp_path), "--quick")
    assert told.exit_code == 1
    assert f"{tmp_path / 'wave.yaml'}:2: error playbook: there is no playbook 'wave'." in told.output
    assert told.output.endswith("1 error, 0 warnings.\n")
    as_json = says("lint", str(tmp_path), "--json", "--quick")
    assert as_json.exit_code == 1
    assert [(row["line"], row["code"]) for row in json.loads(as_json.output)] == [(2, "playbook")]


@pytest.mark.parametrize("command", [("lint",), ("confusion",), ("list",), ("show", "greet")])
def test_a_folder_without_intents_ends_with_exit_code_2(tmp_path: Path, command: tuple[str, ...]) -> None:
    told = says(*command, str(tmp_path))
    assert told.exit_code == 2
    assert "no intent" in told.output


def test_intents_are_listed_and_shown_with_their_short_names() -> None:
    listed = says("list").output.splitlines()
    assert any(line.startswith("show_kpis ") and "/mlops kpis" in line for line in listed)
    shown = says("show", "show_kpis").output
    assert "Short names:\n  kpis, kpi, numbers" in shown
    assert json.loads(says("show", "show_kpis", "--json").output)["playbook"] == "show_kpis"
    unknown = says("show", "kpis")
    assert (unknown.exit_code, "show_kpis" in unknown.output) == (2, True)
