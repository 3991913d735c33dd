"""The changes that a click confirms, in the order in which they count."""

from __future__ import annotations

from collections.abc import Iterable

from bizaiops_bot.domain.cards import Block, Diff, DiffLine

MOST_TOLD = 3
_FELT = ("traffic of ", "serving of ")
"""What the users of a model feel; a question has room for few lines."""


def by_weight(blocks: Iterable[Block]) -> list[DiffLine]:
    """Every change on a card, folded away or not: first what is felt, else as planned."""
    lines = [line for block in blocks if isinstance(block, Diff) for line in block.lines]
    return sorted(lines, key=lambda line: not line.what.startswith(_FELT))
