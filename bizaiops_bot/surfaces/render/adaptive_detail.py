"""How much of a card is shown: less with every step, until it fits into one message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """What one block may show. text, cell: characters. points: of a native chart; 0: a line of bars instead."""

    text: int
    rows: int
    cell: int
    columns: int
    points: int


DETAILS = (
    Detail(text=3_000, rows=20, cell=160, columns=8, points=60),
    Detail(text=1_200, rows=10, cell=80, columns=8, points=30),
    Detail(text=400, rows=5, cell=40, columns=6, points=0),
)
BLOCKS_MAX = 30
