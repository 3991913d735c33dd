"""`python -m tests.servers.gain` tells what a language model adds to what the local stages ask back or refuse.

The own set and the seen half of the scenes, each without a model, with two scripted ones, and with the real one of the
optional suite (--scripted leaves it out). The time a person waits for is not held to, so that the model counts, not the
machine; the median of what it took is told.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bizaiops_bot.adapters.openai.client import LanguageClient
from bizaiops_bot.adapters.openai.meter import MemoryBook
from bizaiops_bot.adapters.openai.route import OpenAiLanguage
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.domain.routing import Command, Question
from bizaiops_bot.evaluation.cases import DomainSet
from bizaiops_bot.evaluation.cases import load as load_set
from bizaiops_bot.evaluation.company import COMPANY, own_router, specs
from bizaiops_bot.evaluation.outcomes import judge
from bizaiops_bot.router import second_opinion
from bizaiops_bot.router.language import Language
from tests.eval.talk.judge import OUTCOMES
from tests.eval.talk.play import Stage
from tests.eval.talk.scenes import load as load_scenes
from tests.servers.llama import LlamaServer
from tests.servers.models import Agrees, Knows, Noting, meant_in

EVAL = Path(__file__).parents[1] / "eval"
OWN = ("right", "offered", "refused", "wrong", "near misses asked about", "acted on")
_PATIENCE_S = 8.0


@dataclass(frozen=True)
class Found:
    """Counts by outcome; of a model also what it was asked, and what it said."""

    counts: Counter[str]
    said: Counter[str]
    ms: float


async def own_set(told: DomainSet, language: Language | None) -> Found:
    """The sentences of which the router is so unsure that it would ask a model."""
    router, noting = own_router(), Noting(language or Knows({}))
    router.ask_also(noting)
    counts: Counter[str] = Counter()
    risk = {spec.name: spec.risk for spec in specs()}
    for case in (case for cases in told.commands.values() for case in cases):
        decision = await router.decide(case.say, None, COMPANY)
        if "language" in decision.heard:
            outcome = judge(decision, case, risk, COMPANY.time_zone)
            counts[outcome if outcome in OWN else "refused" if outcome == "asked wrong" else "wrong"] += 1
    for text in (*told.near_misses, *told.beside):
        decision = await router.decide(text, None, COMPANY)
        if "language" in decision.heard and isinstance(decision, Command | Question):
            counts["acted on" if isinstance(decision, Command) else "near misses asked about"] += 1
    return _found(counts, noting)


async def scenes(language: Language | None) -> Found:
    """The seen half."""
    noting = Noting(language) if language else None
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), noting)
        await stage.found()
        counts = Counter([played.outcome for scene in load_scenes("seen") for played in await stage.play(scene)])
    return _found(counts, noting)


def _found(counts: Counter[str], noting: Noting | None) -> Found:
    asked = noting.asked if noting else []
    return Found(counts, Counter(said for _, said, _ in asked), median([ms for *_, ms in asked] or [0.0]))


def table(name: str, heads: tuple[str, ...], rows: dict[str, Found]) -> str:
    """Markdown."""
    lines = [f"| {name} | asked of it | {' | '.join(heads)} | ms |", "| --- |" + " --: |" * (len(heads) + 2)]
    for model, found in rows.items():
        told = " | ".join(str(found.counts[head]) for head in heads)
        asked = "" if model == "none" else str(found.said.total())
        lines.append(f"| {model} | {asked} | {told} | {found.ms:.0f} |")
    return "\n".join(lines)


@asynccontextmanager
async def real() -> AsyncIterator[Language]:
    """The model of the optional suite on a server of its own. Raises CannotBuild."""
    server = LlamaServer()
    client = LanguageClient(OpenAiSettings(base_url=server.url, model="smollm2", rest_s=0.1), MemoryBook(), None)
    try:
        server.start()
        client.start()
        await client.probe.tried.wait()
        yield OpenAiLanguage(client)
    finally:
        await client.stop()
        server.end()


async def _measure(models: dict[str, Language | None], only: str) -> None:
    told = load_set(EVAL)
    if only != "scenes":
        rows = {name: await own_set(told, language) for name, language in models.items()}
        _say(table("own set", OWN, rows), rows)
    if only != "own":
        rows = {name: await scenes(language) for name, language in models.items()}
        _say(table("scenes, seen half", OUTCOMES, rows), rows)


def _say(text: str, rows: dict[str, Found]) -> None:
    said = "\n".join(f"{name} said: {dict(found.said.most_common(8))}" for name, found in rows.items() if found.said)
    sys.stdout.write(f"{text}\n\n{said}\n\n")
    sys.stdout.flush()


async def _run(*, scripted: bool, only: str) -> None:
    meant = {case.say: [(case.playbook, case.inputs)] for cases in load_set(EVAL).commands.values() for case in cases}
    models: dict[str, Language | None] = {
        "none": None,
        "knows": Knows({**meant, **meant_in(load_scenes("seen"))}),
        "agrees": Agrees(),
    }
    if scripted:
        await _measure(models, only)
        return
    async with real() as language:
        await _measure({**models, "SmolLM2-135M": language}, only)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.gain", description=__doc__)
    parser.add_argument("--scripted", action="store_true", help="without the real model")
    parser.add_argument("--only", choices=("own", "scenes"), default="", help="only this set")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    second_opinion.LIMIT_S = second_opinion.READY_S = _PATIENCE_S
    asyncio.run(_run(scripted=asked.scripted, only=asked.only))


if __name__ == "__main__":
    main()
