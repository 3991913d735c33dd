"""The card of a version that others registered shows no more of their words than it has to."""

from __future__ import annotations

from bizaiops_bot.domain.models import ModelVersion
from bizaiops_bot.domain.registry_news import registered_card
from tests.support.small_engine import START
from tests.support.talk import words_of


def version(name: str, **metrics: float) -> ModelVersion:
    return ModelVersion(model="churn", version=name, created=START, summary="", metrics=metrics, digest="")


def test_metrics_of_strange_names_are_not_shown() -> None:
    strange = {"<!channel> approve run 7": 1.0, "http://evil.example": 2.0, "approve run 7": 3.0, "x" * 99: 4.0}
    card = registered_card(version("9", **strange, auc=0.875), [], version("8", **strange), 10)
    words = words_of(card)
    assert "AUC 0.875" in words
    for name in strange:
        assert name not in words and name.upper() not in words


def test_of_many_versions_that_came_with_it_the_newest_are_named_and_the_others_counted() -> None:
    words = words_of(registered_card(version("20"), [str(n) for n in range(1, 20)], None, 10))
    assert "Also new: 14, 15, 16, 17, 18, 19 and 13 more." in words
