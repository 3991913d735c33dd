"""aurelio's semantic-router as a process that is measured: `python -m tools.bench_router.peer full|cold ROWS FOLDER`.

Runs in the peer's own environment, where of our code only the encoder is used.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from semantic_router import Route  # type: ignore[import-not-found]
from semantic_router.encoders import DenseEncoder  # type: ignore[import-not-found]
from semantic_router.routers import IndexedRouter  # type: ignore[import-not-found]

from bizaiops_bot.router.encoder import SENTENCE, Encoder
from tools.bench_router import common


class OurEncoder(DenseEncoder):  # type: ignore[misc]
    """The same weights, session and tokenizer; the sentence embedding as published."""

    name: str = "MiniLM-L6-v2 int8"
    encoder: Any = None

    def __call__(self, docs: list[Any]) -> list[list[float]]:
        found: list[list[float]] = self.encoder([str(doc) for doc in docs])[:, :SENTENCE].tolist()
        return found


def router_of(rows: common.Rows, encoder: OurEncoder) -> Any:
    """With its defaults."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for text, label in rows["train"]:
        by_intent[label].append(text)
    return IndexedRouter(encoder, routes=[Route(name=name, utterances=texts) for name, texts in by_intent.items()])


def full(rows: common.Rows, _folder: Path) -> None:
    """As shipped, and with a threshold on its calibrated confidence."""
    began = time.process_time()
    encoder = OurEncoder(encoder=Encoder())
    router = router_of(rows, encoder)
    aside = rows["validation"]
    router.fit([text for text, _ in aside], [label for _, label in aside])
    train_s = time.process_time() - began

    def pick(text: str) -> common.Picked:
        choice = router(text)
        return choice.name or "", float(choice.confidence or 0.0)

    threshold = common.best_threshold([pick(text) for text, _ in aside], [label for _, label in aside])
    found = common.measured(pick, lambda text: encoder([text]), rows)
    picked = found.pop("picked")
    kinds = {
        "semantic-router, its default": common.scores(picked, rows, 0.0),
        "semantic-router, calibrated, best threshold": common.scores(picked, rows, threshold),
    }
    common.say({**found, "kinds": kinds, "train_s": train_s})


def cold(rows: common.Rows, _folder: Path) -> None:
    """From nothing to the first answer: its local index keeps nothing, so the examples are encoded again."""
    router_of(rows, OurEncoder(encoder=Encoder()))(rows["test"][0][0])
    common.say({"cold_ms": common.since_start_ms(), "rss_mb": common.rss_mb()})


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    {"full": full, "cold": cold}[sys.argv[1]](common.read(sys.argv[2]), Path(sys.argv[3]))
