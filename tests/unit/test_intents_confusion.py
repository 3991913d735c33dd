"""Paraphrases are held out together, so that what is measured is how strangers are heard."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bizaiops_bot.cli.main import app
from bizaiops_bot.evaluation.confusion import Confusion, confusion
from bizaiops_bot.evaluation.paraphrases import content_words, folds, groups
from tests.support.router_company import intents, specs

SMALL = ("list_models", "freeze_deploys", "unfreeze_deploys", "small_world")


def test_words_that_tell_nothing_and_values_are_no_content() -> None:
    assert content_words("could you please deploy the model version 2") == {"deploy"}
    assert content_words("deploying the model") == {"deploy"}
    assert content_words("is it") == {"is", "it"}


def test_near_duplicates_are_one_group_also_over_a_third() -> None:
    said = ["freeze deploys", "please freeze deploys", "freeze all deploys now", "no more releases", "lock deploys"]
    assert groups(said) == [0, 0, 0, 1, 2]
    chain = ["red green blue", "red green blue white", "green blue white", "black"]
    assert groups(chain) == [0, 0, 0, 1]


def test_a_group_is_whole_in_one_fold_and_folds_are_alike_in_size() -> None:
    pairs = [(f"{verb} the thing{tail}", "a") for verb in "abcdefghij" for tail in ("", " please", " now")]
    pairs += [(f"see {noun}", "b") for noun in ("trees", "birds", "stars", "rivers", "clouds")]
    found = folds(pairs)
    assert all(len({found[i] for i in range(3 * k, 3 * k + 3)}) == 1 for k in range(10))
    assert sorted(found.count(k) for k in range(5)) == [7] * 5


def _small() -> Confusion:
    chosen = [intent for intent in intents() if intent.name in SMALL]
    return confusion(chosen, list(specs()), count=2)


def test_the_report_counts_every_example_once_and_names_the_sentences() -> None:
    found = _small()
    assert found.examples == sum(score.examples for score in found.intents)
    assert {score.intent for score in found.intents} >= {"list_models", "freeze_deploys", "unfreeze_deploys", "none"}
    wrong = sum(pair.count for pair in found.pairs)
    assert wrong == found.examples - sum(score.right for score in found.intents)
    assert found.accuracy == round(1 - wrong / found.examples, 4)
    assert 0.5 < found.accuracy < 1
    assert all(pair.sentences and pair.intent != pair.taken_for for pair in found.pairs)
    assert [pair.count for pair in found.pairs] == sorted((pair.count for pair in found.pairs), reverse=True)


def test_the_command_prints_tables_or_json(tmp_path: Path) -> None:
    for name in ("list_models", "freeze_deploys", "unfreeze_deploys"):
        text = (Path(__file__).parents[2] / "intents" / f"{name}.yaml").read_text(encoding="utf-8")
        alone = text.split("must_not:")[0].replace("asked: show_freeze\n", "")  # neither names the others
        (tmp_path / f"{name}.yaml").write_text(alone, encoding="utf-8")
    told = CliRunner().invoke(app, ["intents", "confusion", str(tmp_path), "--top", "1", "--folds", "2"])
    assert told.exit_code == 0
    assert "Worst first" in told.output
    assert "heard right by a router that never saw their paraphrases" in told.output
    as_json = CliRunner().invoke(app, ["intents", "confusion", str(tmp_path), "--json", "--folds", "3"])
    assert Confusion.model_validate(json.loads(as_json.output)).folds == 3
