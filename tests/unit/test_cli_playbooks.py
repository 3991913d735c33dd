"""`bizaiops playbooks`: what an author of playbooks sees, and the exit codes that a pipeline reads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bizaiops_bot.cli.main import app
from bizaiops_bot.content import content_folder
from bizaiops_bot.testing import load_history
from playbooks.scale_model import scale_model
from tests.support import stores
from tests.support.fake_company import START, Company, FakeServing
from tests.support.small_engine import SmallEngine
from tests.support.virtual_clock import VirtualClock

BAD = """\
import random

from bizaiops_bot.playbook import Card, Inputs, Run, playbook


class Ask(Inputs):
    \"\"\"Asks.\"\"\"


@playbook(title="Try", risk="change")
async def try_it(run: Run, ask: Ask) -> Card:
    return Card(title=random.choice(["a", "b"]))
"""

pytestmark = pytest.mark.skipif(stores.KIND != "sqlite", reason="the commands read the data folder of the settings")


def says(*words: str) -> Result:
    return CliRunner().invoke(app, ["playbooks", *words])


async def a_run(folder: Path) -> None:
    """Run 1 in this data folder: churn was scaled to 3."""
    engine = SmallEngine(folder, [scale_model], VirtualClock(START), serving=FakeServing(Company()))
    await engine.start()
    number = await engine.begin(model="churn", replicas=3)
    await engine.controls.decide(number, "approved", actor="lead")
    assert (await engine.finished(number)).status == "succeeded"
    await engine.stop()


def test_the_playbooks_of_the_bot_are_clean() -> None:
    told = says("lint")
    assert (told.exit_code, told.output) == (0, "Nothing found.\n")


def test_a_finding_has_its_place_what_to_do_and_exit_code_1(tmp_path: Path) -> None:
    file = tmp_path / "try_it.py"
    file.write_text(BAD)
    told = says("lint", str(file))
    assert told.exit_code == 1
    assert told.output.splitlines() == [
        f"{file}:12: P102 random.choice: chance differs after a restart. Draw it within `run.read`, or seed it with "
        "`run.id`.",
        "1 place to look at.",
    ]


def test_findings_in_json_for_programs(tmp_path: Path) -> None:
    (tmp_path / "try_it.py").write_text(BAD)
    told = says("lint", str(tmp_path), "--json")
    assert told.exit_code == 1
    (finding,) = json.loads(told.output)
    assert (finding["line"], finding["code"]) == (12, "P102")
    clean = says("lint", str(content_folder("playbooks") / "scale_model.py"), "--json")
    assert (clean.exit_code, json.loads(clean.output)) == (0, [])


def test_a_path_that_is_not_there_ends_with_code_2() -> None:
    told = says("lint", "nowhere")
    assert told.exit_code == 2
    assert "There is no file or folder 'nowhere'." in told.output


async def test_a_run_is_recorded_and_replayed_by_the_code_of_now(tmp_path: Path) -> None:
    await a_run(tmp_path / "data")
    file = tmp_path / "scaled.json"
    told = await in_thread("history", "1", "--data", str(tmp_path / "data"), "--out", str(file))
    assert told.exit_code == 0
    assert told.output == f"Run 1 (scale_model, succeeded): {len(load_history(file).entries)} results are in {file}.\n"
    replayed = await in_thread("replay", str(file))
    assert (replayed.exit_code, replayed.output) == (
        0,
        "scale_model follows run 1 over 2 steps and ends as succeeded.\n",
    )
    printed = await in_thread("history", "1", "--data", str(tmp_path / "data"))
    assert printed.output == file.read_text()


async def test_a_record_that_the_code_does_not_follow_ends_with_code_1_and_its_step(tmp_path: Path) -> None:
    await a_run(tmp_path / "data")
    file = tmp_path / "scaled.json"
    await in_thread("history", "1", "--data", str(tmp_path / "data"), "--out", str(file))
    file.write_text(file.read_text().replace('"name": "scale"', '"name": "grow"'))
    told = await in_thread("replay", str(file))
    assert told.exit_code == 1
    assert "scale_model does not follow the history of run 1." in told.output
    assert "Step 2: the code asks for 'scale', the history has 'grow'" in told.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["history", "1", "--data", "nowhere"], "There is no bot's data in"),
        (["replay", "nowhere.json"], "'nowhere.json' cannot be read."),
    ],
)
def test_what_is_not_there_is_told_with_code_2(words: list[str], said: str) -> None:
    told = says(*words)
    assert told.exit_code == 2
    assert said in told.output


async def test_an_unknown_run_and_a_file_that_is_no_record_are_told(tmp_path: Path) -> None:
    await a_run(tmp_path / "data")
    unknown = await in_thread("history", "7", "--data", str(tmp_path / "data"))
    assert unknown.exit_code == 2
    assert "There is no run '7'." in unknown.output
    (tmp_path / "odd.json").write_text("{}")
    odd = says("replay", str(tmp_path / "odd.json"))
    assert odd.exit_code == 2
    assert "is not the history of a run" in odd.output


async def in_thread(*words: str) -> Result:
    """The commands begin an event loop of their own."""
    return await asyncio.to_thread(says, *words)
