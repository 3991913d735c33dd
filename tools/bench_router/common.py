"""What both candidates are measured by. Knows neither of them; runs in our environment and in the peer's."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

Picked = tuple[str, float]
"""The intent and how sure, for the threshold."""
Pick = Callable[[str], Picked]
Rows = dict[str, Any]
ALONE = 200
"""Sentences that are encoded alone, to take that from the time of the whole."""


def read(path: str) -> Rows:
    found: Rows = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def say(numbers: dict[str, Any]) -> None:
    """The answer, one line of JSON."""
    sys.stdout.write(json.dumps(numbers) + "\n")


def since_start_ms() -> float:
    """Since the process began, Python's own start included."""
    return (time.time() - psutil.Process().create_time()) * 1000


def rss_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def measured(pick: Pick, encode: Callable[[str], object], rows: Rows) -> dict[str, Any]:
    """Every sentence one by one: what was picked, and processor milliseconds with and without the encoder."""
    texts = [text for text, _ in rows["test"]]
    for text in texts[:20]:  # what is built at the first use is not counted
        pick(text)
    some = (texts * (ALONE // len(texts) + 1))[:ALONE]
    began = time.process_time()
    for text in some:
        encode(text)
    encoding = (time.process_time() - began) / len(some) * 1000
    spent: list[float] = []
    found = {kind: [_timed(pick, text, spent) for text in group] for kind, group in _groups(rows)}
    whole = sum(spent) / len(spent) * 1000
    return {"picked": found, "encode_ms": encoding, "route_ms": whole, "after_ms": whole - encoding}


def scores(picked: dict[str, list[Picked]], rows: Rows, threshold: float) -> dict[str, float]:
    """In percent: right of what is known, refused of what is not."""
    truth = [label for _, label in rows["test"]]
    hits = [name == label and sure >= threshold for (name, sure), label in zip(picked["test"], truth, strict=True)]
    return {
        "in_scope": 100 * sum(hits) / len(hits),
        **{
            kind: 100 * sum(sure < threshold for _, sure in picked[kind]) / len(picked[kind])
            for kind in ("near", "far")
        },
    }


def best_threshold(picked: Sequence[Picked], labels: Sequence[str | None]) -> float:
    """Where the share of right ones plus the share of refused ones is highest, on rows kept aside."""
    known = sum(label is not None for label in labels)
    strange = len(labels) - known

    def worth(threshold: float) -> float:
        right = sum(name == label and sure >= threshold for (name, sure), label in zip(picked, labels, strict=True))
        refused = sum(label is None and sure < threshold for (_, sure), label in zip(picked, labels, strict=True))
        return right / max(1, known) + refused / max(1, strange)

    return max((0.0, *sorted({sure for _, sure in picked})), key=worth)


def _timed(pick: Pick, text: str, spent: list[float]) -> Picked:
    began = time.process_time()
    found = pick(text)
    spent.append(time.process_time() - began)
    return found


def _groups(rows: Rows) -> list[tuple[str, list[str]]]:
    return [("test", [text for text, _ in rows["test"]]), ("near", rows["near"]), ("far", rows["far"])]
