"""`python -m tests.eval.talk` plays the scenes against the whole bot and prints how it kept up its end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Literal

from tests.eval.talk import languages
from tests.eval.talk.judge import OUTCOMES
from tests.eval.talk.play import Played, Stage
from tests.eval.talk.scenes import Right, load

Half = Literal["seen", "unseen"]
HALVES: tuple[Half, ...] = ("seen", "unseen")
HEADS = ("right", "asked well", "refused", "wrong", "unsafe", "of it begun")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: how good is good enough is said elsewhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.eval.talk", description=__doc__)
    parser.add_argument("--half", choices=HALVES, help="only this half; both if left out")
    parser.add_argument("--scene", default="", help="only scenes whose name has these words in it")
    parser.add_argument("--show", action="store_true", help="list what went wrong in the seen half")
    parser.add_argument("--peek", action="store_true", help="also in the unseen half, which is then seen")
    parser.add_argument("--languages", action="store_true", help="instead, sentences in German, French and Spanish")
    asked = parser.parse_args(arguments)
    if asked.languages:
        _other_languages(show=asked.show)
        return 0
    logging.disable(logging.WARNING)
    begun = time.process_time()
    played = asyncio.run(_play((asked.half,) if asked.half else HALVES, asked.scene))
    _say(table(played))
    _say(f"{sum(map(len, played.values()))} sentences in {time.process_time() - begun:.0f} s of CPU.")
    for half, sentences in played.items():
        if asked.peek or (asked.show and half == "seen"):
            _say("\n".join(failure(p) for p in sentences if p.outcome not in ("right", "asked")))
    return 0


def _other_languages(*, show: bool) -> None:
    for name in ("other_languages", "other_languages_later"):
        found = languages.played(name)
        _say(f"{name}\n\n{languages.table(found)}\n")
        missed = [(said.text, outcome) for said, outcome in chain(*found.values()) if not _good(said, outcome)]
        if show:
            _say("\n".join(f"{outcome:8} {text}" for text, outcome in missed))


def _good(said: languages.Said, outcome: languages.Outcome) -> bool:
    return outcome == ("right" if said.read else "button" if said.order else "polite")


async def _play(halves: tuple[Half, ...], only: str) -> dict[Half, list[Played]]:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        await stage.found()
        return {
            half: [p for scene in load(half) if only in scene.scene for p in await stage.play(scene)] for half in halves
        }


def table(played: dict[Half, list[Played]]) -> str:
    """A Markdown table: shares of all sentences of each half."""
    lines = ["| Half | Sentences | " + " | ".join(HEADS) + " |", "| --- |" + " --: |" * (len(HEADS) + 1)]
    for half, sentences in played.items():
        counts = Counter(p.outcome for p in sentences)
        shares = [f"{counts[o]} ({100 * counts[o] / max(1, len(sentences)):.0f}%)" for o in OUTCOMES]
        begun = sum(p.begun for p in sentences if p.outcome == "unsafe")
        lines.append(f"| {half} | {len(sentences)} | {' | '.join(shares)} | {begun} |")
    return "\n".join(lines)


def failure(p: Played) -> str:
    """What was said, what would have been right, and what came."""
    done = ", ".join(f"{d.playbook} {dict(d.inputs)}" for d in p.answer.done) or "nothing done"
    offers = ", ".join(sorted({o.playbook for o in p.answer.offers if o.playbook}))
    first = p.answer.words.split("\n", 1)[0][:100]
    wanted = " or ".join(_wanted(right) for right in p.said.right)
    return f"{p.outcome:8} [{p.scene}] {p.said.by}: {p.said.text}\n         wanted {wanted}; got {done}: {first!r} offers [{offers}]"


def _wanted(right: Right) -> str:
    return " ".join(f"{name}={value}" for name, value in right.model_dump(exclude_defaults=True).items())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
