"""`bizaiops eval` on labelled sets: what it tells, and what it says of files that are not right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bizaiops_bot.cli.main import app
from bizaiops_bot.evaluation import metrics
from bizaiops_bot.evaluation.metrics import Judged
from tests.unit.test_router_learning import LEARNED, STRANGE


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


def _labelled(start: int, stop: int) -> list[dict[str, Any]]:
    return [{"text": text, "intent": label} for label, texts in LEARNED.items() for text in texts[start:stop]]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    out = [{"text": text, "intent": "oos"} for text in STRANGE]
    made = {
        "train": _labelled(0, 6),
        "validation": [*_labelled(6, 8), *out[:3]],
        "test": [*_labelled(8, 10), *out[3:]],
    }
    return {name: str(_write(tmp_path / f"{name}.jsonl", rows)) for name, rows in made.items()}


def _run(*args: str) -> Any:
    return CliRunner().invoke(app, ["eval", *args], catch_exceptions=False)


def test_a_labelled_set_is_learned_and_measured(files: dict[str, str]) -> None:
    told = [part for name, path in files.items() for part in (f"--{name}", path)]
    result = _run(*told, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["train_rows"], report["validation_rows"], report["test_rows"], report["intents"]) == (24, 11, 10, 4)
    assert report["in_scope_accuracy_unrefused"] >= 0.75
    assert report["auroc"] > 0.8
    assert 0 <= report["ece"] <= 1
    assert report["train_s"] > 0
    assert report["ms_p95"] >= report["ms_p50"] > 0


def test_a_few_shots_are_drawn_several_times_and_their_spread_is_told(files: dict[str, str]) -> None:
    result = _run("--train", files["train"], "--test", files["test"], "--shots", "3", "--draws", "2", "--json")
    report = json.loads(result.stdout)
    assert report["train_rows"] == 12
    assert report["draws"] == 2
    assert report["spread"]["in_scope_accuracy"] >= 0
    assert report["in_scope_accuracy"] == report["in_scope_accuracy_unrefused"]  # nothing told it what to refuse
    assert "in scope accuracy" in _run("--train", files["train"], "--test", files["test"], "--shots", "3").stdout


def test_tools_are_chosen_by_what_they_say_of_themselves(tmp_path: Path) -> None:
    tools = [
        {
            "name": "getWeather",
            "description": "Weather forecast of a place",
            "parameters": {"properties": {"city": {}}},
        },
        {"name": "play_music", "description": "Plays a song or an album"},
        {"name": "set_alarm", "description": "Sets an alarm clock to a time"},
    ]
    rows = [
        {"text": "will it rain in Oslo?", "tools": tools, "expected": "getWeather"},
        {"text": "put on some jazz", "tools": tools, "expected": "play_music"},
        {"text": "wake me at seven", "tools": tools, "expected": "set_alarm"},
        {"text": "what is my bank balance", "tools": tools, "expected": None},
    ]
    report = json.loads(_run("--tools", str(_write(tmp_path / "tools.jsonl", rows)), "--json").stdout)
    assert report["accuracy"] == 1.0
    assert report["irrelevance_auroc"] == 1.0
    assert (report["cases"], report["with_tool"], report["mean_tools"]) == (4, 3, 3.0)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('{"text": "a", "intent": "b"}\n{"text": "a"}\n', "train.jsonl:2 is not a row"),
        ('{"text": "a", "intent": "b"}\n\nnonsense\n', "train.jsonl:3 is not a row"),
        ("\n", "holds no row"),
        ('{"text": "a", "intent": "b"}\n', "fewer than two intents"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, files: dict[str, str], rows: str, told: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(rows, encoding="utf-8")
    result = _run("--train", str(path), "--test", files["test"])
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--train", "nowhere.jsonl", "--test", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
        (("--train", "nowhere.jsonl"), "--train and --test go together"),
        (("--shots", "3"), "go with --train and --test"),
        (("--set", "nowhere"), "There is no folder 'nowhere'"),
        (("--review", "--data", "nowhere"), "There is no bot's data"),
    ],
)
def test_what_cannot_be_measured_is_said_in_words(args: tuple[str, ...], told: str) -> None:
    result = _run(*args)
    assert result.exit_code == 2
    assert told in result.stderr


def test_an_expected_tool_must_be_among_the_tools(tmp_path: Path) -> None:
    path = _write(tmp_path / "t.jsonl", [{"text": "x", "tools": [{"name": "a"}], "expected": "b"}])
    assert "row 1 expects 'b'" in _run("--tools", str(path)).stderr


def _judged(in_scope: list[int], right: list[int], score: list[float]) -> Judged:
    scores = np.array(score)
    return Judged(np.array(in_scope, bool), np.array(right, bool), scores, scores, scores)


def test_the_threshold_makes_most_sentences_right() -> None:
    judged = _judged([1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [0.9, 0.8, 0.3, 0.5, 0.1])
    cut = metrics.scope_threshold(judged)
    assert 0.5 < cut < 0.8
    assert metrics.scope_threshold(_judged([1, 1], [1, 0], [0.9, 0.1])) == -np.inf


def test_acting_at_a_precision_takes_the_least_sure_score_that_holds_it() -> None:
    judged = _judged([1, 1, 1, 1, 0], [1, 1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.05])
    assert metrics.sure_threshold(judged, 1.0) == pytest.approx(0.75)
    assert metrics.sure_threshold(judged, 0.75) == pytest.approx(0.325)
    assert metrics.sure_threshold(_judged([1], [0], [0.9]), 0.9) == np.inf


def test_a_foreign_sentence_that_is_acted_on_is_an_error_of_precision_and_a_leak() -> None:
    judged = _judged([1, 1, 0, 1, 1, 1], [1, 1, 0, 1, 1, 1], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    assert metrics.sure_threshold(judged, 1.0) == pytest.approx(0.75)
    assert metrics.sure_threshold(judged, 0.8) < 0.4
    assert metrics.sure_threshold(judged, 0.8, leak=0.5) == pytest.approx(0.75)


def test_calibration_is_off_by_as_much_as_was_claimed_too_much() -> None:
    assert metrics.calibration_error(np.full(10, 0.9), np.array([True] * 9 + [False])) == pytest.approx(0.0)
    assert metrics.calibration_error(np.full(10, 0.9), np.array([True] * 5 + [False] * 5)) == pytest.approx(0.4)
