"""Language models for measuring: one that knows what is right, one that always agrees, and any that is asked for real."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Memory, PlaybookSpec
from bizaiops_bot.router import questions
from bizaiops_bot.router.language import Language, Proposal
from tests.eval.talk.scenes import Scene, Sentence, topics

Wanted = Sequence[tuple[str, Mapping[str, Any]]]


class Knows:
    """Proposes what was meant wherever that is on offer, else nothing: the most that any model could add."""

    def __init__(self, meant: Mapping[str, Wanted]) -> None:
        """meant: the sentences, each with the requests that are right."""
        self._meant = meant

    async def propose(
        self, text: str, offered: tuple[PlaybookSpec, ...], catalogue: Catalogue, memory: Memory | None, *, channel: str
    ) -> Proposal | None:
        names = {spec.name for spec in offered}
        found = next(((name, values) for name, values in self._meant.get(text, ()) if name in names), ("", {}))
        return Proposal(playbook=found[0], inputs=dict(found[1]), heard={"outcome": "ok", "said": found[0]})


class Agrees:
    """Proposes the first that is on offer, whatever was said, with values that nobody said: the worst that can come."""

    async def propose(
        self, text: str, offered: tuple[PlaybookSpec, ...], catalogue: Catalogue, memory: Memory | None, *, channel: str
    ) -> Proposal | None:
        values = {"model": "demand", "version": "v1", "canary": 100}
        return Proposal(playbook=offered[0].name, inputs=values, heard={"outcome": "ok", "said": offered[0].name})


class Noting:
    """Another one, with what it was asked: text, what came of the call, and the milliseconds it took."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.asked: list[tuple[str, str, float]] = []

    async def propose(
        self, text: str, offered: tuple[PlaybookSpec, ...], catalogue: Catalogue, memory: Memory | None, *, channel: str
    ) -> Proposal | None:
        begun, outcome = time.perf_counter(), "not in time"
        try:
            said = await self._language.propose(text, offered, catalogue, memory, channel=channel)
            heard = said.heard if said else {}
            outcome = str(heard.get("said") or heard.get("outcome"))
            return said
        finally:
            self.asked.append((text, outcome, 1000 * (time.perf_counter() - begun)))


def meant_in(scenes: Sequence[Scene]) -> dict[str, Wanted]:
    """What each sentence of scenes means. Of a typed question only the subject is known there: its first one is taken."""
    said = [said for scene in scenes for said in scene.said if isinstance(said, Sentence)]
    return {one.text: [wanted for right in one.right for wanted in _wanted(right)] for one in said}


def _wanted(right: Any) -> Wanted:
    names = topics().get(right.proposes, (right.proposes,)) if right.proposes else ()
    asked = [name for topic in right.reads for name in topics()[topic]]
    values = {**right.inputs, **({"model": right.model} if right.model else {})}
    plain = [(name.replace("help_topic", "help"), values) for name in (*names, *asked) if not name.startswith("ask_")]
    subjects = [name.removeprefix("ask_") for name in asked if name.startswith("ask_")]
    return [*plain, *((questions.QUESTION, {questions.ABOUT: about}) for s in subjects for about in _first(s))]


def _first(subject: str) -> list[str]:
    return [about for about in questions.answerable() if about.split()[0] == subject][:1]
