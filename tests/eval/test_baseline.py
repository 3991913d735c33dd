"""The whole domain set against the committed numbers: nothing falls by more than half a point, no change is wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml

from bizaiops_bot.evaluation.cases import checked, half
from bizaiops_bot.evaluation.domain import DomainReport, failures, load_baseline, measure, render
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.training import pairs
from tests.support.router_company import COMPANY, intents, specs

FOLDER = Path(__file__).parent
LEAST_PHRASES, LEAST_NEAR_MISSES = 10, 220
HANDFUL = 15
"""Near-misses, of 244, that may be answered with a question."""


@cache
def report() -> DomainReport:
    return measure(FOLDER)


def test_nothing_got_worse_than_the_baseline() -> None:
    assert failures(report(), load_baseline(FOLDER)) == []


def test_no_change_is_acted_on_that_was_not_ordered() -> None:
    changes = {spec.name for spec in specs() if spec.risk != "read"}
    assert [miss for miss in report().wrong if miss.became.split("(")[0] in changes] == []
    assert report().wrong_changes == 0


def test_near_misses_are_refused_but_for_a_handful_of_questions() -> None:
    misses = report().near_misses.values()
    assert sum(part.said for part in misses) >= LEAST_NEAR_MISSES
    assert sum(part.changes for part in misses) == 0
    assert sum(part.said - part.refused for part in misses) <= HANDFUL


def test_the_report_can_be_read() -> None:
    text = render(report())
    assert all(title in text for title in ("Understood", "Must not be acted on", "Values", "A language model would"))
    assert max(map(len, text.splitlines())) <= 240


def test_every_playbook_has_new_phrases_in_groups() -> None:
    groups = yaml.safe_load((FOLDER / "groups.yaml").read_text(encoding="utf-8"))
    count = {spec.name: 0 for spec in specs()}
    for group in groups:
        count[group["playbook"]] += len(group["say"])
    assert {name: n for name, n in count.items() if n < LEAST_PHRASES} == {}
    assert len({group["group"] for group in groups}) == len(groups)


def test_no_near_miss_is_in_the_training() -> None:
    learned = {text for text, _ in pairs(list(intents()), {spec.name: spec for spec in specs()})}
    assert [t for t in checked(FOLDER).near_misses if {t.lower(), Hearing(t, COMPANY).canonical()} & learned] == []


@pytest.mark.parametrize("which", ["A", "B"])
def test_the_halves_are_alike_in_size(which: str) -> None:
    texts = checked(FOLDER).near_misses
    assert 0.4 < sum(half(text) == which for text in texts) / len(texts) < 0.6
