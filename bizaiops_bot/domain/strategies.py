"""How a version comes to all traffic: as one canary, in steps, or blue-green. Written as people say it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import AfterValidator

from bizaiops_bot.domain.values import SlotKind, Value

Kind = Literal["canary", "steps", "blue-green"]
DEFAULT_SHARES = (5, 25, 50)
_STEPS = re.compile(r"steps(?: (?P<shares>\d{1,3}(?:, ?\d{1,3})*))?(?P<each>,? asked each)?")
MOST_STEPS = 10


class Strategy(Value):
    """shares: percent of the requests, step by step, each more than the one before; everything comes behind the last.

    each: whether people are asked before each step, and not at the beginning alone. It prints as it is read:
    "canary", "blue-green", "steps 5, 25, 50", "steps 5, 25, 50, asked each".
    """

    kind: Kind
    shares: tuple[int, ...] = ()
    each: bool = False

    @property
    def first(self) -> int | None:
        """Percent of the requests that a version gets first; None for a canary, whose share is said beside it."""
        return 100 if self.kind == "blue-green" else next(iter(self.shares), None)

    def __str__(self) -> str:
        if self.kind != "steps":
            return self.kind
        return f"steps {', '.join(map(str, self.shares))}{', asked each' if self.each else ''}"

    def spoken(self) -> str:
        """ "in steps of 5%, 25% and 50%, asking before each" """
        if self.kind != "steps":
            return "blue-green" if self.kind == "blue-green" else "as a canary"
        shares = [f"{share}%" for share in self.shares]
        asked = ", asking before each" if self.each else ""
        return f"in steps of {', '.join(shares[:-1])} and {shares[-1]}{asked}"


def strategy(text: str, *, first: int | None = None) -> Strategy:
    """The strategy that `text` names; steps without shares are 5%, 25% and 50%, or begin with `first` percent.

    100% as the last step is what comes behind the steps in any case. Raises ValueError for what is none.
    """
    if text in ("canary", "blue-green"):
        return Strategy(kind=text)
    m = _STEPS.fullmatch(text)
    if m is None:
        raise ValueError(f"{text!r} is no strategy: say canary, blue-green, steps, or steps 5, 25, 50")
    if m["shares"] is None:
        shares = DEFAULT_SHARES if first is None else (first, *(s for s in DEFAULT_SHARES if s > first))
    else:
        shares = tuple(int(share) for share in m["shares"].split(","))
    return Strategy(kind="steps", shares=_fitting(shares), each=m["each"] is not None)


def _fitting(shares: tuple[int, ...]) -> tuple[int, ...]:
    said = ", ".join(f"{share}%" for share in shares)
    if any(not 1 <= share <= 100 for share in shares):
        raise ValueError(f"the steps are {said}; each is a whole percent from 1 to 100")
    if any(late <= early for early, late in pairwise(shares)):
        raise ValueError(f"the steps are {said}; each has to be more than the one before")
    before = tuple(share for share in shares if share < 100)
    if len(before) < 2:
        raise ValueError(f"the steps are {said}; two shares below 100% are needed, else it is a plain canary")
    if len(before) > MOST_STEPS:
        raise ValueError(f"{len(before)} steps are more than {MOST_STEPS}")
    return before


def _known(text: str) -> str:
    strategy(text)
    return text


class _Way(Protocol):
    @property
    def canary(self) -> int | None: ...

    @property
    def strategy(self) -> str | None: ...


W = TypeVar("W", bound=_Way)


def one_way(said: W) -> W:
    """As it is, where it says one of both. Raises ValueError: a strategy has its shares, and needs none beside them."""
    if said.canary is not None and said.strategy is not None:
        raise ValueError("canary and strategy say the same twice; keep one of them")
    return said


StrategyName = Annotated[str, AfterValidator(_known), SlotKind("strategy")]
"""The words of a strategy, as `strategy` reads them."""
