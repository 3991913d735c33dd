"""Our local stage as a process that is measured: `python -m tools.bench_router.ours full|cold ROWS FOLDER`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bizaiops_bot.router import doubt, fitting, head
from bizaiops_bot.router.encoder import Encoder
from tools.bench_router import common

EVEN = 0.5
"""Our own threshold: as likely one of the intents as none."""


def pick_with(learned: head.Head, encoder: Encoder, text: str) -> common.Picked:
    """As the router reads a sentence: the best intent, and the chance that it is any of them."""
    reading = learned.read(text, encoder([text])[0])
    choice = fitting.choose(learned, reading)
    scope, _ = learned.doubt.chances(doubt.signals(reading, choice, learned.heat))
    return learned.labels[choice], scope


def full(rows: common.Rows, file: Path) -> None:
    """Learns, is measured, and leaves what it learned for a cold start."""
    began = time.process_time()
    encoder = Encoder()
    learned = fitting.train(_rows(rows["train"], encoder), validation=_rows(rows["validation"], encoder))
    train_s = time.process_time() - began
    learned.save(file)
    found = common.measured(lambda text: pick_with(learned, encoder, text), lambda text: encoder([text]), rows)
    picked = found.pop("picked")
    kinds = {"ours": common.scores(picked, rows, EVEN), "ours, no threshold": common.scores(picked, rows, 0.0)}
    common.say({**found, "kinds": kinds, "train_s": train_s})


def cold(rows: common.Rows, file: Path) -> None:
    """From nothing to the first answer, with what was learned before."""
    pick_with(head.load(file), Encoder(), rows["test"][0][0])
    common.say({"cold_ms": common.since_start_ms(), "rss_mb": common.rss_mb()})


def _rows(pairs: list[tuple[str, str | None]], encoder: Encoder) -> fitting.Rows:
    texts = [text for text, _ in pairs]
    return fitting.Rows(texts, [label for _, label in pairs], encoder(texts))


if __name__ == "__main__":
    {"full": full, "cold": cold}[sys.argv[1]](common.read(sys.argv[2]), Path(sys.argv[3]) / "ours.npz")
