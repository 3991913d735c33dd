"""An order is acted on however politely it is said, and never when it is told, denied, supposed, quoted or smuggled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bizaiops_bot.domain.routing import Command
from tests.support.router_company import does, hears, specs, spoken

FRAMES: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "frames.yaml").read_text(encoding="utf-8"))
RISK = {spec.name: spec.risk for spec in specs()}
ORDERS: list[dict[str, str]] = FRAMES["orders"]


def _said(frame: str, order: dict[str, str]) -> str:
    return frame.format(do=order["do"], DO=order["do"].upper(), doing=order["doing"], did=order["did"])


def _some(index: int) -> list[dict[str, str]]:
    """A third of the orders, another third for the next frame."""
    return ORDERS[index % 3 :: 3]


@pytest.mark.parametrize("frame", FRAMES["no_order"])
def test_nothing_changes_for_words_that_are_no_order(frame: str) -> None:
    said = [_said(frame, order) for order in _some(FRAMES["no_order"].index(frame))]
    heard = [(text, hears(text)) for text in said]
    wrong = [
        (text, d.playbook)
        for text, d in heard
        if isinstance(d, Command) and RISK[d.playbook] != "read" and not d.heard.get("dry_run")
    ]
    assert wrong == []


def test_orders_said_politely_are_acted_on_99_times_of_100(record_property: Any) -> None:
    missed, count = [], 0
    for index, frame in enumerate(FRAMES["order"]):
        for order in _some(index):
            count += 1
            decision = hears(_said(frame, order))
            inputs = spoken(decision.inputs) if isinstance(decision, Command) else {}
            inputs.pop("reason", None)
            if not isinstance(decision, Command) or (decision.playbook, inputs) != does(order["do"]):
                missed.append(_said(frame, order))
    record_property("polite_orders", count)
    assert len(missed) <= 0.01 * count, missed
