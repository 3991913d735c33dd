"""Every card the bot posts, as Teams gets it. After a meant change: run this with GOLDEN=write and look."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.surfaces.render.adaptive import check, form_card, render
from tests.support import sample_cards
from tests.support.adaptive_schema import schema_errors
from tests.support.random_cards import posted
from tests.unit.test_adaptive_forms import DEPLOY

GOLDEN = Path(__file__).parents[1] / "support" / "golden" / "teams"
CARDS = ("plan", "run", "verdict", "drift", "digest", "question", "refusal")


def drawn(name: str) -> dict[str, Any]:
    if name == "form":
        return form_card(DEPLOY, conversation="teams:ab", thread="m-1", errors={"canary": "At most 50 for churn."})
    return render(posted(getattr(sample_cards, f"{name}_card")()), form=name == "question")


@pytest.mark.parametrize("name", [*CARDS, "form"])
def test_a_card_is_drawn_as_it_was_looked_at(name: str) -> None:
    card, file = drawn(name), GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert card == json.loads(file.read_text(encoding="utf-8"))
    assert (check(card), schema_errors(card)) == ([], [])
