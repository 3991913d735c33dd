"""When a guess is good enough to act on, to ask about, or to leave: by what a wrong guess would cost."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bizaiops_bot.router.classifier import Guess

Band = Literal["act", "clarify", "refuse"]


class Limits(NamedTuple):
    """Least probability, and least cosine to the nearest example, to act."""

    p: float
    near: float


# Chosen on tests/eval: no change acted on wrongly, reads may be guessed. What is no order (shape.py) is held apart.
ACT: dict[str, Limits] = {"read": Limits(0.40, 0.45), "control": Limits(0.45, 0.45), "change": Limits(0.50, 0.50)}
# Below this a guess is not even worth a button.
CLARIFY = Limits(0.12, 0.35)


def band(best: Guess, risk: str, out_of_scope: float) -> Band:
    """The band of the best guess; `out_of_scope` is the probability that the bot does none of this."""
    limits = ACT[risk]
    if best.p >= limits.p and best.near >= limits.near and best.p > out_of_scope:
        return "act"
    if best.p >= CLARIFY.p and best.near >= CLARIFY.near and best.p > 0.5 * out_of_scope:
        return "clarify"
    return "refuse"
