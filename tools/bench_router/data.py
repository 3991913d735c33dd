"""The sentences: a public set with some of its intents kept unknown, or the bot's own intents."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import yaml

from bizaiops_bot.evaluation.company import specs
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.training import pairs

ROOT = Path(__file__).resolve().parents[2]
EVERY = 5
"""Of the intents every fifth is unknown: its sentences are near misses. Of the train rows every tenth is kept aside."""
ASIDE = 10
Row = tuple[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Split:
    """Sentences with their intents. validation: None for what is none of them. near, far: nothing of it is known."""

    name: str
    train: list[Row]
    validation: list[tuple[str, str | None]]
    test: list[Row]
    near: list[str]
    far: list[str]

    def write(self, folder: Path) -> Path:
        """As the candidates read it."""
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        return path


def splits(folder: Path | None, most: int) -> list[Split]:
    """Of the public sets in `folder` (banking77, hwu64; each is what is far for the other), else of our own intents.

    most: sentences of each kind to test with.
    """
    if folder is None:
        return [own(most)]
    banking, hwu = _banking(folder / "banking77"), _hwu(folder / "hwu64" / "KFold_1")
    strange = {"banking77": [text for text, _ in hwu[1]], "hwu64": [text for text, _ in banking[1]]}
    return [_split(name, *rows, strange[name], most) for name, rows in (("banking77", banking), ("hwu64", hwu))]


def _split(name: str, train: list[Row], test: list[Row], strange: list[str], most: int) -> Split:
    labels = sorted({label for _, label in train})
    unknown = labels[::EVERY]
    seen, hidden = set(unknown[::2]), set(unknown[1::2])  # near misses to choose a threshold by, and others to test
    known = [row for row in _spread(train, len(train)) if row[1] not in unknown]
    aside: list[tuple[str, str | None]] = [row for i, row in enumerate(known) if i % ASIDE == 0]
    misses: list[tuple[str, str | None]] = [(text, None) for text, label in train if label in seen]
    misses = _even(misses, len(aside) // 2) + [(text, None) for text in _even(strange[1::2], len(aside) // 2)]
    return Split(
        name=name,
        train=[row for i, row in enumerate(known) if i % ASIDE],
        validation=[*aside, *misses],
        test=_even([row for row in test if row[1] not in unknown], most),
        near=_even([text for text, label in test if label in hidden], most),
        far=_even(strange[::2], most),
    )


def own(most: int) -> Split:
    """The bot's intents; near misses are `must_not` phrases, what is far comes from the kinds it refuses."""
    intents = load_intents(ROOT / "intents")
    learned = dict(pairs(intents, {spec.name: spec for spec in specs()}))
    outside = {intent.name for intent in intents if intent.risk == "none"}
    rows = _spread([(text, label) for text, label in learned.items() if label not in outside | {"none"}], len(learned))
    near = [text for text, label in learned.items() if label == "none"] + _near_misses()
    far = [text for text, label in learned.items() if label in outside]
    test = [row for i, row in enumerate(rows) if i % EVERY == 0]
    rest = [row for i, row in enumerate(rows) if i % EVERY]
    aside: list[tuple[str, str | None]] = [row for i, row in enumerate(rest) if i % ASIDE == 0]
    aside += [(text, None) for text in _even(near[1::2], 60) + _even(far[1::2], 60)]
    train = [row for i, row in enumerate(rest) if i % ASIDE]
    return Split("own", train, aside, _even(test, most), _even(near[::2], most), _even(far[::2], most))


def _near_misses() -> list[str]:
    path = ROOT / "tests" / "eval" / "near_misses.yaml"
    if not path.exists():
        return []
    found: list[str] = []
    _collect(yaml.safe_load(path.read_text(encoding="utf-8")), found)
    return found


def _collect(node: object, found: list[str]) -> None:
    """All phrases of lists, however they are grouped."""
    if isinstance(node, dict):
        for inner in node.values():
            _collect(inner, found)
    elif isinstance(node, list):
        for item in node:
            if isinstance(item, str):
                found.append(item)
            else:
                _collect(item, found)


def _banking(folder: Path) -> tuple[list[Row], list[Row]]:
    def rows(name: str) -> list[Row]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return [(row["text"], row["category"]) for row in csv.DictReader(file)]

    return rows("train.csv"), rows("test.csv")


def _hwu(folder: Path) -> tuple[list[Row], list[Row]]:
    def rows(paths: Iterable[Path]) -> list[Row]:
        found = []
        for path in sorted(paths):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file, delimiter=";"):
                    found.append((row["answer_from_user"], f"{row['scenario']}_{row['intent']}"))
        return found

    return rows((folder / "trainset").glob("*.csv")), rows((folder / "testset" / "csv").glob("*.csv"))


def _spread(rows: list[Row], most: int) -> list[Row]:
    """One of each intent in turn, so that any beginning has all of them."""
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[row[1]].append(row)
    longest = max(map(len, by_label.values()))
    return [some[i] for i in range(longest) for some in by_label.values() if i < len(some)][:most]


def _even(rows: list[T], most: int) -> list[T]:
    """At most so many, from all over the list."""
    step = max(1, -(-len(rows) // max(1, most)))
    return rows[::step]
