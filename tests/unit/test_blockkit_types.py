"""Slack's own types accept what is drawn: one run of the TypeScript compiler over many messages."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.render.blockkit import ask_reason, form_view, home_view, render
from tests.support.npm import installed
from tests.support.random_cards import forms, posted, posted_cards
from tests.support.sample_cards import ALL

FOLDER = Path(__file__).parents[1] / "support" / "slack_types"
UNKNOWN_TO_THE_TYPES = {"data_visualization"}
"""Newer than @slack/types 3.2.0: our own `check` alone covers it."""

Json = dict[str, Any]


def complaints(folder: Path, blocks: list[list[Json]], views: list[Json]) -> str:
    """What the compiler says of them."""
    compiler = installed(FOLDER, "typescript/bin/tsc")
    known = [[block for block in message if block["type"] not in UNKNOWN_TO_THE_TYPES] for message in blocks]
    lines = ['import type { HomeView, KnownBlock, ModalView } from "@slack/types";']
    lines += [f"const m{i}: KnownBlock[] = {json.dumps(message)};" for i, message in enumerate(known)]
    kinds = {"home": "HomeView", "modal": "ModalView"}
    lines += [f"const v{i}: {kinds[view['type']]} = {json.dumps(view)};" for i, view in enumerate(views)]
    (folder / "node_modules").symlink_to(FOLDER / "node_modules")
    (folder / "drawn.ts").write_text("\n".join(lines) + "\nexport {};\n")
    options = ("--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext")
    line = ["node", str(compiler), *options, "drawn.ts"]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120, check=False).stdout


def random_ones() -> tuple[list[list[Json]], list[Json]]:
    messages: list[list[Json]] = []
    views: list[Json] = []
    few = settings(
        max_examples=30,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )

    @few
    @given(posted_cards, forms)
    def draw(card: PostedCard, form: Any) -> None:
        messages.append(render(card, form=True).blocks)
        views.append(form_view(form, channel="C1", thread="", errors={"x": "wrong"}))
        views.append(home_view((card.card,), who="lead"))

    draw()
    return messages, views


def test_slacks_types_accept_every_card_form_and_home_tab(tmp_path: Path) -> None:
    messages, views = random_ones()
    messages += [render(posted(card()), native=native).blocks for card in ALL.values() for native in (True, False)]
    views.append(ask_reason("c-7", "k1", "Reject", "Why?", "C1", ""))
    assert complaints(tmp_path, messages, views) == ""


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "heading", "text": {"type": "plain_text", "text": "x"}},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "section", "txet": {"type": "mrkdwn", "text": "x"}},
    ],
    ids=["unknown block", "header with mrkdwn", "misspelt key"],
)
def test_the_types_would_complain(tmp_path: Path, bad: Json) -> None:
    assert "error TS" in complaints(tmp_path, [[bad]], [])
