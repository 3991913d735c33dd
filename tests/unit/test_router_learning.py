"""What the local classifier learns, how sure it is of it, and that it is the same after a restart."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bizaiops_bot.router import doubt, fitting, head
from bizaiops_bot.router.encoder import DIMENSIONS, SENTENCE, Encoder
from bizaiops_bot.router.fitting import Rows, choose, train
from tests.support.router_company import intents

LEARNED = {
    "lights": [
        "turn on the lights",
        "lights on please",
        "switch the lamp on",
        "make it brighter in here",
        "light up the room",
        "can you put the lamp on",
        "it is dark, lights please",
        "lamp on",
        "illuminate the kitchen",
        "brighten the hall",
    ],
    "music": [
        "play some jazz",
        "put on a song",
        "play my playlist",
        "i want to hear beethoven",
        "start the music",
        "next track please",
        "play the new album",
        "music please",
        "can you play some rock",
        "play a lullaby",
    ],
    "weather": [
        "will it rain tomorrow",
        "what is the weather like",
        "do i need an umbrella",
        "how warm is it outside",
        "forecast for today",
        "is it going to snow",
        "weather in berlin",
        "how windy is it",
        "is it sunny outside",
        "what is the temperature today",
    ],
    "alarm": [
        "wake me at seven",
        "set an alarm for 6",
        "alarm at noon please",
        "remind me to get up at eight",
        "wake me up early",
        "set my alarm clock",
        "i need to get up at five",
        "alarm for tomorrow morning",
        "make an alarm",
        "ring at nine",
    ],
}
STRANGE = ["book a flight to rome", "what is the square root of nine", "who won the match", "sell my shares", "hello"]


@cache
def _encoder() -> Encoder:
    return Encoder()


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("pause churn v3", [-0.0607, -0.1107, -0.0299, -0.0551, 0.0219, 0.0132]),
        ("whats up with demnad", [-0.0694, -0.0061, 0.0343, -0.0533, -0.0213, -0.0161]),
    ],
)
def test_a_sentence_is_the_same_on_every_processor_and_beside_any_other(text: str, begins: list[float]) -> None:
    """Products that overflow on processors without VNNI were off by 0.04, a batch of other sentences by as much."""
    alone, beside = _encoder()([text])[0], _encoder()(["deploy churn v8 as a 10% canary at noon", text])[1]
    assert alone[: len(begins)] == pytest.approx(begins, abs=2e-3)
    assert (alone == beside).all()


def _rows(texts: dict[str, list[str]], *, vectors: bool = True) -> Rows:
    said = [text for own in texts.values() for text in own]
    labels = [label for label, own in texts.items() for _ in own]
    return Rows(said, labels, _encoder()(said) if vectors else None)


@cache
def _head() -> head.Head:
    return train(_rows(LEARNED))


def _heard(learned: head.Head, text: str) -> tuple[str, float, float]:
    """Label, chance that it is any of them, chance that it is this one."""
    reading = learned.read(text, _encoder()([text])[0])
    choice = choose(learned, reading)
    scope, sure = learned.doubt.chances(doubt.signals(reading, choice, learned.heat))
    return learned.labels[choice], scope, sure


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("could you switch on the lamp in the kitchen", "lights"),
        ("i would love to listen to some mozart", "music"),
        ("is there a storm coming", "weather"),
        ("get me out of bed at half past six", "alarm"),
        ("SWITCH TEH LAMP ON", "lights"),
    ],
)
def test_a_sentence_nobody_taught_is_understood(text: str, label: str) -> None:
    assert _heard(_head(), text)[0] == label


def test_what_nobody_taught_anything_about_is_less_sure_than_what_was_meant() -> None:
    known = [_heard(_head(), text)[2] for text in ("lamp on please", "play some blues", "will it snow tomorrow")]
    strange = [_heard(_head(), text)[2] for text in STRANGE]
    assert min(known) > max(strange), (known, strange)


def test_the_chances_of_the_labels_add_up_and_the_vector_is_the_published_one_in_front() -> None:
    vector = _encoder()(["play some jazz"])[0]
    p = _head().probabilities(_head().read("play some jazz", vector))
    assert p.sum() == pytest.approx(1.0, abs=1e-5)
    assert vector.shape == (DIMENSIONS,)
    assert np.linalg.norm(vector[:SENTENCE]) == pytest.approx(1.0, abs=1e-4)


def test_a_head_read_back_from_its_file_judges_as_before(tmp_path: Path) -> None:
    _head().save(tmp_path / "kept.npz")
    again = head.load(tmp_path / "kept.npz")
    for text in ("play some jazz", *STRANGE):
        before, after = _heard(_head(), text), _heard(again, text)
        assert after[0] == before[0]
        assert after[1:] == pytest.approx(before[1:], abs=0.02)  # examples are kept in half precision
    assert again.outside == _head().outside


def test_a_label_for_what_is_not_done_is_never_chosen_and_makes_the_others_unsure() -> None:
    more = {
        **LEARNED,
        "elsewhere": [
            "book a flight",
            "book a hotel in paris",
            "find me a flight to rome",
            "sell shares",
            "buy some stock",
            "who won the game",
            "what is two plus two",
            "tell me a joke",
        ],
    }
    learned = train(_rows(more), outside=frozenset({"elsewhere"}))
    label, _, sure = _heard(learned, "book me a flight to oslo")
    assert label != "elsewhere"
    assert sure < 0.3


def test_without_an_encoder_the_letters_alone_decide() -> None:
    learned = train(_rows(LEARNED, vectors=False))
    reading = learned.read("please play a song", None)
    assert learned.labels[choose(learned, reading)] == "music"


def test_rows_out_of_scope_given_for_training_or_validation_teach_doubt() -> None:
    strange = [
        "book a table",
        "what is the capital of france",
        "translate this for me",
        "order a pizza",
        "call my mother",
    ]
    rows = _rows(LEARNED)
    given = Rows(strange, [None] * len(strange), _encoder()(strange))
    learned = train(rows.plus(given))
    assert max(_heard(learned, text)[1] for text in ("order a burger", "book a taxi")) < 0.5
    assert _heard(learned, "play some blues")[1] > 0.5


def test_of_many_examples_a_few_means_stand_for_each_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "KEPT_EXAMPLES", 20)
    monkeypatch.setattr(fitting, "CENTRES_EACH", 3)
    learned = train(_rows(LEARNED))
    assert learned.examples.shape == (3 * len(LEARNED), SENTENCE)
    assert _heard(learned, "could you switch on the lamp")[0] == "lights"


def test_what_labels_are_called_helps_where_there_are_few_examples() -> None:
    few = {label: texts[:1] for label, texts in LEARNED.items()}
    names = Rows(list(LEARNED), list(LEARNED), _encoder()(list(LEARNED)))
    bare, named = train(_rows(few)), train(_rows(few), names=names)
    told = [(text, label) for label, texts in LEARNED.items() for text in texts[1:]]
    right = [sum(_heard(learned, text)[0] == label for text, label in told) for learned in (bare, named)]
    assert right[1] > right[0]


def test_two_labels_are_enough_and_learning_twice_gives_the_same() -> None:
    two = {label: LEARNED[label] for label in ("lights", "music")}
    first, second = train(_rows(two)), train(_rows(two))
    assert _heard(first, "play a waltz")[0] == "music"
    assert _heard(first, "play a waltz") == _heard(second, "play a waltz")


def test_the_last_digits_of_a_machines_arithmetic_do_not_change_what_is_learned() -> None:
    said = [(text, intent.name) for intent in intents() for text in intent.examples][::2]
    labels = sorted({label for _, label in said})
    vectors, target = _encoder()([text for text, _ in said]), np.array([labels.index(label) for _, label in said])
    noise = np.random.default_rng(0).normal(1.0, 1e-7, vectors.shape).astype(np.float32)
    here, _ = fitting.sentence_view(vectors, target, len(labels))
    there, _ = fitting.sentence_view(vectors * noise, target, len(labels))
    assert np.abs(here - there).max() < 5e-5 * np.abs(here).max()
