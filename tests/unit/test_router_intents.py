"""Intent files: strict, with errors that name file and line; and what is learned from them."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from bizaiops_bot.domain.routing import Command
from bizaiops_bot.router.intents import Intent, IntentFileError, load_intent, load_intents
from bizaiops_bot.router.router import Router
from bizaiops_bot.router.training import pairs
from tests.support.router_company import COMPANY, ROOT, intents, specs

GOOD = "title: Greet\nplaybook: greet\nrisk: read\nhelp: Says hello.\nformats: [greet]\nexamples:\n" + "".join(
    f"  - hello {i}\n" for i in range(20)
)


def _error(folder: Path, text: str) -> str:
    path = folder / "greet.yaml"
    path.write_text(text)
    with pytest.raises(IntentFileError) as caught:
        load_intent(path)
    return str(caught.value).replace(f"{path}:", "")


def test_a_good_file_is_an_intent_named_like_the_file(tmp_path: Path) -> None:
    path = tmp_path / "greet.yaml"
    path.write_text(GOOD)
    assert load_intent(path).name == "greet"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("help:", "hepl:"), "4: hepl: Extra inputs are not permitted"),
        (GOOD.replace("risk: read", "risk: fatal"), "3: risk: Input should be"),
        (GOOD.replace("title: Greet", "title: [Greet"), "2: "),
        (GOOD.replace("  - hello 7\n", "  - 7\n"), "14: examples.7: Input should be a valid string"),
        (GOOD.replace("  - hello 7\n", ""), "6: examples: Tuple should have at least 20 items"),
        (GOOD.replace("hello 7", "hello 8"), "1: Value error, examples given twice: ['hello 8']"),
        (GOOD.replace("risk: read", "risk: change"), "1: Value error, `cues` are required"),
        (GOOD.replace("formats: [greet]\n", ""), "1: Value error, `playbook`, `formats` and `help` are required"),
        ("- a\n- b\n", "1: expected keys"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert _error(tmp_path, text).startswith(message)


def test_a_look_alike_of_an_unknown_intent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "greet.yaml").write_text(GOOD + "must_not: {bye: part}\n")
    with pytest.raises(IntentFileError, match="part"):
        load_intents(tmp_path)


def test_every_intent_has_at_least_20_examples_and_150_phrases_are_nobodys() -> None:
    assert all(len(intent.examples) >= 20 for intent in intents())
    learned = pairs(list(intents()), {spec.name: spec for spec in specs()})
    nobodys = {intent.name for intent in intents() if intent.risk == "none"} | {"none"}
    assert sum(name in nobodys for _, name in learned) >= 150


def _few() -> list[Intent]:
    return [intent for intent in intents() if intent.name in {"show_status", "list_runs", "small_world"}]


def test_what_was_learned_is_read_back_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bizaiops_bot.router.classifier.BUILT", tmp_path / "nothing learned at installation")
    first = Router(list(intents()), list(specs()), tmp_path)
    first.warm()
    assert len(list(tmp_path.glob("router-*.npz"))) == 1

    def never(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("bizaiops_bot.router.fitting.train", never)
    second = Router(list(intents()), list(specs()), tmp_path)
    for text in ("is the churn model still healthy?", "please roll churn back to v1"):
        before, after = (router.route(text, None, COMPANY) for router in (first, second))
        assert before.model_dump(exclude={"heard"}) == after.model_dump(exclude={"heard"})


def test_what_was_learned_at_installation_is_used_at_the_first_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Router(_few(), list(specs()), tmp_path / "built").warm()
    monkeypatch.setattr("bizaiops_bot.router.classifier.BUILT", tmp_path / "built")
    Router(_few(), list(specs()), tmp_path / "data").warm()
    assert not (tmp_path / "data").exists()


def test_changed_intents_are_learned_anew(tmp_path: Path) -> None:
    Router(_few(), list(specs()), tmp_path).warm()
    Router(_few()[:2], list(specs()), tmp_path).warm()
    assert len(list(tmp_path.glob("router-*.npz"))) == 2


def test_a_damaged_cache_is_learned_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Router(_few(), list(specs()), tmp_path).warm()
    (cached,) = tmp_path.glob("router-*.npz")
    cached.write_bytes(b"PK\x03\x04 not a head")
    with caplog.at_level(logging.WARNING):
        assert Router(_few(), list(specs()), tmp_path).warm() == ""
    assert "cannot be read" in caplog.text


def test_an_unwritable_cache_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert Router(_few(), list(specs()), blocked / "cache").warm() == ""
    assert "cannot be written" in caplog.text


def test_without_an_encoder_words_alone_decide_and_the_bot_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    router = Router(list(intents()), list(specs()), None, encoder_dir=tmp_path)
    assert "words alone decide" in router.warm()
    assert "words alone decide" in caplog.text
    decision = router.route("who was the last one to deploy churn?", None, COMPANY)
    assert isinstance(decision, Command)
    assert decision.playbook == "show_history"


def test_importing_the_router_loads_no_heavy_library() -> None:
    heavy = ("sklearn", "pandas", "scipy", "onnxruntime", "mlflow")
    code = f"import sys, bizaiops_bot.router.router; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
