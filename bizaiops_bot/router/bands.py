"""When a guess is good enough to act on, to ask about, or to leave: by what a wrong guess would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bizaiops_bot.router.classifier import Guess

Band = Literal["act", "clarify", "refuse"]

# Least calibrated chance that the guess is what was meant. A read may be guessed: a wrong one costs a glance. What has
# effects may not: besides this limit its words must have the form of an order (shape.py), and it waits for approval.
# On our own phrases (docs/reference/benchmarks.md) 0.5 lets 5 of 244 near misses through, 0.7 one.
ACT: dict[str, float] = {"read": 0.5, "control": 0.6, "change": 0.7}
CLARIFY = 0.25
"""Below this it is not even worth buttons. Counted over all guesses: two requests may share what is sure."""


def band(guesses: Sequence[Guess], risk: str) -> Band:
    """The band of the first of `guesses`, all of them requests that the bot does; `risk` is of the first."""
    if guesses[0].sure >= ACT[risk]:
        return "act"
    return "clarify" if sum(guess.sure for guess in guesses) >= CLARIFY else "refuse"
