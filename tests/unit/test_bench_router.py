"""The comparison with semantic-router is fair: nothing that is tested was learned or used to choose a threshold."""

from __future__ import annotations

import pytest

from tools.bench_router import common, data


def test_no_tested_sentence_was_seen_before() -> None:
    split = data.own(100)
    seen = {text for text, _ in [*split.train, *split.validation]}
    tested = [text for text, _ in split.test] + split.near + split.far
    assert len(tested) > 150 and not seen & set(tested)


def test_what_is_unknown_to_both_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"{label} {n}", label) for label in "abcdefghijkl" for n in range(30)]
    split = data._split("made", rows, rows, [f"strange {n}" for n in range(40)], 1000)
    known = {label for _, label in split.train}
    assert known == set("abcdefghijkl") - set("afk")
    assert {text[0] for text in split.near} == {"f"}, "near misses to test with are of other intents than those aside"
    assert not {text for text, label in split.validation if label is None} & {*split.near, *split.far}
    assert {label for _, label in split.test} == known


def test_in_scope_counts_what_is_right_and_not_refused() -> None:
    picked = {"test": [("a", 0.9), ("a", 0.4), ("b", 0.9)], "near": [("a", 0.6), ("b", 0.1)], "far": [("a", 0.2)]}
    rows = {"test": [["x", "a"], ["y", "a"], ["z", "a"]]}
    assert common.scores(picked, rows, 0.5) == {"in_scope": pytest.approx(100 / 3), "near": 50, "far": 100}
    assert common.scores(picked, rows, 0.0) == {"in_scope": pytest.approx(200 / 3), "near": 0, "far": 0}


def test_the_best_threshold_weighs_right_ones_and_refused_ones_alike() -> None:
    picked = [("a", 0.9), ("b", 0.8), ("a", 0.3), ("b", 0.2)]
    assert common.best_threshold(picked, ["a", "b", None, None]) == 0.8
    assert common.best_threshold(picked, ["a", "b", "a", "b"]) == 0.0
