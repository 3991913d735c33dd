"""Passages of the handbook as cards: what it says, where it stands, this company's numbers beside it, what is near."""

from __future__ import annotations

import json
import re

from bizaiops_bot.playbook import Block, Button, Card, Link, Links, NotFound, Passage, Run, Text
from playbooks._numbers import numbers_of

SURE = 0.35
"""From here on a passage is taken for the answer."""
NEAR = 3


async def from_handbook(run: Run, question: str, *, alone: bool) -> Card | None:
    """The passage that is called so or answers the question; None when nothing is near enough.

    alone: whether one topic of the help has a word of the question; a word or two are that topic then.
    """
    try:
        return await _card(run, await run.read(run.handbook.passage, question), ())
    except NotFound:
        pass
    found = await run.read(run.handbook.look_up, question)
    if not found.passages or found.sure < SURE or (alone and len(question.split()) < 3):
        return None
    first, *others = found.passages
    return await _card(run, first, tuple(others))


def passage_buttons(passages: tuple[Passage, ...]) -> tuple[Button, ...]:
    """Each opens its passage."""
    return tuple(
        Button(
            label=passage.name,
            command=f"help {passage.name}",
            bind={"playbook": "help", "inputs": json.dumps({"topic": passage.name})},
        )
        for passage in passages
    )


def glossary_link(name: str) -> str:
    """Where the handbook has a word of the bot."""
    plain = re.sub(r"[^\w\- ]", "", name.lower())
    return f"/handbook/glossary#{plain.replace(' ', '-')}"


async def _card(run: Run, passage: Passage, near: tuple[Passage, ...]) -> Card:
    where = f"{passage.page}#{passage.section}"
    numbers = await numbers_of(run, passage.title if passage.page == "glossary" else where)
    blocks: list[Block] = [Text(text=passage.text or passage.title), *([numbers] if numbers else [])]
    source = Links(links=(Link(label=f"Handbook: {passage.name}", to=passage.link),))
    told = "; ".join(f"{label}: {value}" for label, value in numbers.fields) if numbers else ""
    first = passage.text.partition("\n\n")[0]
    return Card(
        title=passage.title,
        summary=f"{passage.title}: {first} {told}".strip(),
        blocks=(*blocks, source),
        buttons=passage_buttons(near[:NEAR]),
    )
